"""Simulators that users bring: from a file, from a package, of jax or of NumPy, with a likelihood or without."""

from __future__ import annotations

import os
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from astropy import units as u

from astro_sbi.simulators import registry, simulator, simulator_names
from astro_sbi.simulators.base import configured, known_values, log_likelihood, pattern_of, scalar_known, simulate
from astro_sbi.simulators.numpy_processes import Processes
from astro_sbi.simulators.own import Axis, KnownQuantity, OwnSimulator, SimulatorError, parameter
from tests.own_file import FILE

X = np.linspace(0.5, 20.0, 40)


def speed_of(library):
    return lambda radius, far, core: far * library.sqrt(1 - core / radius * library.arctan(radius / core))


def disc(**changes) -> OwnSimulator:
    told = {
        "name": "disc",
        "x": Axis("Radius", "kpc"),
        "y": Axis("Speed", "km / s"),
        "parameters": [parameter("far", "km / s", "speed far out"), parameter("core", "kpc")],
        "priors": {"far": "uniform(50, 400)", "core": "loguniform(0.1, 20)"},
        "model": speed_of(np),
        "numpy": True,
        "example_x": X,
        "example_error": 5.0,
    }
    return OwnSimulator(**(told | changes))


def test_a_file_adds_its_simulator_to_those_of_the_package(brought: Path):
    assert simulator_names() == (*registry.built_in_names(), "disc_of_file")
    assert simulator("disc_of_file").title == "Disc of file"
    assert registry.brought().problems == ()


def test_what_a_file_holds_decides_its_identity(brought: Path):
    before = registry.identity_of("disc_of_file"), registry.state_of_sources("disc_of_file")
    brought.write_text(brought.read_text().replace("50, 400", "60, 400"))
    assert str(dict(simulator("disc_of_file").prior.distributions)["far"]) == "uniform(60,400)"
    assert registry.identity_of("disc_of_file") != before[0]
    assert registry.state_of_sources("disc_of_file") != before[1]
    assert [path.name for path in brought.parent.iterdir()] == ["my_disc.py"]
    assert registry.identity_of("transit") == registry.state_of_sources("transit") == ""


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("1 / 0", "the file my_disc.py cannot be loaded as Python: ZeroDivisionError: division by zero"),
        ("def (", "the file my_disc.py cannot be loaded as Python: SyntaxError"),
        ("x = 1", r"the file my_disc.py has no simulator: make one with OwnSimulator\(...\) at its top level"),
        (FILE.format(name="transit"), "the simulator transit of the file my_disc.py has the name of one of the package itself"),
        (FILE.format(name="My disc"), "a simulator of the file my_disc.py cannot be used: its name is 'My disc'; use small letters"),
        (FILE.format(name="disc").replace('"km / s"', '"kmps"'), "'kmps', the unit of far, is not understood; write it as astropy does"),
        (FILE.format(name="disc").replace('"core": "log', '"cor": "log'), "its parameters are far, core and its priors are of far, cor"),
        (FILE.format(name="disc").replace("50, 400", "400, 50"), r"PriorError: 'uniform\(400, 50\)' needs its lower bound below"),
        (FILE.format(name="disc") + 'x = OwnSimulator(**{"name": "y"})', "TypeError: OwnSimulator.__init__"),
    ],
)
def test_a_file_that_is_wrong_is_said_and_leaves_the_others_alone(brought: Path, content: str, sentence: str):
    brought.write_text(content)
    assert simulator_names() == registry.built_in_names()
    with pytest.raises(SimulatorError, match=sentence):
        simulator("disc")


def test_a_missing_file_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(registry.FILES, "/nowhere/disc.py")
    with pytest.raises(SimulatorError, match=r"there is no file /nowhere/disc\.py with a simulator: check --simulator or ASTRO_SBI_SIM"):
        simulator("disc")


