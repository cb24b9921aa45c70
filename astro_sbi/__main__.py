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
from typing import TYPE_CHECKING, Any, NoReturn

import astro_sbi
from astro_sbi.runs.bundle import StoreError
from astro_sbi.runs.keys import sha256_of
from astro_sbi.runs.named_files import place_for, replace_file, table_in
from astro_sbi.runs.outcome import RunCancelled, RunError
from astro_sbi.runs.progress import Progress
from astro_sbi.runs.settings import Settings, parse_change, request_key
from astro_sbi.runs.store import Store, default_store
from astro_sbi.runs.text import products_text, progress_text, reading_text, result_text, runs_text, table

if TYPE_CHECKING:
    from astro_sbi.runs.result import Result
    from astro_sbi.runs.worker import Task

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
    verbs = top.add_subparsers(dest="verb", required=True, metavar="{list,read,fetch,infer,runs}")
    one = verbs.add_parser("list", help="list the simulators")
    two = verbs.add_parser("read", help="say what is read in a file")
    three = verbs.add_parser("infer", help="infer a simulator's parameters from a file")
    four = verbs.add_parser("runs", help="list the runs in the store")
    five = verbs.add_parser("fetch", help="look for an observation in an archive, and fetch it")
    two.add_argument("file", metavar="FILE")
    two.add_argument("--set", dest="changes", action="append", default=[], metavar="KEY=VALUE", help="read.X, such as read.kind=spectrum")
    two.add_argument("--out", metavar="FILE.ecsv", help="write what was read as ECSV")
    five.add_argument("target", metavar="TARGET", help="a name, coordinates, or the address of a file in an archive (https://...)")
    five.add_argument("--archive", choices=("mast", "sdss"), default="mast", help="where to look (mast)")
    five.add_argument("--radius", type=float, default=10.0, metavar="ARCSEC", help="how far around the target [arcsec] (10)")
    five.add_argument("--pick", type=_integer, metavar="N", help="fetch the file with this number of those that are listed without it")
    five.add_argument("--out", metavar="FILE", help="where to write the file (its own name, in this folder)")
    three.add_argument("simulator", metavar="SIMULATOR")
    three.add_argument("file", metavar="FILE")
    three.add_argument("--seed", type=_integer, default=1, metavar="N", help="seed of every random number (1)")
    three.add_argument("--samples", type=_integer, default=20_000, metavar="N", help="posterior draws (20000)")
    three.add_argument("--ensemble", type=_integer, default=1, metavar="N", help="flows trained side by side (1)")
    three.add_argument(
        "--set",
        dest="changes",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="model.X, prepare.X, prior.X, fix.X, train.X, read.X",
    )
    three.add_argument("--out", metavar="FILE.nc", help="write the posterior as NetCDF")
    for verb in (two, three):
        verb.add_argument("--covariance", metavar="FILE", help="covariance matrix of the table's values: N, then N x N numbers")
    for verb in (one, two, three, four, five):
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
        return _read(options)
    if options.verb == "fetch":
        return _fetch(options)
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
            "options": [{**asdict(option), "setting": f"model.{option.name}"} for option in one.options],
        }
        for one in map(simulators.simulator, simulators.simulator_names())
    ]
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return 0
    rows = [(one["name"], one["kind"].replace("_", " "), str(len(one["parameters"])), one["title"]) for one in found]
    print(table(("simulator", "fits a", "parameters", "what it is"), rows))
    choices = [
        (one["name"], f"{option['setting']}={'|'.join(option['choices'])}", option["meaning"]) for one in found for option in one["options"]
    ]
    if choices:
        print("\nchoices of the model, for --set; the first is taken unasked")
        print(table(("simulator", "setting", "meaning"), choices))
    return 0


def _read(options: argparse.Namespace) -> int:
    from astro_sbi.observations.reading import describe, read
    from astro_sbi.runs.request import read_options

    told = Settings("transit", changes=tuple(parse_change(text) for text in options.changes)).section("read")
    out = place_for(options.out) if options.out else None
    observation = read(*table_in(options.file, options.covariance), read_options(told))
    if out:
        from astro_sbi.runs.observation_export import to_ecsv

        replace_file(out, to_ecsv(observation).encode())
    said = describe(observation)
    print(json.dumps(said, ensure_ascii=False) if options.json else reading_text(said))
    return 0


def _fetch(options: argparse.Namespace) -> int:
    from astro_sbi.runs import archives
    from astro_sbi.runs.download import download

    cache = default_store().folder("downloads")
    if options.target.startswith("https://"):
        found = download(options.target, cache=cache)
    else:
        products = archives.search(options.target, options.archive, radius_arcsec=options.radius)
        if options.pick is None:
            print(json.dumps([asdict(product) for product in products]) if options.json else products_text(products, options.target))
            return 0
        if not 1 <= options.pick <= len(products):
            raise CommandError(f"--pick {options.pick}: {len(products)} files were found for {options.target}; give one of their numbers")
        found = archives.fetch(products[options.pick - 1], cache=cache)
    out = place_for(options.out or found.name)
    replace_file(out, found.content)
    told = {"file": str(out), "url": found.url, "sha256": found.sha256, "bytes": len(found.content)}
    print(json.dumps(told) if options.json else f"{out}: {len(found.content) / 1e6:.1f} MB from {found.url}")
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
    out = place_for(options.out) if options.out else None
    name, content = table_in(options.file, options.covariance)
    result, cached = answered(default_store(), name, content, settings, task)
    summary = {**result.summary, "cached": cached}
    if out:
        from astro_sbi.runs.export import to_netcdf

        replace_file(out, to_netcdf(result))
    print(json.dumps(summary, ensure_ascii=False) if options.json else result_text(summary))
    return 0


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


if __name__ == "__main__":
    sys.exit(main())
