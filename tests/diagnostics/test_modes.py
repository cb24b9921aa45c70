"""One mode or several, from weighted draws of one parameter."""

import numpy as np
import pytest

from astro_sbi.diagnostics.modes import modes

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
    assert not modes(value, np.full(len(value), 1 / len(value)))


@pytest.mark.slow
@pytest.mark.parametrize("name", SEVERAL)
def test_several_modes(name: str):
    value = SEVERAL[name]
    assert modes(value, np.full(len(value), 1 / len(value)))


def test_each_mode_has_its_interval_and_share():
    value = np.concatenate([-0.4 + 0.02 * RNG.standard_normal(6000), 0.5 + 0.03 * RNG.standard_normal(3000)])
    below, above = modes(value, np.full(9000, 1 / 9000))
    assert (below.median, below.upper - below.lower, below.share) == pytest.approx((-0.4, 0.04, 2 / 3), rel=0.05)
    assert (above.median, above.upper - above.lower, above.share) == pytest.approx((0.5, 0.06, 1 / 3), rel=0.05)


@pytest.mark.parametrize("spread", [0.0, 1.0, 2.0, 3.0])
def test_gaps_between_few_effective_draws_are_no_valleys(spread):
    rng = np.random.default_rng(3)
    for _ in range(20):
        weight = np.exp(spread * rng.standard_normal(3000))
        assert not modes(rng.standard_normal(3000), weight / weight.sum())


def test_weights_count():
    value = SEVERAL["two"]
    weight = np.where(value < 3, 1.0, 1e-4)
    assert not modes(value, weight / weight.sum())
