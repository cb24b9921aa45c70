"""Neural posterior estimation of any simulator, against a conjugate Gaussian whose posterior and evidence are exact."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

from astro_sbi.inference.checkpoint import save_checkpoint
from astro_sbi.inference.npe import NPESettings, Recipe, simulate_all, train_npe
from astro_sbi.inference.npe_file import load_npe, save_npe
from astro_sbi.inference.posterior import InferenceError
from astro_sbi.inference.settings import NetworkSettings, TrainingSettings
from astro_sbi.simulators.prior import Prior

SMALL = NetworkSettings(flow="affine_coupling", conditioner="mlp", layers=2, width=16, embedding="mlp", embedding_width=16, context=4)
TRAINING = TrainingSettings(batch=32, rate=5e-3, held_out=256, patience=3, schedule="plateau", least_gain=1e-3, average=0.98)
SETTINGS = NPESettings(recipes=(Recipe(SMALL, 0.0),), ensemble=1, epochs=20, training=TRAINING)
PRIOR = Prior.of(a="normal(1, 2)", held="fixed(3)", b="normal(0, 1)")
DESIGN, SIGMA = np.array([[1.0, 0.5], [0.0, 1.0], [1.0, -1.0]]), 0.7
OBSERVED = np.array([2.0, -0.5, 2.5])


def simulate(theta, key):
    return jnp.asarray(DESIGN, jnp.float32) @ theta + SIGMA * jax.random.normal(key, (3,))


def exact() -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of the posterior."""
    precision = np.diag([0.25, 1.0]) + DESIGN.T @ DESIGN / SIGMA**2
    covariance = np.linalg.inv(precision)
    return covariance @ (np.array([0.25, 0.0]) + DESIGN.T @ OBSERVED / SIGMA**2), covariance


def log_evidence() -> float:
    covariance = DESIGN @ np.diag([4.0, 1.0]) @ DESIGN.T + SIGMA**2 * np.eye(3)
    return float(stats.multivariate_normal(DESIGN @ [1.0, 0.0], covariance).logpdf(OBSERVED))


def log_likelihood(theta: np.ndarray) -> np.ndarray:
    return stats.norm(theta @ DESIGN.T, SIGMA).logpdf(OBSERVED).sum(axis=-1)


@pytest.fixture(scope="module")
def simulations():
    theta = PRIOR.sample(6000, seed=1)
    return theta, simulate_all(simulate, theta, seed=2)


@pytest.fixture(scope="module")
def estimator(simulations):
    theta, x = simulations
    failed = x.copy()
    failed[5], failed[7, 1] = np.nan, np.inf
    return train_npe(PRIOR, theta, failed, settings=SETTINGS)


@pytest.fixture(scope="module")
def posterior(estimator):
    return estimator.posterior(OBSERVED)


@pytest.fixture(scope="module")
def corrected(posterior):
    return posterior.corrected(log_likelihood, draws=20_000, seed=4)


@pytest.mark.slow
def test_simulations_are_those_of_the_simulator(simulations):
    theta, x = simulations
    assert x.shape == (6000, 3)
    assert np.allclose(np.std(x - theta @ DESIGN.T, axis=0), SIGMA, rtol=0.05)
    assert np.array_equal(simulate_all(simulate, theta[:10], seed=2), simulate_all(simulate, theta[:10], seed=2))
    assert not np.array_equal(simulate_all(simulate, theta[:10], seed=3), simulate_all(simulate, theta[:10], seed=2))


@pytest.mark.slow
def test_mean_and_covariance_are_the_exact_ones(posterior):
    mean, covariance = exact()
    theta = posterior.sample(8000, seed=3)
    assert theta.shape == (8000, 2)
    sigma = np.sqrt(np.diag(covariance))
    assert np.all(np.abs(theta.mean(axis=0) - mean) < 0.25 * sigma)
    assert np.allclose(theta.std(axis=0), sigma, rtol=0.2)
    assert np.corrcoef(theta.T)[0, 1] == pytest.approx(covariance[0, 1] / np.prod(sigma), abs=0.2)
    assert np.array_equal(posterior.sample(100, seed=3), posterior.sample(100, seed=3))
    assert not np.array_equal(posterior.sample(100, seed=4), posterior.sample(100, seed=3))


