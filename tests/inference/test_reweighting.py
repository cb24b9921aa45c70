"""A posterior under another prior against the one that is known exactly."""

import numpy as np
import pytest
from scipy import integrate, stats

from astro_sbi.inference.posterior import InferenceError
from astro_sbi.inference.reweighting import reweighted_draws
from astro_sbi.simulators.prior import Prior

OLD = Prior.of(a="uniform(-3,3)", b="loguniform(0.1,10)", c="fixed(2)")
ERROR = 0.5


def log_likelihood(theta: dict[str, np.ndarray]) -> np.ndarray:
    """``a`` measured as 0.8, the logarithm of ``b`` as 0.3, each with an error of one half."""
    return stats.norm.logpdf(theta["a"], 0.8, ERROR) + stats.norm.logpdf(np.log(theta["b"]), 0.3, ERROR)


def drawn(prior: Prior, draws: int = 100_000) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Prior draws and their log weights."""
    theta = prior.physical(np.random.default_rng(1).standard_normal((draws, 2)), {})
    return theta, log_likelihood(theta)


def exact(prior: Prior) -> tuple[float, float]:
    """Mean of ``a`` and log evidence by quadrature."""
    a, b = dict(prior.distributions)["a"], dict(prior.distributions)["b"]
    grid_a, grid_b = np.linspace(-8, 8, 20_001), np.exp(np.linspace(-7, 7, 20_001))
    along_a = np.exp(a.log_prob(grid_a, {})) * stats.norm.pdf(grid_a, 0.8, ERROR)
    along_b = np.exp(b.log_prob(grid_b, {})) * stats.norm.pdf(np.log(grid_b), 0.3, ERROR)
    mass = integrate.trapezoid(along_a, grid_a)
    return integrate.trapezoid(grid_a * along_a, grid_a) / mass, float(np.log(mass * integrate.trapezoid(along_b, grid_b)))


@pytest.mark.parametrize(
    "changes",
    [{"a": "normal(0,0.5)"}, {"a": "uniform(-1,1)"}, {"b": "lognormal(0.5,0.4)"}, {"b": "uniform(0.5,3)"}, {"a": "uniform(0,1)"}],
)
def test_as_an_inference_under_the_new_prior(changes: dict[str, str]) -> None:
    new = Prior.of(**{name: changes.get(name, str(d)) for name, d in OLD.distributions})
    theta, log_weight = drawn(OLD)
    found = reweighted_draws(theta, log_weight, OLD, new, {}, evidence=True)
    mean, evidence = exact(new)
    assert found.weight @ theta["a"] == pytest.approx(mean, abs=0.02)
    assert found.log_evidence == pytest.approx(evidence, abs=5 * found.log_evidence_error)
    assert found.log_evidence_error < 0.03
    assert found.log_evidence_gain == pytest.approx(evidence - exact(OLD)[1], abs=0.05)
    assert found.khat < 0.7
    assert found.weight.sum() == pytest.approx(1.0)


def test_the_same_prior_changes_nothing() -> None:
    theta, log_weight = drawn(OLD)
    found = reweighted_draws(theta, log_weight, OLD, OLD, {}, evidence=False)
    assert found.log_evidence is None
    assert found.log_evidence_gain == pytest.approx(0.0, abs=1e-12)


def test_no_weight_outside_the_new_prior() -> None:
    new = OLD.replace(dict(Prior.of(a="uniform(0,1)").distributions))
    theta, log_weight = drawn(OLD)
    found = reweighted_draws(theta, log_weight, OLD, new, {}, evidence=True)
    assert found.weight[(theta["a"] < 0) | (theta["a"] > 1)].max() == 0.0


def test_refusals() -> None:
    theta, log_weight = drawn(OLD, 2000)

    def ask(**changes: str) -> None:
        reweighted_draws(theta, log_weight, OLD, OLD.replace(dict(Prior.of(**changes).distributions)), {}, evidence=True)

    with pytest.raises(InferenceError, match=r"where the old one has none \(a\)"):
        ask(a="uniform(-3,4)")
    with pytest.raises(InferenceError, match="cannot free or fix"):
        ask(c="uniform(0,1)")
    with pytest.raises(InferenceError, match="cannot move a fixed"):
        ask(c="fixed(3)")
    with pytest.raises(InferenceError, match="effective draws"):
        ask(a="normal(-1.5,0.05)")


@pytest.mark.parametrize("text", ["uniform(-1,2.5)", "loguniform(0.2,5)", "normal(0.3,0.7)", "lognormal(0.2,0.5)"])
def test_the_density_is_that_of_the_draws(text: str) -> None:
    """The change of variables: the density times the map's slope is the unit normal's density."""
    prior, z, step = Prior.of(a=text), np.linspace(-2, 2, 41), 1e-5
    here, above, below = (prior.physical_array((z + shift)[:, None])[:, 0] for shift in (0.0, step, -step))
    log_slope = np.log((above - below) / (2 * step))
    assert prior.log_prob({"a": here}, {}) + log_slope == pytest.approx(stats.norm.logpdf(z), abs=1e-6)


def test_density_that_depends_on_other_parameters() -> None:
    prior = Prior.of(a="normal(1,2)", b="uniform(0,1+2*k)", c="normal(0.5*a,b)")
    theta = {"a": np.array([0.5, 1.0]), "b": np.array([2.0, 8.0]), "c": np.array([1.0, 1.0])}
    found = prior.log_prob(theta, {"k": 3.0})
    assert found[0] == pytest.approx(stats.norm.logpdf(0.5, 1, 2) - np.log(7) + stats.norm.logpdf(1.0, 0.25, 2.0))
    assert found[1] == -np.inf
