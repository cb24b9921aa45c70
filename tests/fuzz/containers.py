"""Fuzz one container format: ``python -m tests.fuzz.containers NAME --seconds 600``.

With atheris installed the mutations follow what the code does; without it they are plain ones. It runs in a process of its own: a C library
that crashes or hangs on a file ends that process only, and the file must then come out of the reader's real sandbox as a sentence.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

_MEMORY = 3 * 1024**3
_FOLLOWED = ("astro_sbi.observations", "astropy.io.fits", "yaml")
#: These are read by C libraries, which atheris cannot follow.
_PLAIN = ("hdf5", "parquet", "whole")
_FAULTS = 3


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.fuzz.containers")
    parser.add_argument("name", help="fits, votable, hdf5, netcdf, parquet, ecsv, delimited, mrt, ipac, snana, zip or whole")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for inputs with a fault")
    parser.add_argument("--plain", action="store_true", help="do without atheris")
    parser.add_argument("--inner", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _limit_memory() -> None:
    """A reader that takes too much gets a MemoryError, as in the sandbox."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.RLIM_INFINITY))


def _plainly(arguments: argparse.Namespace, keep: Path) -> int:
    from tests.fuzz import mutation, targets

    _limit_memory()
    tally, faults = mutation.fuzzed(targets.targets()[arguments.name], arguments.seconds, keep, arguments.seed)
    print(f"{arguments.name}: {tally.runs:,} runs, {tally.read:,} read, slowest {tally.slowest:.2f} s")
    print(f"raised by the format itself: {dict(tally.leaked.most_common())}")
    print("\n".join(faults), flush=True)
    return _FAULTS if faults else 0


def _followed(arguments: argparse.Namespace, keep: Path) -> None:
    """Fuzz with atheris, which ends the process."""
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=list(_FOLLOWED)):
        targets = importlib.import_module("tests.fuzz.targets")
    _limit_memory()
    target, tally = targets.targets()[arguments.name], targets.Tally()
    corpus, dictionary = keep / "corpus", keep / "tokens"
    corpus.mkdir(exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    dictionary.write_text("".join('"' + "".join(f"\\x{byte:02x}" for byte in token) + '"\n' for token in target.tokens))

    def once(content: bytes) -> None:
        (keep / "current").write_bytes(content)
        found = targets.fault(target, content, tally)
        if found:
            print(f"{target.name} {found}", flush=True)
            os._exit(_FAULTS)

    limits = [f"-max_total_time={arguments.seconds:.0f}", "-timeout=10", "-rss_limit_mb=3000", "-max_len=100000", "-print_final_stats=1"]
    options = [*limits, f"-seed={arguments.seed + 1}", f"-artifact_prefix={keep}/", f"-dict={dictionary}", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], once)
    atheris.Fuzz()


def _supervised(arguments: argparse.Namespace, keep: Path) -> int:
    """Fuzz in processes of their own for as long as was asked; 1 if anything was found."""
    from tests.fuzz.targets import fault_of

    end, seed, crashes = time.monotonic() + arguments.seconds, arguments.seed, 0
    while (left := end - time.monotonic()) > 0.5:
        command = [sys.executable, "-m", "tests.fuzz.containers", arguments.name, "--inner", "--keep", str(keep), "--seed", str(seed)]
        status = subprocess.run([*command, "--seconds", str(left), *["--plain"] * arguments.plain], check=False).returncode
        if status == 0:
            break
        last = (keep / "current").read_bytes()
        found = "" if status == _FAULTS else fault_of(last)
        if status == _FAULTS or found:
            print(f"{arguments.name}: a fault {found}; its input is in {keep}")
            return 1
        crashes, seed = crashes + 1, seed + 1
        (keep / f"crash-of-library-{crashes}").write_bytes(last)
    print(f"{arguments.name}: no fault; {crashes} times a library crashed or hung, which the sandbox turns into a sentence")
    return 0


def main() -> int:
    """Fuzz the target that the command line names; 1 if anything was found."""
    arguments = _arguments()
    warnings.simplefilter("ignore")
    keep = arguments.keep or Path(tempfile.mkdtemp(prefix=f"fuzz-{arguments.name}-"))
    keep.mkdir(parents=True, exist_ok=True)
    if not arguments.inner:
        return _supervised(arguments, keep)
    if arguments.plain or arguments.name in _PLAIN or not importlib.util.find_spec("atheris"):
        return _plainly(arguments, keep)
    _followed(arguments, keep)
    return 0


if __name__ == "__main__":
    sys.exit(main())
