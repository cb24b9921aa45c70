"""Seconds to read a light curve through the child process, and against astropy reading the same file in a fresh process or a warm one.

python benchmarks/reading.py [FILE ...]

Without arguments: the TESS light curve of the folder ``shared`` beside the checkout. Each figure is the median of seven. The child
starts anew for every file, imports included, so a fresh interpreter that calls ``TimeSeries.read`` is the fair rival.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

REPEATS = 7
TESS = "observations/transit/hlsp_tess-data-alerts_tess_phot_00025155310-s01_tess_v1_lc.fits"
RIVAL = "import sys; from astropy.timeseries import TimeSeries; TimeSeries.read(sys.argv[1], format=sys.argv[2])"


def median_seconds(run: Callable[[], object]) -> float:
    """Of seven runs, after one that does not count."""
    run()
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def row(path: Path) -> str:
    """One line of the table."""
    from astropy.timeseries import TimeSeries

    from astro_sbi.observations.parsing import observation_of
    from astro_sbi.observations.reading import read

    content = path.read_bytes()
    points = len(read(path.name, content))
    child, here = median_seconds(lambda: read(path.name, content)), median_seconds(lambda: observation_of(path.name, content))
    mission = "kepler.fits" if path.name.startswith(("kplr", "ktwo")) else "tess.fits"
    warm = median_seconds(lambda: TimeSeries.read(path, format=mission))
    rival = median_seconds(lambda: subprocess.run([sys.executable, "-c", RIVAL, str(path), mission], capture_output=True, check=True))
    return (
        f"| {path.name[:40]} | {points:,} | {child:.2f} | {rival:.2f} | {child / rival:.2f} | {here:.3f} | {warm:.3f} | {here / warm:.2f} |"
    )


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Seconds to read a Kepler or TESS light curve.")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    files = parser.parse_args().files or [Path(__file__).resolve().parents[1].parent / "shared" / TESS]
    print("| file | points | child [s] | fresh TimeSeries.read [s] | ratio | in process [s] | warm TimeSeries.read [s] | ratio |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for path in files:
        print(row(path), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