@pytest.mark.slow
def test_density_is_near_the_exact_one_and_integrates_to_one(posterior):
    mean, covariance = exact()
    known = stats.multivariate_normal(mean, covariance)
    theta = known.rvs(2000, random_state=5)
    assert np.mean(known.logpdf(theta) - posterior.log_prob(theta)) < 0.1, "Kullback-Leibler divergence"
    sides = [np.linspace(m - 6 * s, m + 6 * s, 120) for m, s in zip(mean, np.sqrt(np.diag(covariance)), strict=True)]
    grid = np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1).reshape(-1, 2)
    cell = np.prod([side[1] - side[0] for side in sides])
    assert np.exp(posterior.log_prob(grid)).sum() * cell == pytest.approx(1.0, abs=0.01)


def test_corrected_posterior_is_the_exact_one(corrected, posterior):
    mean, covariance = exact()
    assert corrected.weight.sum() == pytest.approx(1.0)
    assert corrected.theta.shape == (20_000, 2)
    found = corrected.weight @ corrected.theta
    assert np.all(np.abs(found - mean) < 5 * np.sqrt(np.diag(covariance) / corrected.importance.ess))
    apart = corrected.theta - found
    assert np.allclose((corrected.weight * apart.T) @ apart, covariance, atol=0.05 * np.sqrt(np.outer(*[np.diag(covariance)] * 2)))
    assert corrected.importance.efficiency > 0.5
    assert corrected.importance.khat < 0.7


def test_evidence_is_exact_within_its_error(corrected):
    importance = corrected.importance
    assert importance.log_evidence_error < 0.02
    assert abs(importance.log_evidence - log_evidence()) < 4 * importance.log_evidence_error + 1e-3


def test_draws_of_equal_weight(corrected):
    mean, covariance = exact()
    theta = corrected.equal(5000, seed=1)
    assert theta.shape == (5000, 2)
    assert np.all(np.abs(theta.mean(axis=0) - mean) < 0.1 * np.sqrt(np.diag(covariance)))
    assert np.allclose(np.cov(theta.T), covariance, atol=0.1 * np.sqrt(np.outer(*[np.diag(covariance)] * 2)))
    half = theta[:2500].mean(axis=0) - theta[2500:].mean(axis=0)
    assert np.all(np.abs(half) < 0.15 * np.sqrt(np.diag(covariance))), "their order says nothing"
    assert np.array_equal(theta, corrected.equal(5000, seed=1))
    with pytest.raises(InferenceError, match="30000 draws of equal weight cannot come from 20000"):
        corrected.equal(30_000)


def test_a_likelihood_that_is_nowhere_finite_is_an_error(posterior):
    with pytest.raises(InferenceError, match="no draw explains these data"):
        posterior.corrected(lambda theta: np.full(len(theta), np.nan), draws=200)


def test_failed_simulations_are_counted(estimator):
    assert (estimator.dropped.dropped, estimator.dropped.total) == (2, 6000)
    assert estimator.losses.shape[0] == 2
    assert estimator.held_out.shape == (1,)


@pytest.mark.parametrize("x", [np.zeros(4), np.zeros((1, 3)), np.array([0.0, np.nan, 0.0])])
def test_an_observation_unlike_the_simulated_ones_is_refused(estimator, x):
    with pytest.raises(InferenceError, match=r"expected an observation of finite numbers of shape \(3,\), like those simulated"):
        estimator.posterior(x)


