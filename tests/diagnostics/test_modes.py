"""One mode or several, from weighted draws of one parameter."""

import numpy as np
import pytest

from astro_sbi.diagnostics.modes import has_several_modes

RNG = np.random.default_rng(1)
ONE = {
    "normal": RNG.standard_normal(5000),
    "skewed": RNG.exponential(size=5000),
    "over decades": np.exp(2 * RNG.standard_normal(5000)),
    "flat": RNG.random(5000),
    "few draws": RNG.standard_normal(300),
    "a few far off": np.concatenate([RNG.standard_normal(4980), 20 + RNG.standard_normal(20)]),
    "constant": np.ones(100),
}
SEVERAL = {
    "two": np.concatenate([RNG.standard_normal(3000), 6 + RNG.standard_normal(2000)]),
    "one in ten": np.concatenate([RNG.standard_normal(4500), 7 + RNG.standard_normal(500)]),
    "narrow": np.concatenate([0.01 * RNG.standard_normal(3000), 1 + 0.01 * RNG.standard_normal(2000)]),
    "three": np.concatenate([RNG.standard_normal(2000), 6 + RNG.standard_normal(2000), 12 + RNG.standard_normal(2000)]),
}


@pytest.mark.parametrize("name", ONE)
def test_one_mode(name: str):
    value = ONE[name]
    assert not has_several_modes(value, np.full(len(value), 1 / len(value)))


@pytest.mark.parametrize("name", SEVERAL)
def test_several_modes(name: str):
    value = SEVERAL[name]
    assert has_several_modes(value, np.full(len(value), 1 / len(value)))


def test_weights_count():
    value = SEVERAL["two"]
    weight = np.where(value < 3, 1.0, 1e-4)
    assert not has_several_modes(value, weight / weight.sum())
