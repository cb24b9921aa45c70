"""Files that were fetched before: no second request, damage seen, room made."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from astro_sbi.observations.observation import ObservationError
from astro_sbi.runs.addresses import checked_place
from astro_sbi.runs.download import download
from astro_sbi.runs.download_cache import Downloaded, keep_download, kept_download
from astro_sbi.runs.keys import sha256_of
from tests.runs.loopback import loopback

URL = "https://mast.stsci.edu/files/star.fits"
CONTENT = b"SIMPLE  =                    T\n" * 100


@pytest.fixture
def server():
    with loopback() as archives:
        archives.says("mast.stsci.edu/files/star.fits", CONTENT)
        yield archives


def test_cache_makes_no_request(server, tmp_path):
    first = download(URL, cache=tmp_path, network=server.network())
    seen = []
    again = download(
        f"{URL.replace('mast', 'MAST')}#part", cache=tmp_path, on_progress=lambda *told: seen.append(told), network=server.network()
    )
    assert again == first
    assert seen == [(len(CONTENT), len(CONTENT))]
    assert len(server.asked) == 1


@pytest.mark.parametrize("damage", [lambda whole: whole[:-1], lambda whole: b"x" + whole, lambda _: b"", lambda whole: whole[:-1] + b"?"])
def test_damaged_entry_is_fetched_anew(server, tmp_path, damage):
    download(URL, cache=tmp_path, network=server.network())
    (entry,) = tmp_path.iterdir()
    entry.write_bytes(damage(entry.read_bytes()))
    assert download(URL, cache=tmp_path, network=server.network()).content == CONTENT
    assert len(server.asked) == 2
    assert kept_download(tmp_path, URL, 1 << 20) is not None


def test_old_or_large_entry_is_fetched_anew(server, tmp_path):
    download(URL, cache=tmp_path, network=server.network())
    assert kept_download(tmp_path, URL, len(CONTENT) - 1) is None
    (entry,) = tmp_path.iterdir()
    os.utime(entry, (1e9, 1e9))
    assert kept_download(tmp_path, URL, 1 << 20) is None


def test_the_oldest_make_room(tmp_path):
    for number in range(5):
        keep_download(tmp_path, Downloaded("a", bytes(1000), f"https://a/{number}", sha256_of(bytes(1000))), most_kept=3500)
        for path in tmp_path.iterdir():
            os.utime(path, (path.stat().st_mtime - 10,) * 2)
    kept = [number for number in range(5) if kept_download(tmp_path, f"https://a/{number}", 2000)]
    assert kept == [2, 3, 4]


def test_store_that_cannot_be_written_does_not_matter(server, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    assert download(URL, cache=tmp_path / "file" / "folder", network=server.network()).content == CONTENT


def test_several_threads_at_once(server, tmp_path):
    gate = threading.Barrier(4)

    def one(_):
        gate.wait()
        return download(URL, cache=tmp_path, network=server.network())

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(one, range(4)))
    assert {download.content for download in found} == {CONTENT}
    assert [path.name for path in tmp_path.iterdir()] == [sha256_of(checked_place(URL).url.encode())]


def test_refused_url_is_refused_though_it_is_kept(server, tmp_path):
    keep_download(tmp_path, Downloaded("a", CONTENT, "https://example.com/a", sha256_of(CONTENT)))
    with pytest.raises(ObservationError, match="not on the list"):
        download("https://example.com/a", cache=tmp_path, network=server.network())
