"""A child that parses can answer, and do nothing else; each way of failing is one sentence and the parent goes on."""

import json
import os
import signal
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from astro_sbi.observations import confined, sandbox
from astro_sbi.observations.landlock import landlock_version
from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.sandbox import Limits, answer_of

pytestmark = pytest.mark.slow

CASES = "tests.observations.confined_cases"
ENTRY = Path(__file__).with_name("confined_entry.py")
PATIENT = Limits(seconds=60.0)

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="there are no signals and limits here")
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
needs_landlock = pytest.mark.skipif(not landlock_version(), reason="this kernel has no Landlock")


def answered(request: str | bytes, limits: Limits = PATIENT) -> bytes:
    """What a function of `confined_cases` answers in a child."""
    content = request.encode() if isinstance(request, str) else request
    return sandbox.answer_to(sandbox.command_of(ENTRY, CASES, limits), content, limits)


def refusal(request: str | bytes, limits: Limits = PATIENT) -> ObservationError:
    with pytest.raises(ObservationError) as caught:
        answered(request, limits)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert not sentence.endswith(".")
    return caught.value


def attempted(*requests: str) -> dict[str, str]:
    """What came of several attempts in one child."""
    return json.loads(answered("attempts " + "\n".join(requests)))


def test_an_answer_comes_back_whole():
    content = os.urandom(3_000_000)
    assert answered(b"echo " + content) == content


def test_an_answer_may_be_empty():
    assert answered("echo ") == b""


def test_eight_threads_get_their_own_answers():
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(answered, [f"echo {number}" for number in range(8)])) == [str(number).encode() for number in range(8)]


def test_prints_of_c_libraries_are_no_answer():
    assert answered("garbage yes") == b"yes"


def test_too_slow():
    assert "takes more than 3 s; cut it" in str(refusal("sleep 100", Limits(seconds=3.0)))


def test_slow_to_start():
    assert "did not start within 0.01 s" in str(refusal("echo 1", Limits(seconds=0.01)))


@needs_posix
def test_too_much_time_of_the_processor():
    command = sandbox.command_of(ENTRY, CASES, Limits(seconds=0.5))
    with pytest.raises(ObservationError, match="takes more than 60 s"):
        sandbox.answer_to(command, b"spin", PATIENT)


@needs_linux
@pytest.mark.parametrize("request_", ["allocate 10000000000", "allocate_in_pieces "])
def test_too_much_memory(request_: str):
    assert "takes more than 0.6 GB of memory" in str(refusal(request_, Limits(60.0, 600_000_000)))


def test_killed_from_outside_is_a_lack_of_memory():
    assert "GB of memory" in str(sandbox._cut_short(-signal.SIGKILL, PATIENT))


def test_too_large_an_answer():
    assert len(answered("large 1000000", Limits(60.0, answer=1_000_000))) == 1_000_000
    assert "holds more than 1 MB of numbers" in str(refusal("large 1000001", Limits(60.0, answer=1_000_000)))


def test_endless_output():
    endless = b"endless_output A" + (10**15).to_bytes(8, "big")
    assert "holds more than 1 MB of numbers" in str(refusal(endless, Limits(60.0, answer=1_000_000)))


def test_a_garbled_answer():
    assert "it confuses its reader, so it is probably damaged" in str(refusal(b"endless_output ?" + bytes(8)))


def test_what_follows_an_answer_is_not_read():
    assert answered(b"endless_output A" + (1).to_bytes(8, "big") + b"x") == b"x"


def test_endless_chatter():
    assert "takes more than 3 s" in str(refusal("endless_chatter ", Limits(seconds=3.0)))


@needs_posix
def test_a_crash():
    assert "it crashes its reader (SIGSEGV), so it is probably damaged; save it again" in str(refusal("crash"))


def test_an_early_end():
    assert "ends its reader without an answer (status 0)" in str(refusal("quit 0"))


@pytest.mark.parametrize("sent", [b"", b"A", b"A" + bytes(7), b"A" + (2).to_bytes(8, "big") + b"x"])
def test_an_answer_that_is_cut_short(sent: bytes):
    with pytest.raises(ObservationError, match=r"crashes its reader \(SIGABRT\)"):
        sandbox._answer(sandbox._Ending(bytearray(confined.READY + sent), -signal.SIGABRT, ""), PATIENT)


def test_the_readers_own_sentence():
    assert str(refusal("refuse the column \x1b[31mtime\n is missing; name it")) == "the column [31mtime is missing; name it"
    assert len(str(refusal("refuse " + "long " * 1000))) == 600


@pytest.mark.parametrize(("request_", "name"), [("fail \x1b]0;x", "KeyError"), ("recurse", "RecursionError")])
def test_an_unknown_error(request_: str, name: str):
    error = refusal(request_)
    assert f"something that it does not know ({name})" in str(error)
    assert name in error.__notes__[0]
    assert "\x1b" not in error.__notes__[0]


def test_a_pickle_is_not_loaded():
    assert "reaches for another file, a program or the network" in str(refusal(b"unpickle cposix\nsystem\n(S'true'\ntR."))


