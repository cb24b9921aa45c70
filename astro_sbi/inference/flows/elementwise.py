"""Increasing maps of one variable whose parameters a conditioner gives; written for any trailing batch axes, which XLA vectorises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

_MIN_BIN = 1e-3
_MIN_SLOPE = 1e-3
_MAX_LOG_SCALE = 3.0

Pair = tuple[Float[Array, "n ..."], Float[Array, "n ..."]]


class Elementwise(Protocol):
    """A family of increasing maps of the real line; zero parameters are (nearly) the identity."""

    @property
    def size(self) -> int:
        """Parameters of one map."""
        ...

    def forward(self, parameters: Float[Array, "p n ..."], x: Float[Array, "n ..."]) -> Pair:
        """Image and log derivative there."""
        ...

    def backward(self, parameters: Float[Array, "p n ..."], y: Float[Array, "n ..."]) -> Pair:
        """Preimage and log derivative of the inverse."""
        ...


@dataclass(frozen=True)
class Affine:
    """``y = x exp(s) + t`` with ``s = 3 tanh(raw / 3)``, so that no scale can overflow."""

    @property
    def size(self) -> int:
        """Log scale and shift."""
        return 2

    def forward(self, parameters: Float[Array, "2 n ..."], x: Float[Array, "n ..."]) -> Pair:
        """Image and log derivative there."""
        log_scale = _MAX_LOG_SCALE * jnp.tanh(parameters[0] / _MAX_LOG_SCALE)
        return x * jnp.exp(log_scale) + parameters[1], log_scale

    def backward(self, parameters: Float[Array, "2 n ..."], y: Float[Array, "n ..."]) -> Pair:
        """Preimage and log derivative of the inverse."""
        log_scale = _MAX_LOG_SCALE * jnp.tanh(parameters[0] / _MAX_LOG_SCALE)
        return (y - parameters[1]) * jnp.exp(-log_scale), -log_scale


@dataclass(frozen=True)
class _Bin:
    """The bin of each variable: its lower corner (x, y), width, height and the slopes at both ends."""

    x: Array
    y: Array
    width: Array
    height: Array
    low: Array
    high: Array

    def mapped(self, inside: Float[Array, "n ..."]) -> Pair:
        """Image of the fraction ``inside`` of the bin, and log derivative (equations 4 and 5)."""
        slope, q = self.height / self.width, inside * (1 - inside)
        # Written without a difference, this is never less than half the slope, also in float32.
        divisor = slope * (1 - 2 * q) + (self.low + self.high) * q
        y = self.y + self.height * (slope * inside * inside + self.low * q) / divisor
        rise = self.high * inside * inside + 2 * slope * q + self.low * (1 - inside) ** 2
        return y, 2 * (jnp.log(slope) - jnp.log(divisor)) + jnp.log(rise)


@dataclass(frozen=True)
class RationalQuadratic:
    """Monotonic rational-quadratic spline on ``[-interval, interval]``, the identity outside.

    The bin is found by comparison and read by masked sums instead of gathers.
    The square root of the inverse cannot see a negative number.
    Source: Durkan et al. 2019 (arXiv:1906.04032), equations 4 to 8; parameters in the order of FlowJAX's spline.

    Args:
        knots: inner knots.
        interval: half width of the transformed interval.
    """

    knots: int
    interval: float = 5.0

    @property
    def size(self) -> int:
        """Widths, heights and slopes."""
        return 3 * self.knots + 4

    def forward(self, parameters: Float[Array, "p n ..."], x: Float[Array, "n ..."]) -> Pair:
        """Image and log derivative there."""
        clipped = jnp.clip(x, -self.interval, self.interval)
        found = self._bin(parameters, clipped, by_image=False)
        y, log_derivative = found.mapped(jnp.clip((clipped - found.x) / found.width, 0.0, 1.0))
        inside = jnp.abs(x) <= self.interval
        # A rounded image outside would be taken for a point of the tails on the way back.
        return jnp.where(inside, jnp.clip(y, -self.interval, self.interval), x), jnp.where(inside, log_derivative, 0.0)

    def backward(self, parameters: Float[Array, "p n ..."], y: Float[Array, "n ..."]) -> Pair:
        """Preimage and log derivative of the inverse."""
        clipped = jnp.clip(y, -self.interval, self.interval)
        found = self._bin(parameters, clipped, by_image=True)
        slope, above = found.height / found.width, clipped - found.y
        bent = above * (found.low + found.high - 2 * slope)
        a, b = found.height * (slope - found.low) + bent, found.height * found.low - bent
        root = jnp.sqrt(jnp.maximum(b * b + 4 * a * slope * above, jnp.finfo(y.dtype).tiny))
        # Of the two forms of the same root, the one that subtracts nothing; a is positive where b is negative.
        top, bottom = jnp.where(b >= 0, 2 * slope * above, root - b), jnp.where(b >= 0, b + root, 2 * a)
        fraction = jnp.clip(top / jnp.maximum(bottom, jnp.finfo(y.dtype).tiny), 0.0, 1.0)
        _, log_derivative = found.mapped(fraction)
        inside = jnp.abs(y) <= self.interval
        x = jnp.clip(found.x + fraction * found.width, -self.interval, self.interval)
        return jnp.where(inside, x, y), jnp.where(inside, -log_derivative, 0.0)

    def _bin(self, parameters: Float[Array, "p n ..."], at: Float[Array, "n ..."], *, by_image: bool) -> _Bin:
        bins = self.knots + 1
        widths, heights, slopes = _shares(parameters[:bins]), _shares(parameters[bins : 2 * bins]), parameters[2 * bins :]
        free = 2 * self.interval - _MIN_BIN * bins
        number = self._number(jax.lax.stop_gradient(heights if by_image else widths), at)
        index = jnp.arange(bins).reshape(-1, *[1] * at.ndim)
        before, here = index < number, index == number
        start = -self.interval + _MIN_BIN * number
        raw_unit_slope = float(np.log(np.expm1(1 - _MIN_SLOPE)))
        return _Bin(
            x=start + free * _sum_where(before, widths),
            y=start + free * _sum_where(before, heights),
            width=_MIN_BIN + free * _sum_where(here, widths),
            height=_MIN_BIN + free * _sum_where(here, heights),
            low=_MIN_SLOPE + jax.nn.softplus(raw_unit_slope + _sum_where(here, slopes[:-1])),
            high=_MIN_SLOPE + jax.nn.softplus(raw_unit_slope + _sum_where(here, slopes[1:])),
        )

    def _number(self, shares: Float[Array, "k n ..."], at: Float[Array, "n ..."]) -> Int[Array, "n ..."]:
        """Number of the bin."""
        free = 2 * self.interval - _MIN_BIN * (self.knots + 1)
        edge, number = jnp.full_like(at, -self.interval), jnp.zeros(at.shape, jnp.int32)
        for share in shares[:-1]:
            edge = edge + (_MIN_BIN + free * share)
            number = number + (at >= edge)
        return number


@dataclass(frozen=True)
class AffineSpline:
    """An affine map, then a rational-quadratic spline: the one finds a narrow density, the other gives it its shape.

    Args:
        knots: inner knots of the spline.
    """

    knots: int

    @property
    def size(self) -> int:
        """Log scale and shift, then widths, heights and slopes."""
        return Affine().size + RationalQuadratic(self.knots).size

    def forward(self, parameters: Float[Array, "p n ..."], x: Float[Array, "n ..."]) -> Pair:
        """Image and log derivative there."""
        moved, log_scale = Affine().forward(parameters[: Affine().size], x)
        y, log_derivative = RationalQuadratic(self.knots).forward(parameters[Affine().size :], moved)
        return y, log_scale + log_derivative

    def backward(self, parameters: Float[Array, "p n ..."], y: Float[Array, "n ..."]) -> Pair:
        """Preimage and log derivative of the inverse."""
        moved, log_derivative = RationalQuadratic(self.knots).backward(parameters[Affine().size :], y)
        x, log_scale = Affine().backward(parameters[: Affine().size], moved)
        return x, log_scale + log_derivative


def _shares(raw: Float[Array, "k n ..."]) -> Float[Array, "k n ..."]:
    """Softmax over the leading axis."""
    powers = jnp.exp(raw - jax.lax.stop_gradient(jnp.max(raw, axis=0)))
    return powers / jnp.sum(powers, axis=0)


def _sum_where(mask: Bool[Array, "k n ..."], values: Float[Array, "k n ..."]) -> Float[Array, "n ..."]:
    return jnp.sum(jnp.where(mask, values, 0.0), axis=0)