@pytest.mark.slow
def test_models_of_numpy_and_of_jax_agree_in_values_likelihood_and_slopes():
    def gentle(x, far, core):
        return far * x / (x + core)

    of_numpy, of_jax = disc(model=gentle), disc(model=gentle, numpy=False)
    points = of_numpy.default_points()
    pattern = pattern_of(of_numpy, points)
    z = np.random.default_rng(1).standard_normal((16, 2)).astype(np.float32)
    value = np.asarray(of_jax.predict({"far": 220.0, "core": 2.0}, pattern)) + 3

    def curve(one: OwnSimulator, z):
        return one.predict(one.prior.physical(z, {}, jnp), pattern)

    def height(one: OwnSimulator, z):
        return log_likelihood(one, one.prior.physical(z, {}, jnp), value, pattern)

    curves, slopes, heights, gradients = (
        [np.asarray(jax.jit(jax.vmap(made(one)))(z)) for one in (of_numpy, of_jax)]
        for made in (
            lambda one: lambda z: curve(one, z),
            lambda one: jax.jacfwd(lambda z: curve(one, z)),
            lambda one: lambda z: height(one, z),
            lambda one: jax.grad(lambda z: height(one, z)),
        )
    )
    assert np.allclose(*curves, rtol=1e-5)
    print(
        [np.abs(a - b).max() for a, b in (curves, slopes, heights, gradients)],
        [np.abs(b).max() for a, b in (curves, slopes, heights, gradients)],
    )
    assert np.allclose(*slopes, atol=1e-3 * np.abs(slopes[1]).max())
    assert np.allclose(*heights, rtol=1e-4)
    assert np.allclose(*gradients, rtol=2e-3, atol=1e-2 * np.abs(gradients[1]).max())


def test_a_model_of_numpy_does_not_see_the_padding():
    seen = []

    def model(x, far, core):
        seen.append(len(x))
        return far + 0 * x

    one = disc(model=model)
    pattern = pattern_of(one, one.default_points())
    assert len(pattern.used) > len(X)
    assert np.allclose(one.predict({"far": 2.0, "core": 1.0}, pattern), 2.0)
    assert set(seen) == {len(X)}


def test_a_simulation_that_fails_is_not_a_number():
    def model(x, far, core):
        if far > 100:
            raise RuntimeError("no")
        return far + 0 * x

    one = disc(model=model)
    pattern = pattern_of(one, one.default_points())
    curves = jax.vmap(lambda far: one.predict({"far": far, "core": 1.0}, pattern))(np.array([90.0, 110.0], np.float32))
    assert np.isfinite(curves[0]).all()
    assert np.isnan(curves[1]).all()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"model": lambda x, far, core: 1 / 0}, "the model of disc fails at far=225, core=1.414: ZeroDivisionError: division by zero"),
        ({"model": lambda x, far: x}, "TypeError: .*unexpected keyword argument 'core'"),
        ({"model": lambda x, far, core: x[:3]}, r"returned values of shape \(3,\) for 40 values of x"),
        ({"model": lambda x, far, core: x * np.nan}, "has 40 of 40 values that are not finite at far=225, core=1.414"),
        (
            {"model": speed_of(np), "numpy": False},
            "not made of jax.numpy alone, .* write it so, or say numpy=True",
        ),
        ({"model": lambda x, far, core: x[:3], "numpy": False}, r"returned values of shape \(3,\) for 40 values of x"),
    ],
)
def test_a_model_that_fails_is_said_before_anything_is_trained(changes, sentence):
    one = disc(**changes)
    with pytest.raises(SimulatorError, match=sentence):
        one.check_model(one.default_points(), {"far": 225.0, "core": np.sqrt(2.0)}, {})


def test_several_series_are_refused():
    with pytest.raises(SimulatorError, match=r"explains one series and the observation has 2 \(g, r\)"):
        configured(disc(), ("g", "r"), {})


