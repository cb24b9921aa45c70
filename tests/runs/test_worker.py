import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from astro_sbi.runs import api, executor, jobs, worker
from astro_sbi.runs.executor import LocalExecutor
from astro_sbi.runs.progress import Reporter
from astro_sbi.runs.settings import Settings, SettingsError
from astro_sbi.runs.store import Store
from tests.runs import stand_ins

SETTINGS = Settings("transit")
ROOT = Path(__file__).resolve().parents[2]
SERVER = """
import sys, time
from pathlib import Path
from astro_sbi.runs.store import Store
from tests.runs.test_worker import slow_executor
print(slow_executor(Store(Path(sys.argv[1]))).wake(), flush=True)
time.sleep(60)
"""


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store whose worker is `stand_ins`' slow one; no worker outlives the test."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("ASTRO_SBI_SLOTS", "0")
    store = Store(tmp_path / "store")
    yield store
    (store.root / "go").touch()
    for slot in range(3):
        row = executor._row(store.catalogue, slot)
        if row and row["pid"]:
            until(lambda pid=row["pid"]: executor.started_at(pid) is None, "the worker ended")


def until(condition, what, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.05)


def slow_executor(store, slots=1, idle_s=0.0):
    return LocalExecutor(store, slots, ("-m", "tests.runs.stand_ins", "work", "slow", str(idle_s)))


def claimed(store, content=b"1,2", name="star.csv"):
    job = api.enqueue(store, name, content, SETTINGS)
    return jobs.claim(store.catalogue, job.key)


def test_a_run_is_kept_and_found_again(store):
    job = claimed(store)
    outcome = worker.run_job(store, job, stand_ins.quick, Reporter())
    assert outcome.state == "done"
    view = api.job(store, job.key)
    assert (view.state, view.result_key, view.verdict, view.observation) == ("done", outcome.result_key, "caution", "WASP-126")
    assert view.progress.phases.keys() == {"reading", "simulating", "training"}
    assert view.progress.rounds == [{"efficiency": 0.4}]
    assert store.answer(job.key) == outcome.result_key
    assert api.result(store, outcome.result_key).summary["verdict"] == "caution"


def test_a_failed_run_says_why_and_keeps_its_log(store):
    job = claimed(store, b"fault")
    outcome = worker.run_job(store, job, stand_ins.quick, Reporter())
    view = api.job(store, job.key)
    assert (view.state, outcome.refused) == ("failed", False)
    assert "ZeroDivisionError: of the simulator" in view.error
    assert "Traceback" not in view.error
    assert "Traceback" in view.log_tail
    assert view.log_tail.endswith("ZeroDivisionError: of the simulator")


def test_a_refused_request_is_said_word_for_word(store):
    outcome = worker.run_job(store, claimed(store, b"bad"), stand_ins.quick, Reporter())
    assert (outcome.refused, outcome.error) == (True, "star.csv: it is empty; give a file with measurements")


def test_a_damaged_upload_fails_in_words(store):
    job = claimed(store)
    (store.root / "uploads" / job.upload / "content").write_bytes(b"9,9")
    outcome = worker.run_job(store, job, stand_ins.quick, Reporter())
    assert outcome.state == "failed"
    assert "damaged" in outcome.error


@pytest.mark.slow
def test_cancel_stops_a_running_task(store):
    job = claimed(store)
    threading.Timer(0.3, api.cancel, (store, job.key)).start()
    began = time.monotonic()
    assert worker.run_job(store, job, stand_ins.slow, Reporter()).state == "cancelled"
    assert time.monotonic() - began < 5
    assert api.job(store, job.key).state == "cancelled"


@pytest.mark.slow
def test_a_worker_asked_to_end_gives_its_job_back(store):
    job, stop = claimed(store), threading.Event()
    threading.Timer(0.3, stop.set).start()
    assert worker.run_job(store, job, stand_ins.slow, Reporter(), stop).state == "queued"
    assert jobs.job(store.catalogue, job.key).state == "queued"


def test_a_worker_that_lost_its_lease_keeps_silent(store):
    job = claimed(store)

    def lose(*args, **kwargs):
        jobs.release(store.catalogue, job.key, job.token)
        return stand_ins.quick(*args, **kwargs)

    assert worker.run_job(store, job, lose, Reporter()).state == "running"
    assert jobs.job(store.catalogue, job.key).state == "queued"
    assert store.keys("result") == []


