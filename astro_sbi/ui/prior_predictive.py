"""What a prior predicts for an observation's own points; jax comes in only when a predictor is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy import special

from astro_sbi import simulators
from astro_sbi.figures.labels import Label
from astro_sbi.figures.prior_predictive import PriorCurves
from astro_sbi.observations.observation import Observation
from astro_sbi.simulators.base import Simulator, configured, known_values, pattern_of, scalar_known
from astro_sbi.simulators.prior import Distribution, Prior, PriorError
from astro_sbi.simulators.prior_checks import check_prior

DRAWS, CHUNK = 512, 128
#: Draws of the parameters alone, for their densities.
SHOWN, AVERAGED, POINTS = 20_000, 500, 300
#: A positive parameter with a logarithmic prior is shown on a logarithmic axis where it spans more than this factor.
_LOG_ABOVE = 10.0
NAMES, LEVELS = ("low95", "low68", "median", "high68", "high95"), (0.025, 0.16, 0.5, 0.84, 0.975)


@dataclass(frozen=True, eq=False)
class Predictor:
    """A simulator made ready to simulate an observation again under any prior.

    Args:
        simulator: for the observation's channels, its options as chosen.
        options: which of them are not at their defaults, as ``NAME=choice``.
        observation: prepared.
        known: known quantities that are single numbers.
        simulate: values before independent noise and its standard deviations [S, n] of parameters [S] and seeds [S].
    """

    simulator: Simulator
    options: tuple[str, ...]
    observation: Observation
    known: Mapping[str, float]
    simulate: Callable[[Mapping[str, np.ndarray], np.ndarray], tuple[Float[np.ndarray, "S n"], Float[np.ndarray, "S n"]]]


def make_predictor(name: str, options: Mapping[str, str], observation: Observation) -> Predictor:
    """Compile a simulator for an observation's points.

    Args:
        name: of the simulator.
        options: those that are not at their defaults.
        observation: prepared.
    """
    import jax

    simulator = configured(simulators.simulator(name), observation.channels, options)
    pattern, n = pattern_of(simulator, observation.points), len(observation)

    def both(theta: Mapping[str, jax.Array], seed: jax.Array) -> tuple[jax.Array, jax.Array]:
        return simulator.process(jax.random.key(seed), theta, pattern), simulator.noise(theta, pattern)

    program = jax.jit(jax.vmap(both))

    def simulate(theta: Mapping[str, np.ndarray], seed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        parts = []
        for start in range(0, len(seed), CHUNK):
            chunk = {name: value[start : start + CHUNK].astype(np.float32) for name, value in theta.items()}
            parts.append([np.asarray(part)[:, :n] for part in program(chunk, seed[start : start + CHUNK])])
        process, sigma = (np.concatenate(column) for column in zip(*parts, strict=True))
        return process, sigma

    chosen = tuple(f"{option}={choice}" for option, choice in sorted(options.items()))
    return Predictor(simulator, chosen, observation, scalar_known(known_values(simulator, observation.points)), simulate)


def drawn(predictor: Predictor, prior: Prior, draws: int) -> dict[str, np.ndarray]:
    """Parameters [S] drawn from a prior: the same ranks for every prior, and each parameter's as even as can be.

    Raises:
        PriorError: if a parameter leaves the range for which the simulator is made.
    """
    check_prior(predictor.simulator, prior, predictor.known)
    even = np.tile((np.arange(draws) + 0.5) / draws, (len(prior.names), 1))
    z = special.ndtri(np.random.default_rng(1).permuted(even, axis=1)).T
    free = [name in prior.free for name in prior.names]
    return {name: np.broadcast_to(value, draws) for name, value in prior.physical(z[:, free], predictor.known).items()}


def prior_curves(predictor: Predictor, name: str, yours: Prior, default: Prior) -> PriorCurves:
    """Densities of one parameter under a changed prior and the default one, the other parameters averaged over.

    Raises:
        PriorError: if a parameter leaves the range for which the simulator is made.
    """
    parameter = next(parameter for parameter in predictor.simulator.parameters if parameter.name == name)
    pair = [(dict(prior.distributions)[name], drawn(predictor, prior, SHOWN)) for prior in (yours, default)]
    ends = [np.quantile(draws[name], (0.001, 0.999)) for _, draws in pair]
    span = np.ptp(ends[0]) or np.ptp(ends[1]) or 1.0
    low, high = (
        float(np.clip(reach([ends[0][side], ends[1][side]]), ends[0][0] - span, ends[0][1] + span)) for side, reach in enumerate((min, max))
    )
    log = low > 0 and high > _LOG_ABOVE * low and any(d.kind in ("loguniform", "lognormal") for d, _ in pair)
    air = 0.04 * (high - low)
    low, high = (low / 1.1, high * 1.1) if log else (low - air, high + air)
    edges = np.array([end for d, _ in pair if not d.depends_on and d.bounded for end in d.support()])
    grid = np.geomspace(low, high, POINTS) if log else np.linspace(low, high, POINTS)
    places = np.unique(np.concatenate([grid, *(edges * (1 + side) for side in (-1e-9, 0.0, 1e-9))]))
    places = places[(places >= low) & (places <= high)]
    densities = [_density(d, places, {**predictor.known, **draws}) * (places if log else 1.0) for d, draws in pair]
    held = [float(draws[name][0]) if d.kind == "fixed" else None for d, draws in pair]
    label = Label(parameter.html, parameter.unit)
    return PriorCurves(label, places, densities[0] if held[0] is None else held[0], densities[1] if held[1] is None else None, log)


def _density(distribution: Distribution, places: Float[np.ndarray, " n"], values: Mapping[str, Any]) -> Float[np.ndarray, " n"]:
    """Density, averaged over some draws of what its bounds depend on."""
    some = {name: np.asarray(value)[:AVERAGED] if np.ndim(value) else value for name, value in values.items()}
    log_density = distribution.log_prob(places[:, None], some)
    return np.mean(np.exp(np.broadcast_to(log_density, (len(places), np.shape(log_density)[-1]))), axis=1)


def predicted_bands(predictor: Predictor, prior: Prior) -> dict[str, np.ndarray]:
    """Quantiles [n] of the model (``model/*``) and of data with noise (``predictive/*``) over draws of the prior; ``scatter`` [2] of 95 %.

    Raises:
        PriorError: if a parameter leaves the range for which the simulator is made, or hardly any simulation is finite.
    """
    theta = drawn(predictor, prior, DRAWS)
    process, sigma = predictor.simulate(theta, np.arange(DRAWS, dtype=np.uint32))
    sound = np.isfinite(process).all(axis=1) & np.isfinite(sigma).all(axis=1)
    if sound.mean() < 0.5:
        raise PriorError(f"{1 - sound.mean():.0%} of the simulations under this prior are not finite: check the priors that were changed")
    process, sigma = process[sound], sigma[sound]
    noisy = process + sigma * np.random.default_rng(2).standard_normal(process.shape, np.float32)
    arrays = {"scatter": np.quantile(np.std(noisy, axis=1), (0.025, 0.975))}
    for kind, values in (("model", process), ("predictive", noisy)):
        arrays |= {f"{kind}/{name}": band.astype(np.float32) for name, band in zip(NAMES, np.quantile(values, LEVELS, axis=0), strict=True)}
    return arrays


def share_inside(arrays: Mapping[str, np.ndarray], value: Float[np.ndarray, " n"]) -> float:
    """Share of values inside the 95 % band of what is predicted for them."""
    return float(np.mean((value >= arrays["predictive/low95"]) & (value <= arrays["predictive/high95"])))
