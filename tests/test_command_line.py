import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import xarray as xr

from astro_sbi.__main__ import main
from astro_sbi.runs import api, local
from astro_sbi.runs.outcome import RunCancelled
from astro_sbi.runs.settings import Settings
from astro_sbi.runs.store import Store
from tests.runs import stand_ins

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def star(tmp_path, monkeypatch):
    """A file to infer from, with a store of its own."""
    monkeypatch.setenv("ASTRO_SBI_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("ASTRO_SBI_SLOTS", "0")
    path = tmp_path / "star.csv"
    path.write_bytes(b"time,flux\n1,1\n")
    return path


def run(capsys, *arguments, task=stand_ins.quick):
    status = main([str(argument) for argument in arguments], task=task)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def complaint(capsys, *arguments, task=stand_ins.quick):
    status, out, err = run(capsys, *arguments, task=task)
    last = err.splitlines()[-1]
    assert (status, out) == (2, "")
    assert last.startswith("error: ")
    assert "Traceback" not in err
    return last


def process(task, *arguments):
    start = [sys.executable, "-m", "tests.runs.stand_ins", "cli", task, *map(str, arguments)]
    return subprocess.Popen(start, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def until(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_infer_prints_one_json_object_and_the_second_time_from_the_store(star, capsys):
    status, out, err = run(capsys, "infer", "transit", star, "--json")
    told = json.loads(out)
    assert (status, told["cached"], told["verdict"], out.count("\n")) == (0, False, "caution", 1)
    assert err.splitlines() == ["reading   50%", "simulating   50%", "training   50%  loss 0.500", "round 2  training   50%  loss 0.500"]
    status, out, err = run(capsys, "infer", "transit", star, "--json", task=None)
    assert (status, err, json.loads(out)) == (0, "", {**told, "cached": True})


@pytest.mark.slow
def test_a_cached_answer_needs_neither_jax_nor_astropy_nor_a_database(star, capsys):
    run(capsys, "infer", "transit", star, "--json")
    look = (
        "import sys; from astro_sbi.__main__ import main; status = main(sys.argv[1:]);"
        "print([name for name in ('jax', 'astropy', 'sqlalchemy', 'scipy', 'plotly') if name in sys.modules], status)"
    )
    out = subprocess.run(
        [sys.executable, "-c", look, "infer", "transit", str(star)], capture_output=True, text=True, cwd=ROOT, check=True
    ).stdout
    assert out.splitlines()[-1] == "[] 0"
    assert "answered from the store" in out


def test_infer_in_words(star, capsys):
    status, out, _ = run(capsys, "infer", "transit", star)
    assert status == 0
    assert "transit of WASP-126, 24 points" in out
    assert next(line.split() for line in out.splitlines() if line.startswith("duration")) == [
        "duration",
        "0.0800",
        "-0.0010",
        "+0.0010",
        "d",
        "the",
        "duration",
    ]
    assert "verdict: caution\n  - the residuals are correlated, as red noise makes them" in out


def test_other_settings_are_another_request_and_a_fixed_value_has_two_names(star, capsys):
    keys = [
        json.loads(run(capsys, "infer", "transit", star, "--json", *more)[1])["key"]
        for more in ((), ("--seed", "2"), ("--set", "fix.impact_parameter=0.5"), ("--set", "prior.impact_parameter=fixed(0.50)"))
    ]
    assert len(set(keys)) == 3
    assert keys[2] == keys[3]


@pytest.mark.slow
def test_out_writes_netcdf_also_from_the_store(star, capsys, tmp_path):
    out = tmp_path / "posterior.nc"
    for _ in range(2):
        assert run(capsys, "infer", "transit", star, "--out", out, "--json")[0] == 0
        with xr.open_dataset(out, group="posterior", engine="h5netcdf") as posterior:
            assert posterior["radius_ratio"].sizes == {"chain": 1, "draw": 200}
        out.unlink()
    assert not list(tmp_path.glob(".*.tmp"))


@pytest.mark.slow
@pytest.mark.parametrize(("ending", "start"), [("pdf", b"%PDF-"), ("svg", b"<?xml"), ("PNG", b"\x89PNG")])
def test_figure_draws_the_corner_plot(star, capsys, tmp_path, ending, start):
    out = tmp_path / f"corner.{ending}"
    assert run(capsys, "infer", "transit", star, "--figure", out)[0] == 0
    assert out.read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--seed", "-1"], "seed is -1"),
        (["--seed", "one"], "'one' is not a whole number"),
        (["--samples", "10"], "samples is 10"),
        (["--ensemble", "99"], "ensemble is 99"),
        (["--set", "period=2"], "'period' cannot be set"),
        (["--set", "prepare.period"], "write KEY=VALUE"),
        (["--set", "prior.radius_ratio=flat(0,1)"], "write uniform"),
        (["--out", "no/such/folder/x.nc"], "does not exist; make it first"),
        (["--figure", "corner.gif"], "the name must end in .pdf, .svg or .png"),
        (["--unknown"], "unrecognized arguments"),
    ],
)
def test_bad_options_are_one_line(star, capsys, arguments, says):
    assert says in complaint(capsys, "infer", "transit", star, *arguments)


def test_bad_files_are_one_line_and_leave_no_run(star, capsys, tmp_path):
    assert "nothing.csv does not exist" in complaint(capsys, "infer", "transit", tmp_path / "nothing.csv")
    assert "is a folder" in complaint(capsys, "infer", "transit", tmp_path)
    assert "not the name of a simulator" in complaint(capsys, "infer", "../transit", star)
    star.write_bytes(b"bad")
    assert complaint(capsys, "infer", "transit", star) == "error: star.csv: it is empty; give a file with measurements"
    assert json.loads(run(capsys, "runs", "--json")[1]) == []


@pytest.mark.usefixtures("read_here")
def test_the_packages_own_readers_refuse_in_one_line(star, capsys, tmp_path):
    picture = tmp_path / "picture.fits"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(2000))
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    for path in (picture, empty):
        for verb in (["read"], ["infer", "transit"]):
            assert path.name in complaint(capsys, *verb, path, task=None)
    assert "nebula" in complaint(capsys, "infer", "nebula", star, task=None)
    assert json.loads(run(capsys, "runs", "--json")[1]) == []


