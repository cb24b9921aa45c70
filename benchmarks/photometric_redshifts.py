"""Photometric redshifts of a catalogue by one amortised flow, against spectroscopic ones.

python benchmarks/photometric_redshifts.py CATALOGUE [--simulations 100000] [--epochs 40] [--highest 1.5]

CATALOGUE is that of the Hubble Deep Field North (Fernandez-Soto, Lanzetta & Yahil 1999, ApJ 513, 34) as EAZY keeps it: columns f_f300w,
e_f300w and so on, and z_spec. One flow is trained on simulated galaxies of the simulator galaxy_photometry with the errors of objects drawn
from the whole catalogue, and answers for each object that has a spectroscopic redshift; nothing of those redshifts is seen before.

The filters are not the true ones: trapezoids with about the middles and widths of WFPC2's four bands (WFPC2 Instrument Handbook) and of the
infrared bands J, H and K.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np

from astro_sbi.inference.npe import NPESettings, TrainedNPE, train_npe
from astro_sbi.inference.recipes import GENEROUS, Recipe
from astro_sbi.inference.settings import TrainingSettings
from astro_sbi.observations.containers.opening import container_of
from astro_sbi.simulators.base import Pattern
from astro_sbi.simulators.filters import FilterCurve
from astro_sbi.simulators.galaxy_photometry import GalaxyPhotometrySimulator
from astro_sbi.simulators.prior import Prior, uniform

#: Middle and width [A].
BANDS = {
    "f300w": (2990, 740), "f450w": (4560, 930), "f606w": (5990, 1500), "f814w": (8000, 1540),
    "irimj": (12400, 2900), "irimh": (16500, 3000), "irimk": (22000, 4000),
}  # fmt: skip
FLUX_ERROR = 0.05
CHUNK = 4096


def trapezoid(name: str, middle: float, width: float) -> FilterCurve:
    """A band that rises and falls over a quarter of its width."""
    corners = middle + width * np.array([-0.62, -0.38, 0.38, 0.62])
    return FilterCurve(name, corners, np.array([0.0, 1.0, 1.0, 0.0]), own=True)


def catalogue(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fluxes and errors [N, 7] of objects that all bands have measured, and spectroscopic redshifts [N] (negative where there is none)."""
    table = container_of(path.name, path.read_bytes()).tables[0]
    names = [column.name for column in table.columns]
    flux, error = (np.stack([table.numbers(names.index(f"{letter}_{band}")) for band in BANDS], axis=1) for letter in "fe")
    good = (error > 0).all(axis=1) & np.isfinite(flux).all(axis=1) & (flux > -90).all(axis=1)
    return flux[good], error[good], table.numbers(names.index("z_spec"))[good]


