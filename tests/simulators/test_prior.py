"""Priors: unit normals to parameters and back, in text and in both array libraries."""

import numpy as np
import pytest

from astro_sbi.simulators.prior import Linear, Prior, PriorError, fixed, loguniform, normal, parse_distribution, uniform

KNOWN = {"scale": 3.0}
PRIOR = Prior(
    (
        ("ratio", loguniform(0.01, 0.25)),
        ("impact", uniform(0.0, "1+ratio")),
        ("held", fixed("0.5*scale")),
        ("flux", normal("impact-1", "2*scale")),
        ("width", uniform("-1*scale", "scale")),
    )
)


def latent(count: int = 2000) -> np.ndarray:
    return np.random.default_rng(1).standard_normal((count, len(PRIOR.free)))


def test_latent_to_physical_and_back():
    z = latent()
    theta = PRIOR.physical(z, KNOWN)
    assert set(theta) == set(PRIOR.names)
    assert np.allclose(PRIOR.latent(theta, KNOWN), z, atol=1e-6)


def test_no_draw_leaves_the_prior_and_bounds_follow_earlier_parameters():
    theta = PRIOR.physical(6 * latent(), KNOWN)
    assert np.all((theta["ratio"] >= 0.01 - 1e-15) & (theta["ratio"] <= 0.25 + 1e-15))
    assert np.all((theta["impact"] >= 0) & (theta["impact"] <= 1 + theta["ratio"]))
    assert (theta["impact"] > 1).any()
    assert np.all(theta["held"] == 1.5)
    assert PRIOR.free == ("ratio", "impact", "flux", "width")


def test_draws_have_the_distributions_they_are_named_after():
    theta = PRIOR.physical(np.random.default_rng(2).standard_normal((40_000, 4)), KNOWN)
    levels = np.array([0.1, 0.5, 0.9])
    assert np.allclose(np.quantile(np.log(theta["ratio"] / 0.01) / np.log(25), levels), levels, atol=0.01)
    assert np.allclose(np.quantile(theta["impact"] / (1 + theta["ratio"]), levels), levels, atol=0.01)
    assert np.std(theta["flux"] - theta["impact"] + 1) == pytest.approx(6.0, rel=0.02)


@pytest.mark.slow
def test_numpy_equals_jax():
    import jax.numpy as jnp

    z = latent(200).astype(np.float32)
    numpy, jax = PRIOR.physical(z.astype(np.float64), KNOWN), PRIOR.physical(jnp.asarray(z), KNOWN, jnp)
    for name in PRIOR.names:
        assert np.allclose(numpy[name], jax[name], rtol=2e-5, atol=1e-6), name


@pytest.mark.parametrize(
    "text",
    [
        "uniform(0.05,0.12)",
        "loguniform(1e-05,0.01)",
        "normal(-2.5,3)",
        "fixed(2454957.35812345)",
        "uniform(-1*scale,1+0.5*ratio)",
        "normal(0.1+2*ratio-3*scale,0.123456789012345)",
    ],
)
def test_text_survives_reading_and_writing(text):
    assert str(parse_distribution(text)) == text
    assert parse_distribution(str(parse_distribution(text))) == parse_distribution(text)


def test_every_float_survives_in_text():
    numbers = np.random.default_rng(3).standard_normal(300) * 10.0 ** np.arange(-150, 150)
    for number in numbers.tolist():
        assert Linear.parse(str(Linear(number))) == Linear(number)


def test_a_bound_may_name_things():
    assert Linear.parse(" 1 + 0.5*ratio - scale ").at({"ratio": 2.0, "scale": 3.0}) == -1.0
    assert uniform(0, "1+ratio").depends_on == {"ratio"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("uniform(1,2", "is not a prior"),
        ("gamma(1,2)", "is not a prior"),
        ("uniform(1)", "two numbers"),
        ("fixed(1,2)", "one number"),
        ("uniform(2,1)", "below its upper"),
        ("loguniform(0,1)", "positive lower bound"),
        ("normal(0,0)", "positive sigma"),
        ("uniform(0,)", "a bound is missing"),
        ("uniform(0,2*)", "needs a *"),
        ("uniform(0,2 ratio)", "needs a *"),
        ("uniform(0,1 ratio+)", "needs a *"),
        ("uniform(0,ratio*2)", "is not a number"),
        ("uniform(0,1+)", "is not a number"),
        ("uniform(0,1 2)", "is not a number"),
        ("uniform(0,1e999)", "too large"),
        ("uniform(__import__('os'),1)", "is not a prior"),
    ],
)
def test_malformed_text_is_answered_with_a_sentence(text, says):
    with pytest.raises(PriorError, match=says.replace("*", r"\*")):
        parse_distribution(text)


