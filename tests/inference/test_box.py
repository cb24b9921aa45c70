"""Boxes keep what is inside, lose nothing else, and know their mass."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from astro_sbi.inference.box import Box

edges = st.tuples(st.floats(-8, 8), st.floats(1e-4, 10))


@pytest.mark.slow
@given(edges, st.floats(-4, 4))
def test_the_maps_are_inverse_and_stay_inside(edge: tuple[float, float], inner: float) -> None:
    box = Box(np.array([edge[0]]), np.array([edge[0] + edge[1]]))
    outer = box.outer(np.array([[inner]]))
    assert box.lower[0] <= outer[0, 0] <= box.upper[0]
    if box.contains(outer)[0] and 1e-3 < (outer[0, 0] - edge[0]) / edge[1] < 1 - 1e-3:
        assert box.inner(outer)[0, 0] == pytest.approx(inner, abs=1e-5)


def test_the_truncated_prior_is_a_unit_normal_inside() -> None:
    box = Box(np.array([1.0, -np.inf]), np.array([2.0, np.inf]))
    draws = box.outer(np.random.default_rng(0).standard_normal((20000, 2)))
    expected = stats.truncnorm(1.0, 2.0)
    assert stats.kstest(draws[:, 0], expected.cdf).pvalue > 0.001
    assert stats.kstest(draws[:, 1], stats.norm.cdf).pvalue > 0.001
    assert box.log_mass == pytest.approx(np.log(stats.norm.cdf(2) - stats.norm.cdf(1)))


def test_far_edges_truncate_nothing() -> None:
    box = Box.around(np.array([-6.0, -1.0]), np.array([1.0, 7.0]))
    assert np.isinf(box.lower[0])
    assert np.isinf(box.upper[1])
    assert Box.whole(3).log_mass == 0.0


def test_union_holds_both() -> None:
    both = Box(np.array([-1.0]), np.array([0.0])).union(Box(np.array([2.0]), np.array([3.0])))
    assert both.contains(np.array([[-0.5], [2.5], [3.5]])).tolist() == [True, True, False]
