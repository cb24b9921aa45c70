"""Priors of one parameter: maps from a unit normal, with bounds that may depend on what was drawn before."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

if TYPE_CHECKING:
    pass

Values = Mapping[str, Any]

_CALL = re.compile(r"^\s*(uniform|loguniform|normal|lognormal|fixed)\s*\(([^()]*)\)\s*$")
_FORMS = "uniform(low,high), loguniform(low,high), normal(mean,sigma), lognormal(mean,sigma) or fixed(value)"
_TERM = re.compile(r"\s*([+-]?)\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)\s*(\*?)\s*)?([a-z_][a-z0-9_]*)?\s*")


class PriorError(ValueError):
    """A prior that makes no sense; the message is the sentence a user reads."""


def ndtr_of(z: Any, xp: Any) -> Any:
    """Cumulative distribution of the unit normal in the array library of ``z``."""
    if xp is np:
        return special.ndtr(z)
    from jax.scipy.special import ndtr

    return ndtr(z)


def _shortest(number: float) -> str:
    """The shortest text that reads back as the same number."""
    return f"{number:g}" if float(f"{number:g}") == number else repr(float(number))


@dataclass(frozen=True)
class Linear:
    """A bound ``constant + sum(coefficient * value[name])`` of earlier parameters and known quantities."""

    constant: float
    terms: tuple[tuple[str, float], ...] = ()

    def at(self, values: Values) -> Any:
        """The bound's value, given the values it names."""
        unknown = [name for name, _ in self.terms if name not in values]
        if unknown:
            raise PriorError(
                f"a prior depends on {unknown[0]}, which is neither an earlier parameter nor known; known are {', '.join(values)}"
            )
        return self.constant + sum(coefficient * values[name] for name, coefficient in self.terms)

    def __str__(self) -> str:
        parts = [_shortest(self.constant)] if self.constant or not self.terms else []
        parts += [name if coefficient == 1 else f"{_shortest(coefficient)}*{name}" for name, coefficient in self.terms]
        return "+".join(parts).replace("+-", "-")

    def given(self, values: Values) -> Linear:
        """The bound with the values it names put in their places, where there are such."""
        constant = self.constant + sum(coefficient * float(values[name]) for name, coefficient in self.terms if name in values)
        return Linear(constant, tuple(term for term in self.terms if term[0] not in values))

    @classmethod
    def parse(cls, text: str) -> Linear:
        """Read ``1 + 0.5*radius_ratio``.

        Raises:
            PriorError: if the text is not a sum of numbers and numbers times names.
        """
        constant, terms, position, text = 0.0, [], 0, text.strip()
        while position < len(text):
            match = _TERM.match(text, position)
            if not match or match.end() == position or not (match[2] or match[4]) or (position and not match[1]):
                raise PriorError(f"'{text}' is not a number or a sum such as 1 + radius_ratio")
            if match[2] and bool(match[4]) != bool(match[3]):
                raise PriorError(f"'{text}' needs a * between number and name, and only there")
            number = float(match[2] or 1.0) * (-1.0 if match[1] == "-" else 1.0)
            if not np.isfinite(number):
                raise PriorError(f"'{text}' holds a number that is too large")
            if match[4]:
                terms.append((match[4], number))
            else:
                constant += number
            position = match.end()
        if not text:
            raise PriorError("a bound is missing")
        return cls(constant, tuple(terms))


def _bound(value: float | str | Linear) -> Linear:
    if isinstance(value, Linear):
        return value
    return Linear.parse(value) if isinstance(value, str) else Linear(float(value))


