"""A stranger's bytes parsed in a child process with limits; the parent sees bytes only, and each way of failing is one sentence."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from astro_sbi.observations import confined
from astro_sbi.observations.observation import ObservationError

_CHUNK = 1 << 16
_LAST_WORDS = 4096
_LONGEST_SENTENCE = 600
_HEAD = len(confined.READY) + 1 + 8


@dataclass(frozen=True)
class Limits:
    """What reading one file may cost.

    Args:
        seconds: of the clock, start of the child included; with what comes before and after it stays under ten.
        memory: bytes of address space.
        answer: bytes that the child may give back.
    """

    seconds: float = 9.0
    memory: int = 1_500_000_000
    answer: int = 256 * 1024**2


@dataclass(frozen=True)
class _Ending:
    """What a child left: all that it sent, its exit status (below zero: a signal) and the end of what it wrote to standard error."""

    sent: bytearray
    status: int
    last_words: str


def answer_of(module: str, request: bytes, *, limits: Limits | None = None) -> bytes:
    """What ``module.answer(request)`` returns when it is called in a child process that can do nothing else.

    The child may take no more time and memory than the limits. It can neither write, start programs nor reach the network, and reads
    Python's own files only. It is gone when this returns.

    Args:
        module: full name of a module of this package.
        request: what its ``answer`` gets.
        limits: time, memory and size of the answer.

    Raises:
        ObservationError: the one that ``answer`` raised, or a sentence for each other way of ending.
    """
    limits = limits or Limits()
    return answer_to(command_of(Path(confined.__file__), module, limits), request, limits)


def command_of(entry: Path, module: str, limits: Limits) -> list[str]:
    """The command that starts a child: this Python without start-up files, importing from where this process imports."""
    root = str(Path(__file__).resolve().parents[2])
    paths = [path for path in dict.fromkeys(sys.path) if os.path.isabs(path) and os.path.exists(path)]
    if root not in paths:
        paths.insert(0, root)
    options = ["-P", "-S", "-s", "-B"]
    return [sys.executable, *options, str(entry), module, str(limits.seconds), str(limits.memory), *paths]


def environment() -> dict[str, str]:
    """All of the environment that a child gets: no secret, no search path, no home; libraries keep to one thread and little memory."""
    nowhere = str(Path(os.sep, "nonexistent"))
    loader = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "SYSTEMROOT") if name in os.environ}
    threads = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
    # Allocators that reserve address space by the gigabyte run into its limit before they use it.
    allocators = {"ARROW_DEFAULT_MEMORY_POOL": "system", "ARROW_IO_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
    python = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1"}
    return {"HOME": nowhere, "USERPROFILE": nowhere, **python, **threads, **allocators, **loader}


def answer_to(command: Sequence[str], request: bytes, limits: Limits) -> bytes:
    """The answer of a child that a command starts; see `answer_of`."""
    deadline = time.monotonic() + limits.seconds
    child = _started(command)
    try:
        sent, last_words = _exchanged(child, request, deadline, limits)
    finally:
        _end(child)
    return _answer(_Ending(sent, child.returncode, last_words.decode("utf-8", "replace")), limits)


def _started(command: Sequence[str]) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(
            command, bufsize=0, stdin=pipe, stdout=pipe, stderr=pipe, cwd=os.path.abspath(os.sep), env=environment(), start_new_session=True
        )
    except OSError as error:
        raise _not_started(error.strerror or "no reason given") from error


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill a child and all that it started, close its pipes and collect its status, which is its own where it has ended already."""
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            child.kill()
        else:
            os.killpg(child.pid, signal.SIGKILL)
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()
    child.wait()


def _exchanged(child: subprocess.Popen[bytes], request: bytes, deadline: float, limits: Limits) -> tuple[bytearray, bytearray]:
    """What a child sends, and the end of what it writes to standard error, while it gets the request.

    Raises:
        ObservationError: if it sends too much or goes on after the deadline.
    """
    if sys.platform == "win32":
        return _communicated(child, request, deadline, limits)
    if child.stdin is None or child.stdout is None or child.stderr is None:
        raise _not_started("it has no pipes")
    sent, last_words, unsent = bytearray(), bytearray(), memoryview(request)
    os.set_blocking(child.stdin.fileno(), False)
    pipes = {pipe.fileno(): pipe for pipe in (child.stdin, child.stdout, child.stderr)}
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdin, selectors.EVENT_WRITE)
        selector.register(child.stdout, selectors.EVENT_READ, sent)
        selector.register(child.stderr, selectors.EVENT_READ, last_words)
        while not child.stdout.closed and not _is_complete(sent):
            for key, _ in selector.select(max(0.0, deadline - time.monotonic())):
                if key.data is None:
                    unsent = _fed(key.fd, unsent)
                    more = len(unsent)
                else:
                    more = _taken(key.fd, key.data)
                if not more:
                    selector.unregister(key.fd)
                    pipes[key.fd].close()
            del last_words[:-_LAST_WORDS]
            _check(sent, deadline, limits)
    return sent, last_words