def weights_of(flux: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Inverse variances as shares, as the preparation of the simulator makes them."""
    weight = 1 / (error**2 + (FLUX_ERROR * flux) ** 2)
    return weight / weight.sum(axis=-1, keepdims=True)


def seen(flux: np.ndarray, error: np.ndarray) -> np.ndarray:
    """What the flow sees [N, 14]: signal to noise, compressed, and errors over the mean flux; no scale of brightness."""
    sigma = np.hypot(error, FLUX_ERROR * flux)
    mean = np.sum(weights_of(flux, error) * flux, axis=1, keepdims=True)
    mean = np.maximum(mean, 1e-3 * np.abs(flux).max(axis=1, keepdims=True))
    return np.concatenate([np.arcsinh(20 * flux / mean), np.log10(sigma / mean)], axis=1).astype(np.float32)


def simulated(simulator: GalaxyPhotometrySimulator, error: np.ndarray, flux: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Parameters [count, 2] (redshift, A_V) and what the flow sees of as many galaxies as bright and as well measured as those given."""
    rng = np.random.default_rng(1)
    row = rng.integers(len(error), size=count)
    weight = weights_of(flux, error)[row]
    brightness = np.maximum(np.sum(weight * flux[row], axis=1), 2 * np.sum(error[row] ** -2.0, axis=1) ** -0.5)
    guess = 23.9 - 2.5 * np.log10(brightness)
    prior = simulator.prior.replace({"magnitude": uniform("magnitude_guess-0.5", "magnitude_guess+0.5")})
    theta = prior.physical(rng.standard_normal((count, len(prior.free))), {"magnitude_guess": guess})

    def one(theta: Any, weight: Any) -> Any:
        channel = np.arange(len(BANDS))
        pattern = Pattern(channel, channel, channel, np.ones(len(BANDS), bool), {"weight": weight})
        return simulator.predict(theta, pattern)

    program, parts = jax.jit(jax.vmap(one)), []
    for start in range(0, count, CHUNK):
        index = np.minimum(np.arange(start, start + CHUNK), count - 1)
        here = {name: np.asarray(value[index], np.float32) for name, value in theta.items()}
        parts.append(np.asarray(program(here, np.asarray(weight[index], np.float32)))[: count - start])
    true = np.concatenate(parts).astype(np.float64)
    noisy = true + np.hypot(error[row], FLUX_ERROR * true) * rng.standard_normal(true.shape)
    return np.stack([theta["redshift"], theta["dust_av"]], axis=1), seen(noisy, error[row])


def mode(draws: np.ndarray) -> float:
    """The redshift where draws lie densest in ln(1 + z), smoothed by 0.03."""
    grid = np.linspace(0.0, np.log(8.0), 800)
    density = np.histogram(np.log1p(draws), bins=np.append(grid, grid[-1] + grid[1]))[0]
    kernel = np.exp(-0.5 * (np.arange(-40, 41) * grid[1] / 0.03) ** 2)
    return float(np.expm1(grid[np.argmax(np.convolve(density, kernel, "same"))]))


def report(name: str, estimate: np.ndarray, truth: np.ndarray) -> None:
    """Scatter, outliers and bias in (z - z_spec) / (1 + z_spec) (Brammer, van Dokkum & Coppi 2008, ApJ 686, 1503, eq. 5)."""
    off = (estimate - truth) / (1 + truth)
    scatter = 1.48 * np.median(np.abs(off - np.median(off)))
    print(
        f"{name:28s} sigma_NMAD {scatter:.3f}   outliers (> 0.15) {np.mean(np.abs(off) > 0.15):6.1%}   median offset {np.median(off):+.3f}"
    )


def answers(flow: TrainedNPE, x: np.ndarray) -> np.ndarray:
    """Draws of the redshift [K, S] for each object."""
    return flow.sample(x, 2000, seed=3)[..., 0]


def main() -> int:
    """Train, answer, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalogue", type=Path)
    parser.add_argument("--simulations", type=int, default=100_000)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--highest", type=float, default=1.5)
    options = parser.parse_args()
    flux, error, redshift = catalogue(options.catalogue)
    simulator = GalaxyPhotometrySimulator(tuple(BANDS), filters=tuple(trapezoid(name, *band) for name, band in BANDS.items()))
    began = time.perf_counter()
    theta, x = simulated(simulator, error, flux, options.simulations)
    print(f"{options.simulations:,} galaxies simulated in {time.perf_counter() - began:.0f} s", flush=True)
    prior = Prior(tuple((name, law) for name, law in simulator.prior.distributions if name in ("redshift", "dust_av")))
    # One network with large batches: a fraction of the default's cost, and enough for two parameters.
    training = TrainingSettings(
        batch=256, rate=1e-3, warmup=0.02, held_out=4000, patience=4, schedule="plateau", least_gain=1e-3, average=0.99
    )
    settings = NPESettings(recipes=(Recipe(GENEROUS, 0.1),), ensemble=1, epochs=options.epochs, training=training)
    flow = train_npe(prior, theta, x, settings=settings)
    print(f"trained in {flow.seconds['all']:.0f} s: {flow.recipe.network.flow}, held-out loss {flow.held_out.mean():.3f}", flush=True)
    began = time.perf_counter()
    known = redshift > 0
    draws, truth = answers(flow, seen(flux, error)[known]), redshift[known]
    print(f"{known.sum()} objects answered in {time.perf_counter() - began:.1f} s")
    low, middle, high = np.quantile(draws, [0.16, 0.5, 0.84], axis=1)
    peak = np.array([mode(one) for one in draws])
    for name, some in ((f"{np.sum(truth < options.highest)} with z < {options.highest:g}", truth < options.highest), ("all", truth > 0)):
        report(f"{name}: median", middle[some], truth[some])
        report(f"{name}: mode", peak[some], truth[some])
        inside = np.mean((truth > low)[some] & (truth < high)[some])
        print(f"{'':28s} {inside:.0%} of the redshifts lie in the central 68 % of their posteriors")
    return 0


if __name__ == "__main__":
    sys.exit(main())
