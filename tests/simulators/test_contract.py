"""What every simulator in the registry promises."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from astropy import units as u

from astro_sbi.observations.observation import ObservationError
from astro_sbi.simulators import simulator, simulator_names, simulators
from astro_sbi.simulators.base import configured, known_values, log_likelihood, pattern_of, scalar_known, simulate
from astro_sbi.simulators.prior_checks import check_prior
from astro_sbi.simulators.registry import SimulatorError


class Case:
    """A simulator with its default pattern, ready to be mapped from latent coordinates."""

    def __init__(self, name: str) -> None:
        self.simulator = simulator(name)
        points = self.simulator.default_points()
        self.pattern = pattern_of(self.simulator, points)
        self.known = known_values(self.simulator, points)
        self.size = len(points)
        self.dimension = len(self.simulator.prior.free)
        self.predict = jax.jit(jax.vmap(self.curve))
        self.slopes = jax.jit(jax.vmap(jax.jacfwd(self.curve)))

    def theta(self, z):
        return self.simulator.prior.physical(z, scalar_known(self.known), jnp)

    def curve(self, z):
        return self.simulator.predict(self.theta(z), self.pattern)

    def draws(self) -> np.ndarray:
        return np.random.default_rng(5).standard_normal((256, self.dimension)).astype(np.float32)

    def corners(self) -> np.ndarray:
        return np.random.default_rng(6).choice([-4.0, 0.0, 4.0], size=(256, self.dimension)).astype(np.float32)


def _needs_likelihood(case: Case) -> None:
    if case.simulator.implicit:
        pytest.skip("this simulator has no likelihood")


@pytest.fixture(scope="module", params=simulator_names())
def case(request) -> Case:
    return Case(request.param)


def test_the_registry_says_what_there_is():
    assert [each.name for each in simulators()] == list(simulator_names())
    with pytest.raises(SimulatorError, match=f"there is no simulator 'pulsar'; there are {', '.join(simulator_names())}"):
        simulator("pulsar")


@pytest.mark.slow
def test_registry_parameters_and_patterns_need_no_jax():
    code = (
        "import sys; from astro_sbi.simulators import simulators\n"
        "for s in simulators(): s.default_points(), s.parameters, s.derived_parameters, s.prior, s.preparation\n"
        "print('jax' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.slow
def test_simulating_leaves_jax_in_single_precision(case):
    assert case.predict(case.draws()).dtype == jnp.float32
    assert not jax.config.jax_enable_x64


@pytest.mark.slow
def test_predictions_are_finite_out_to_the_corners_of_the_prior(case):
    for z in (case.draws(), case.corners(), 2.5 * case.draws()):
        curves = case.predict(z)
        assert curves.shape == (len(z), len(case.pattern.used))
        assert jnp.isfinite(curves).all()


@pytest.mark.slow
def test_gradients_are_finite_out_to_the_corners_of_the_prior(case):
    backward = jax.jit(jax.vmap(jax.grad(lambda z: jnp.sum(case.curve(z) ** 2))))
    for z in (case.draws(), case.corners()):
        assert jnp.isfinite(case.slopes(z)).all()
        assert jnp.isfinite(backward(z)).all()


@pytest.mark.slow
def test_the_likelihood_and_its_gradient_are_finite_in_the_prior(case):
    _needs_likelihood(case)
    value = simulate(case.simulator, jax.random.key(8), case.theta(case.draws()[0]), case.pattern)
    both = jax.jit(jax.vmap(jax.value_and_grad(lambda z: log_likelihood(case.simulator, case.theta(z), value, case.pattern))))
    height, slope = both(case.draws())
    assert jnp.isfinite(height).all()
    assert jnp.isfinite(slope).all()


def test_options_are_refused_in_a_sentence_and_taken(case):
    with pytest.raises(ObservationError, match=f"the simulator {case.simulator.name} has no model.colour"):
        configured(case.simulator, case.simulator.channels, {"colour": "red"})
    for option in case.simulator.options:
        with pytest.raises(ObservationError, match=f"model.{option.name} is "):
            configured(case.simulator, case.simulator.channels, {option.name: "perhaps"})
        for choice in option.choices:
            made = configured(case.simulator, case.simulator.channels, {option.name: choice})
            assert made.prior.names == tuple(parameter.name for parameter in made.parameters)


@pytest.mark.slow
def test_the_gradient_is_the_slope_of_the_prediction(case):
    z, step = case.draws(), 1e-2
    slopes = case.slopes(z)
    for column in range(case.dimension):
        shift = step * np.eye(case.dimension, dtype=np.float32)[column]
        secant = (case.predict(z + shift) - case.predict(z - shift)) / (2 * step)
        scale = jnp.max(jnp.abs(slopes[..., column])) + 1e-4
        assert jnp.max(jnp.abs(secant - slopes[..., column])) < 0.05 * scale


@pytest.mark.slow
def test_mapping_and_compiling_change_nothing(case):
    z = case.draws()
    one_by_one = np.stack([case.curve(row) for row in z[:2]])
    assert np.allclose(case.predict(z)[:2], one_by_one, rtol=1e-4, atol=3e-4 * np.ptp(one_by_one))


@pytest.mark.slow
def test_the_same_key_gives_the_same_draw(case):
    theta = case.theta(case.draws()[0])
    once, again, other = (simulate(case.simulator, jax.random.key(seed), theta, case.pattern) for seed in (1, 1, 2))
    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)


@pytest.mark.slow
def test_simulated_values_scatter_as_the_noise_says(case):
    _needs_likelihood(case)
    theta = case.theta(case.draws()[0])
    keys = jax.random.split(jax.random.key(3), 200)
    values = jax.jit(jax.vmap(lambda key: simulate(case.simulator, key, theta, case.pattern)))(keys)
    mean, sigma = jax.jit(jax.vmap(lambda value: case.simulator.one_step(theta, value, case.pattern)))(values)
    whitened = (values - mean) / sigma
    chi_square = jnp.sum(whitened[:, case.pattern.used] ** 2, axis=1)
    assert jnp.mean(chi_square) == pytest.approx(case.size, rel=4 * np.sqrt(2 / case.size / 200))
    assert jnp.std(chi_square) == pytest.approx(np.sqrt(2 * case.size), rel=0.25)


@pytest.mark.slow
def test_padding_does_not_count_in_the_likelihood(case):
    _needs_likelihood(case)
    theta = case.theta(case.draws()[0])
    value = np.asarray(simulate(case.simulator, jax.random.key(4), theta, case.pattern))
    assert len(value) > case.size
    spoiled = np.where(case.pattern.used, value, 1e6).astype(np.float32)
    assert log_likelihood(case.simulator, theta, spoiled, case.pattern) == log_likelihood(case.simulator, theta, value, case.pattern)


def test_derived_quantities_are_named_finite_and_in_double_precision(case):
    known = scalar_known(case.known)
    theta = case.simulator.prior.physical(np.concatenate([case.draws(), case.corners()]).astype(np.float64), known)
    derived = case.simulator.derived(theta, case.known)
    assert list(derived) == [parameter.name for parameter in case.simulator.derived_parameters]
    for name, value in derived.items():
        assert value.dtype == np.float64, name
        assert value.shape == theta[case.simulator.parameters[0].name].shape, name
        assert np.isfinite(value).all(), name


@pytest.mark.slow
def test_the_null_model_keeps_every_parameter_and_has_no_signal(case):
    theta = {name: np.asarray(value) for name, value in case.theta(case.draws()).items()}
    null = case.simulator.null(theta)
    if null is None:
        pytest.skip("this simulator compares no model without a signal")
    assert set(null) == set(theta)
    assert any(np.all(null[name] == 0) and np.any(theta[name] != 0) for name in theta)


def test_parameters_prior_and_units_belong_together(case):
    simulator = case.simulator
    names = [parameter.name for parameter in simulator.parameters]
    assert tuple(names) == simulator.prior.names
    everything = (*simulator.parameters, *simulator.derived_parameters)
    assert len({parameter.name for parameter in everything}) == len(everything)
    for parameter in (*everything, *simulator.known):
        u.Unit(parameter.unit)
        assert parameter.meaning
    for parameter in everything:
        assert parameter.latex
        assert parameter.html
        assert "$" not in parameter.latex + parameter.html
    u.Unit(simulator.coordinate_unit), u.Unit(simulator.value_unit)
    assert simulator.title
    assert simulator.reference
    assert simulator.caveats
    assert simulator.summary.endswith(".")
    assert set(simulator.default_points().known) == {quantity.name for quantity in simulator.known}
    check_prior(simulator, simulator.prior, scalar_known(case.known))


def test_the_preparation_is_for_its_kind_of_observation(case):
    assert case.simulator.kind in case.simulator.preparation.kinds
