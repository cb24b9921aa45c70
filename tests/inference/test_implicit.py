"""Inference without a likelihood, on a toy whose posterior is known all the same."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from astropy import units as u
from scipy import stats

from astro_sbi.inference.implicit import ImplicitProblem
from astro_sbi.inference.narrower import Narrowing
from astro_sbi.inference.npe import TrainedNPE
from astro_sbi.inference.problem import Problem
from astro_sbi.inference.settings import SequentialSettings
from astro_sbi.observations.observation import Axis, Noise, Observation, Origin, Points
from astro_sbi.simulators.base import KnownQuantity, Parameter, Simulator
from astro_sbi.simulators.prior import Prior, normal

SIZE, SIGMA, SPREAD = 20, 0.5, 0.8


class Hidden(Simulator):
    """Every value has a shift of its own about the mean, which is not told; the mean's posterior is Gaussian."""

    name = "hidden"
    title = "Hidden shifts"
    kind = "light_curve"
    implicit = True
    parameters = (Parameter("mean", "m", "m", "", "mean"),)
    prior = Prior((("mean", normal("middle", 2.0)),))
    known: ClassVar = (KnownQuantity("middle", "", "middle of the prior"),)
    coordinate_name, coordinate_unit, value_name, value_unit = "Time", "d", "Value", ""
    reference, summary = "none", "A toy."

    def predict(self, theta, pattern):
        return theta["mean"] * jnp.ones_like(pattern.coordinate)

    def process(self, key, theta, pattern):
        return theta["mean"] + SPREAD * jax.random.normal(key, pattern.coordinate.shape)

    def summaries(self, value, pattern):
        mean = jnp.sum(jnp.where(pattern.used, value, 0.0)) / jnp.sum(pattern.used)
        return jnp.stack([mean, jnp.log(jnp.sum(jnp.where(pattern.used, (value - mean) ** 2, 0.0)))])

    def derived(self, theta, known):
        return {}

    def default_points(self):
        return Points(np.arange(SIZE, dtype=float), np.zeros(SIZE, np.int32), np.ones(SIZE, bool), Noise(np.full(SIZE, SIGMA)), {})

    @property
    def preparation(self):
        raise NotImplementedError


def problem(value: np.ndarray) -> ImplicitProblem:
    points = Hidden().default_points()
    points = Points(points.coordinate, points.channel, points.used, points.noise, {"middle": 3.0 * u.one})
    origin = Origin("toy", "0" * 64, "made")
    observed = Observation("light_curve", "toy", points, value, Axis("time", "d"), Axis("value", ""), ("",), origin)
    return ImplicitProblem(Problem.of(Hidden(), Hidden.prior, observed))


def quiet(*_: object) -> None:
    return None


@pytest.mark.slow
def test_posterior_of_hidden_shifts_is_the_gaussian_it_must_be():
    value = np.random.default_rng(3).normal(4.0, np.hypot(SPREAD, SIGMA), SIZE)
    implicit = problem(value)
    trained = implicit.train(SequentialSettings(simulations=2500), seed=1, ensemble=1, on_progress=quiet, should_stop=lambda: False)
    found = implicit.posterior(trained, 4000, 1, on_progress=quiet)
    variance = 1 / (SIZE / (SPREAD**2 + SIGMA**2) + 1 / 4)
    centre = variance * (SIZE * value.mean() / (SPREAD**2 + SIGMA**2) + 3 / 4)
    draws = found.theta["mean"]
    assert draws.mean() == pytest.approx(centre, abs=0.2 * np.sqrt(variance))
    assert draws.std() == pytest.approx(np.sqrt(variance), rel=0.15)
    assert found.importance is None
    assert found.log_likelihood is None
    assert found.weight.sum() == pytest.approx(1.0)
    exact = stats.norm(centre, np.sqrt(variance)).logpdf(draws) - stats.norm(3, 2).logpdf(draws)
    assert np.median(found.log_q - found.log_prior - exact) == pytest.approx(0.0, abs=0.1)
    made = implicit.replicates(found.latent[:1000], 1)
    assert made.summaries_p > 0.01
    assert found.distance_p > 0.01
    far = problem(value * 8 - 60)
    assert far.posterior(trained, 500, 1, on_progress=quiet).distance_p < 0.01
    under_a_narrower_prior(implicit, trained, value)


def under_a_narrower_prior(implicit: ImplicitProblem, trained: TrainedNPE, value: np.ndarray) -> None:
    """The same flow, its draws weighted by the ratio of the priors."""
    wide = implicit.problem
    narrowing = Narrowing.between(wide.prior, Prior.of(mean="normal(3.8,0.25)"), wide.known)
    assert narrowing is not None
    narrow = ImplicitProblem(wide.under(narrowing.narrow))
    assert 0.4 < narrow.efficiency(trained, narrowing, 1) < 1
    found = narrow.posterior(trained, 8000, 1, on_progress=quiet, narrowing=narrowing)
    variance = 1 / (SIZE / (SPREAD**2 + SIGMA**2) + 1 / 0.25**2)
    centre = variance * (SIZE * value.mean() / (SPREAD**2 + SIGMA**2) + 3.8 / 0.25**2)
    mean = found.weight @ found.theta["mean"]
    assert mean == pytest.approx(centre, abs=0.2 * np.sqrt(variance))
    assert np.sqrt(found.weight @ (found.theta["mean"] - mean) ** 2) == pytest.approx(np.sqrt(variance), rel=0.15)
    assert found.flow_theta["mean"].mean() == pytest.approx(mean, abs=0.1 * np.sqrt(variance))
    assert narrow.problem.theta(found.latent)["mean"] == pytest.approx(found.theta["mean"])
    nowhere = Narrowing.between(wide.prior, Prior.of(mean="uniform(9,9.5)"), wide.known)
    assert nowhere is not None
    assert narrow.efficiency(trained, nowhere, 1) < 0.01


@pytest.mark.slow
def test_summaries_see_only_used_points_and_are_the_same_for_the_same_seed():
    implicit = problem(np.full(SIZE, 4.0))
    assert implicit.observed == pytest.approx([4.0, -np.inf])
    z = np.random.default_rng(2).standard_normal((300, 1))
    once, again, other = implicit.summaries(z, 1), implicit.summaries(z, 1), implicit.summaries(z, 2)
    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)
    # Mean of 20 values about the parameter.
    assert np.std(once[:, 0] - (3 + 2 * z[:, 0])) == pytest.approx(np.hypot(SPREAD, SIGMA) / np.sqrt(SIZE), rel=0.15)
