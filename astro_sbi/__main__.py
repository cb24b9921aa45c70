"""The command line: the same verbs as the pages."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import astro_sbi
from astro_sbi.runs.bundle import StoreError, write_durably
from astro_sbi.runs.keys import sha256_of
from astro_sbi.runs.outcome import RunCancelled, RunError
from astro_sbi.runs.progress import Progress
from astro_sbi.runs.settings import Settings, parse_change, request_key
from astro_sbi.runs.store import Store, default_store
from astro_sbi.runs.text import progress_text, result_text, runs_text, table

if TYPE_CHECKING:
    from astro_sbi.runs.result import Result
    from astro_sbi.runs.worker import Task

MAX_BYTES = 64 * 1024**2
BAD_INPUT, INTERRUPTED = 2, 130


class CommandError(RuntimeError):
    """A command that cannot be followed; the message is the sentence a user reads."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise CommandError(f"{message} (see {self.prog} --help)")


def parser() -> argparse.ArgumentParser:
    """The verbs and their options."""
    top = _Parser(prog="python -m astro_sbi", description=astro_sbi.__doc__)
    top.add_argument("--version", action="version", version=astro_sbi.__version__)
    verbs = top.add_subparsers(dest="verb", required=True, metavar="{list,read,infer,runs}")
    one = verbs.add_parser("list", help="list the simulators")
    two = verbs.add_parser("read", help="say what is read in a file")
    three = verbs.add_parser("infer", help="infer a simulator's parameters from a file")
    four = verbs.add_parser("runs", help="list the runs in the store")
    two.add_argument("file", metavar="FILE")
    three.add_argument("simulator", metavar="SIMULATOR")
    three.add_argument("file", metavar="FILE")
    three.add_argument("--seed", type=_integer, default=1, metavar="N", help="seed of every random number (1)")
    three.add_argument("--samples", type=_integer, default=20_000, metavar="N", help="posterior draws (20000)")
    three.add_argument("--ensemble", type=_integer, default=1, metavar="N", help="flows trained side by side (1)")
    three.add_argument(
        "--set", dest="changes", action="append", default=[], metavar="KEY=VALUE", help="prepare.X, prior.X, fix.X, train.X, read.X"
    )
    three.add_argument("--out", metavar="FILE.nc", help="write the posterior as NetCDF")
    for verb in (one, two, three, four):
        verb.add_argument("--json", action="store_true", help="print JSON")
    return top


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number") from None