@pytest.mark.parametrize(
    ("theta", "x", "says"),
    [
        (np.zeros((500, 3)), np.zeros((500, 3)), r"expected parameters \[N, 2\] for a, b, got shape \(500, 3\)"),
        (np.zeros(500), np.zeros((500, 3)), r"expected parameters \[N, 2\]"),
        (np.zeros((500, 2)), np.zeros((400, 3)), r"with as many rows, got shapes \(500, 2\) and \(400, 3\)"),
        (np.zeros((50, 2)), np.zeros((50, 3)), "50 usable simulations are too few"),
    ],
)
def test_simulations_that_do_not_fit_are_refused(theta, x, says):
    with pytest.raises(InferenceError, match=says):
        train_npe(PRIOR, theta, x, settings=SETTINGS)


def test_simulations_outside_the_prior_are_refused():
    with pytest.raises(InferenceError, match="no parameter lies outside it"):
        train_npe(Prior.of(a="uniform(0, 1)"), np.linspace(-1, 1, 500)[:, None], np.zeros((500, 3)), settings=SETTINGS)


@pytest.mark.slow
def test_uniform_and_logarithmic_priors_have_densities_per_physical_unit():
    """Whatever a flow has learned, its density integrates to one over the prior and is nothing beyond."""
    prior = Prior.of(mass="uniform(2, 5)", age="loguniform(0.1, 10)")
    theta = prior.sample(2000, seed=1)
    x = np.column_stack([theta[:, 0], np.log(theta[:, 1])]) + 0.5 * np.random.default_rng(2).standard_normal((2000, 2))
    posterior = train_npe(prior, theta, x, settings=replace(SETTINGS, epochs=3)).posterior(np.array([4.9, np.log(9.0)]))
    draws = posterior.sample(5000)
    assert np.all((draws[:, 0] >= 2) & (draws[:, 0] <= 5) & (draws[:, 1] >= 0.1) & (draws[:, 1] <= 10))
    # Gauss-Legendre in mass and in the logarithm of age, whose Jacobian is the age.
    node, weight = special.roots_legendre(160)
    mass, log_age = 3.5 + 1.5 * node, np.log(10) * node
    grid = np.stack(np.meshgrid(mass, np.exp(log_age), indexing="ij"), axis=-1)
    density = np.exp(posterior.log_prob(grid.reshape(-1, 2))).reshape(160, 160)
    total = (1.5 * weight) @ (density * np.exp(log_age)) @ (np.log(10) * weight)
    assert total == pytest.approx(1.0, abs=0.02)
    beyond = np.array([[1.99, 1.0], [5.01, 1.0], [3.0, 0.099], [3.0, 10.1]])
    assert np.all(posterior.log_prob(beyond) == -np.inf)


