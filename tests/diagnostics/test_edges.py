"""Mass at prior edges."""

import numpy as np

from astro_sbi.diagnostics.edges import prior_edges


def test_only_what_piles_up_is_listed() -> None:
    rng = np.random.default_rng(1)
    flat = rng.standard_normal(20_000)
    lower = -2.0 - 0.5 * np.abs(rng.standard_normal(20_000))
    upper = np.full(20_000, 3.0)
    latent = np.stack([flat, lower, upper, upper], axis=1)
    found = prior_edges(latent, np.ones(20_000), ["flat", "low", "high", "gaussian"], [True, True, True, False])
    assert [(edge.name, edge.side) for edge in found] == [("high", "upper"), ("low", "lower")]
    assert found[0].mass > 0.99


def test_a_limit_from_one_side_is_not_listed() -> None:
    """Flat over the lowest fifth of its prior: 5 % of it in the lowest hundredth."""
    rng = np.random.default_rng(1)
    latent = rng.standard_normal((200_000, 1))
    found = prior_edges(latent[latent[:, 0] < -0.8], np.ones(np.sum(latent[:, 0] < -0.8)), ["jitter"], [True])
    assert not found


def test_weights_count() -> None:
    latent = np.array([[0.0], [-3.0]])
    assert not prior_edges(latent, np.array([1.0, 0.0]), ["a"], [True])
    assert prior_edges(latent, np.array([0.0, 1.0]), ["a"], [True])[0].mass == 1.0
