"""Draws of each member of an ensemble by itself."""

import jax
import numpy as np
import pytest

from astro_sbi.inference.box import Box
from astro_sbi.inference.estimator import PosteriorEstimator
from astro_sbi.inference.scaling import fit_scaled_values
from tests.inference.small_training import network_of, table


def estimator(members: int) -> PosteriorEstimator:
    network, parameters = network_of(members)
    return PosteriorEstimator.alike(network, parameters, fit_scaled_values(table().x, "mlp"), Box.whole(2))


@pytest.mark.slow
def test_members_are_drawn_apart():
    two, value = estimator(2), table().x[0]
    moved = jax.tree.map(lambda leaf: leaf.at[1].add(0.5), two.parameters)
    apart = PosteriorEstimator(two.network, moved, two.standard, two.box)
    draws = apart.given(value).by_member(np.random.default_rng(1))
    assert draws is not None
    assert draws.shape[0] == 2
    assert draws.shape[1] >= 1000
    together = apart.given(value).sample(np.random.default_rng(2), 4096)
    medians = np.median(draws, axis=1)
    assert np.abs(medians[0] - medians[1]).max() > 0.1
    middle = np.median(together, axis=0)
    assert np.all((medians.min(axis=0) - 0.1 < middle) & (middle < medians.max(axis=0) + 0.1))


def test_one_member_has_nobody_to_disagree_with():
    assert estimator(1).given(table().x[0]).by_member(np.random.default_rng(1)) is None
