"""Importance sampling from defensive mixtures on targets with several separated modes of known weights."""

import numpy as np
import pytest
from scipy import special

from astro_sbi.inference.components import fitted_components, fitted_shares
from astro_sbi.inference.drawing import adapted
from astro_sbi.inference.importance import Draws, StudentMixture, UnitNormal, importance_draws, importance_of, log_unit_normal
from astro_sbi.inference.pareto import khat, smoothed

DIMENSION = 4
#: Place and share of each mode: two, three, four.
TARGETS = {
    2: ((-1.5, 0.75), (1.5, 0.25)),
    3: ((-2.0, 0.2), (0.0, 0.5), (2.0, 0.3)),
    4: ((-2.2, 0.1), (-0.7, 0.4), (0.7, 0.2), (2.2, 0.3)),
}
WIDTH = 0.05


def centres(count: int) -> np.ndarray:
    """Modes along the first coordinate, each with its own place in the others."""
    out = 0.5 * np.random.default_rng(count).standard_normal((count, DIMENSION))
    out[:, 0] = [place for place, _ in TARGETS[count]]
    return out


def exact(count: int) -> StudentMixture:
    """The posterior: nearly Gaussian modes."""
    roots = np.stack([WIDTH * np.eye(DIMENSION)] * count)
    return StudentMixture(centres(count), roots, np.array([share for _, share in TARGETS[count]]), freedom=50.0)


def log_likelihood(count: int):
    """That of a posterior known exactly, with log evidence -7."""
    density = exact(count)
    return lambda z: density.log_prob(z) - log_unit_normal(z) - 7.0


def blind_flow(count: int) -> StudentMixture:
    """A flow that knows only the first mode, and that one a little too wide and off."""
    return StudentMixture(centres(count)[:1] + 0.3 * WIDTH, 1.3 * WIDTH * np.eye(DIMENSION)[None], np.ones(1))


def mixture(count: int, *, peaks: bool) -> list:
    """The engine's mixture with a flow that misses modes."""
    found = [(0.86, blind_flow(count)), (0.05, UnitNormal(DIMENSION))]
    if not peaks:
        return [(0.95, blind_flow(count)), (0.05, UnitNormal(DIMENSION))]
    roots = np.stack([1.5 * WIDTH * np.eye(DIMENSION)] * count)
    return [*found, (0.09, StudentMixture(centres(count), roots, np.full(count, 1 / count)))]


