"""Posteriors under narrower priors from a training under a wider one."""

import numpy as np
import pytest
from scipy import stats

from astro_sbi.inference.importance import StudentMixture, UnitNormal
from astro_sbi.inference.narrower import Narrowing, Widened, draw_narrowed, is_enough
from astro_sbi.inference.problem import Problem
from astro_sbi.inference.search import PeakSearch
from astro_sbi.inference.sequential import TrainedRounds
from astro_sbi.simulators.prior import Prior
from tests.inference.test_sequential import SMALL, quiet, train
from tests.inference.toys import Line, Square, moments, problem

WIDE = Prior.of(a="uniform(-2,2)", b="uniform(0,1+a)", c="normal(0,2*scale)", d="fixed(3)")
KNOWN = {"scale": 0.5}


def narrowed(**changes: str) -> Narrowing | None:
    return Narrowing.between(WIDE, Prior.of(**{name: changes.get(name, str(d)) for name, d in WIDE.distributions}), KNOWN)


@pytest.mark.parametrize(
    ("changes", "exact"),
    [
        ({"a": "uniform(-1,2)"}, True),
        ({"a": "loguniform(0.1,2)", "c": "normal(1,3)"}, True),
        ({"c": "uniform(-9,scale)"}, True),
        ({"c": "lognormal(0,1)"}, True),
        ({"a": "uniform(-2,2.5)"}, False),
        ({"a": "normal(0,0.3)"}, True),
        ({"a": "normal(0,0.4)"}, False),
        ({"a": "fixed(1)"}, False),
        ({"b": "uniform(0,0.5)"}, False),
        ({"c": "normal(a,1)"}, False),
        ({"d": "fixed(2)"}, False),
    ],
)
def test_where_weights_lead_exactly(changes: dict[str, str], exact: bool) -> None:
    found = narrowed(**changes)
    assert (found is not None) == exact
    if found:
        assert found.changed == tuple(changes)


@pytest.fixture
def narrowing() -> Narrowing:
    found = narrowed(a="loguniform(0.1,1.5)", c="normal(0.5,0.4)")
    assert found is not None
    return found


def test_there_and_back(narrowing: Narrowing) -> None:
    z = np.random.default_rng(1).standard_normal((500, 3))
    there = narrowing.to_wide(z)
    assert narrowing.to_narrow(there) == pytest.approx(z, abs=1e-6)
    ours, theirs = narrowing.narrow.physical(z, KNOWN), WIDE.physical(there, KNOWN)
    assert all(ours[name] == pytest.approx(theirs[name], rel=1e-9, abs=1e-12) for name in WIDE.names)


@pytest.mark.slow
def test_a_density_stays_normalised_in_wide_coordinates(narrowing: Narrowing) -> None:
    rng = np.random.default_rng(2)
    student = StudentMixture(np.array([[0.3, -0.5, 0.2]]), 0.4 * np.eye(3)[None], np.ones(1))
    for density in (UnitNormal(3), student):
        widened, z = Widened(density, narrowing), rng.standard_normal((200_000, 3))
        log_weight = widened.log_prob(z) - UnitNormal(3).log_prob(z)
        assert np.exp(log_weight).mean() == pytest.approx(1.0, abs=0.05)
        own = widened.sample(rng, 1000)
        expected = density.log_prob(narrowing.to_narrow(own))
        assert np.isfinite(widened.log_prob(own)).all()
        assert narrowing.carried(own, widened.log_prob(own))[1] == pytest.approx(expected, abs=1e-5)


def test_the_prior_itself_weighs_as_the_ratio(narrowing: Narrowing) -> None:
    z = np.random.default_rng(3).standard_normal((2000, 3))
    theta = WIDE.physical(z, KNOWN)
    _, _, ratio = narrowing.carried(z, np.zeros(len(z)))
    inside = np.isfinite(ratio)
    above, below = narrowing.narrow.log_prob(theta, KNOWN), WIDE.log_prob(theta, KNOWN)
    assert np.array_equal(inside, np.isfinite(above))
    assert ratio[inside] == pytest.approx(above[inside] - below[inside])


def answered(posed: Problem, lent: TrainedRounds, changes: dict[str, str]):
    """The problem under changed priors and its posterior from the lent training."""
    narrowing = Narrowing.between(posed.prior, posed.prior.replace(dict(Prior.of(**changes).distributions)), posed.known)
    assert narrowing is not None
    under = posed.under(narrowing.narrow)
    rng = np.random.default_rng(4)
    latent = rng.standard_normal((2048, under.dimension))
    peaks = PeakSearch(under).peaks(latent, under.log_likelihood(latent), rng)
    return under, draw_narrowed(under, lent, narrowing, peaks, (8000, 1), on_progress=quiet)


@pytest.mark.slow
def test_conjugate_gaussian_under_a_narrower_prior() -> None:
    posed = problem(Line(), {"a": 0.4, "b": -0.7, "c": 1.1})
    lent = train(posed, rounds=2)
    under, posterior = answered(posed, lent, {"a": "normal(0.3,0.05)"})
    used = under.pattern.used
    x, y, sigma = under.pattern.coordinate[used], under.value[used], under.pattern.sigma[used]
    design = np.stack([np.ones_like(x), x, x**2], axis=1).astype(np.float64)
    map_z = np.array([[0.05, 0, 0], [0, 2.0, 0], [0, 1.0, 1.0]])
    mean, prior = np.array([0.3, 1.0, 0.5]), map_z @ map_z.T
    marginal = design @ prior @ design.T + np.diag(sigma.astype(np.float64) ** 2)
    gain = prior @ design.T @ np.linalg.inv(marginal)
    exact, covariance = mean + gain @ (y - design @ mean), prior - gain @ design @ prior
    for index, name in enumerate("abc"):
        found, width = moments(posterior, name)
        assert found == pytest.approx(exact[index], abs=0.06 * np.sqrt(covariance[index, index]))
        assert width == pytest.approx(np.sqrt(covariance[index, index]), rel=0.06)
    assert posterior.importance is not None
    assert posterior.importance.log_evidence == pytest.approx(stats.multivariate_normal(design @ mean, marginal).logpdf(y), abs=0.05)
    assert is_enough(posterior, lent, SMALL)
    back = under.prior.latent(posterior.theta, under.known)
    weighty = posterior.weight > 0
    assert back[weighty] == pytest.approx(posterior.latent[weighty], abs=1e-6)
    weight = np.exp(posterior.log_likelihood + posterior.log_prior - posterior.log_q)
    assert np.corrcoef(weight, posterior.weight)[0, 1] > 0.99


@pytest.mark.slow
def test_a_prior_that_cuts_off_one_of_two_modes() -> None:
    posed = problem(Square(), {"a": 1.2, "b": 0.1}, sigma=0.1)
    lent = train(posed, rounds=2)
    under, posterior = answered(posed, lent, {"a": "uniform(0,1.5)"})
    a, b = np.meshgrid(np.linspace(0, 1.5, 151), np.linspace(-0.5, 0.7, 121), indexing="ij")
    theta = {"a": a.ravel(), "b": b.ravel()}
    density = np.exp(under.log_likelihood(under.prior.latent(theta, {})) + under.prior.log_prob(theta, {}))
    exact = density @ theta["a"] / density.sum()
    assert moments(posterior, "a")[0] == pytest.approx(exact, abs=0.002)
    assert posterior.weight[posterior.theta["a"] < 0].sum() == 0.0
    assert posterior.weight @ (posterior.theta["a"] > 1.5) == 0.0
    assert is_enough(posterior, lent, SMALL)
