"""Whether an observation lies within the range of simulations."""

import numpy as np
import pytest

from astro_sbi.diagnostics.members import disagreement
from astro_sbi.diagnostics.ranges import range_check


def simulated(rows: int, seed: int = 1) -> np.ndarray:
    """Six numbers that hang together."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((rows, 1)) + 0.5 * rng.standard_normal((rows, 6))


@pytest.mark.slow
def test_p_is_uniform_under_the_model():
    x = simulated(2500)
    found = [range_check(one, x[:400]) for one in x[400:]]
    p = np.array([each.p_value for each in found if each is not None])
    assert len(p) == 2100
    for level in (0.01, 0.02):
        assert np.mean(p <= level) == pytest.approx(level, abs=0.01)
    assert np.mean(p <= 0.01) <= 0.02


def test_values_outside_are_named_with_how_far():
    x = simulated(2000)
    value = np.zeros(6)
    value[2], value[4] = x[:, 2].max() + 0.5 * np.ptp(x[:, 2]), x[:, 4].min() - 0.1 * np.ptp(x[:, 4])
    found = range_check(value, x, "abcdef".__getitem__)
    assert found is not None
    assert (found.outside, found.points, found.simulations) == (2, 6, 2000)
    assert [name for name, _ in found.farthest] == ["c", "e"]
    assert [beyond for _, beyond in found.farthest] == pytest.approx([0.5, -0.1], abs=1e-6)
    assert found.beyond == pytest.approx(0.5, abs=1e-6)
    assert found.p_value == pytest.approx(1 / 2001)


def test_inside_nothing_is_named():
    found = range_check(np.zeros(6), simulated(200))
    assert found is not None
    assert (found.outside, found.farthest, found.beyond, found.p_value) == (0, (), 0.0, 1.0)


def test_blocks_and_a_constant_number_do_not_matter(monkeypatch: pytest.MonkeyPatch):
    x = np.column_stack([simulated(300), np.ones(300)])
    value = np.array([9.0, 0, 0, 0, 0, -9.0, 2.0])
    whole = range_check(value, x)
    monkeypatch.setattr("astro_sbi.diagnostics.ranges._BLOCK", 600)
    assert range_check(value, x) == whole
    assert whole is not None
    assert dict(whole.farthest)["6"] == 1.0


def test_too_few_simulations_say_nothing():
    x = simulated(150)
    x[:60, 0] = np.nan
    assert range_check(np.zeros(6), x) is None


def test_members_that_agree_and_one_that_does_not():
    draws = np.random.default_rng(1).standard_normal((5, 2048, 3))
    agreed = disagreement(draws, ("a", "b", "c"))
    assert agreed is not None
    assert agreed.sigma < 0.25
    shifted, wide = draws.copy(), draws.copy()
    shifted[3, :, 1] += 2.0
    wide[0, :, 2] *= 3.0
    for changed, name, low in ((shifted, "b", 1.8), (wide, "c", 1.2)):
        found = disagreement(changed, ("a", "b", "c"))
        assert found is not None
        assert (found.members, found.name) == (5, name)
        assert low < found.sigma < 2.4
    assert disagreement(draws[:1], ("a", "b", "c")) is None
    assert disagreement(None, ("a",)) is None
