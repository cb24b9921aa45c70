"""The command line: the same verbs as the pages."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from astro_sbi.runs.arguments import CommandError, parser
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
    if options.verb == "compare":
        return _compare(options)
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


def _compare(options: argparse.Namespace) -> int:
    from astro_sbi.runs.compare_text import compared_here

    print(compared_here(default_store(), options.names, options.published, as_json=options.json))
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
    drawn = place_for(options.figure) if options.figure else None
    form = drawn.suffix.removeprefix(".").lower() if drawn else "pdf"
    if form not in ("pdf", "svg", "png"):
        raise CommandError(f"--figure {options.figure}: the name must end in .pdf, .svg or .png")
    files = [Path(file).name for file in (options.file, getattr(options, "table", None)) if file]
    try:
        result, cached = answered(default_store(), *observation, settings, task)
    except RunError as error:
        raise RunError(str(error) if any(file in str(error) for file in files) else f"{files[-1]}: {error}") from error
    summary = {**result.summary, "cached": cached}
    if out:
        from astro_sbi.runs.export import to_netcdf

        replace_file(out, to_netcdf(result))
    if drawn:
        from astro_sbi.runs.picture import picture

        replace_file(drawn, picture(result, form))
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
