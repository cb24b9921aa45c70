"""Least squares on real observations comes back with published values."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import least_squares

from astro_sbi.observations.preparation import prepare
from astro_sbi.observations.reading import read
from astro_sbi.simulators import simulator
from astro_sbi.simulators.base import known_values, padded_value, pattern_of, scalar_known

pytestmark = pytest.mark.slow


def fitted(name: str, file: Path) -> dict[str, float]:
    """Parameters and derived quantities of the best of six fits, with the prior as a weak ridge."""
    model = simulator(name)
    observation = prepare(read(file.name, file.read_bytes()), model.preparation).observation
    pattern, known = pattern_of(model, observation.points), known_values(model, observation.points)
    value, free = padded_value(observation, pattern), scalar_known(known)

    def whitened(z):
        curve = model.predict(model.prior.physical(z, free, jnp), pattern)
        return jnp.concatenate([jnp.where(pattern.used, (value - curve) / pattern.sigma, 0.0), 0.1 * z])

    residual, slope = jax.jit(whitened), jax.jit(jax.jacfwd(whitened))
    single = lambda f: lambda z: np.asarray(f(z.astype(np.float32)), np.float64)  # noqa: E731
    starts = 0.7 * np.random.default_rng(0).standard_normal((6, len(model.prior.free)))
    best = min((least_squares(single(residual), start, single(slope), max_nfev=100) for start in starts), key=lambda fit: fit.cost)
    theta = model.prior.physical(best.x[None], free)
    return {key: float(number[0]) for key, number in {**theta, **model.derived(theta, known)}.items()}


def test_hat_p_7(shared):
    fit = fitted("transit", shared / "observations/transit/kplr010666592-2009131110544_slc.fits")
    assert fit["radius_ratio"] == pytest.approx(0.0777, abs=0.0003)
    assert fit["impact_parameter"] == pytest.approx(0.50, abs=0.03)
    assert fit["stellar_density"] == pytest.approx(0.277, abs=0.01)


def test_wasp_126(shared):
    fit = fitted("transit", shared / "observations/transit/hlsp_tess-data-alerts_tess_phot_00025155310-s01_tess_v1_lc.fits")
    assert fit["radius_ratio"] == pytest.approx(0.0786, abs=0.0015)


def test_star_forming_galaxy(shared):
    fit = fitted("galaxy_lines", shared / "observations/galaxy_spectrum/spec-0266-51602-0107.fits")
    assert fit["flux_h_alpha"] == pytest.approx(573, rel=0.08)
    assert fit["redshift"] == pytest.approx(0.12311, abs=3e-5)
    assert 1.5 < fit["dust_av"] < 2.5
    assert fit["line_width"] == pytest.approx(130, abs=10)