def _is_complete(sent: bytearray) -> bool:
    """Whether a child has said all; that others may hold its pipes open is no reason to wait."""
    return len(sent) >= _HEAD and len(sent) >= _HEAD + int.from_bytes(sent[_HEAD - 8 : _HEAD], "big")


def _fed(pipe: int, unsent: memoryview) -> memoryview:
    """What is left to send after as much as a pipe takes now; nothing where nobody reads any more."""
    try:
        return unsent[os.write(pipe, unsent[:_CHUNK]) :]
    except BrokenPipeError:
        return unsent[:0]


def _taken(pipe: int, into: bytearray) -> int:
    """Number of bytes read from a pipe that has some, 0 at its end."""
    chunk = os.read(pipe, _CHUNK)
    into += chunk
    return len(chunk)


def _check(sent: bytearray, deadline: float, limits: Limits) -> None:
    if len(sent) > limits.answer + _HEAD:
        raise ObservationError(f"it holds more than {limits.answer / 1e6:.0f} MB of numbers; keep the rows and columns that are needed")
    if time.monotonic() >= deadline:
        raise _too_slow(limits, started=bool(sent))


def _communicated(child: subprocess.Popen[bytes], request: bytes, deadline: float, limits: Limits) -> tuple[bytearray, bytearray]:
    """The same where pipes cannot be waited for together; the size is checked at the end only."""
    try:
        sent, last_words = child.communicate(request, timeout=max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired as error:
        raise _too_slow(limits, started=True) from error
    _check(bytearray(sent), deadline, limits)
    return bytearray(sent), bytearray(last_words[-_LAST_WORDS:])


def _answer(ending: _Ending, limits: Limits) -> bytes:
    """The answer of a child that has ended.

    Raises:
        ObservationError: if there is none.
    """
    sent, head = memoryview(ending.sent), len(confined.READY)
    if sent[:head] != confined.READY:
        last_line = _shown(ending.last_words.strip().rpartition("\n")[2])
        raise _not_started(last_line[:200] or f"status {ending.status}")
    kind, length = bytes(sent[head : head + 1]), int.from_bytes(sent[head + 1 : _HEAD], "big")
    content = bytes(sent[_HEAD : _HEAD + length])
    if len(sent) < _HEAD or len(content) < length:
        raise _noted(_cut_short(ending.status, limits), ending.last_words)
    if kind not in confined.KINDS:
        raise _noted(_damaged("confuses its reader"), ending.last_words)
    if kind == confined.ANSWER:
        return content
    raise _refusal(kind, content.decode("utf-8", "replace"), ending.last_words, limits)


def _refusal(kind: bytes, content: str, last_words: str, limits: Limits) -> ObservationError:
    """The error that a child reported."""
    if kind == confined.REFUSED:
        return ObservationError(_shown(content))
    if kind == confined.MEMORY:
        return _too_large(limits)
    if kind == confined.FORBIDDEN:
        sentence = "it reaches for another file, a program or the network, which no file may do here; put all that it needs into it"
        return _noted(ObservationError(sentence), f"{content}\n{last_words}")
    sentence = f"its reader met something that it does not know ({content[:40]}); save it again, or give it as CSV with named columns"
    return _noted(ObservationError(_shown(sentence)), last_words)


def _cut_short(status: int, limits: Limits) -> ObservationError:
    """The error of a child that ended with a status and without an answer."""
    name = signal.Signals(-status).name if -status in set(signal.Signals) else ""
    if name in ("SIGXCPU", "SIGALRM"):
        return _too_slow(limits, started=True)
    if name == "SIGKILL":
        return _too_large(limits)
    return _damaged(f"crashes its reader ({name})" if name else f"ends its reader without an answer (status {status})")


def _damaged(what: str) -> ObservationError:
    return ObservationError(f"it {what}, so it is probably damaged; save it again, or give it as CSV with named columns")


def _too_slow(limits: Limits, *, started: bool) -> ObservationError:
    if not started:
        return ObservationError(f"its reader did not start within {limits.seconds:g} s because the computer is busy; try again in a minute")
    return ObservationError(f"reading it takes more than {limits.seconds:g} s; cut it into smaller files, or give it as FITS or plain CSV")


def _too_large(limits: Limits) -> ObservationError:
    return ObservationError(f"reading it takes more than {limits.memory / 1e9:.3g} GB of memory; keep the rows and columns that are needed")


def _not_started(reason: str) -> ObservationError:
    return ObservationError(f"the program that reads files did not start ({reason}); try again, and install astro_sbi anew if it stays so")


def _noted(error: ObservationError, last_words: str) -> ObservationError:
    """An error with what a child wrote to standard error, for the log; users see the sentence only."""
    lines = [_shown(line) for line in last_words.splitlines() if line.strip()]
    if lines:
        error.add_note("\n".join(["the reader's last words:", *lines]))
    return error


def _shown(text: str) -> str:
    """A text from a child on one line, without control characters and not too long."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:_LONGEST_SENTENCE]