def test_python_reaches_nothing_outside(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        requests = [
            "read /etc/passwd",
            f"list {tmp_path}",
            "list /",
            f"write {tmp_path / 'new'}",
            f"write {Path(confined.__file__).parent / 'new'}",
            f"connect {listener.getsockname()[1]}",
            "fork",
            "program",
        ]
        results = attempted(*requests)
        assert {request: result for request, result in results.items() if result != "EACCES"} == {}
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert list(tmp_path.iterdir()) == []


@needs_landlock
def test_c_libraries_reach_nothing_outside(tmp_path: Path):
    kept = tmp_path / "kept"
    kept.write_text("kept")
    requests = [
        "read_in_c /etc/passwd",
        f"read_in_c {kept}",
        f"read_in_c /proc/{os.getpid()}/environ",
        f"write_in_c {tmp_path / 'new'}",
        f"write_in_c {Path(confined.__file__).parent / 'new'}",
        f"remove_in_c {kept}",
        "program_in_c",
    ]
    results = attempted(*requests)
    assert {request: result for request, result in results.items() if result != "EACCES"} == {}
    assert list(tmp_path.iterdir()) == [kept]


@pytest.mark.skipif(landlock_version() < 4, reason="this kernel has no Landlock that refuses connections")
def test_c_libraries_reach_no_network():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        assert "the network" in str(refusal(f"connect_in_c {listener.getsockname()[1]}"))
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.skipif(landlock_version() < 6, reason="this kernel has no Landlock that refuses signals")
def test_c_libraries_signal_nobody():
    assert attempted(f"kill_in_c {os.getpid()}") == {f"kill_in_c {os.getpid()}": "EPERM"}


@needs_linux
def test_nothing_that_it_started_stays():
    limits = Limits(seconds=61.125)
    assert answered("fork_in_c yes", limits) == b"yes"
    deadline = time.monotonic() + 20.0
    while running("61.125") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert running("61.125") == []


def running(word: str) -> list[str]:
    """Processes that have a word in their command line."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = place.read_bytes()
        except OSError:
            continue
        found += [str(place)] if word.encode() in command.split(b"\x00") else []
    return found


def children() -> set[str]:
    """Children of this process, ended ones included."""
    found = set()
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        found |= {place.parent.name} if int(fields[1]) == os.getpid() else set()
    return found


@needs_linux
def test_nothing_leaks():
    before = (children(), len(os.listdir("/proc/self/fd")), threading.active_count())
    answered("echo 1")
    for request, limits in (
        ("crash", PATIENT),
        ("endless_output ", PATIENT),
        ("echo 1", Limits(seconds=0.05)),
        ("close_and_sleep", PATIENT),
    ):
        refusal(request, limits)
    assert (children(), len(os.listdir("/proc/self/fd")), threading.active_count()) == before
    assert answered("echo 1") == b"1"


def test_no_secret_is_inherited(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ASTRO_SBI_CANARY", "secret")
    monkeypatch.setenv("PYTHONSTARTUP", "secret")
    environment = json.loads(answered("environment"))
    assert "secret" not in environment.values()
    assert "PATH" not in environment
    assert not Path(environment["HOME"]).exists()


def test_no_open_file_is_inherited(tmp_path: Path):
    with open(tmp_path / "canary", "w") as canary:
        os.set_inheritable(canary.fileno(), True)
        status = os.fstat(canary.fileno())
        seen = json.loads(answered("descriptors"))
    assert [status.st_dev, status.st_ino] not in seen
    assert len(seen) <= 4


@needs_linux
def test_limits_are_set():
    assert json.loads(answered("limits", Limits(7.5, 1_400_000_000))) == {
        "CPU": 8,
        "AS": 1_400_000_000,
        "FSIZE": 0,
        "NOFILE": 64,
        "CORE": 0,
    }


def test_libraries_can_be_imported_late():
    ecsv = "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: time, unit: d, datatype: float64}\ntime\n2457000.5\n2457001.5\n"
    rows, unit, total, parquet_rows = json.loads(answered(f"late_imports {ecsv}"))
    assert (rows, unit, parquet_rows) == (2, "d", 2)
    assert total == pytest.approx(4914002.0, abs=0.01)


@pytest.mark.parametrize("module", [CASES, "os", "astro_sbi.runs.store"])
def test_only_readers_answer(module: str):
    with pytest.raises(ObservationError, match=f"did not start .*{module} is not a module of astro_sbi.observations"):
        answer_of(module, bytes(1_000_000), limits=PATIENT)


def test_a_module_that_is_not_there():
    with pytest.raises(ObservationError, match=r"did not start \(ModuleNotFoundError: No module named .*\); try again"):
        answer_of("astro_sbi.observations.nothing", b"", limits=PATIENT)


def test_a_python_that_is_not_there(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with pytest.raises(ObservationError, match=r"did not start \(No such file or directory\); try again"):
        answer_of(CASES, b"")
