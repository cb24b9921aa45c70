"""Gaussian processes in time as linear stochastic differential equations, filtered point by point in O(n).

The Kalman filter gives the mean and variance of each value given those before it, whose product is the exact likelihood: the same
as a Cholesky factor of the covariance matrix gives. In single precision it is the safer of the two, for it adds what a step of time
brings instead of subtracting what earlier points told from the full variance, and a point that is not used is a point without gain.
Times must be in order. (Kelly et al. 2014, ApJ 788, 33, appendix; Jordan, Eyheramendy & Buchner 2021, arXiv:2107.10298.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from jaxtyping import Array, Bool, Float

_SERIES = 7
_SHORT = 0.5

Matrix = tuple[Any, Any, Any, Any]
Symmetric = tuple[Any, Any, Any]


class Measured(NamedTuple):
    """What a process of unit variance was measured with.

    Attributes:
        time: in order [n].
        scale: standard deviation of the process in each value.
        noise: standard deviation of the independent noise.
        used: whether the value counts.
    """

    time: Float[Array, " n"]
    scale: Float[Array, " n"]
    noise: Float[Array, " n"]
    used: Bool[Array, " n"]


def time_steps(time: Float[Array, " n"]) -> Float[Array, " n"]:
    """Time since the point before, 0 for the first."""
    import jax.numpy as jnp

    return jnp.diff(time, prepend=time[:1])


def random_walk_one_step(residual: Float[Array, " n"], measured: Measured, tau: Any) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """Mean and variance, without noise, of each residual given those before it for a damped random walk, ``k = exp(-dt/tau)``.

    The variance follows ``P = a^2 P + 1 - a^2`` with ``a = exp(-dt/tau)``: Kelly, Bechtold & Siemiginowska 2009, ApJ 698, 895,
    eqs. 7-12.
    """
    import jax
    import jax.numpy as jnp

    def step(state: Any, point: Any) -> Any:
        mean, variance = state
        dt, value, scale, noise, used = point
        mean, variance = mean * jnp.exp(-dt / tau), variance * jnp.exp(-2 * dt / tau) - jnp.expm1(-2 * dt / tau)
        expected, spread = scale * mean, scale**2 * variance
        total = spread + noise
        gain = jnp.where(used, scale * variance / total, 0.0)
        after = (mean + gain * (value - expected), variance * jnp.where(used, noise / total, 1.0))
        return after, (expected, spread)

    one = jnp.ones_like(jnp.asarray(tau) * residual[0] * measured.scale[0] * measured.noise[0])
    return jax.lax.scan(step, (0 * one, one), _points(residual, measured))[1]


def random_walk(key: Array, time: Float[Array, " n"], tau: Any) -> Float[Array, " n"]:
    """A draw of a damped random walk of unit variance."""
    import jax
    import jax.numpy as jnp

    def step(state: Any, point: Any) -> Any:
        dt, kick = point
        state = state * jnp.exp(-dt / tau) + jnp.sqrt(-jnp.expm1(-2 * dt / tau)) * kick
        return state, state

    kicks = jax.random.normal(key, time.shape, time.dtype)
    return jax.lax.scan(step, kicks[0] + 0 * jnp.asarray(tau), (time_steps(time), kicks))[1]


class Oscillator(NamedTuple):
    """A stochastically driven, damped harmonic oscillator with a quality above 1/2.

    ``x'' + omega x' / Q + omega^2 x = noise``: Foreman-Mackey et al. 2017, AJ 154, 220, section 4. Time is counted in 1/omega below.

    Attributes:
        omega: undamped angular frequency.
        damping: ``a = 1 / (2 Q)``, between 0 and 1.
        frequency: ``b = sqrt(1 - a^2)``.
        variance: of x in the stationary state.
        series: coefficients of ``integral g^2`` over t^3 for short t.
    """

    omega: Any
    damping: Any
    frequency: Any
    variance: Any
    series: tuple[Any, ...]


def oscillator(omega: Any, quality: Any, variance: Any) -> Oscillator:
    """An oscillator, with what its steps have in common computed once."""
    import jax.numpy as jnp

    a = 0.5 / quality
    # Taylor coefficients of the response g to a kick, from g'' = -2 a g' - g.
    g = [0.0 * a, 1.0 + 0.0 * a]
    for k in range(_SERIES - 1):
        g.append(-(2 * a * (k + 1) * g[k + 1] + g[k]) / ((k + 1) * (k + 2)))
    series = tuple(sum(g[i] * g[m - i] for i in range(1, m)) / (m + 1) for m in range(2, _SERIES + 2))
    return Oscillator(omega, a, jnp.sqrt((1 - a) * (1 + a)), variance, series)


def _propagated(term: Oscillator, dt: Any) -> tuple[Matrix, Symmetric]:
    """How the state (x, x'/omega) goes on over a step, and the covariance of what the step adds.

    With the response to a kick ``g = e^(-a t) sin(b t) / b`` the transition is ``[[g' + 2 a g, g], [-g, g']]`` and the covariance is
    ``4 a s^2`` times the integrals of ``g^2``, ``g g' = (g^2)'/2`` and ``g'^2``. From the equation of motion,
    ``int g'^2 = (1 - e^(-2 a t)) / (4 a) + g g' / 2`` and ``int g^2 = (1 - e^(-2 a t)) / (4 a) - g g' / 2 - a g^2``; the terms of the
    latter cancel where t is short, and it is a series there.
    """
    import jax.numpy as jnp

    a, b, t = term.damping, term.frequency, term.omega * dt
    fall = jnp.exp(-a * t)
    g, cosine = fall * jnp.sin(b * t) / b, fall * jnp.cos(b * t)
    slope = cosine - a * g
    grown = -jnp.expm1(-2 * a * t)
    short = jnp.minimum(t, _SHORT)
    total = 0.0
    for coefficient in reversed(term.series):
        total = total * short + coefficient
    position = jnp.where(t < _SHORT, 4 * a * total * short**3, grown - 2 * a * g * (slope + 2 * a * g))
    covariance = (position, 2 * a * g**2, grown + 2 * a * g * slope)
    return (cosine + a * g, g, -g, slope), tuple(term.variance * part for part in covariance)  # pyright: ignore[reportReturnType]


def _in_units(moved: tuple[Matrix, Symmetric], ratio: Any) -> tuple[Matrix, Symmetric]:
    """The same with the velocity in units of another oscillator, of which it has a ratio more."""
    (xx, xv, vx, vv), (cxx, cxv, cvv) = moved
    return (xx, xv / ratio, vx * ratio, vv), (cxx, cxv * ratio, cvv * ratio**2)


def rotation_one_step(
    residual: Float[Array, " n"], measured: Measured, slow: Oscillator, fast: Oscillator
) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """Mean and variance, without noise, of each residual given those before it for a sum of two oscillators.

    The state is (y, y', x, x') with the sum y and the second oscillator's x, so that the variance of what is measured stands by itself
    and no precise measurement cancels it.
    """
    import jax
    import jax.numpy as jnp

    def step(state: Any, point: Any) -> Any:
        (y, w, x, v), (yy, yw, ww), cross, (xx, xv, vv) = state
        (_, value, scale, noise, used), (one, grown), (two, added) = point
        apart: Matrix = tuple(b - a for a, b in zip(one, two, strict=True))  # pyright: ignore[reportAssignmentType]
        to_sum = _sum(_product(one, (yy, yw, yw, ww)), _product(apart, _turned(cross)))
        to_second = _sum(_product(one, cross), _product(apart, (xx, xv, xv, vv)))
        (yy, yw, _, ww) = _sum(_product(to_sum, _turned(one)), _product(to_second, _turned(apart)))
        yy, yw, ww = (here + a + b for here, a, b in zip((yy, yw, ww), grown, added, strict=True))
        yx, yv, wx, wv = _sum(_product(to_second, _turned(two)), (added[0], added[1], added[1], added[2]))
        xx, xv, _, vv = _product(_product(two, (xx, xv, xv, vv)), _turned(two))
        xx, xv, vv = (here + there for here, there in zip((xx, xv, vv), added, strict=True))
        y, w = one[0] * y + one[1] * w + apart[0] * x + apart[1] * v, one[2] * y + one[3] * w + apart[2] * x + apart[3] * v
        x, v = two[0] * x + two[1] * v, two[2] * x + two[3] * v
        expected, spread = scale * y, scale**2 * yy
        total = spread + noise
        kept = jnp.where(used, noise / total, 1.0)
        pull = jnp.where(used, scale * (value - expected) / total, 0.0)
        told = jnp.where(used, scale**2 / total, 0.0)
        mean = (y + yy * pull, w + yw * pull, x + yx * pull, v + yv * pull)
        first = (yy * kept, yw * kept, ww - yw**2 * told)
        second = (xx - yx**2 * told, xv - yx * yv * told, vv - yv**2 * told)
        return (mean, first, (yx * kept, yv * kept, wx - yw * yx * told, wv - yw * yv * told), second), (expected, spread)

    zero = 0.0 * (residual[0] + measured.scale[0] + measured.noise[0] + slow.variance + slow.omega + slow.damping)
    s, f, ratio, dt = slow.variance + zero, fast.variance + zero, fast.omega / slow.omega, time_steps(measured.time)
    g = ratio**2 * f
    start = ((zero,) * 4, (s + f, zero, s + g), (f, zero, zero, g), (f, zero, g))
    moved = _propagated(slow, dt), _in_units(_propagated(fast, dt), ratio)
    return jax.lax.scan(step, start, (_points(residual, measured), *moved))[1]


def oscillation(key: Array, time: Float[Array, " n"], term: Oscillator) -> Float[Array, " n"]:
    """A draw of an oscillator."""
    import jax
    import jax.numpy as jnp

    def step(state: Any, point: Any) -> Any:
        dt, (kick, other) = point
        (xx, xv, vx, vv), (cxx, cxv, cvv) = _propagated(term, dt)
        root = jnp.sqrt(jnp.maximum(cxx, 1e-30))
        lower = cxv / root
        rest = jnp.sqrt(jnp.maximum(cvv - lower**2, 0.0))
        x, v = xx * state[0] + xv * state[1] + root * kick, vx * state[0] + vv * state[1] + lower * kick + rest * other
        return (x, v), x

    start_key, key = jax.random.split(key)
    kicks = jax.random.normal(key, (len(time), 2), time.dtype)
    spread = jnp.sqrt(term.variance) + 0.0 * (term.omega + term.damping)
    start = spread * jax.random.normal(start_key, (2,), time.dtype)
    return jax.lax.scan(step, (start[0], start[1]), (time_steps(time), (kicks[:, 0], kicks[:, 1])))[1]


def _points(residual: Float[Array, " n"], measured: Measured) -> tuple[Any, ...]:
    """What a filter sees of each point; of one that is not used, nothing that could do harm."""
    import jax.numpy as jnp

    used = measured.used
    noise = jnp.where(used, measured.noise, 1.0) ** 2
    return time_steps(measured.time), jnp.where(used, residual, 0.0), measured.scale, noise, used


def _product(a: Matrix, b: Matrix) -> Matrix:
    return a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3], a[2] * b[0] + a[3] * b[2], a[2] * b[1] + a[3] * b[3]


def _turned(a: Matrix) -> Matrix:
    return a[0], a[2], a[1], a[3]


def _sum(a: Matrix, b: Matrix) -> Matrix:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]
