import subprocess
import sys

import pytest

from astro_sbi.runs import jobs
from astro_sbi.runs.catalogue import Catalogue
from astro_sbi.runs.keys import key_of
from astro_sbi.runs.progress import Progress
from astro_sbi.runs.settings import Settings
from astro_sbi.runs.store import StoreError

SETTINGS = Settings("transit", changes=(("prepare.period", "2.2"),))


@pytest.fixture
def catalogue(tmp_path):
    return Catalogue(f"sqlite:///{tmp_path / 'catalogue.sqlite'}")


@pytest.fixture
def clock(monkeypatch):
    """The time of the catalogue, to be moved by hand."""
    now = {"s": 1_000_000.0}
    monkeypatch.setattr(jobs.time, "time", lambda: now["s"])
    return now


def submitted(catalogue, name="a", **more):
    return jobs.submit(catalogue, key_of(name), SETTINGS, observation=f"{name}.csv", upload="f" * 64, **more)


def test_a_request_is_queued_once(catalogue):
    job = submitted(catalogue)
    assert (job.state, job.settings, job.attempts) == ("queued", SETTINGS, 0)
    assert submitted(catalogue) == job
    assert jobs.jobs(catalogue) == [job]


def test_a_job_is_claimed_once_and_in_order(catalogue, clock):
    first = submitted(catalogue, "first")
    clock["s"] += 1
    second = submitted(catalogue, "second")
    assert jobs.waiting(catalogue) == 2
    assert [jobs.claim(catalogue).key, jobs.claim(catalogue).key] == [first.key, second.key]
    assert jobs.claim(catalogue) is None
    assert jobs.claim(catalogue, first.key) is None


def test_a_lost_lease_is_claimed_again_and_fences_the_first_worker(catalogue, clock):
    job = submitted(catalogue)
    slow = jobs.claim(catalogue)
    clock["s"] += jobs.LEASE_S + 1
    other = jobs.claim(catalogue)
    assert (other.key, other.attempts) == (job.key, 2)
    assert other.token != slow.token
    assert jobs.heartbeat(catalogue, job.key, slow.token, Progress("training")) == "lost"
    assert not jobs.finish(catalogue, job.key, slow.token, result_key="1" * 64, verdict="good")
    assert not jobs.fail(catalogue, job.key, slow.token, "late")
    assert not jobs.release(catalogue, job.key, slow.token)
    assert jobs.job(catalogue, job.key).state == "running"
    assert jobs.finish(catalogue, job.key, other.token, result_key="2" * 64, verdict="good", observation="WASP-126")
    done = jobs.job(catalogue, job.key)
    assert (done.state, done.result_key, done.observation) == ("done", "2" * 64, "WASP-126")
    assert not jobs.fail(catalogue, job.key, other.token, "after the end")


def test_a_heartbeat_renews_the_lease(catalogue, clock):
    job = submitted(catalogue)
    mine = jobs.claim(catalogue)
    for _ in range(5):
        clock["s"] += jobs.LEASE_S - 1
        assert jobs.heartbeat(catalogue, job.key, mine.token, Progress("training", 1, 2, 0.5)) == "go on"
        assert jobs.claim(catalogue) is None
    assert jobs.job(catalogue, job.key).progress == Progress("training", 1, 2, 0.5)


def test_a_clock_that_jumps_gives_no_second_result(catalogue, clock):
    job = submitted(catalogue)
    first = jobs.claim(catalogue)
    clock["s"] += 86_400
    second = jobs.claim(catalogue)
    clock["s"] -= 2 * 86_400
    outcomes = [jobs.finish(catalogue, job.key, token, result_key="3" * 64, verdict=None) for token in (first.token, second.token)]
    assert outcomes == [False, True]


def test_after_three_attempts_a_job_is_given_up(catalogue, clock):
    job = submitted(catalogue)
    for attempt in (1, 2, 3):
        assert jobs.claim(catalogue).attempts == attempt
        clock["s"] += jobs.LEASE_S + 1
    assert jobs.claim(catalogue) is None
    failed = jobs.job(catalogue, job.key)
    assert (failed.state, failed.error) == ("failed", jobs.GIVEN_UP)
    assert (submitted(catalogue).state, submitted(catalogue).attempts) == ("queued", 0)


