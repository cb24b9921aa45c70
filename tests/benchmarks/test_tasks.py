"""The benchmark's tasks: simulators against their likelihoods, and both against the reference posteriors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from benchmarks.sbibm import observation, reference_draws
from benchmarks.tasks import TASKS
from benchmarks.tasks.bernoulli_glm import colouring, design
from benchmarks.tasks.population import log_infected, log_populations

pytestmark = pytest.mark.slow

DIMENSIONS = {
    "two_moons": (2, 2),
    "slcp": (5, 8),
    "slcp_distractors": (5, 100),
    "gaussian_linear": (10, 10),
    "gaussian_linear_uniform": (10, 10),
    "gaussian_mixture": (2, 2),
    "bernoulli_glm": (10, 10),
    "sir": (2, 10),
    "lotka_volterra": (4, 20),
}
WITH_REFERENCE = ("two_moons", "slcp", "gaussian_linear", "gaussian_linear_uniform", "gaussian_mixture")


def simulated(task, theta, seed=0):
    return np.asarray(jax.jit(jax.vmap(task.simulate))(jnp.asarray(theta, jnp.float32), jax.random.split(jax.random.key(seed), len(theta))))


def test_every_task_is_here():
    assert set(TASKS) == set(DIMENSIONS)
    assert all(build().name == name for name, build in TASKS.items())


@pytest.mark.parametrize("name", DIMENSIONS)
def test_simulations_are_finite_and_equal_those_made_one_by_one(name):
    task = TASKS[name]()
    theta = task.prior.sample(64, seed=3)
    x = simulated(task, theta)
    assert theta.shape == (64, DIMENSIONS[name][0])
    assert x.shape == (64, DIMENSIONS[name][1])
    assert np.isfinite(x).all()
    keys = jax.random.split(jax.random.key(0), 64)
    alone = np.asarray(task.simulate(jnp.asarray(theta[5], jnp.float32), keys[5]))
    np.testing.assert_allclose(x[5], alone, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("name", [name for name in DIMENSIONS if name not in ("two_moons",)])
def test_the_likelihood_is_that_of_the_simulator(name):
    """The expectation of the score vanishes at the truth: ``E[d log p(x | theta) / d theta] = 0``."""
    task = TASKS[name]()
    theta = jnp.asarray(task.prior.physical_array(0.3 * np.ones((1, DIMENSIONS[name][0])))[0], jnp.float32)
    x = simulated(task, np.repeat(np.asarray(theta)[None], 1500, axis=0), seed=1)
    score = jax.jit(jax.vmap(jax.grad(lambda t, one: task.log_likelihood(t[None], one)[0]), in_axes=(None, 0)))
    slopes = np.asarray(score(theta, jnp.asarray(x)))
    assert np.isfinite(slopes).all()
    pull = slopes.mean(axis=0) / (slopes.std(axis=0) / np.sqrt(len(slopes)))
    assert np.abs(pull).max() < 4.5, pull


def test_two_moons_density_is_one_over_all_observations():
    task = TASKS["two_moons"]()
    theta = np.array([[0.3, -0.2]])
    x = simulated(task, np.repeat(theta, 4000, axis=0))
    axes = [np.linspace(low - 0.02, high + 0.02, 400) for low, high in zip(x.min(axis=0), x.max(axis=0), strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    density = np.exp(jax.vmap(lambda one: task.log_likelihood(jnp.asarray(theta), one)[0])(jnp.asarray(grid, jnp.float32)))
    cell = np.prod([axis[1] - axis[0] for axis in axes])
    assert density.sum() * cell == pytest.approx(1.0, abs=0.01)
    np.testing.assert_allclose((density[:, None] * grid).sum(axis=0) * cell, x.mean(axis=0), atol=0.005)


@pytest.mark.parametrize("name", ["sir", "lotka_volterra"])
def test_populations_follow_an_independent_integration(name):
    theta = TASKS[name]().prior.sample(12, seed=7)
    mine = {"sir": log_infected, "lotka_volterra": log_populations}[name]
    start, end = ([np.log1p(-1e-6), -np.log(1e6)], 153.0) if name == "sir" else ([np.log(30.0), 0.0], 18.9)

    def slope(_, state, p):
        s = np.exp(state)
        return [-p[0] * s[1], p[0] * s[0] - p[1]] if name == "sir" else [p[0] - p[1] * s[1], -p[2] + p[3] * s[0]]

    for rates in theta:
        found = solve_ivp(slope, (0, end), start, t_eval=np.linspace(0, end, 10), rtol=1e-9, atol=1e-11, method="LSODA", args=(rates,)).y
        expected = found[1] if name == "sir" else np.clip(found.reshape(-1), np.log(1e-10), np.log(1e4))
        np.testing.assert_allclose(mine(jnp.asarray(rates, jnp.float32)), expected, atol=0.005)


def test_the_mixture_draws_its_component_for_every_simulation():
    x = simulated(TASKS["gaussian_mixture"](), np.zeros((4000, 2)))
    narrow = np.abs(x).max(axis=1) < 0.4
    assert narrow.mean() == pytest.approx(0.5 + 0.5 * 0.3108**2, abs=0.03), "half are of the narrow Gaussian, all coordinates together"


def test_the_prior_of_the_linear_model_smooths_its_filter():
    covariance = colouring().astype(float) @ colouring().T
    difference = np.eye(9) - np.eye(9, k=-1)
    smoothness = difference @ difference + np.diag(np.sqrt(np.arange(9) / 9))
    np.testing.assert_allclose(covariance[1:, 1:] @ (smoothness.T @ smoothness), np.eye(9), atol=2e-3)
    assert covariance[0, 0] == pytest.approx(2.0, rel=1e-6)
    assert np.array_equal(design()[8:, 9], design()[:-8, 1]), "the last column is the stimulus eight bins late"


def test_distractors_hide_the_observation_and_do_not_change_its_likelihood():
    hidden, plain = TASKS["slcp_distractors"](), TASKS["slcp"]()
    theta, key = jnp.array([0.5, -1.0, 1.2, 0.8, 0.3]), jax.random.key(4)
    x = hidden.simulate(theta, key)
    inside = plain.simulate(theta, jax.random.split(key, 4)[0])
    assert set(np.asarray(inside).round(5)) <= set(np.asarray(x).round(5))
    np.testing.assert_allclose(hidden.log_likelihood(theta[None], x), plain.log_likelihood(theta[None], inside), rtol=1e-4)


def steins(task, x, theta):
    """``b f d log p(theta | x) / d theta + d (b f) / d theta`` per draw for ``f`` 1 and theta; ``b`` vanishes at the prior's ends.

    The posterior's mean of both is zero (Stein's identity), whatever its shape.
    """
    score = np.asarray(jax.jit(jax.grad(lambda t: task.log_likelihood(t, x).sum()))(jnp.asarray(theta, jnp.float32)), np.float64)
    distribution = task.prior.distributions[0][1]
    low, high = distribution.first.constant, distribution.second.constant
    inside, slope = np.ones_like(theta), np.zeros_like(theta)
    if distribution.bounded:
        inside, slope = (theta - low) * (high - theta), low + high - 2 * theta
    else:
        score -= (theta - low) / high**2
    return inside * score + slope, theta * inside * score + theta * slope + inside


@pytest.mark.parametrize("name", [name for name in WITH_REFERENCE if name != "two_moons"])
def test_the_reference_posterior_is_that_of_our_likelihood(shared, name):
    folder = shared / "benchmarks" / "sbibm"
    task = TASKS[name]()
    for number in range(1, 6):
        reference = reference_draws(folder, name, number).astype(float)
        for statistic in steins(task, observation(folder, name, number), reference):
            pull = statistic.mean(axis=0) / (statistic.std(axis=0) / np.sqrt(len(statistic)))
            assert np.abs(pull).max() < 4.5, (number, pull)


def test_the_moons_by_importance_sampling_are_the_reference(shared):
    folder = shared / "benchmarks" / "sbibm"
    task = TASKS["two_moons"]()
    theta = task.prior.sample(1_000_000, seed=2).astype(np.float32)
    for number in range(1, 6):
        x, reference = observation(folder, "two_moons", number), reference_draws(folder, "two_moons", number).astype(float)
        weight = np.exp(np.asarray(task.log_likelihood(theta, x), np.float64))
        weight /= weight.sum()
        effective = 1 / (weight**2).sum()
        assert effective > 1500
        for moment in (lambda t: t, lambda t: t**2, np.abs, lambda t: t[:, :1] * t[:, 1:], lambda t: t.sum(axis=1, keepdims=True) > 0):
            difference = weight @ moment(theta) - moment(reference).mean(axis=0)
            error = moment(reference).std(axis=0) * np.sqrt(1 / effective + 1 / len(reference))
            assert np.abs(difference / error).max() < 4.5, (number, difference, error)


def test_the_radius_of_the_moons_bears_its_jacobian(shared):
    """Without ``1 / r`` in the density the mean radius would be 0.101, ten standard errors away."""
    folder = shared / "benchmarks" / "sbibm"
    x, theta = observation(folder, "two_moons", 1), reference_draws(folder, "two_moons", 1).astype(float)
    centre = np.stack([-np.abs(theta.sum(axis=1)), theta[:, 1] - theta[:, 0]], axis=1) / np.sqrt(2)
    radius = np.linalg.norm(x - centre - [0.25, 0.0], axis=1)
    assert abs(radius.mean() - 0.1) < 4 * 0.01 / np.sqrt(len(radius))


@pytest.mark.parametrize("name", WITH_REFERENCE)
def test_the_observations_could_come_from_their_true_parameters(shared, name):
    folder = shared / "benchmarks" / "sbibm"
    task = TASKS[name]()
    for number in range(1, 6):
        truth = np.loadtxt(folder / name / str(number) / "true_parameters.csv", delimiter=",", skiprows=1)
        x = simulated(task, np.repeat(truth[None], 500, axis=0), seed=number)
        score = jax.vmap(lambda one, at=truth: task.log_likelihood(jnp.asarray(at[None], jnp.float32), one)[0])
        ours, theirs = np.asarray(score(x)), float(score(observation(folder, name, number)[None])[0])
        assert (ours < theirs).mean() > 0.002, "less likely than nearly all simulations at the true parameters"