def tokens(theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A line sampled at random places with errors, some of it missing."""
    coordinate = rng.uniform(-1, 1, (len(theta), 12))
    value = theta[:, :1] + theta[:, 1:] * coordinate + 0.3 * rng.standard_normal(coordinate.shape)
    used = rng.random(coordinate.shape) < 0.8
    return np.stack([coordinate, value * used, np.full_like(value, 0.3), np.zeros_like(value), used], axis=-1)


def grid(theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same line in two channels of a regular grid."""
    line = theta[:, :1] + theta[:, 1:] * np.linspace(-1, 1, 16)
    return np.stack([line, -line], axis=-1) + 0.3 * rng.standard_normal((len(theta), 16, 2))


@pytest.mark.slow
@pytest.mark.parametrize(("embedding", "made", "learned"), [("cnn", grid, 2), ("attention", tokens, 1)])
def test_grids_and_tokens_are_embedded(embedding, made, learned):
    """As many parameters are learned as so short a training allows: attention finds the level before the slope."""
    rng, prior = np.random.default_rng(3), Prior.of(level="normal(0, 1)", slope="normal(0, 1)")
    theta = prior.sample(3000, seed=1)
    x = made(theta, rng)
    recipe = Recipe(replace(SMALL, embedding=embedding, context=8), 0.0)
    estimator = train_npe(prior, theta, x, settings=replace(SETTINGS, recipes=(recipe,), epochs=6))
    assert estimator.shape == x.shape[1:]
    truth = np.array([[1.5, -1.0]])
    draws = estimator.posterior(made(truth, rng)[0]).sample(2000)
    assert np.all(np.abs(draws.mean(axis=0) - truth[0])[:learned] < 0.7)
    assert np.all(draws.std(axis=0)[:learned] < 0.6)


@pytest.mark.slow
def test_recipes_compete_and_the_better_one_gets_the_ensemble(simulations, tmp_path):
    theta, x = simulations
    blind = replace(SMALL, context=1, embedding_width=1, width=2, layers=1)
    settings = replace(SETTINGS, recipes=(Recipe(blind, 0.0), Recipe(SMALL, 0.0)), ensemble=3, epochs=4)
    told = []
    folder = tmp_path / "checkpoints"
    with pytest.raises(InferenceError, match=r"there is no folder .*checkpoints to keep checkpoints in: make it first"):
        train_npe(PRIOR, theta, x, settings=settings, checkpoint=folder)
    folder.mkdir()
    one = train_npe(PRIOR, theta, x, settings=settings, checkpoint=folder, on_progress=lambda *step: told.append(step))
    assert one.recipe.network == SMALL
    assert one.held_out.shape == (3,)
    assert sorted(path.name for path in folder.iterdir()) == [f"training-{number}.safetensors" for number in range(4)]
    assert {step[0] for step in told} == {"training"}
    again = train_npe(PRIOR, theta, x, settings=settings, checkpoint=folder)
    assert np.array_equal(again.posterior(OBSERVED).sample(50), one.posterior(OBSERVED).sample(50))


@pytest.mark.slow
def test_an_estimator_survives_its_file(estimator, posterior, tmp_path):
    path = tmp_path / "line.safetensors"
    save_npe(estimator, path)
    loaded = load_npe(path)
    assert loaded.prior == PRIOR
    assert (loaded.recipe, loaded.dropped, loaded.shape) == (estimator.recipe, estimator.dropped, estimator.shape)
    assert np.array_equal(loaded.losses, estimator.losses)
    assert np.array_equal(loaded.posterior(OBSERVED).sample(200, seed=3), posterior.sample(200, seed=3))
    theta = posterior.sample(200)
    assert np.array_equal(loaded.posterior(OBSERVED).log_prob(theta), posterior.log_prob(theta))


@pytest.mark.slow
def test_an_estimator_with_a_guess_survives_its_file_too(simulations, tmp_path):
    theta, x = simulations
    trained = train_npe(PRIOR, theta, x, settings=replace(SETTINGS, recipes=(Recipe(SMALL, 0.0, guess=True),), epochs=2))
    assert trained.recipe.guess
    save_npe(trained, tmp_path / "guess.safetensors")
    loaded = load_npe(tmp_path / "guess.safetensors").posterior(OBSERVED)
    posterior = trained.posterior(OBSERVED)
    draws = posterior.sample(200, seed=3)
    assert np.array_equal(loaded.sample(200, seed=3), draws)
    assert np.array_equal(loaded.log_prob(draws), posterior.log_prob(draws))
    mean, covariance = exact()
    assert np.all(np.abs(draws.mean(axis=0) - mean) < 0.5 * np.sqrt(np.diag(covariance)))


def test_a_file_that_is_none_is_answered_with_a_sentence(estimator, tmp_path):
    path = tmp_path / "line.safetensors"
    with pytest.raises(InferenceError, match="there is no file"):
        load_npe(path)
    save_npe(estimator, path)
    content = path.read_bytes()
    for wrong in (b"", b"no tensors", content[: len(content) // 2], content[:-4] + b"\x01\x02\x03\x04"):
        path.write_bytes(wrong)
        with pytest.raises(InferenceError, match="damaged"):
            load_npe(path)
    save_checkpoint(path, {"x": np.zeros(3)}, {"step": 1})
    with pytest.raises(InferenceError, match="holds no trained estimator"):
        load_npe(path)