@dataclass(frozen=True)
class Distribution:
    """A one-dimensional prior: ``kind(first, second)`` with bounds that may depend on earlier values.

    ``uniform(low, high)``, ``loguniform(low, high)``, ``normal(mean, sigma)``, ``lognormal(mean, sigma)`` of the natural
    logarithm, and ``fixed(value)``.
    """

    kind: str
    first: Linear
    second: Linear

    @property
    def depends_on(self) -> frozenset[str]:
        """Names of the parameters and known quantities in the bounds."""
        return frozenset(name for bound in (self.first, self.second) for name, _ in bound.terms)

    @property
    def bounded(self) -> bool:
        """Whether the prior ends at both sides (its ends are then prior edges)."""
        return self.kind in ("uniform", "loguniform")

    def support(self, reach: float = np.inf) -> tuple[float, float]:
        """Ends of what can be drawn, or where tails are cut after so many sigma; of a prior whose bounds name nothing."""
        if self.bounded:
            return self.first.constant, self.second.constant
        low, high = self.physical(np.array([-reach, reach]), {})
        return float(low), float(high)

    def physical(self, z: Any, values: Values, xp: Any = np) -> Any:
        """Map unit-normal ``z`` to the parameter."""
        first, second = self.first.at(values), self.second.at(values)
        if self.kind == "fixed":
            return first + 0.0 * z
        if self.kind == "normal":
            return first + second * z
        if self.kind == "lognormal":
            return xp.exp(first + second * z)
        quantile = ndtr_of(z, xp)
        if self.kind == "uniform":
            return first + (second - first) * quantile
        return first * xp.exp(quantile * xp.log(second / first))

    def latent(self, theta: Any, values: Values) -> Any:
        """Map the parameter back to unit-normal coordinates (NumPy; infinite at and beyond a bound)."""
        first, second = self.first.at(values), self.second.at(values)
        if self.kind == "fixed":
            return np.zeros_like(theta)
        if self.kind == "normal":
            return (theta - first) / second
        if self.kind == "lognormal":
            with np.errstate(divide="ignore", invalid="ignore"):
                return (np.log(theta) - first) / second
        if self.kind == "uniform":
            return special.ndtri(np.clip((theta - first) / (second - first), 0.0, 1.0))
        return special.ndtri(np.clip(np.log(theta / first) / np.log(second / first), 0.0, 1.0))

    def log_prob(self, theta: Any, values: Values) -> Any:
        """Log density of the parameter (NumPy; -inf outside the prior, 0 for a fixed value)."""
        if self.kind == "fixed":
            return np.zeros(np.shape(theta))
        theta = np.asarray(theta, np.float64)
        first, second = self.first.at(values), self.second.at(values)
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.bounded:
                density = -np.log(second - first) if self.kind == "uniform" else -np.log(theta) - np.log(np.log(second / first))
                return np.where((theta >= first) & (theta <= second), density, -np.inf)
            place = np.log(theta) if self.kind == "lognormal" else theta
            density = -0.5 * ((place - first) / second) ** 2 - np.log(second) - 0.5 * np.log(2 * np.pi)
            return density if self.kind == "normal" else np.where(theta > 0, density - place, -np.inf)

    def __str__(self) -> str:
        return f"fixed({self.first})" if self.kind == "fixed" else f"{self.kind}({self.first},{self.second})"


def uniform(low: float | str, high: float | str) -> Distribution:
    """Uniform between two bounds."""
    return Distribution("uniform", _bound(low), _bound(high))


def loguniform(low: float | str, high: float | str) -> Distribution:
    """Uniform in the logarithm between two positive bounds."""
    return Distribution("loguniform", _bound(low), _bound(high))


def normal(mean: float | str, sigma: float | str) -> Distribution:
    """Gaussian."""
    return Distribution("normal", _bound(mean), _bound(sigma))


def lognormal(mean: float | str, sigma: float | str) -> Distribution:
    """Gaussian in the natural logarithm; mean and sigma are the logarithm's."""
    return Distribution("lognormal", _bound(mean), _bound(sigma))


def fixed(value: float | str) -> Distribution:
    """A known value: the parameter is not inferred."""
    return Distribution("fixed", _bound(value), _bound(value))


def parse_distribution(text: str) -> Distribution:
    """Read ``uniform(0.05,0.12)``, ``loguniform(..)``, ``normal(..)``, ``lognormal(..)`` or ``fixed(..)``.

    Raises:
        PriorError: if the text is none of these or its numbers make no distribution.
    """
    match = _CALL.match(text)
    if not match:
        raise PriorError(f"'{text}' is not a prior: write {_FORMS}")
    kind, arguments = match[1], match[2].split(",")
    if len(arguments) != (1 if kind == "fixed" else 2):
        raise PriorError(f"'{text}' needs {'one number' if kind == 'fixed' else 'two numbers'}")
    first, second = Linear.parse(arguments[0]), Linear.parse(arguments[-1])
    if not first.terms and not second.terms:
        if kind in ("uniform", "loguniform") and not first.constant < second.constant:
            raise PriorError(f"'{text}' needs its lower bound below its upper bound")
        if (kind == "loguniform" and first.constant <= 0) or (kind in ("normal", "lognormal") and second.constant <= 0):
            raise PriorError(f"'{text}' needs a positive {'lower bound' if kind == 'loguniform' else 'sigma'}")
    return Distribution(kind, first, second)
