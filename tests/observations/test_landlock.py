"""Landlock, tried in processes of their own: it cannot be undone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from astro_sbi.observations import landlock
from tests.house.tree import ROOT

pytestmark = pytest.mark.slow

VERSION = landlock.landlock_version()
needs_landlock = pytest.mark.skipif(not VERSION, reason="this kernel has no Landlock")

CONFINED = """
import ctypes, json, os, socket, sys
from pathlib import Path
from astro_sbi.observations.landlock import confine


folder = Path(sys.argv[1])
listener = socket.create_server(("127.0.0.1", 0))
abstract = socket.socket(socket.AF_UNIX)
abstract.bind("\\0" + sys.argv[2])
abstract.listen()
child = os.fork()
if child:
    os.waitpid(child, 0)
    os._exit(0)
held = os.open(folder / "shut" / "file", os.O_RDONLY)
confines = confine([folder / "open", folder / "single", folder / "absent"])


def tried(action, *arguments):
    try:
        return action(*arguments) or True
    except PermissionError:
        return False


def connected(family, address):
    with socket.socket(family) as client:
        client.connect(address)


print(json.dumps({
    "confines": confines,
    "read": tried((folder / "open" / "file").read_text),
    "list": tried(os.listdir, folder / "open"),
    "read single file": tried((folder / "single").read_text),
    "read held": tried(os.read, held, 100) == b"shut",
    "read outside": tried((folder / "shut" / "file").read_text),
    "read through a link": tried((folder / "open" / "link").read_text),
    "list outside": tried(os.listdir, folder / "shut"),
    "overwrite": tried((folder / "open" / "file").write_text, "x"),
    "create": tried((folder / "open" / "new").write_text, "x"),
    "truncate": tried(os.truncate, folder / "open" / "file", 0),
    "remove": tried((folder / "open" / "file").unlink),
    "rename": tried(os.rename, folder / "open" / "file", folder / "open" / "other"),
    "make a folder": tried(os.mkdir, folder / "open" / "folder"),
    "run": tried(os.execv, "/bin/sh", ["sh", "-c", "exit 0"]),
    "read the parent's environment": tried(Path(f"/proc/{os.getppid()}/environ").read_bytes),
    "connect": tried(connected, socket.AF_INET, listener.getsockname()),
    "bind": tried(socket.create_server, ("127.0.0.1", 0)),
    "connect to an abstract socket": tried(connected, socket.AF_UNIX, "\\0" + sys.argv[2]),
    "signal": tried(os.kill, os.getppid(), 0),
    "dumpable": ctypes.CDLL(None).prctl(3, 0, 0, 0, 0),
    "no new privileges": ctypes.CDLL(None).prctl(39, 0, 0, 0, 0),
}))
"""


@pytest.fixture(scope="module")
def confined(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What a confined process could do."""
    folder = tmp_path_factory.mktemp("landlock")
    for name in ("open", "shut"):
        (folder / name).mkdir()
        (folder / name / "file").write_text(name)
    (folder / "single").write_text("single")
    (folder / "open" / "link").symlink_to(folder / "shut" / "file")
    command = [sys.executable, "-c", CONFINED, str(folder), folder.name + str(os.getpid())]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert (folder / "open" / "file").read_text() == "open"
    assert {path.name for path in (folder / "open").iterdir()} == {"file", "link"}
    return json.loads(done.stdout)


@needs_landlock
def test_reads_what_is_allowed(confined: dict[str, object]):
    assert confined["confines"] is True
    assert confined["read"] == "open"
    assert set(confined["list"]) == {"file", "link"}
    assert confined["read single file"] == "single"


@needs_landlock
def test_open_files_stay_open(confined: dict[str, object]):
    assert confined["read held"] is True


@needs_landlock
@pytest.mark.parametrize("place", ["read outside", "read through a link", "list outside", "read the parent's environment"])
def test_reads_nothing_else(confined: dict[str, object], place: str):
    assert confined[place] is False


@needs_landlock
@pytest.mark.parametrize("action", ["overwrite", "create", "remove", "rename", "make a folder", "run"])
def test_writes_and_runs_nothing(confined: dict[str, object], action: str):
    assert confined[action] is False


@pytest.mark.parametrize(
    ("action", "since"), [("truncate", 3), ("connect", 4), ("bind", 4), ("connect to an abstract socket", 6), ("signal", 6)]
)
def test_later_versions_refuse_more(request: pytest.FixtureRequest, action: str, since: int):
    if since > VERSION:
        pytest.skip(f"this kernel has version {VERSION} of Landlock, which does not know this")
    assert request.getfixturevalue("confined")[action] is False


@needs_landlock
def test_memory_is_private_and_privileges_cannot_grow(confined: dict[str, object]):
    assert confined["dumpable"] == 0
    assert confined["no new privileges"] == 1


@needs_landlock
def test_every_earlier_version_takes_its_rules():
    for version in range(1, VERSION + 1):
        os.close(landlock._ruleset(version))


def test_other_systems_have_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(landlock.sys, "platform", "darwin")
    assert landlock.landlock_version() == 0
    assert landlock.confine([Path("/")]) is False


def called_without_landlock(name: str, *_: int) -> int:
    if name == "syscall":
        raise OSError(38, "Function not implemented")
    return 0


def test_a_kernel_without_it_is_no_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(landlock, "_called", called_without_landlock)
    assert landlock.confine([Path("/")]) is False


def test_a_kernel_that_refuses_is_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(landlock, "landlock_version", lambda: 1)
    monkeypatch.setattr(landlock, "_called", called_without_landlock)
    monkeypatch.setattr(landlock.sys, "platform", "linux")
    with pytest.raises(OSError, match="not implemented"):
        landlock.confine([Path("/")])
