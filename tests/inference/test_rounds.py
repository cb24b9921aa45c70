"""Rounds that simulate where the posterior lies: two modes of equal weight stay two, and nothing leaks out of the prior."""

import itertools
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from astro_sbi.inference import rounds
from astro_sbi.inference.box import Box
from astro_sbi.inference.importance import StudentMixture
from astro_sbi.inference.npe import NPESettings, Recipe
from astro_sbi.inference.posterior import Cancelled, InferenceError
from astro_sbi.inference.rounds import RoundTable, SequentialNPESettings, sequential_npe
from astro_sbi.inference.settings import NetworkSettings, TrainingSettings
from astro_sbi.inference.truncation import RestrictedDensity, RestrictedPrior
from astro_sbi.simulators.prior import Prior

SMALL = NetworkSettings(
    flow="spline_coupling", conditioner="mlp", layers=2, width=24, knots=8, embedding="mlp", embedding_width=24, context=4
)
TRAINING = TrainingSettings(batch=64, rate=5e-3, patience=4, schedule="plateau", least_gain=1e-3, average=0.97)
SETTINGS = SequentialNPESettings(
    rounds=3, atoms=8, left_out=1e-3, npe=NPESettings(recipes=(Recipe(SMALL, 0.0),), ensemble=1, epochs=30, training=TRAINING)
)
PRIOR = Prior.of(a="uniform(-3, 3)", b="uniform(-3, 3)")
OBSERVED = np.array([1.0, 0.5])
SIGMA = 0.3
METHODS = ("tsnpe", "zoom", "snpe_c")


def simulate(theta, key):
    """Only the square of ``a`` can be seen."""
    return jnp.stack([theta[0] ** 2, theta[1]]) + SIGMA * jax.random.normal(key, (2,))


@pytest.fixture(scope="module")
def made():
    """Each method's posterior and its compiled programs' number of compilations, made once."""
    kept = {}

    def of(method):
        if method not in kept:
            trainers, build = [], rounds.build_trainer
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(rounds, "build_trainer", lambda *given: trainers.append(build(*given)) or trainers[-1])
                kept[method] = sequential_npe(PRIOR, simulate, OBSERVED, simulations=6000, method=method, settings=SETTINGS), trainers
        return kept[method]

    return of


