"""What can be asked at the command line: the verbs and their options."""

from __future__ import annotations

import argparse
from typing import NoReturn

import astro_sbi


class CommandError(RuntimeError):
    """A command that cannot be followed; the message is the sentence a user reads."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise CommandError(f"{message} (see {self.prog} --help)")


def parser() -> argparse.ArgumentParser:
    """The verbs and their options."""
    top = _Parser(prog="python -m astro_sbi", description=astro_sbi.__doc__)
    top.add_argument("--version", action="version", version=astro_sbi.__version__)
    verbs = top.add_subparsers(dest="verb", required=True, metavar="{list,read,fetch,infer,simulations,check,compare,runs}")
    lists = verbs.add_parser("list", help="list the simulators")
    reads = verbs.add_parser("read", help="say what is read in a file")
    infers = verbs.add_parser("infer", help="infer a simulator's parameters from a file")
    runs = verbs.add_parser("runs", help="list the runs in the store")
    simulations = verbs.add_parser("simulations", help="infer from a table of simulations of your own")
    checks = verbs.add_parser("check", help="say how far a trained flow, or a finished run, can be trusted")
    compares = _compare_parser(verbs.add_parser("compare", help="set finished runs side by side: posteriors, evidence, fits"))
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
        verb.add_argument("--figure", metavar="FILE.pdf", help="draw the corner plot as PDF, SVG or PNG")
    for verb in (lists, infers, checks):
        verb.add_argument(
            "--simulator", dest="brought", action="append", default=[], metavar="FILE.py", help="a file with a simulator of your own"
        )
    for verb in (reads, infers):
        verb.add_argument("--covariance", metavar="FILE", help="covariance matrix of the table's values: N, then N x N numbers")
    for verb in (lists, reads, infers, runs, fetches, simulations, checks, compares):
        verb.add_argument("--json", action="store_true", help="print JSON")
    return top


def _compare_parser(verb: argparse.ArgumentParser) -> argparse.ArgumentParser:
    verb.add_argument(
        "names", metavar="RUN", nargs="+", help="keys of two to six runs, or their beginnings; others are compared with the first"
    )
    verb.add_argument("--published", action="append", default=[], metavar="TEXT", help="a value, such as 'period = 4.2308 +- 0.0001 d'")
    return verb


def _add_checks(checks: argparse.ArgumentParser) -> None:
    checks.add_argument("name", metavar="NAME", help="a simulator whose flow ships with the package, or the key of a run or its beginning")
    checks.add_argument("--simulations", type=_integer, metavar="N", help="fresh simulations to test the flow by (500; 2000 for --local)")
    checks.add_argument(
        "--reference",
        nargs="?",
        const="auto",
        choices=("nuts", "nested", "auto"),
        help="fit a run again with a sampler, and compare (auto)",
    )
    checks.add_argument("--local", action="store_true", help="test the flow of a run at its observation (L-C2ST)")


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number") from None