def test_a_fault_of_the_program_is_one_line_and_stays_in_the_list(star, capsys):
    star.write_bytes(b"fault")
    assert "fault of the program (ZeroDivisionError: of the simulator)" in complaint(capsys, "infer", "transit", star)
    (failed,) = json.loads(run(capsys, "runs", "--json")[1])
    assert (failed["state"], failed["simulator"]) == ("failed", "transit")


def test_a_verb_is_needed(capsys):
    assert "{list,read,fetch,infer,simulations,check,compare,runs}" in complaint(capsys)


def test_a_damaged_result_is_said_and_made_again(star, capsys, tmp_path):
    run(capsys, "infer", "transit", star, "--json")
    (bundle,) = (tmp_path / "store" / "results").iterdir()
    (bundle / "summary.json").write_bytes(b"{}")
    status, out, err = run(capsys, "infer", "transit", star, "--json")
    assert (status, json.loads(out)["cached"]) == (0, False)
    assert "note: the result" in err
    assert "quarantine" in err


def test_runs(star, capsys):
    assert "no runs yet" in run(capsys, "runs")[1]
    run(capsys, "infer", "transit", star)
    (told,) = json.loads(run(capsys, "runs", "--json")[1])
    assert (told["state"], told["verdict"], told["observation"]) == ("done", "caution", "WASP-126")
    assert "WASP-126" in run(capsys, "runs")[1]