def test_the_same_request_joins_and_then_is_answered(store):
    job = claimed(store)
    assert api.enqueue(store, "other name.csv", b"1,2", SETTINGS).token == job.token
    worker.run_job(store, job, stand_ins.quick, Reporter())
    assert api.submit(store, "star.csv", b"1,2", SETTINGS).state == "done"
    assert len(api.jobs(store)) == 1


def test_deleting(store):
    job = claimed(store)
    worker.run_job(store, job, stand_ins.quick, Reporter())
    key = api.job(store, job.key).result_key
    api.delete(store, job.key)
    assert api.jobs(store) == []
    again = api.submit(store, "star.csv", b"1,2", SETTINGS)
    assert (again.state, again.result_key, again.observation) == ("done", key, "WASP-126")
    api.delete(store, job.key, with_result=True)
    assert not store.has("result", key)
    assert api.enqueue(store, "star.csv", b"1,2", SETTINGS).state == "queued"


def test_a_lost_result_is_made_again(store):
    job = claimed(store)
    worker.run_job(store, job, stand_ins.quick, Reporter())
    store.delete("result", api.job(store, job.key).result_key)
    assert api.enqueue(store, "star.csv", b"1,2", SETTINGS).state == "queued"


@pytest.mark.slow
def test_a_detached_worker_outlives_its_parent_and_is_adopted(store):
    job = api.enqueue(store, "star.csv", b"1,2", SETTINGS)
    parent = subprocess.Popen([sys.executable, "-c", SERVER, str(store.root)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert parent.stdout.readline() == "1\n"
    until(lambda: (view := api.job(store, job.key)).state == "running" and view.progress is not None, "the job ran")
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    before = api.job(store, job.key).progress.done
    until(lambda: api.job(store, job.key).progress.done > before, "the job went on")
    assert slow_executor(store).wake() == 0
    (store.root / "go").touch()
    until(lambda: api.job(store, job.key).state == "done", "the job was done")


@pytest.mark.slow
def test_a_killed_workers_job_is_run_by_another(store, monkeypatch):
    monkeypatch.setattr(jobs, "LEASE_S", 1.0)
    job = api.enqueue(store, "star.csv", b"1,2", SETTINGS)
    assert slow_executor(store).wake() == 1
    assert slow_executor(store).wake() == 0
    until(lambda: jobs.job(store.catalogue, job.key).state == "running", "the job ran")
    os.kill(executor._row(store.catalogue, 0)["pid"], signal.SIGKILL)
    with store.catalogue.transaction() as connection:
        connection.execute(jobs.update(jobs.JOBS).values(lease_until=0.0))
    until(lambda: slow_executor(store).wake() == 1, "another worker was started")
    until(lambda: jobs.job(store.catalogue, job.key).attempts == 2, "the job ran again")
    assert api.job(store, job.key).note.startswith("interrupted, restarted")
    (store.root / "go").touch()
    until(lambda: api.job(store, job.key).state == "done", "the job was done")


@pytest.mark.slow
def test_no_more_workers_than_slots_and_none_without_work(store):
    assert slow_executor(store, 2).wake() == 0
    for number in range(4):
        api.enqueue(store, f"{number}.csv", str(number).encode(), SETTINGS)
    started = []
    wakers = [threading.Thread(target=lambda: started.append(slow_executor(store, 2, idle_s=0.2).wake())) for _ in range(4)]
    for waker in wakers:
        waker.start()
    for waker in wakers:
        waker.join()
    assert sum(started) == 2
    until(lambda: sum(job.state == "running" for job in jobs.jobs(store.catalogue)) == 2, "two jobs ran")
    (store.root / "go").touch()
    until(lambda: all(job.state == "done" for job in jobs.jobs(store.catalogue)), "all jobs were done")
    until(lambda: executor._row(store.catalogue, 0) is None and executor._row(store.catalogue, 1) is None, "the workers left their places")


def test_a_process_is_known_by_its_start():
    mine = executor.started_at(os.getpid())
    assert mine
    child = subprocess.Popen([sys.executable, "-c", ""])
    until(lambda: executor.started_at(child.pid) is None, "a zombie counts as dead")
    child.wait()
    row = {"pid": os.getpid(), "pid_started": "0", "taken": time.time()}
    assert not executor._is_live(row)
    assert executor._is_live(row | {"pid_started": mine})


def test_slots():
    assert executor.slots_wanted({}) == 1
    assert executor.slots_wanted({"ASTRO_SBI_SLOTS": "4"}) == 4
    with pytest.raises(SettingsError, match="ASTRO_SBI_SLOTS"):
        executor.slots_wanted({"ASTRO_SBI_SLOTS": "-1"})
