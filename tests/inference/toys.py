"""Small simulators whose posteriors are known."""

import numpy as np

from astro_sbi.inference.posterior import Posterior
from astro_sbi.inference.problem import Problem
from astro_sbi.observations.observation import Axis, Noise, Observation, Origin, Points
from astro_sbi.simulators.base import Parameter, Simulator
from astro_sbi.simulators.prior import Prior, normal, uniform


class Toy(Simulator):
    """What the toys share."""

    name, title, kind = "toy", "Toy", "light_curve"
    coordinate_unit, value_unit, reference, summary = "d", "", "", ""
    parameters = tuple(Parameter(name, name, name, "", name) for name in ("a", "b", "c"))

    def default_points(self) -> Points:
        size = 40
        return Points(np.linspace(-1, 1, size), np.zeros(size, np.int32), np.ones(size, bool), Noise(np.full(size, 0.3)))

    @property
    def preparation(self):
        raise NotImplementedError


class Line(Toy):
    """A parabola linear in its three Gaussian parameters: posterior and evidence are exact."""

    prior = Prior((("a", normal(0, 1)), ("b", normal(1, 2)), ("c", normal("0.5*b", 1))))

    def predict(self, theta, pattern):
        x = pattern.coordinate
        return theta["a"] + theta["b"] * x + theta["c"] * x**2


class Square(Toy):
    """Only the square of one parameter can be seen: two modes of equal mass."""

    prior = Prior((("a", uniform(-2, 2)), ("b", normal(0, 1))))

    def predict(self, theta, pattern):
        return theta["a"] ** 2 + theta["b"] * pattern.coordinate


def observed(simulator: Toy, theta: dict[str, float], seed: int, sigma: float = 0.3) -> Observation:
    """An observation made by the toy."""
    rng, points = np.random.default_rng(seed), simulator.default_points()
    points = Points(points.coordinate, points.channel, points.used, Noise(np.full(len(points), sigma)))
    value = np.asarray(simulator.predict(theta, points)) + sigma * rng.normal(size=len(points))
    return Observation("light_curve", "toy", points, value, Axis("x", "d"), Axis("y", ""), ("",), Origin("toy", "0", "toy"))


def problem(simulator: Toy, theta: dict[str, float], seed: int = 1, sigma: float = 0.3) -> Problem:
    """The problem that such an observation poses."""
    return Problem.of(simulator, simulator.prior, observed(simulator, theta, seed, sigma))


def moments(posterior: Posterior, name: str) -> tuple[float, float]:
    """Weighted mean and standard deviation."""
    value, weight = posterior.theta[name], posterior.weight
    mean = weight @ value
    return float(mean), float(np.sqrt(weight @ (value - mean) ** 2))
