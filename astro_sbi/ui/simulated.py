"""A simulator made ready to be moved by hand; jax comes in only when one is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from jaxtyping import Float

from astro_sbi import simulators
from astro_sbi.figures.effects import LEVELS, Effect
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
    """A simulator with an observing pattern, compiled.

    Args:
        simulator: the simulator, its options as chosen.
        options: which of its options are not at their defaults, as ``NAME=choice``.
        number: of the random observing pattern; None for the default one.
        points: the observing pattern.
        known: its known quantities that are single numbers.
        noise_free: values [n] of parameters before noise; the seed decides where the model itself is random.
        noisy: values [n] of parameters and a seed.
        noise: standard deviation of the noise [n] of parameters.
        batch: values [k, n] before noise, all by the same random numbers, and noise [k, n] of k sets of parameters.
    """

    simulator: Simulator
    options: tuple[str, ...]
    number: int | None
    points: Points
    known: Mapping[str, float]
    noise_free: Callable[[Mapping[str, float], int], Float[np.ndarray, " n"]]
    noisy: Callable[[Mapping[str, float], int], Float[np.ndarray, " n"]]
    noise: Callable[[Mapping[str, float]], Float[np.ndarray, " n"]]
    batch: Callable[[Mapping[str, np.ndarray]], tuple[Float[np.ndarray, "k n"], Float[np.ndarray, "k n"]]]

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from other explorers."""
        return (self.simulator.name, *self.options, "" if self.number is None else str(self.number))


def make_explorer(name: str, options: Mapping[str, str] | None = None, number: int | None = None) -> Explorer:
    """Compile a simulator for an observing pattern.

    Args:
        name: of the simulator.
        options: those that are not at their defaults.
        number: seed of a random observing pattern; the default one if None.
    """
    import jax

    plain = simulators.simulator(name)
    simulator = configured(plain, plain.channels, options or {})
    points = simulator.default_points() if number is None else simulator.random_points(np.random.default_rng(number))
    pattern, n = pattern_of(simulator, points), len(points)
    noise = jax.jit(lambda theta: simulator.noise(theta, pattern))
    draw = jax.jit(lambda theta, seed: simulate(simulator, jax.random.key(seed), theta, pattern))
    # The key is the one that `simulate` uses, so that the draw of a random model is the one under the noisy values.
    model = jax.jit(lambda theta, seed: simulator.process(jax.random.fold_in(jax.random.key(seed), 1), theta, pattern))
    alike = jax.random.fold_in(jax.random.key(1), 1)
    batch = jax.jit(jax.vmap(lambda theta: (simulator.process(alike, theta, pattern), simulator.noise(theta, pattern))))
    return Explorer(
        simulator=simulator,
        options=tuple(f"{option}={choice}" for option, choice in sorted((options or {}).items())),
        number=number,
        points=points,
        known=scalar_known(known_values(simulator, points)),
        noise_free=lambda theta, seed: np.asarray(model(_float32(theta), np.uint32(seed)))[:n],
        noisy=lambda theta, seed: np.asarray(draw(_float32(theta), np.uint32(seed)))[:n],
        noise=lambda theta: np.asarray(noise(_float32(theta)))[:n],
        batch=lambda theta: tuple(np.asarray(part)[:, :n] for part in batch(_float32(theta))),
    )


def _float32(theta: Mapping[str, Any]) -> dict[str, Any]:
    return {name: np.float32(value) for name, value in theta.items()}


def start(explorer: Explorer) -> dict[str, float]:
    """Parameters to begin with: the middle of the prior, or near it, or a draw where these show no signal.

    Near it what may be of either sign, as a line's flux, is one standard deviation above zero.
    """
    prior = explorer.simulator.prior
    middle = prior.physical(np.zeros(len(prior.free)), explorer.known)
    signs = np.array([float(dict(prior.distributions)[name].kind == "normal" and middle[name] == 0) for name in prior.free])
    both = prior.physical(np.stack([0 * signs, signs]), explorer.known)
    for theta in ({name: float(values[i]) for name, values in both.items()} for i in range(2)):
        if _strength(explorer, theta) > SHOWS:
            return theta
    draws = prior_draws(explorer, CANDIDATES, 1)
    candidates = [{name: float(values[i]) for name, values in draws.items()} for i in range(CANDIDATES)]
    strength = np.array([_strength(explorer, theta) for theta in candidates])
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


def effects(explorer: Explorer) -> tuple[Effect, ...]:
    """What each free parameter does, between 10 and 90 % of its prior, while the others stay where `start` has them."""
    first, simulator = start(explorer), explorer.simulator
    free = [(name, distribution) for name, distribution in simulator.prior.distributions if distribution.kind != "fixed"]
    latent = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
    values = {name: np.asarray(distribution.physical(latent, {**explorer.known, **first}, np)) for name, distribution in free}
    rows = [first | {name: float(value)} for name, _ in free for value in values[name]]
    curves, sigma = explorer.batch({name: np.array([row[name] for row in rows]) for name in first})
    folded, found = many_cycles(explorer), []
    for index, (name, _) in enumerate(free):
        part, middle = slice(3 * index, 3 * index + 3), rows[3 * index + 1]
        found.append(
            Effect(
                name=name,
                values=values[name],
                places=phase_of(explorer, middle) if folded else explorer.points.coordinate,
                curves=curves[part].astype(np.float64),
                sigma=sigma[part].astype(np.float64),
                data=explorer.noisy(middle, 1),
                channel=explorer.points.channel,
                channels=simulator.channels,
                kind=simulator.kind,
                random=simulator.random,
                folded=folded,
            )
        )
    return tuple(found)