def in_density(found) -> object:
    return getattr(found.density, "density", found.density)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_both_modes_keep_their_weight(made, method):
    found, _ = made(method)
    draws = found.sample(8000)
    assert np.mean(draws[:, 0] > 0) == pytest.approx(0.5, abs=0.1)
    for sign in (-1, 1):
        mode = draws[np.sign(draws[:, 0]) == sign]
        assert np.median(mode[:, 0]) == pytest.approx(sign, abs=0.12)
        assert np.median(mode[:, 1]) == pytest.approx(0.5, abs=0.12)
        assert np.std(mode[:, 1]) == pytest.approx(SIGMA, rel=0.35)
    assert np.mean(np.abs(draws[:, 0]) < 0.3) < 0.08


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_no_draw_leaves_the_prior_or_the_restriction(made, method):
    found, _ = made(method)
    draws = found.sample(8000)
    assert np.all(np.abs(draws) <= 3)
    assert np.isfinite(found.log_prob(draws)).all()
    assert np.all(found.log_prob(np.array([[3.1, 0.0], [0.0, -3.1]])) == -np.inf)
    if method != "snpe_c":
        assert found.density.support.contains(found.density.sample(np.random.default_rng(1), 4000)).all()


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_density_integrates_to_one(made, method):
    found, _ = made(method)
    side = np.linspace(-3, 3, 202)[1:-1]
    grid = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2)
    assert np.exp(found.log_prob(grid)).sum() * (side[1] - side[0]) ** 2 == pytest.approx(1.0, abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_each_round_tells_what_it_cost_and_brought(made, method):
    found, _ = made(method)
    reports = found.rounds
    assert len(reports) == SETTINGS.rounds
    assert [report.simulations for report in reports] == [1000, 1000, 4000]
    assert reports[0].used == 1000
    assert all(report.dropped == 0 for report in reports)
    assert all(later.used > earlier.used for earlier, later in itertools.pairwise(reports))
    assert all(report.seconds > 0 and np.isfinite(report.held_out) for report in reports)
    mass = [report.log_prior_mass for report in reports]
    assert mass[0] == 0
    if method == "snpe_c":
        assert mass == [0, 0, 0]
    else:
        assert mass[1] < (-0.5 if method == "tsnpe" else 0.0), "a box reaches as far as the most distant of all draws"
        assert mass[2] <= mass[1] + 0.05


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_no_round_compiles_anew(made, method):
    found, trainers = made(method)
    assert len(trainers) == 1
    assert trainers[0].run_chunk._cache_size() == 1
    assert trainers[0].held_out_loss._cache_size() == 1
    # The last round's flow is drawn from and evaluated by the first round's programs.
    assert in_density(found).estimator.programs is found.first.programs
    assert all(program._cache_size() == 1 for program in found.first.programs)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_the_first_round_is_kept_for_the_whole_prior(made, method):
    found, _ = made(method)
    assert np.all(np.isinf(found.first.box.lower))
    elsewhere = PRIOR.physical_array(found.first.given(np.array([4.0, -2.0])).sample(np.random.default_rng(1), 4000))
    assert np.median(np.abs(elsewhere[:, 0])) == pytest.approx(2.0, abs=0.25)
    assert np.median(elsewhere[:, 1]) == pytest.approx(-2.0, abs=0.25)


MODES = StudentMixture(np.array([[-1.0, 0.0], [1.0, 0.0]]), np.stack([0.2 * np.eye(2)] * 2), np.array([0.3, 0.7]), freedom=50.0)


@pytest.fixture(scope="module")
def restriction():
    rng, whole = np.random.default_rng(1), RestrictedPrior(Box.whole(2))
    first = whole.restricted(MODES, rng, regions=True, padding=0.1, left_out=1e-3)
    density = RestrictedDensity.of(MODES, first, rng)
    return first, density, first.restricted(density, rng, regions=True, padding=0.1, left_out=1e-2)


@pytest.mark.slow
def test_draws_of_a_restricted_prior_are_the_priors_inside(restriction):
    first, _, second = restriction
    rng = np.random.default_rng(2)
    prior = rng.standard_normal((400_000, 2))
    for support in (first, second):
        draws, expected = support.sample(rng, 30_000), prior[support.contains(prior)]
        assert support.contains(draws).all()
        assert support.log_mass(rng) == pytest.approx(np.log(len(expected) / len(prior)), abs=0.05)
        assert np.allclose(draws.mean(axis=0), expected.mean(axis=0), atol=0.03)
        assert np.allclose(np.cov(draws.T), np.cov(expected.T), atol=0.03)
    assert first.contains(second.sample(rng, 5000)).all(), "each restriction lies within the one before"
    assert not first.contains(np.array([[0.0, 0.0]]))[0], "the gap between two modes is left out"


@pytest.mark.slow
def test_hardly_any_posterior_is_left_out(restriction):
    first, _, second = restriction
    draws = MODES.sample(np.random.default_rng(3), 100_000)
    assert np.mean(~first.contains(draws)) == pytest.approx(1e-3, abs=1e-3)
    assert np.mean(~second.contains(draws)) < 0.02


@pytest.mark.slow
def test_restricted_density_is_normalised_and_keeps_the_modes(restriction):
    first, density, second = restriction
    side = np.linspace(-3, 3, 400)
    grid = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2)
    for one, support in ((density, first), (RestrictedDensity.of(density, second, np.random.default_rng(4)), second)):
        value = one.log_prob(grid)
        assert np.exp(value).sum() * (side[1] - side[0]) ** 2 == pytest.approx(1.0, abs=0.01)
        assert np.array_equal(np.isfinite(value), support.contains(grid))
        draws = one.sample(np.random.default_rng(5), 20_000)
        assert support.contains(draws).all()
        assert np.mean(draws[:, 0] > 0) == pytest.approx(0.7, abs=0.02)


def test_a_box_alone_holds_the_padded_span():
    rng = np.random.default_rng(6)
    boxed = RestrictedPrior(Box.whole(2)).restricted(MODES, rng, regions=False, padding=0.5, left_out=1e-3)
    assert boxed.regions == ()
    draws = MODES.sample(rng, 16_384)
    assert boxed.contains(draws).all()
    assert np.allclose(boxed.box.upper - boxed.box.lower, 2 * np.ptp(draws, axis=0), rtol=0.3)


