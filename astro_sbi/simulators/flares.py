"""Light of stellar flares: one template, and how many flares of which strength there are (jax)."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

#: Integral of the template over time, in peak amplitude times full width at half maximum: the sum of its two parts below.
TEMPLATE_AREA = 1.8270

# Davenport et al. 2014, ApJ 797, 122, eqs. 1 and 4, in full widths at half maximum from the peak: a polynomial from -1 to 0, then two
# exponentials.
_RISE = (1.0, 1.941, -0.175, -2.246, -1.125)
_DECAY = ((0.6890, 1.600), (0.3030, 0.2783))


class FlarePopulation(NamedTuple):
    """What sets number, strength and length of flares.

    Attributes:
        rate: flares a day with an equivalent duration above `REFERENCE` seconds.
        slope: alpha of ``dN/dE ~ E^-alpha``, above 1.
        width: full width at half maximum [d] of a flare of the reference's equivalent duration.
    """

    rate: Any
    slope: Any
    width: Any


#: Equivalent duration [s] at which rate and width are defined, and the least and largest that are drawn.
REFERENCE, LEAST, LARGEST = 10.0, 0.1, 1e5


def template_integral(phase: Float[Array, "*n"]) -> Float[Array, "*n"]:
    """Integral of the flare template from its begin to a phase [full widths at half maximum from the peak]."""
    early = jnp.clip(phase, -1.0, 0.0)
    late, total = jnp.maximum(phase, 0.0), jnp.zeros_like(phase)
    for power, factor in enumerate(_RISE, start=1):
        total = total + factor * (early**power - (-1.0) ** power) / power
    for height, speed in _DECAY:
        total = total - height * jnp.expm1(-speed * late) / speed
    return total


def durations(key: Array, population: FlarePopulation, span: Any, count: int) -> Float[Array, " count"]:
    """Equivalent durations [s] of the strongest flares, in falling order, 0 where there are no more.

    The k-th strongest of a Poisson process with ``N(>E) = rate span (E / E0)^(1 - alpha)`` has ``N(>E) = Gamma_k``, the k-th arrival
    time of a unit Poisson process, so that the number of flares needs no draw of its own.
    """
    arrivals = jnp.cumsum(jax.random.exponential(key, (count,)))
    expected = jnp.maximum(population.rate * span, 1e-6)
    energy = REFERENCE * (arrivals / expected) ** (-1.0 / (population.slope - 1.0))
    return jnp.where(energy >= LEAST, jnp.minimum(energy, LARGEST), 0.0)


class Cadence(NamedTuple):
    """When was looked, in order.

    Attributes:
        time: middles of the exposures [d].
        exposure: their length [d].
    """

    time: Float[Array, " n"]
    exposure: Any


def flare_light(key: Array, population: FlarePopulation, cadence: Cadence, *, count: int, window: int) -> Float[Array, " n"]:
    """Flux of a random population of flares over the quiet star's flux, averaged over each exposure.

    A flare of equivalent duration E lasts ``width (E / E0)^(1/3)`` (Maehara et al. 2015, EPS 67, 59: magnetic reconnection), with
    a scatter of 0.2 dex, and peaks at ``E / (area * width)``. It is followed for ``window`` exposures from its begin.

    Args:
        key: of the draw.
        population: rate, slope and width.
        cadence: when was looked.
        count: flares at most, the strongest of them.
        window: exposures over which a flare is followed.
    """
    energy_key, time_key, width_key = jax.random.split(key, 3)
    time, margin = cadence.time, 0.5
    begin, span = time[0] - margin, time[-1] - time[0] + margin
    energy = durations(energy_key, population, span, count)
    peak = begin + span * jax.random.uniform(time_key, (count,))
    scatter = 10 ** (0.2 * jax.random.normal(width_key, (count,)))
    width = population.width * jnp.cbrt(jnp.maximum(energy, LEAST) / REFERENCE) * scatter
    height = energy / (TEMPLATE_AREA * 86400.0 * width)
    first = jnp.searchsorted(time, peak - width - 0.5 * cadence.exposure)
    index = jnp.minimum(first[:, None] + jnp.arange(window), len(time) - 1)
    # The last exposure stands for all beyond it and must get its light once.
    fresh = first[:, None] + jnp.arange(window) < len(time)
    from_peak, half = time[index] - peak[:, None], 0.5 * jnp.maximum(cadence.exposure, 1e-4)
    ends = [template_integral((from_peak + side * half) / width[:, None]) for side in (1.0, -1.0)]
    light = height[:, None] * width[:, None] / (2 * half) * (ends[0] - ends[1])
    return jnp.zeros_like(time).at[index].add(jnp.where(fresh, light, 0.0))


_SEGMENT = 16


def quiet_level(value: Float[Array, " n"], used: Any) -> Float[Array, " n"]:
    """What the star shines outside flares: the lower quartile of each sixteen points in a row, joined by straight lines.

    Simulated and observed light curves are both measured from it.
    """
    count = len(value) // _SEGMENT
    parts = jnp.where(used, value, jnp.inf)[: count * _SEGMENT].reshape(count, _SEGMENT)
    level = jnp.sort(parts, axis=1)[:, _SEGMENT // 4]
    middle = (jnp.arange(count) + 0.5) * _SEGMENT - 0.5
    # Segments of unused points alone have no level: those beside them stand for it.
    place = jnp.where(jnp.isfinite(level), middle, jnp.inf)
    order = jnp.argsort(place)
    known = jnp.isfinite(level[order])
    last = jnp.max(jnp.where(known, jnp.arange(count), 0))
    index = jnp.minimum(order, order[last])
    return jnp.interp(jnp.arange(len(value)) * 1.0, middle[index], level[index])