def test_jitter_known_and_derived_quantities():
    one = disc(
        parameters=[parameter("far", "km / s"), parameter("core", "kpc"), parameter("extra", "km / s")],
        priors={"far": "uniform(50, 400)", "core": "loguniform(0.1, 20)", "extra": "loguniform(0.1, 30)"},
        model=lambda x, far, core, tilt: far * tilt + 0 * x,
        jitter="extra",
        known=[KnownQuantity("tilt", "", "sine of the inclination", 0.5)],
        derived_parameters=[parameter("mass", "1e9 solMass")],
        derive=lambda far, core, extra: {"mass": far**2 * core},
    )
    points = one.default_points()
    pattern = pattern_of(one, points)
    theta = {"far": 200.0, "core": 2.0, "extra": 12.0}
    assert one.arguments == ("far", "core", "tilt")
    assert np.allclose(one.predict(theta, pattern), 100.0)
    assert np.allclose(one.noise(theta, pattern), 13.0)
    assert one.derived({name: np.array([value]) for name, value in theta.items()}, known_values(one, points))["mass"] == [80_000.0]
    assert points.known == {"tilt": 0.5 * u.one}
    with pytest.raises(SimulatorError, match="the known quantity tilt has no default"):
        disc(known=[KnownQuantity("tilt", "", "")])
    with pytest.raises(SimulatorError, match="its jitter is to be the parameter noise, which has no prior"):
        disc(jitter="noise")


@pytest.mark.slow
@pytest.mark.parametrize("numpy", [True, False])
def test_an_implicit_model_draws_with_its_key_and_is_seen_through_summaries(numpy: bool):
    def of_numpy(random, x, far, core):
        return far + core * random.standard_normal(len(x))

    def of_jax(key, x, far, core):
        return far + core * jax.random.normal(key, x.shape)

    one = disc(
        model=of_numpy if numpy else of_jax,
        numpy=numpy,
        implicit=True,
        summary_statistics=lambda x, y, error: jnp.stack([jnp.mean(y), jnp.std(y)]),
    )
    pattern = pattern_of(one, one.default_points())
    draw = jax.jit(jax.vmap(lambda key: simulate(one, key, {"far": 100.0, "core": 20.0}, pattern)))
    drawn, again = draw(jax.random.split(jax.random.key(1), 400)), draw(jax.random.split(jax.random.key(1), 400))
    assert one.random
    assert np.array_equal(drawn, again)
    assert np.std(np.asarray(drawn)[:, : len(X)]) == pytest.approx(np.hypot(20.0, 5.0), rel=0.05)
    assert one.summaries(drawn[0], pattern).shape == (2,)
    one.check_model(one.default_points(), {"far": 100.0, "core": 20.0}, scalar_known({}))


@pytest.mark.slow
def test_processes_give_what_this_process_gives(brought: Path):
    one, rows = simulator("disc_of_file"), np.random.default_rng(2).uniform([60, 0.2], [300, 5.0], (100, 2))
    processes = Processes("disc_of_file", registry.identity_of("disc_of_file"), 2)
    found = processes.evaluated(X, rows, np.zeros(100, np.int64))
    assert np.allclose(found, [one.model(X, *row) for row in rows])
    processes.close()


@pytest.mark.slow
def test_a_process_that_ends_is_said(brought: Path):
    brought.write_text(FILE.format(name="disc_of_file").replace("return far", "import os; os._exit(3)\n    return far"))
    processes = Processes("disc_of_file", registry.identity_of("disc_of_file"), 1)
    with pytest.raises(SimulatorError, match="a process that ran the model of disc_of_file ended before its time"):
        processes.evaluated(X, np.ones((4, 2)), np.zeros(4, np.int64))


def test_nothing_is_read_from_a_path_that_the_environment_does_not_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "disc.py").write_text(FILE.format(name="disc"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(registry.FILES, raising=False)
    assert "disc" not in simulator_names()
    assert registry.FILES not in os.environ