def test_a_region_with_next_to_no_prior_mass_is_an_error(monkeypatch):
    monkeypatch.setattr("astro_sbi.inference.truncation._TRIES", 2)
    far = StudentMixture(np.array([[0.0, 0.0]]), np.stack([1e-4 * np.eye(2)]), np.ones(1))
    rng = np.random.default_rng(7)
    region = RestrictedPrior(Box.whole(2)).restricted(far, rng, regions=True, padding=100.0, left_out=1e-3)
    with pytest.raises(InferenceError, match="lie where the posterior is"):
        region.sample(rng, 1000)
    elsewhere = RestrictedPrior(Box(np.full(2, 3.0), np.full(2, 4.0)))
    with pytest.raises(InferenceError, match="of the flow's draws lie where it was trained"):
        RestrictedDensity.of(far, elsewhere, rng)


def test_a_table_of_rounds_is_padded_and_says_how_much_counts():
    table = RoundTable(np.zeros((50, 2)), np.zeros((50, 3)), np.ones(50), np.asarray(20))
    assert table.count == 20
    assert table.rows(np.arange(7)).count == 7
    assert [part.shape for part in table.batch(np.arange(4), jax.random.key(0))] == [(4, 2), (4, 3), (4,)]


def test_an_observation_unlike_the_simulations_is_refused():
    with pytest.raises(InferenceError, match=r"the observation has shape \(3,\), a simulation \(2,\): they must be alike"):
        sequential_npe(PRIOR, simulate, np.zeros(3), simulations=1500, settings=SETTINGS)


def test_rounds_stop_when_asked():
    with pytest.raises(Cancelled):
        sequential_npe(PRIOR, simulate, OBSERVED, simulations=1500, settings=SETTINGS, should_stop=lambda: True)


def test_no_simulation_lies_outside_a_very_narrow_box():
    """Where single precision no longer tells the draws of a box apart, every one still lies inside and has a finite weight."""
    job = rounds._Rounds(PRIOR, simulate, OBSERVED, 1000, settings=SETTINGS, method="zoom", seed=1)
    job.support = RestrictedPrior(Box(np.array([2.0, -1.0]), np.array([2.0 + 1e-6, -1.0 + 1e-6])))
    job.log_mass = job.support.box.log_mass
    job.simulate(1000, lambda: False)
    assert job.support.contains(job.latent).all()
    table = job.table()
    assert np.abs(table.latent).max() < 5
    assert np.allclose(table.weight, 1.0)


def test_failed_simulations_are_left_out_and_counted():
    def failing(theta, key):
        return jnp.where(theta[1] > 2.7, jnp.nan, simulate(theta, key))

    job = rounds._Rounds(PRIOR, failing, OBSERVED, 2000, settings=SETTINGS, method="tsnpe", seed=1)
    dropped = job.simulate(2000, lambda: False)
    assert dropped == pytest.approx(100, abs=40)
    assert len(job.latent) == len(job.seen) == 2000 - dropped


@pytest.mark.slow
@pytest.mark.parametrize("method", ["tsnpe", "zoom"])
def test_simulations_guided_by_a_flow_lie_inside_the_restriction_and_their_weights_give_the_prior_back(method):
    settings = replace(SETTINGS, left_out=0.05, guided=0.5)
    job = rounds._Rounds(PRIOR, simulate, OBSERVED, 20_000, settings=settings, method=method, seed=1)
    job.simulate(10_000, lambda: False)
    job.take(MODES, narrow=True)
    job.simulate(10_000, lambda: False)
    assert job.support.contains(job.latent).all()
    weight = job.weight()
    assert weight.max() < 2.5
    expected = job.support.sample(np.random.default_rng(1), 40_000)
    assert np.allclose(weight @ job.latent / weight.sum(), expected.mean(axis=0), atol=0.05)
    assert np.allclose(np.cov(job.latent.T, aweights=weight), np.cov(expected.T), atol=0.05)
    assert not np.allclose(job.latent.mean(axis=0), expected.mean(axis=0), atol=0.1)