def shares(count: int, latent: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Mass nearest each mode."""
    nearest = np.argmin(np.sum((latent[:, None] - centres(count)) ** 2, axis=2), axis=1)
    return np.bincount(nearest, weight, count)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_peaks_save_the_modes_that_a_flow_misses(count: int) -> None:
    draws = importance_draws(mixture(count, peaks=True), log_likelihood(count), np.random.default_rng(1), 20_000)
    wanted = [share for _, share in TARGETS[count]]
    assert shares(count, draws.latent, draws.weight) == pytest.approx(wanted, abs=0.06)
    found = importance_of(draws)
    assert found.khat < 0.7
    assert found.log_evidence == pytest.approx(-7.0, abs=4 * found.log_evidence_error)


@pytest.mark.parametrize("count", [*(pytest.param(count, marks=pytest.mark.slow) for count in (2, 3)), 4])
def test_pilot_runs_learn_every_mode(count: int) -> None:
    rng = np.random.default_rng(2)
    plain = mixture(count, peaks=True)
    learned = adapted(plain, log_likelihood(count), rng)
    before = importance_of(importance_draws(plain, log_likelihood(count), rng, 20_000))
    draws = importance_draws(learned, log_likelihood(count), rng, 20_000)
    after = importance_of(draws)
    assert shares(count, draws.latent, draws.weight) == pytest.approx([share for _, share in TARGETS[count]], abs=0.03)
    assert after.ess > 1.4 * before.ess
    assert after.log_evidence == pytest.approx(-7.0, abs=4 * after.log_evidence_error)
    assert sum(share for share, _ in learned) == pytest.approx(1.0)


def test_weights_cannot_tell_of_a_mode_that_no_density_covers() -> None:
    """The prior's few draws do not hit so narrow a mode: the evidence lacks its share and no number shows it. Hence the peak search."""
    found = importance_of(importance_draws(mixture(2, peaks=False), log_likelihood(2), np.random.default_rng(3), 20_000))
    assert found.khat < 0.7
    assert found.log_evidence == pytest.approx(-7.0 + np.log(0.75), abs=0.05)


class Sided(UnitNormal):
    """A flow in a box whose lower edge is 0, which one of its draws hits exactly."""

    def sample(self, rng: np.random.Generator, draws: int) -> np.ndarray:
        z = np.abs(super().sample(rng, draws))
        z[0, 0] = 0.0
        return z

    def log_prob(self, z: np.ndarray) -> np.ndarray:
        return np.where(np.all(z > 0, axis=1), super().log_prob(z) + DIMENSION * np.log(2.0), -np.inf)


def test_a_draw_on_the_edge_of_a_box_has_no_weight() -> None:
    drawn = importance_draws([(1.0, Sided(DIMENSION))], lambda z: np.zeros(len(z)), np.random.default_rng(1), 1000)
    assert drawn.weight[0] == 0
    assert importance_of(drawn).efficiency == pytest.approx(0.999, abs=1e-6)
    assert importance_of(drawn).log_evidence == pytest.approx(-DIMENSION * np.log(2.0), abs=0.002)


def test_shares_follow_the_draws_and_none_is_lost() -> None:
    rng = np.random.default_rng(6)
    parts = [StudentMixture(np.full((1, 2), place), np.eye(2)[None], np.ones(1)) for place in (-3.0, 0.0, 3.0)]
    latent = np.concatenate([parts[0].sample(rng, 3000), parts[1].sample(rng, 7000)])
    flat = np.zeros(len(latent))
    found = fitted_shares(parts, Draws(latent, flat, flat, flat), 0.02)
    assert found == pytest.approx([0.94 * 0.3 + 0.02, 0.94 * 0.7 + 0.02, 0.02], abs=0.02)
    assert found.sum() == pytest.approx(1.0)
    assert found.min() >= 0.02


def test_components_find_clusters() -> None:
    rng, target = np.random.default_rng(4), exact(3)
    latent = target.sample(rng, 4000)
    found = fitted_components(latent, np.full(4000, 1 / 4000), 6, 1.0, rng)
    assert shares(3, found.centres, found.shares) == pytest.approx([0.2, 0.5, 0.3], abs=0.03)
    fresh = target.sample(rng, 4000)
    assert found.log_prob(fresh).mean() > target.log_prob(fresh).mean() - 0.5


def test_components_of_hardly_any_draws_stay_finite() -> None:
    rng = np.random.default_rng(5)
    latent, weight = rng.standard_normal((50, 3)), np.zeros(50)
    weight[:2] = 0.5
    assert np.isfinite(fitted_components(latent, weight, 6, 1.2, rng).log_prob(latent)).all()


def weighted(width: float, draws: int, seed: int) -> Draws:
    """A unit normal in five dimensions under draws of another width: the log evidence is zero."""
    z = width * np.random.default_rng(seed).standard_normal((draws, 5))
    log_q = log_unit_normal(z / width) - 5 * np.log(width)
    return Draws(z, log_q, log_unit_normal(z), np.zeros(draws))


def test_weights_are_smoothed_where_that_can_be_trusted() -> None:
    gentle, heavy = weighted(0.8, 4000, 1), weighted(0.4, 4000, 1)
    assert gentle.khat < 0.7 < heavy.khat
    assert np.log(gentle.weight) - gentle.log_weight != pytest.approx(np.log(gentle.weight[0]) - gentle.log_weight[0])
    raw = np.exp(heavy.log_weight - special.logsumexp(heavy.log_weight))
    assert heavy.weight == pytest.approx(raw)


def test_smoothing_steadies_evidence_and_moments() -> None:
    """Over seeds: less scatter than the raw weights, and the bias below it."""
    runs = [weighted(0.7, 2000, seed) for seed in range(100)]
    raw = np.array([special.logsumexp(run.log_weight) - np.log(2000) for run in runs])
    steady = np.array([importance_of(run).log_evidence for run in runs])
    assert np.sqrt(np.mean(steady**2)) < np.sqrt(np.mean(raw**2))
    assert abs(steady.mean()) < steady.std()
    assert khat(runs[0].log_weight) == smoothed(runs[0].log_weight)[1]
