import csv
import dataclasses
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from astro_sbi.runs.keys import sha256_of
from astro_sbi.runs.samples import SAMPLES, fetch, offered, simulator_for
from astro_sbi.runs.store import Store, StoreError

CONTENT = b"time,flux\n1,1\n"


@pytest.fixture
def sample():
    return dataclasses.replace(SAMPLES[0], path="a folder/star.csv", file="star.csv", sha256=sha256_of(CONTENT))


@pytest.fixture
def server():
    """A server on the loopback that counts what it is asked for."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked.append(self.path)
            self.send_response(self.server.status)
            self.end_headers()
            self.wfile.write(self.server.content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.asked, server.content, server.status = [], CONTENT, 200
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def _no_folder(monkeypatch):
    monkeypatch.delenv("ASTRO_SBI_SAMPLES", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def host(server):
    return f"http://127.0.0.1:{server.server_port}"


@pytest.mark.slow
def test_a_sample_is_fetched_once_and_mended_when_damaged(server, sample, tmp_path):
    store = Store(tmp_path)
    assert fetch(sample, store, host=host(server)) == CONTENT
    assert fetch(sample, store, host=host(server)) == CONTENT
    assert server.asked == [f"/{sample.repository.name}/{sample.repository.commit}/a%20folder/star.csv"]
    (kept,) = (tmp_path / "samples").iterdir()
    kept.write_bytes(b"damaged")
    assert fetch(sample, store, host=host(server)) == CONTENT
    assert len(server.asked) == 2


@pytest.mark.slow
def test_another_file_is_refused(server, sample, tmp_path):
    server.content = b"something else"
    with pytest.raises(StoreError, match="not the file it should be"):
        fetch(sample, Store(tmp_path), host=host(server))
    assert list((tmp_path / "samples").iterdir()) == []


@pytest.mark.slow
def test_a_missing_file_or_network_is_said(server, sample, tmp_path):
    server.status = 404
    with pytest.raises(StoreError, match="could not be fetched"):
        fetch(sample, Store(tmp_path), host=host(server))
    with pytest.raises(StoreError, match="is there a network"):
        fetch(sample, Store(tmp_path), host="http://127.0.0.1:9")


def test_a_folder_takes_the_networks_place(sample, tmp_path, monkeypatch):
    monkeypatch.setenv("ASTRO_SBI_SAMPLES", str(tmp_path))
    with pytest.raises(StoreError, match="is not in the folder that ASTRO_SBI_SAMPLES names"):
        fetch(sample, Store(tmp_path / "store"))
    (tmp_path / "transit").mkdir()
    (tmp_path / "transit" / "star.csv").write_bytes(CONTENT)
    assert fetch(sample, Store(tmp_path / "store")) == CONTENT
    (tmp_path / "transit" / "star.csv").write_bytes(b"other")
    with pytest.raises(StoreError, match="wrong checksum"):
        fetch(sample, Store(tmp_path / "store"))


def test_the_registry_is_that_of_the_origins(shared):
    with (shared / "observations" / "origins.csv").open() as stream:
        origins = {row["file"]: row for row in csv.DictReader(stream)}
    for sample in SAMPLES:
        row = origins[f"{sample.folder}/{sample.file}"]
        assert (row["repository"], row["commit"], row["path"], row["sha256"]) == (
            *sample.repository,
            sample.path,
            sample.sha256,
        )


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)
def test_the_shared_files_are_the_samples(sample, shared, tmp_path, monkeypatch):
    monkeypatch.setenv("ASTRO_SBI_SAMPLES", str(shared / "observations"))
    assert fetch(sample, Store(tmp_path))


def test_only_samples_that_a_simulator_explains_are_offered(monkeypatch):
    monkeypatch.setattr("astro_sbi.runs.samples.simulator_names", lambda: ("transit", "radial_velocity"))
    found = offered("radial_velocity")
    assert {sample.kind for sample in found} == {"light_curve", "velocities"}
    assert [sample.kind for sample in found[:3]] == ["velocities"] * 3
    assert all("supernova" not in sample.simulators for sample in found)


def test_a_sample_begins_with_its_own_simulator():
    star = next(sample for sample in SAMPLES if sample.simulators == ("transit",))
    galaxy = next(sample for sample in SAMPLES if "galaxy_spectrum" in sample.simulators)
    assert simulator_for(star.sha256) == simulator_for(star.sha256, "flare_activity") == "transit"
    assert simulator_for(galaxy.sha256) == "galaxy_lines"
    assert simulator_for(galaxy.sha256, "galaxy_spectrum") == "galaxy_spectrum"
    assert simulator_for("0" * 64, "flare_activity") == "flare_activity"
