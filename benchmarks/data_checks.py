"""Checks of one observation: how often each flags data that are good, and data that are wrong in a known way.

python benchmarks/data_checks.py [--points 300] [--repeats 100]
python benchmarks/data_checks.py --real FOLDER

Without FOLDER nothing is trained: a linear model of six parameters whose posterior is known exactly meets Gaussian data, once with the
quoted errors and once with noise that is fitted. With FOLDER, which holds the real observations that the tests read, three failures are
inferred whole (a minute or two each), and the checks that flag them are named.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from astro_sbi.diagnostics.members import disagreement
from astro_sbi.diagnostics.predictive import predictive_check
from astro_sbi.diagnostics.ranges import range_check
from astro_sbi.diagnostics.verdict import Checks, judgements
from astro_sbi.inference.posterior import Importance

COLUMNS = ("noise_ratio", "misfit", "misfit_fitted", "largest_residual", "red_noise", "stretch", "sign_run", "prior_range", "ensemble")
SIGMA, PRIOR_DRAWS, DRAWS, MEMBERS = 0.1, 2048, 1000, 5


@dataclass(frozen=True)
class Case:
    """What is wrong with the data.

    Args:
        name: of the row.
        signal: what the model lacks, in sigma at places between 0 and 1.
        strength: the signal is scaled so that the part of it which the model cannot take up is so many sigma strong; as it is if None.
        noise: true over quoted errors.
        apart: scatter of the members of the ensemble, in sigma of the posterior.
    """

    name: str
    signal: Callable[[np.ndarray], np.ndarray] = np.zeros_like
    strength: float | None = None
    noise: float = 1.0
    apart: float = 0.05


def one_point(place: np.ndarray) -> np.ndarray:
    """A single point, 24 sigma off."""
    return 24.0 * (np.arange(len(place)) == 3 * len(place) // 5)


def bump(place: np.ndarray) -> np.ndarray:
    """A bump as wide as a fifth of the data."""
    return np.exp(-0.5 * ((place - 0.7) / 0.085) ** 2)


def trend(place: np.ndarray) -> np.ndarray:
    """A wave of one and a half periods."""
    return np.sin(3 * np.pi * place)


CASES = (
    Case("good"),
    Case("one point 24 sigma off", one_point),
    Case("one point 6 sigma off", lambda place: 0.25 * one_point(place)),
    Case("a broad bump, 5 sigma", bump, strength=5.0),
    Case("a broad bump, 7 sigma", bump, strength=7.0),
    Case("a narrow bump, 7 sigma", lambda place: np.exp(-0.5 * ((place - 0.7) / 0.014) ** 2), strength=7.0),
    Case("a slow trend, 5 sigma", trend, strength=5.0),
    Case("a slow trend, 7 sigma", trend, strength=7.0),
    Case("waves of 20 periods, 10 sigma", lambda place: np.sin(40 * np.pi * place), strength=10.0),
    Case("errors 20 % too small", noise=1.25),
    Case("all values 6 sigma of the prior off", lambda place: 6 / SIGMA + 0 * place),
    Case("members half a sigma apart", apart=0.5),
)


def basis(place: np.ndarray) -> np.ndarray:
    """What each parameter does to the model [n, 6]: level, slope, curvature, a dip, its shift and its width."""
    dip = (place - 0.35) / 0.05
    shape = np.exp(-0.5 * dip**2)
    return np.stack([np.ones_like(place), place - 0.5, (place - 0.5) ** 2, -shape, dip * shape, dip**2 * shape], axis=1)


def checks_of(case: Case, points: int, seed: int, *, fitted: bool) -> Checks:
    """All checks of one data set by an exact posterior; ``fitted`` noise has one free factor."""
    rng, place = np.random.default_rng([seed, 51]), np.linspace(0, 1, points)
    model, names = basis(place), tuple("abcdef")
    noise = SIGMA * case.noise * rng.standard_normal(points)
    factor, information, lacking = np.ones(DRAWS), model.T @ model / SIGMA**2, case.signal(place)
    if case.strength is not None:
        left = lacking - model @ np.linalg.lstsq(model, lacking, rcond=None)[0]
        lacking = case.strength * lacking / np.linalg.norm(left)
    value = model @ rng.standard_normal(6) + SIGMA * lacking + noise
    mean = np.linalg.solve(information + np.eye(6), model.T @ value / SIGMA**2)
    if fitted:
        left = np.sum(((value - model @ mean) / SIGMA) ** 2)
        factor = np.sqrt(left / rng.chisquare(points - 6, DRAWS))
    covariance = np.linalg.inv(information / np.mean(factor**2) + np.eye(6))
    mean = covariance @ model.T @ value / SIGMA**2 / np.mean(factor**2)
    root = np.linalg.cholesky(covariance)
    curves = (mean + rng.standard_normal((DRAWS, 6)) @ root.T) @ model.T
    sigma = np.full(points, SIGMA)
    predictive = predictive_check(value, curves, sigma, np.outer(factor, sigma), coordinate=place, seed=seed)
    prior = rng.standard_normal((PRIOR_DRAWS, 6)) @ model.T + SIGMA * rng.standard_normal((PRIOR_DRAWS, points))
    members = rng.standard_normal((MEMBERS, 2048, 6)) + case.apart * rng.standard_normal((MEMBERS, 1, 6))
    importance = None if case.apart > 0.1 else Importance(0.5, 5000.0, 0.2, 0.0, 0.0)
    reach, ensemble = range_check(value, prior), disagreement(members, names)
    return Checks(importance, None, predictive, (), 0.5, prior_range=reach, ensemble=ensemble)


def shares(case: Case, points: int, repeats: int, *, fitted: bool) -> np.ndarray:
    """Share of the repeats that each check flags, that any flags, and that are not to be trusted."""
    rows = []
    for seed in range(repeats):
        grades = {one.name: one.grade for one in judgements(checks_of(case, points, seed, fitted=fitted))}
        flagged = [grades.get(name, "good") != "good" for name in COLUMNS]
        rows.append([*flagged, any(flagged), "do not trust" in grades.values()])
    return np.mean(rows, axis=0)


def synthetic(points: int, repeats: int) -> None:
    """Print both tables."""
    for fitted in (False, True):
        print(f"\n{points} points, {repeats} repeats, {'fitted' if fitted else 'quoted'} noise\n")
        print(f"| data | {' | '.join(COLUMNS)} | any | do not trust |\n| --- |{' ---: |' * (len(COLUMNS) + 2)}")
        for case in CASES:
            # False alarms are few: they need more repeats to be told.
            found = shares(case, points, (4 if case is CASES[0] else 1) * repeats, fitted=fitted)
            print(f"| {case.name} | {' | '.join(f'{share:.3f}' for share in found)} |", flush=True)


def broad_lined(path: Path) -> bytes:
    """A spectrum of SDSS with a broad H alpha of 3,000 km/s added, five times as strong as the narrow one."""
    from astropy.io import fits

    with fits.open(path) as found:
        table, redshift = found[1].data, float(found[2].data["Z"][0])
        wavelength = 10 ** table["loglam"].astype(float)
        centre, narrow = 6564.6 * (1 + redshift), 573.0
        width = centre * 3000 / 2.3548 / 299_792.458
        table["flux"] += 5 * narrow / np.sqrt(2 * np.pi) / width * np.exp(-0.5 * ((wavelength - centre) / width) ** 2)
        stream = io.BytesIO()
        found.writeto(stream)
    return stream.getvalue()


def shifted(path: Path) -> bytes:
    """A light curve with its hundredth point 24 sigma too bright."""
    rows = np.loadtxt(path)
    rows[100, 1] -= 24 * rows[100, 2]
    stream = io.BytesIO()
    np.savetxt(stream, rows[:, :3], fmt="%.6f")
    return stream.getvalue()


def failures(folder: Path) -> Iterator[tuple[str, str, str, bytes]]:
    """Name, simulator, file name and content of what the model cannot explain."""
    lens = folder / "microlensing"
    missing = lens / "OB05086_starBLG234.6.I.218982.dat"
    spectrum, curve = folder / "galaxy_spectrum" / "spec-0266-51602-0107.fits", lens / "phot_ob08092_O4.dat"
    yield "OGLE-2005-BLG-086, point lens without parallax", "microlensing", missing.name, missing.read_bytes()
    yield "SDSS 0266-51602-0107 with a broad H alpha added", "galaxy_lines", spectrum.name, broad_lined(spectrum)
    yield "OGLE-2008-BLG-092 with one point 24 sigma off", "microlensing", curve.name, shifted(curve)


def real(folder: Path) -> None:
    """Infer the named failures and print which checks flagged each."""
    import astro_sbi
    from astro_sbi.runs.text import check_seconds_text

    for name, simulator, file_name, content in failures(folder):
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / file_name
            path.write_bytes(content)
            summary = astro_sbi.infer(simulator, path, seed=1).summary
        flagged = [one for one in summary["judgements"] if one["grade"] != "good"]
        print(f"\n{name}: {summary['verdict']}; {check_seconds_text(summary)}")
        print(f"flagged by {', '.join(one['name'] for one in flagged) or 'nothing'}")
        print("\n".join(f"  - {reason}" for reason in summary["reasons"]), flush=True)


def main() -> None:
    """Print the tables, or what the real observations gave."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--points", type=int, default=300)
    options.add_argument("--repeats", type=int, default=100)
    options.add_argument("--real", type=Path, metavar="FOLDER")
    asked = options.parse_args()
    if asked.real:
        real(asked.real)
    else:
        synthetic(asked.points, asked.repeats)


if __name__ == "__main__":
    main()