def test_an_unknown_name_is_named():
    prior = Prior((("a", uniform(0, "b")),))
    with pytest.raises(PriorError, match="depends on b"):
        prior.physical(np.zeros((1, 1)), {})


def test_dependence_on_a_later_parameter_is_refused():
    with pytest.raises(PriorError, match="not drawn before"):
        Prior((("a", uniform(0, "b")), ("b", uniform(0, 1))))
    with pytest.raises(PriorError, match="not drawn before"):
        Prior((("a", uniform(0, "a")),))


def test_replacing_keeps_the_order_and_refuses_strangers():
    changed = PRIOR.replace({"impact": fixed(0.5)})
    assert changed.names == PRIOR.names
    assert changed.free == ("ratio", "flux", "width")
    with pytest.raises(PriorError, match="there is no parameter stranger; there are ratio"):
        PRIOR.replace({"stranger": fixed(1)})


ARRAYS = Prior.of(
    mass="loguniform(0.1,10)", held="fixed(2)", radius="uniform(0,1+0.5*held)", noise="lognormal(-1,0.5)", shift="normal(1,3)"
)


def test_a_prior_is_written_as_keywords():
    assert ARRAYS.names == ("mass", "held", "radius", "noise", "shift")
    assert ARRAYS.free == ("mass", "radius", "noise", "shift")
    assert Prior.of(a=uniform(0, 1), b="normal(0,1)") == Prior((("a", uniform(0, 1)), ("b", normal(0, 1))))
    with pytest.raises(PriorError, match="is not a prior"):
        Prior.of(a="uniform")


def test_arrays_to_latent_and_back():
    z = np.random.default_rng(4).standard_normal((500, 4))
    theta = ARRAYS.physical_array(z)
    assert theta.shape == (500, 4)
    assert np.allclose(ARRAYS.latent_array(theta), z, atol=1e-6)
    assert np.all((theta[:, 1] >= 0) & (theta[:, 1] <= 2))
    assert np.array_equal(ARRAYS.sample(7, seed=1), ARRAYS.sample(7, seed=1))
    assert not np.array_equal(ARRAYS.sample(7, seed=1), ARRAYS.sample(7, seed=2))


def test_densities_are_those_of_scipy():
    from scipy import stats

    theta = ARRAYS.sample(300, seed=3)
    expected = (
        stats.loguniform(0.1, 10).logpdf(theta[:, 0])
        + stats.uniform(0, 2).logpdf(theta[:, 1])
        + stats.lognorm(0.5, scale=np.exp(-1)).logpdf(theta[:, 2])
        + stats.norm(1, 3).logpdf(theta[:, 3])
    )
    assert np.allclose(ARRAYS.log_prob_array(theta), expected)
    beyond = np.array([[0.09, 1, 1, 1], [10.1, 1, 1, 1], [1, -0.1, 1, 1], [1, 2.1, 1, 1], [1, 1, -1.0, 1], [1, 1, 0.0, 1]])
    assert np.all(ARRAYS.log_prob_array(beyond) == -np.inf)


def test_lognormal_is_normal_in_the_logarithm():
    theta = Prior.of(a="lognormal(2,0.25)").sample(50_000, seed=1)[:, 0]
    assert np.mean(np.log(theta)) == pytest.approx(2, abs=0.01)
    assert np.std(np.log(theta)) == pytest.approx(0.25, rel=0.02)
    assert str(parse_distribution("lognormal(2,0.25)")) == "lognormal(2,0.25)"
    with pytest.raises(PriorError, match="positive sigma"):
        parse_distribution("lognormal(2,0)")