def main(arguments: Sequence[str] | None = None, task: Task | None = None) -> int:
    """Follow a command and return its exit status.

    Args:
        arguments: the command line's, without the program's name; None for this process's own.
        task: what runs an inference; None for the package's own.
    """
    try:
        return _follow(parser().parse_args(arguments), task)
    except KeyboardInterrupt:
        return _complain("cancelled", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if not type(error).__module__.startswith(("astro_sbi.", "__main__")):
            return _complain(f"a fault of the program ({type(error).__name__}: {error}); please report it", BAD_INPUT)
        return _complain(str(error), INTERRUPTED if isinstance(error, RunCancelled) else BAD_INPUT)


def _complain(sentence: str, status: int) -> int:
    print(f"error: {' '.join(sentence.split())}", file=sys.stderr)
    return status


def _follow(options: argparse.Namespace, task: Task | None) -> int:
    if options.verb == "list":
        return _list(as_json=options.json)
    if options.verb == "read":
        return _read(options.file, as_json=options.json)
    if options.verb == "runs":
        return _runs(as_json=options.json)
    return _infer(options, task)


def _list(*, as_json: bool) -> int:
    from astro_sbi import simulators

    found = [
        {
            "name": one.name,
            "title": one.title,
            "kind": one.kind,
            "summary": one.summary,
            "reference": one.reference,
            "parameters": [
                {**asdict(parameter), "prior": str(dict(one.prior.distributions)[parameter.name])} for parameter in one.parameters
            ],
            "derived": [asdict(parameter) for parameter in one.derived_parameters],
        }
        for one in map(simulators.simulator, simulators.simulator_names())
    ]
    rows = [(one["name"], one["kind"].replace("_", " "), str(len(one["parameters"])), one["title"]) for one in found]
    print(json.dumps(found, ensure_ascii=False) if as_json else table(("simulator", "fits a", "parameters", "what it is"), rows))
    return 0


def _read(file: str, *, as_json: bool) -> int:
    from astro_sbi.observations.reading import describe, read

    told = describe(read(Path(file).name, content_of(file)))
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
        return 0
    print(f"{told['name']}: {told['kind'].replace('_', ' ')}, {told['points']} points, {told['units']['value'] or 'dimensionless'}")
    print("\n".join(f"dropped {count}: {reason}" for reason, count in told["dropped"].items()) or "no row was dropped")
    for warning in told["warnings"]:
        print(f"note: {warning}")
    return 0


def _runs(*, as_json: bool) -> int:
    from astro_sbi.runs import api

    found = api.jobs(default_store(), wake=False)
    if not as_json:
        print(runs_text(found))
        return 0
    views = [{**asdict(one), "settings": one.settings.to_json() if one.settings else None} for one in found]
    print(json.dumps(views, ensure_ascii=False))
    return 0


def _infer(options: argparse.Namespace, task: Task | None) -> int:
    changes = tuple(parse_change(text) for text in options.changes)
    settings = Settings(options.simulator, options.seed, options.samples, options.ensemble, changes)
    out = Path(options.out) if options.out else None
    if out and not out.absolute().parent.is_dir():
        raise CommandError(f"--out {out}: the folder {out.parent} does not exist; make it first")
    content = content_of(options.file)
    result, cached = answered(default_store(), Path(options.file).name, content, settings, task)
    summary = {**result.summary, "cached": cached}
    if out:
        from astro_sbi.runs.export import to_netcdf

        _replace(out, to_netcdf(result))
    print(json.dumps(summary, ensure_ascii=False) if options.json else result_text(summary))
    return 0


def content_of(file: str) -> bytes:
    """The bytes of a file that a user named.

    Raises:
        CommandError: if it cannot be read.
    """
    path = Path(file)
    try:
        if path.is_dir():
            raise CommandError(f"{file} is a folder; name a file in it")
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise CommandError(f"{file} has {size / 1e6:.0f} MB and at most {MAX_BYTES / 1e6:.0f} MB are read; cut it to what matters")
        return path.read_bytes()
    except FileNotFoundError:
        raise CommandError(f"{file} does not exist; look at its name and folder") from None
    except OSError as error:
        raise CommandError(f"{file} cannot be read ({error.strerror}); look at its permissions") from None
    except ValueError:
        raise CommandError(f"{file!r} is not the name of a file") from None


def answered(store: Store, name: str, content: bytes, settings: Settings, task: Task | None) -> tuple[Result, bool]:
    """The result of a request, and whether it was there already; a cached one is found without jax, astropy or the catalogue.

    Raises:
        RunError: if the run failed.
        RunCancelled: if it was cancelled.
        StoreError: if the store cannot be used.
    """
    from astro_sbi.runs.finished import result

    kept = store.answer(request_key(settings, sha256_of(content)))
    if kept:
        try:
            return result(store, kept), True
        except StoreError as error:
            print(f"note: {error}", file=sys.stderr)
    from astro_sbi.runs.local import run_here

    with _interruptible() as stop, _progress_line() as show:
        try:
            key, cached = run_here(store, name, content, settings, task=task, on_change=show, stop=stop)
        except RunError as error:
            raise RunError(str(error) if name in str(error) else f"{name}: {error}") from error
    return result(store, key), cached


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets; the second one interrupts."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(*_: Any) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _progress_line() -> Iterator[Any]:
    """A function that shows progress on standard error: one line that changes on a terminal, one line a phase elsewhere."""
    terminal, shown = sys.stderr.isatty(), {"at": 0.0, "phase": ""}

    def show(progress: Progress) -> None:
        now, phase = time.monotonic(), f"{len(progress.rounds)} {progress.phase}"
        if phase == shown["phase"] and (not terminal or now - shown["at"] < 0.2):
            return
        shown.update(at=now, phase=phase)
        text = progress_text(progress)
        sys.stderr.write(f"\r\x1b[K{text[:100]}" if terminal else f"{text}\n")
        sys.stderr.flush()

    try:
        yield show
    finally:
        if terminal:
            sys.stderr.write("\r\x1b[K")


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or as it was before."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write_durably(temporary, content)
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise CommandError(f"{path} cannot be written ({error.strerror}); choose another place for --out") from None


if __name__ == "__main__":
    sys.exit(main())