def test_a_released_job_waits_again_and_the_attempt_does_not_count(catalogue):
    job = submitted(catalogue)
    assert jobs.release(catalogue, job.key, jobs.claim(catalogue).token)
    again = jobs.claim(catalogue)
    assert (again.key, again.attempts) == (job.key, 1)


def test_cancel(catalogue, clock):
    job = submitted(catalogue)
    jobs.request_cancel(catalogue, job.key)
    assert jobs.job(catalogue, job.key).state == "cancelled"
    assert submitted(catalogue).state == "queued"
    mine = jobs.claim(catalogue)
    jobs.request_cancel(catalogue, job.key)
    assert jobs.job(catalogue, job.key).state == "running"
    assert jobs.heartbeat(catalogue, job.key, mine.token) == "cancel"
    assert jobs.cancelled(catalogue, job.key, mine.token)
    submitted(catalogue)
    jobs.claim(catalogue)
    clock["s"] += jobs.LEASE_S + 1
    jobs.request_cancel(catalogue, job.key)
    assert jobs.job(catalogue, job.key).state == "cancelled"


def test_a_cancelled_job_whose_worker_died_is_not_run_again(catalogue, clock):
    job = submitted(catalogue)
    jobs.claim(catalogue)
    jobs.request_cancel(catalogue, job.key)
    clock["s"] += jobs.LEASE_S + 1
    assert jobs.claim(catalogue) is None
    assert jobs.job(catalogue, job.key).state == "cancelled"


def test_a_deleted_job_is_lost_to_its_worker(catalogue):
    job = submitted(catalogue)
    mine = jobs.claim(catalogue)
    jobs.remove(catalogue, job.key)
    assert jobs.heartbeat(catalogue, job.key, mine.token) == "lost"
    assert not jobs.finish(catalogue, job.key, mine.token, result_key="4" * 64, verdict=None)
    assert jobs.job(catalogue, job.key) is None


CLAIM = """
import sys
from astro_sbi.runs import jobs
from astro_sbi.runs.catalogue import Catalogue
catalogue = Catalogue(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
while job := jobs.claim(catalogue):
    print(job.key, jobs.finish(catalogue, job.key, job.token, result_key="5" * 64, verdict=None))
"""


@pytest.mark.slow
def test_many_processes_claim_each_job_once(catalogue):
    keys = sorted(submitted(catalogue, str(number)).key for number in range(30))
    start = [sys.executable, "-c", CLAIM, catalogue.url]
    claimers = [subprocess.Popen(start, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for claimer in claimers:
        claimer.stdout.readline()
    lines = []
    for claimer in claimers:
        claimer.stdin.write("\n")
        claimer.stdin.flush()
    for claimer in claimers:
        lines += claimer.communicate(timeout=60)[0].splitlines()
    assert sorted(line.split()[0] for line in lines) == keys
    assert all(line.endswith("True") for line in lines)


@pytest.mark.slow
def test_processes_may_make_the_tables_at_once(tmp_path):
    url = f"sqlite:///{tmp_path / 'new.sqlite'}"
    start = [sys.executable, "-c", CLAIM, url]
    claimers = [subprocess.Popen(start, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for claimer in claimers:
        claimer.stdout.readline()
    for claimer in claimers:
        claimer.stdin.write("\n")
        claimer.stdin.flush()
    assert [claimer.communicate(timeout=60)[0] for claimer in claimers] == ["", ""]
    assert [claimer.returncode for claimer in claimers] == [0, 0]


@pytest.mark.slow
def test_a_database_that_is_none_says_so(tmp_path):
    path = tmp_path / "catalogue.sqlite"
    path.write_bytes(b"this is no database, whatever its name says" * 50)
    with pytest.raises(StoreError, match="catalogue of runs does not answer"):
        jobs.jobs(Catalogue(f"sqlite:///{path}"))