@pytest.mark.slow
def test_read_and_list(star, capsys):
    star.write_text("time,flux,flux_err\n" + "".join(f"{0.02 * n},{1 + 0.001 * (n % 3)},0.001\n" for n in range(60)))
    told = json.loads(run(capsys, "read", star, "--json")[1])
    assert (told["kind"], told["points"], told["dropped"]) == ("light_curve", 60, {})
    assert "60 points" in run(capsys, "read", star)[1]
    names = {one["name"] for one in json.loads(run(capsys, "list", "--json")[1])}
    assert {"transit", "galaxy_lines"} <= names
    assert all(name in run(capsys, "list")[1] for name in names)
    assert "model.dark_energy=lambda|w|w0wa" in run(capsys, "list")[1]


@pytest.mark.slow
def test_ctrl_c_cancels(star, tmp_path):
    command = process("slow", "infer", "transit", star, "--json")
    store = Store(tmp_path / "store")
    until(lambda: any(job.state == "running" for job in api.jobs(store)))
    time.sleep(0.3)
    command.send_signal(signal.SIGINT)
    out, err = command.communicate(timeout=20)
    assert (command.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "error: cancelled"
    assert [job.state for job in api.jobs(store)] == ["cancelled"]


@pytest.mark.slow
def test_a_second_command_follows_the_first_and_takes_over_when_it_dies(star, tmp_path, monkeypatch):
    store = Store(tmp_path / "store")
    first = process("slow", "infer", "transit", star, "--json")
    until(lambda: any(job.state == "running" for job in api.jobs(store)))
    second = process("slow", "infer", "transit", star, "--json")
    assert second.stderr.readline().startswith("training")
    asked, seen = threading.Event(), []
    asked.set()
    with pytest.raises(RunCancelled, match=f"no longer following .* process {first.pid}"):
        local.run_here(store, star.name, star.read_bytes(), Settings("transit"), task=None, on_change=seen.append, stop=asked)
    assert seen[0].phase == "training"
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    with store.catalogue.transaction() as connection:
        connection.execute(local.jobs.update(local.jobs.JOBS).values(lease_until=0.0))
    until(lambda: api.jobs(store)[0].note.startswith("interrupted, restarted"))
    (store.root / "go").touch()
    out, _ = second.communicate(timeout=20)
    assert (second.returncode, json.loads(out)["cached"]) == (0, False)


CURVE = "when,bright\n" + "".join(f"{0.02 * number:.2f},{1 + (number % 7) * 1e-3}\n" for number in range(60))


@pytest.mark.slow
def test_read_takes_answers_and_writes_ecsv(star, capsys, tmp_path):
    star.write_text(CURVE)
    out = tmp_path / "read.ecsv"
    answers = ("--set", "read.coordinate=when", "--set", "read.value=bright", "--set", "read.kind=light_curve", "--set", "read.error=0.001")
    status, said, _ = run(capsys, "read", star, *answers, "--out", out, "--json")
    assert (status, json.loads(said)["columns"]) == (0, {"coordinate": "when", "value": "bright"})
    assert out.read_text().startswith("# %ECSV")
    assert "read.colour does not exist" in complaint(capsys, "read", star, "--set", "read.colour=red")


SUPERNOVAE = "z,mu,mu_err\n0.1,38.3,0.1\n0.3,40.9,0.1\n0.5,42.2,0.1\n"
MATRIX = "3\n" + "\n".join(f"{0.01 if row == column else 0.002}" for row in range(3) for column in range(3)) + "\n"


@pytest.mark.slow
def test_a_covariance_matrix_is_read_with_its_table(star, capsys, tmp_path):
    star.write_text(SUPERNOVAE)
    matrix, out = tmp_path / "star.cov", tmp_path / "both.ecsv"
    matrix.write_text(MATRIX)
    status, said, _ = run(capsys, "read", star, "--covariance", matrix, "--out", out)
    assert (status, "errors with their covariance matrix" in said) == (0, True)
    status, said, _ = run(capsys, "read", out, "--json")
    assert (status, json.loads(said)["covariance"]) == (0, True)
    status, said, _ = run(capsys, "infer", "hubble_diagram", star, "--covariance", matrix, "--json")
    assert (status, json.loads(said)["title"]) == (0, "star.zip: Transit")
    assert "a table and its covariance matrix" in complaint(capsys, "read", out, "--covariance", star)
