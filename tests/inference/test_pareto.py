"""Pareto k against proposals whose weights' tail is known."""

import numpy as np
import pytest
from scipy import optimize, stats

from astro_sbi.inference.pareto import generalised_pareto, generalised_pareto_quantile, khat, smoothed
from astro_sbi.inference.posterior import InferenceError


def gaussian_log_weight(width: float, draws: int = 20_000, dimension: int = 5, seed: int = 1) -> np.ndarray:
    """Log weights of a unit normal under draws of a normal of another width."""
    z = width * np.random.default_rng(seed).standard_normal((draws, dimension))
    return 0.5 * np.sum(z**2, axis=1) * (1 / width**2 - 1)


@pytest.mark.parametrize(("width", "arviz"), [(0.9, 0.219), (0.8, 0.423), (0.7, 0.604), (0.6, 0.761)])
def test_narrow_proposals_have_the_shape_that_arviz_finds(width: float, arviz: float) -> None:
    """ArviZ's ``psislw`` (arviz-stats 0.8.0) of the same 100,000 draws."""
    assert khat(gaussian_log_weight(width, 100_000, seed=0)) == pytest.approx(arviz, abs=0.01)


@pytest.mark.parametrize(("width", "low", "high"), [(0.9, 0.1, 0.3), (0.8, 0.3, 0.55), (0.7, 0.5, 0.7), (0.6, 0.65, 0.9)])
def test_narrow_proposals_are_told_apart(width: float, low: float, high: float) -> None:
    shapes = [khat(gaussian_log_weight(width, seed=seed)) for seed in range(20)]
    assert low < np.median(shapes) < high


def test_wide_proposal_has_bounded_weights() -> None:
    assert khat(gaussian_log_weight(1.3)) < 0.2


def test_larger_log_weight_is_heavier() -> None:
    heavy = gaussian_log_weight(0.4)
    assert khat(heavy) > 0.8
    assert khat(-heavy) < 0.0


@pytest.mark.parametrize("shape", [0.2, 0.7, 1.2])
def test_pareto_draws_give_their_own_shape(shape: float) -> None:
    uniform = np.random.default_rng(2).random(20_000)
    found, scale = generalised_pareto(3.0 * (uniform**-shape - 1) / shape)
    assert found == pytest.approx(shape, abs=0.05)
    assert scale == pytest.approx(3.0, rel=0.05)


def test_scale_and_constant_do_not_matter() -> None:
    log_weight = gaussian_log_weight(0.8)
    assert khat(log_weight + 1e4) == pytest.approx(khat(log_weight), abs=1e-6)
    assert khat(np.append(log_weight, np.full(10, -np.inf))) == pytest.approx(khat(log_weight), abs=0.02)


def test_degenerate_weights() -> None:
    assert khat(np.zeros(1000)) == 0.0
    assert khat(np.full(1000, -np.inf)) == np.inf
    assert khat(np.append(np.zeros(1), np.full(999, -np.inf))) == np.inf
    assert khat(np.arange(6.0)) == np.inf


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_weight_that_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(InferenceError, match="not finite"):
        khat(np.array([0.0, bad, 1.0]))


@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.4])
def test_quantiles_of_the_distribution(shape: float) -> None:
    level = np.linspace(0.01, 0.99, 9)
    assert generalised_pareto_quantile(level, shape, 2.0) == pytest.approx(stats.genpareto(shape, scale=2.0).ppf(level))


def test_smoothed_tail_is_that_of_another_fit() -> None:
    """Scipy's maximum likelihood fit of the same tail, whose prior-free shape lies close with a thousand weights."""
    log_weight = gaussian_log_weight(0.8, 100_000)
    smooth, shape = smoothed(log_weight)
    order, tail = np.argsort(log_weight), int(np.ceil(3 * np.sqrt(100_000)))
    weight = np.exp(log_weight[order] - log_weight.max())
    cut, excess = weight[-tail - 1], weight[-tail:] - weight[-tail - 1]

    def loss(parameters: np.ndarray) -> float:
        return -float(stats.genpareto(parameters[0], scale=np.exp(parameters[1])).logpdf(excess).sum())

    fitted = optimize.minimize(loss, [0.3, np.log(excess.mean())], method="Nelder-Mead").x
    assert shape == pytest.approx(fitted[0], abs=0.03)
    expected = cut + stats.genpareto(fitted[0], scale=np.exp(fitted[1])).ppf((np.arange(tail) + 0.5) / tail)
    ours = np.exp(smooth[order][-tail:] - log_weight.max())
    assert ours[: tail - 20] == pytest.approx(expected[: tail - 20], rel=0.05)


def test_smoothing_keeps_order_bulk_largest_and_nearly_the_mean() -> None:
    log_weight = gaussian_log_weight(0.75) + 50.0
    smooth, _ = smoothed(log_weight)
    order, tail = np.argsort(log_weight), int(np.ceil(3 * np.sqrt(len(log_weight))))
    assert np.array_equal(smooth[order][:-tail], log_weight[order][:-tail])
    assert (np.diff(smooth[order]) >= 0).all()
    assert smooth.max() <= log_weight.max()
    assert np.exp(smooth - 50).sum() == pytest.approx(np.exp(log_weight - 50).sum(), rel=0.05)


def test_nothing_to_smooth() -> None:
    for log_weight in (np.zeros(1000), np.full(1000, -np.inf), np.arange(6.0)):
        assert np.array_equal(smoothed(log_weight)[0], log_weight)
    with_zeros = np.append(gaussian_log_weight(0.8), np.full(10, -np.inf))
    assert np.isneginf(smoothed(with_zeros)[0]).sum() == 10
