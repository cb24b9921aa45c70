"""The child process in which a stranger's file is parsed: it limits itself, gives up files, network and programs, and answers once.

Run by `sandbox` as ``python confined.py MODULE SECONDS BYTES PATH...``. The request comes on standard input and the answer leaves on a
private copy of standard output, so that what a C library prints there is not taken for it.

Modules are imported before the walls go up, because importing looks at many more places than reading does (``sys.path``, ``/proc``,
``/sys``); not a byte of the file has been read by then. What is imported later lies in the places that stay readable.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import importlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

#: Only modules of this package answer.
ROOM = "astro_sbi.observations."

#: First on the channel: the walls are up and the request has not been read yet.
READY = b"ready\n"

#: Kinds of answer, one byte; a length of eight bytes and the content follow.
ANSWER, REFUSED, MEMORY, FORBIDDEN, FAILED = KINDS = (b"A", b"R", b"M", b"F", b"E")

#: Where C libraries find what they load late, and Python its time zones.
SYSTEM = (
    "/usr/lib",
    "/usr/lib64",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/usr/share/zoneinfo",
    "/dev/null",
    "/dev/urandom",
)

_OPEN_FILES = 64
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
_LOOKING = ("os.listdir", "os.scandir")
_FORBIDDEN_FAMILIES = frozenset(
    (
        *("ftplib", "http", "imaplib", "pty", "shutil", "smtplib", "socket", "sqlite3", "subprocess", "tempfile", "urllib"),
        *("webbrowser", "winreg"),
    )
)
_FORBIDDEN = frozenset(
    (
        *("os.exec", "os.fork", "os.forkpty", "os.kill", "os.killpg", "os.posix_spawn", "os.spawn", "os.startfile", "os.system"),
        *("os.chflags", "os.chmod", "os.chown", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.setxattr", "os.symlink"),
        *("os.truncate", "os.utime", "pickle.find_class", "signal.pthread_kill"),
    )
)


def limit(seconds: float, memory: int) -> None:
    """Set this process's limits: what the system does not know is left out.

    The number of processes is not limited: the system counts all those of the user, and threads, without which pyarrow waits for ever.

    Args:
        seconds: of processor time, and a little more of the clock should the parent be gone.
        memory: bytes of address space.
    """
    whole = int(seconds) + 1
    if hasattr(signal, "alarm"):
        signal.alarm(whole + 4)
    with contextlib.suppress(OSError):
        # A host that runs out of memory ends this process, not the server.
        score = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(score, b"1000")
        os.close(score)
    try:
        import resource
    except ImportError:
        return
    wanted = {"CPU": whole, "AS": memory, "FSIZE": 0, "NOFILE": _OPEN_FILES, "CORE": 0}
    for name, most in wanted.items():
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is not None:
            with contextlib.suppress(OSError, ValueError):
                _, hard = resource.getrlimit(kind)
                # The soft limit of time sends a signal of its own, the hard one kills as a lack of memory does.
                bound = most + (name == "CPU")
                resource.setrlimit(kind, (most, bound) if hard == resource.RLIM_INFINITY else (min(most, hard), min(bound, hard)))


def readable_places() -> tuple[Path, ...]:
    """What stays readable: the standard library, installed packages, the packages imported so far, and the system's libraries."""
    base = Path(sys.base_prefix)
    installed = [Path(path) for path in sys.path if Path(path).name in ("site-packages", "dist-packages", "lib-dynload")]
    places = [*map(Path, SYSTEM), Path(os.__file__).parent, base / "lib", base / "lib64", base / "DLLs", *installed]
    loaded = [Path(path) for name, module in list(sys.modules.items()) if "." not in name for path in getattr(module, "__path__", ())]
    elsewhere = [path for path in loaded if not any(path.is_relative_to(place) for place in places)]
    return tuple(dict.fromkeys(path for path in (*places, *elsewhere) if path.exists()))


def guard(readable: Sequence[Path]) -> Callable[[str, tuple[Any, ...]], None]:
    """An audit hook that refuses what Landlock refuses, on every system, and programs and sockets of any kind.

    It sees what Python does, not what a C library does.
    """
    folders = tuple(os.path.normcase(os.path.realpath(path)) for path in readable)

    def may_read(path: Any) -> bool:
        if isinstance(path, int):  # a file that is open already
            return True
        real = os.path.normcase(os.path.realpath(os.fsdecode(path or ".")))
        return any(real == folder or real.startswith(folder + os.sep) for folder in folders)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            writes = bool((flags or 0) & _WRITING) or bool(set(mode or "") & set("wax+"))
            refused = not may_read(path) or (writes and not isinstance(path, int))
        elif event in _LOOKING:
            refused = not may_read(arguments[0])
        else:
            refused = event in _FORBIDDEN or event.partition(".")[0] in _FORBIDDEN_FAMILIES
        if refused:
            raise PermissionError(errno.EACCES, f"{event} is not allowed while a file is read")

    return hook


def outcome(answer: Callable[[bytes], bytes], request: bytes) -> tuple[bytes, bytes]:
    """Kind and content of what a module answers; whatever it raises becomes a kind of its own."""
    from astro_sbi.observations.observation import ObservationError

    try:
        return ANSWER, answer(request)
    except ObservationError as error:
        return REFUSED, str(error).encode("utf-8", "replace")
    except MemoryError:
        return MEMORY, b""
    except PermissionError as error:
        return FORBIDDEN, str(error).encode("utf-8", "replace")
    except Exception as error:  # a stranger's file may make a parser raise anything
        sys.excepthook(type(error), error, error.__traceback__)
        return FAILED, type(error).__name__.encode()


def private_channel() -> int:
    """A copy of standard output that only this module knows; what is printed from now on goes to standard error."""
    channel = os.dup(1)
    os.dup2(2, 1)
    return channel


def send(channel: int, content: bytes) -> None:
    """Write all of some bytes."""
    left = memoryview(content)
    while left:
        left = left[os.write(channel, left) :]


def main(arguments: Sequence[str], room: str = ROOM) -> None:
    """Answer one request and end the process.

    Args:
        arguments: the module that answers, limits in seconds and bytes, and the places to import from.
        room: what the module's name has to start with.
    """
    module, seconds, memory, *paths = arguments
    channel = private_channel()
    limit(float(seconds), int(memory))
    if not module.startswith(room):
        raise ImportError(f"{module} is not a module of {room}")
    sys.path[:] = paths
    # Nothing of what is imported is ever garbage; looking for it costs a tenth of a second.
    gc.disable()
    answer = importlib.import_module(module).answer
    gc.freeze()
    gc.enable()
    from astro_sbi.observations.landlock import confine

    places = readable_places()
    confine(places)
    sys.addaudithook(guard(places))
    send(channel, READY)
    kind, content = outcome(answer, sys.stdin.buffer.read())
    send(channel, kind + len(content).to_bytes(8, "big") + content)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
