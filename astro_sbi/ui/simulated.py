"""A simulator made ready to be moved by hand; jax comes in only when one is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from astro_sbi import simulators
from astro_sbi.observations.observation import Points
from astro_sbi.simulators.base import Simulator, configured, known_values, pattern_of, scalar_known, simulate
from astro_sbi.simulators.prior import Distribution

RANGE_DRAWS = 4096
TAILS = (0.002, 0.998)
STEPS = 200
CANDIDATES = 48
SHOWS = 1.0
MANY_CYCLES = 12


@dataclass(frozen=True, eq=False)
class Explorer:
    """A simulator with its default observing pattern, compiled.

    Args:
        simulator: the simulator, its options as chosen.
        options: which of its options are not at their defaults, as ``NAME=choice``.
        points: its default observing pattern.
        known: its known quantities that are single numbers.
        noise_free: values [n] of parameters before noise; the seed decides where the model itself is random.
        noisy: values [n] of parameters and a seed.
        noise: standard deviation of the noise [n] of parameters.
    """

    simulator: Simulator
    options: tuple[str, ...]
    points: Points
    known: Mapping[str, float]
    noise_free: Callable[[Mapping[str, float], int], Float[np.ndarray, " n"]]
    noisy: Callable[[Mapping[str, float], int], Float[np.ndarray, " n"]]
    noise: Callable[[Mapping[str, float]], Float[np.ndarray, " n"]]


def make_explorer(name: str, options: Mapping[str, str] | None = None) -> Explorer:
    """Compile a simulator for its default observing pattern.

    Args:
        name: of the simulator.
        options: those that are not at their defaults.
    """
    import jax

    plain = simulators.simulator(name)
    simulator = configured(plain, plain.channels, options or {})
    points = simulator.default_points()
    pattern, n = pattern_of(simulator, points), len(points)
    noise = jax.jit(lambda theta: simulator.noise(theta, pattern))
    draw = jax.jit(lambda theta, seed: simulate(simulator, jax.random.key(seed), theta, pattern))
    # The key is the one that `simulate` uses, so that the draw of a random model is the one under the noisy values.
    model = jax.jit(lambda theta, seed: simulator.process(jax.random.fold_in(jax.random.key(seed), 1), theta, pattern))
    return Explorer(
        simulator=simulator,
        options=tuple(f"{option}={choice}" for option, choice in sorted((options or {}).items())),
        points=points,
        known=scalar_known(known_values(simulator, points)),
        noise_free=lambda theta, seed: np.asarray(model(_float32(theta), np.uint32(seed)))[:n],
        noisy=lambda theta, seed: np.asarray(draw(_float32(theta), np.uint32(seed)))[:n],
        noise=lambda theta: np.asarray(noise(_float32(theta)))[:n],
    )


def _float32(theta: Mapping[str, float]) -> dict[str, np.float32]:
    return {name: np.float32(value) for name, value in theta.items()}


def start(explorer: Explorer) -> dict[str, float]:
    """Parameters to begin with: the middle of the prior, or a draw from it where the middle shows no signal."""
    prior = explorer.simulator.prior
    middle = prior.physical(np.zeros(len(prior.free)), explorer.known)
    draws = prior_draws(explorer, CANDIDATES, 1)
    candidates = [{name: float(value) for name, value in middle.items()}]
    candidates += [{name: float(values[i]) for name, values in draws.items()} for i in range(CANDIDATES)]
    strength = np.array([_strength(explorer, theta) for theta in candidates])
    if strength[0] > SHOWS:
        return candidates[0]
    return candidates[int(np.argsort(strength)[len(candidates) * 3 // 4])]


def _strength(explorer: Explorer, theta: Mapping[str, float]) -> float:
    """Scatter of the noise-free values over the noise."""
    values, sigma = explorer.noise_free(theta, 1), explorer.noise(theta)
    return float(np.std(values) / np.median(sigma))


def prior_draws(explorer: Explorer, n: int, seed: int) -> dict[str, np.ndarray]:
    """Parameters [n] drawn from the simulator's prior."""
    prior = explorer.simulator.prior
    z = np.random.default_rng(seed).standard_normal((n, len(prior.free)))
    return prior.physical(z, explorer.known)


def period_of(explorer: Explorer, theta: Mapping[str, float]) -> float | None:
    """The period to fold by, in the unit of the coordinate; None where the model has none."""
    simulator = explorer.simulator
    if not simulator.period:
        return None
    if simulator.period in theta:
        return theta[simulator.period]
    draws = {name: np.array([value]) for name, value in theta.items()}
    found = simulator.derived(draws, known_values(simulator, explorer.points)).get(simulator.period)
    return None if found is None else float(found[0])


def many_cycles(explorer: Explorer) -> bool:
    """Whether the pattern spans so many periods that the model is seen only folded."""
    period = period_of(explorer, start(explorer))
    return period is not None and period > 0 and np.ptp(explorer.points.coordinate) > MANY_CYCLES * period


def phase_of(explorer: Explorer, theta: Mapping[str, float]) -> Float[np.ndarray, " n"]:
    """Phase of each point from -0.5 to 0.5, 0 where the coordinate is 0."""
    period = period_of(explorer, theta)
    return (explorer.points.coordinate / (period or np.inf) + 0.5) % 1.0 - 0.5


def ranges(explorer: Explorer) -> dict[str, tuple[float, float, float]]:
    """Lowest, first and highest value that a slider offers for each parameter: the prior, its far tails cut."""
    draws, first = prior_draws(explorer, RANGE_DRAWS, 0), start(explorer)
    found = {}
    for name, distribution in explorer.simulator.prior.distributions:
        low, high = np.quantile(draws[name], TAILS)
        edges = _constant_edges(distribution)
        found[name] = (
            edges[0] if edges else float(low),
            min(max(first[name], float(low)), float(high)),
            edges[1] if edges else float(high),
        )
    return found


def _constant_edges(distribution: Distribution) -> tuple[float, float] | None:
    if not distribution.bounded or distribution.depends_on:
        return None
    return distribution.first.constant, distribution.second.constant


def grid(low: float, first: float, high: float, *, logarithmic: bool) -> list[float]:
    """The values a slider stops at, few enough digits to read, the first one among them."""
    values = np.geomspace(low, high, STEPS + 1) if logarithmic else np.linspace(low, high, STEPS + 1)
    step = float(np.min(np.diff(values)))
    values = values[np.abs(values - first) > 0.5 * step]
    decimals = max(0, 1 - int(np.floor(np.log10(step)))) if step > 0 else 6
    return sorted({round(float(value), decimals) for value in (*values, first)})


def outside_prior(explorer: Explorer, theta: Mapping[str, float]) -> list[str]:
    """Parameters that the prior cannot draw, given the others."""
    values = {**explorer.known, **theta}
    outside = []
    for name, distribution in explorer.simulator.prior.distributions:
        if distribution.bounded:
            slack = 1e-9 + 1e-6 * abs(theta[name])
            if not distribution.first.at(values) - slack <= theta[name] <= distribution.second.at(values) + slack:
                outside.append(name)
    return outside
