"""The calibration card: what simulations that no training saw say of an amortised flow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

#: Central regions whose coverage is told.
LEVELS = (0.5, 0.68, 0.9, 0.95)
#: Highest-density regions of all parameters whose coverage is told.
JOINT_LEVELS = tuple(round(0.1 + 0.05 * step, 2) for step in range(18))
#: Places of the ECDF difference of each parameter.
PLACES = tuple(round(0.05 * step, 2) for step in range(1, 20))
#: Quantiles of a posterior that intervals of 68 and 95 % and the median are made of.
QUANTILES = (0.025, 0.16, 0.5, 0.84, 0.975)
#: Fewer simulations cannot tell a coverage to 5 in 100.
FEWEST = 100
#: What columns other than parameters are called.
JOINTLY, TARP, CORRELATIONS = "jointly", "distances", "correlations"


@dataclass(frozen=True)
class Marginal:
    """One parameter.

    Args:
        p_value: of uniform ranks: Cauchy's combination of POT-C, and of mean and scatter of their normal scores.
        deviation: largest distance of the ranks' distribution function from the uniform one.
        bias: mean of truth minus posterior, in sigma of the posterior: above 0 where the posterior lies too low.
        dispersion: standard deviation of the same: above 1 where errors are too small by this factor.
        ecdf: difference of the ranks' distribution function from the uniform one at `PLACES`.
        levels: of the posterior, whose quantiles hold the truth below them as often as `QUANTILES` say (`conformal_levels`); empty of a
            card from before they were kept.
    """

    p_value: float
    deviation: float
    bias: float
    dispersion: float
    ecdf: tuple[float, ...]
    levels: tuple[float, ...] = ()


@dataclass(frozen=True)
class Joint:
    """Highest-density regions of all parameters together.

    Args:
        p_value: of their coverage values being uniform, combined as for a parameter.
        over: most that coverage falls short of a level of `JOINT_LEVELS`: regions are too small, the flow is over-confident.
        over_at: the level where.
        under: most that it exceeds one: regions are too large.
        under_at: the level where.
        expected: distance that a perfect flow keeps to, in 19 of 20 sets of as many simulations.
        coverage: share of truths inside, at `JOINT_LEVELS`.
    """

    p_value: float
    over: float
    over_at: float
    under: float
    under_at: float
    expected: float
    coverage: tuple[float, ...]

    @property
    def worst(self) -> float:
        """Largest difference of coverage from its level; below 0 where the flow is over-confident."""
        return -self.over if self.over >= self.under else self.under

    @property
    def worst_at(self) -> float:
        """The level where."""
        return self.over_at if self.over >= self.under else self.under_at


@dataclass(frozen=True)
class Part:
    """The simulations with a quantity of the data between two values, tested by themselves.

    Args:
        covariate: the quantity.
        low: least value.
        high: largest.
        tests: number of simulations.
        p_value: of that column, times the number of columns.
        worst: column of ranks with the least p-value.
        deviation: of that column.
        joint: coverage of all parameters together.
    """

    covariate: str
    low: float
    high: float
    tests: int
    p_value: float
    worst: str
    deviation: float
    joint: Joint


@dataclass(frozen=True)
class CalibrationCard:
    """What simulations that the training did not see say of a flow.

    Args:
        tests: number of simulations.
        marginals: by parameter.
        joint: of all parameters together.
        tarp_p: of the coverage values of TARP, by Kolmogorov and Smirnov.
        tarp_deviation: largest distance of their distribution function from the uniform one.
        correlation_p: of truths uncorrelated once the posterior's covariance is taken out; 1 of a single parameter.
        correlation: the largest of those correlations.
        coverage: share of true values inside the central regions of `LEVELS`, by parameter; inside the highest-density
            regions for ``jointly``.
        parts: thirds of the simulations, by what was given of their data.
        members: largest difference of joint coverage from its level of each member of an ensemble by itself, where they were asked;
            below 0 where it is over-confident.
    """

    tests: int
    marginals: dict[str, Marginal]
    joint: Joint
    tarp_p: float
    tarp_deviation: float
    correlation_p: float
    correlation: float
    coverage: dict[str, tuple[float, ...]]
    parts: tuple[Part, ...] = ()
    members: tuple[float, ...] = ()

    @property
    def p_values(self) -> dict[str, float]:
        """Of each column."""
        columns = {name: one.p_value for name, one in self.marginals.items()} | {JOINTLY: self.joint.p_value, TARP: self.tarp_p}
        return columns | ({CORRELATIONS: self.correlation_p} if len(self.marginals) > 1 else {})

    @property
    def deviations(self) -> dict[str, float]:
        """How far ranks are from uniform ones, by column: a share of the simulations."""
        columns = {name: one.deviation for name, one in self.marginals.items()}
        return columns | {JOINTLY: abs(self.joint.worst), TARP: self.tarp_deviation}

    @property
    def corrected(self) -> dict[str, float]:
        """P-values of the columns times their number (Bonferroni)."""
        return {name: min(1.0, len(self.p_values) * p_value) for name, p_value in self.p_values.items()}

    @property
    def worst(self) -> str:
        """The column with the least p-value: a parameter, ``jointly``, ``distances`` or ``correlations``."""
        return min(self.p_values, key=self.p_values.__getitem__)

    @property
    def p_value(self) -> float:
        """Its p-value, times the number of columns."""
        return self.corrected[self.worst]

    def to_json(self) -> dict[str, Any]:
        """A JSON object, from which `from_json` makes an equal card."""
        told = {"p_value": self.p_value, "worst": self.worst, "deviation": self.joint.worst, "deviation_at": self.joint.worst_at}
        return {**asdict(self), **told}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> CalibrationCard:
        """The card that `to_json` wrote.

        Raises:
            KeyError, TypeError: if something is missing or wrong.
        """
        marginals = {name: _marginal_of(one) for name, one in value["marginals"].items()}
        parts = tuple(Part(**{**one, "joint": _joint_of(one["joint"])}) for one in value["parts"])
        coverage = {name: tuple(shares) for name, shares in value["coverage"].items()}
        read = {"marginals": marginals, "joint": _joint_of(value["joint"]), "coverage": coverage, "parts": parts}
        read["members"] = tuple(value.get("members", ()))
        told = {name: value[name] for name in ("tests", "tarp_p", "tarp_deviation", "correlation_p", "correlation")}
        return cls(**told, **read)


def _marginal_of(value: Mapping[str, Any]) -> Marginal:
    return Marginal(**{**value, "ecdf": tuple(value["ecdf"]), "levels": tuple(value.get("levels", ()))})


def _joint_of(value: Mapping[str, Any]) -> Joint:
    return Joint(**{**value, "coverage": tuple(value["coverage"])})
