"""The command line: the same verbs as the pages."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import astro_sbi
from astro_sbi.runs.bundle import StoreError
from astro_sbi.runs.keys import sha256_of
from astro_sbi.runs.named_files import place_for, replace_file, table_in
from astro_sbi.runs.outcome import RunCancelled, RunError
from astro_sbi.runs.settings import Settings, parse_change, request_key
from astro_sbi.runs.store import Store, default_store
from astro_sbi.runs.terminal import interruptible, progress_line
from astro_sbi.runs.text import products_text, reading_text, result_text, runs_text
from astro_sbi.simulators import registry

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
    verbs = top.add_subparsers(dest="verb", required=True, metavar="{list,read,fetch,infer,simulations,check,runs}")
    lists = verbs.add_parser("list", help="list the simulators")
    reads = verbs.add_parser("read", help="say what is read in a file")
    infers = verbs.add_parser("infer", help="infer a simulator's parameters from a file")
    runs = verbs.add_parser("runs", help="list the runs in the store")
    simulations = verbs.add_parser("simulations", help="infer from a table of simulations of your own")
    checks = verbs.add_parser("check", help="say how far a trained flow, or a finished run, can be trusted")
    fetches = verbs.add_parser("fetch", help="look for an observation in an archive, and fetch it")
    reads.add_argument("file", metavar="FILE")
    reads.add_argument("--set", dest="changes", action="append", default=[], metavar="KEY=VALUE", help="read.X, such as read.kind=spectrum")
    reads.add_argument("--out", metavar="FILE.ecsv", help="write what was read as ECSV")
    fetches.add_argument("target", metavar="TARGET", help="a name, coordinates, or the address of a file in an archive (https://...)")
    fetches.add_argument("--archive", choices=("mast", "sdss"), default="mast", help="where to look (mast)")
    fetches.add_argument("--radius", type=float, default=10.0, metavar="ARCSEC", help="how far around the target [arcsec] (10)")
    fetches.add_argument("--pick", type=_integer, metavar="N", help="fetch the file with this number of those that are listed without it")
    fetches.add_argument("--out", metavar="FILE", help="where to write the file (its own name, in this folder)")
    _add_checks(checks)
    infers.add_argument("simulator", metavar="SIMULATOR")
    infers.add_argument("file", metavar="FILE")
    simulations.add_argument(
        "table", metavar="TABLE", help="NPZ or HDF5 with theta and x, or a table with a column for each parameter and number"
    )
    simulations.add_argument("file", metavar="OBSERVATION", nargs="?", help="one observation of the same numbers (x_observed of the table)")
    for verb, settings in (
        (infers, "model.X, prepare.X, prior.X, fix.X, train.X, read.X"),
        (simulations, "table.parameters, table.components, prior.X"),
    ):
        verb.add_argument("--seed", type=_integer, default=1, metavar="N", help="seed of every random number (1)")
        verb.add_argument("--samples", type=_integer, default=20_000, metavar="N", help="posterior draws (20000)")
        verb.add_argument("--ensemble", type=_integer, default=1, metavar="N", help="flows trained side by side (1)")
        verb.add_argument("--set", dest="changes", action="append", default=[], metavar="KEY=VALUE", help=settings)
        verb.add_argument("--out", metavar="FILE.nc", help="write the posterior as NetCDF")
    for verb in (lists, infers, checks):
        verb.add_argument(
            "--simulator", dest="brought", action="append", default=[], metavar="FILE.py", help="a file with a simulator of your own"
        )
    for verb in (reads, infers):
        verb.add_argument("--covariance", metavar="FILE", help="covariance matrix of the table's values: N, then N x N numbers")
    for verb in (lists, reads, infers, runs, fetches, simulations, checks):
        verb.add_argument("--json", action="store_true", help="print JSON")
    return top


def _add_checks(checks: argparse.ArgumentParser) -> None:
    checks.add_argument("name", metavar="NAME", help="a simulator whose flow ships with the package, or the key of a run or its beginning")
    checks.add_argument("--simulations", type=_integer, metavar="N", help="fresh simulations to test the flow by (500; 2000 for --local)")
    checks.add_argument("--reference", nargs="?", const="auto", choices=("nuts", "nested", "auto"), help="fit a run again with a sampler")
    checks.add_argument("--local", action="store_true", help="test the flow of a run at its observation (L-C2ST)")


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
    _bring(getattr(options, "brought", []))
    if options.verb == "list":
        return _list(as_json=options.json)
    if options.verb == "read":
        return _read(options)
    if options.verb == "fetch":
        return _fetch(options)
    if options.verb == "runs":
        return _runs(as_json=options.json)
    if options.verb == "check":
        return _check(options, task)
    if options.verb == "simulations":
        return _infer_from_simulations(options, task)
    return _infer(options, task)


def _bring(files: Sequence[str]) -> None:
    """Let this process and those that it starts find the simulators in these files."""
    missing = [name for name in files if not Path(name).is_file()]
    if missing:
        raise CommandError(f"--simulator {missing[0]}: there is no such file")
    if files:
        os.environ[registry.FILES] = os.pathsep.join([*(str(Path(name).resolve()) for name in files), os.environ.get(registry.FILES, "")])


def _list(*, as_json: bool) -> int:
    from astro_sbi.runs.listing import described, listing_text

    found = described()
    for problem in registry.brought().problems:
        print(f"note: {problem}", file=sys.stderr)
    print(json.dumps(found, ensure_ascii=False) if as_json else listing_text(found))
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


def _check(options: argparse.Namespace, task: Task | None) -> int:
    from astro_sbi.runs.on_demand_text import checked_text

    asked = {"reference": options.reference, "local": options.local, "simulations": options.simulations}
    print(checked_text(default_store(), options.name, **asked, as_json=options.json, task=task))
    return 0


def _infer(options: argparse.Namespace, task: Task | None) -> int:
    changes = tuple(parse_change(text) for text in options.changes)
    settings = Settings(options.simulator, options.seed, options.samples, options.ensemble, changes)
    return _told(options, settings, table_in(options.file, options.covariance), task)


def _infer_from_simulations(options: argparse.Namespace, task: Task | None) -> int:
    """Infer with a table of simulations, which the store keeps under its checksum."""
    options.file = options.file or options.table
    changes = tuple(parse_change(text) for text in options.changes)
    observation, table = (table_in(file, None) for file in (options.file, options.table))
    key = default_store().put_upload(*table)
    settings = Settings(registry.SIMULATIONS, options.seed, options.samples, options.ensemble, (*changes, ("table.file", key)))
    return _told(options, settings, observation, task)


def _told(options: argparse.Namespace, settings: Settings, observation: tuple[str, bytes], task: Task | None) -> int:
    """Print the answer to a request, and write it where that was asked for."""
    out = place_for(options.out) if options.out else None
    files = [Path(file).name for file in (options.file, getattr(options, "table", None)) if file]
    try:
        result, cached = answered(default_store(), *observation, settings, task)
    except RunError as error:
        raise RunError(str(error) if any(file in str(error) for file in files) else f"{files[-1]}: {error}") from error
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

    with interruptible() as stop, progress_line() as show:
        key, cached = run_here(store, name, content, settings, task=task, on_change=show, stop=stop)
    return result(store, key), cached


if __name__ == "__main__":
    sys.exit(main())
