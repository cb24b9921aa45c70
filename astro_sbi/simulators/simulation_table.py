"""A user's own simulations as a simulator that cannot be run: parameters and numbers of its table, and no likelihood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float64

from astro_sbi.observations.observation import Axis, Noise, Observation, ObservationError, Origin, Points
from astro_sbi.observations.simulations.table import SimulationTable
from astro_sbi.observations.steps.step import Prepared, finished
from astro_sbi.simulators.base import Parameter, Pattern, Simulator, Theta
from astro_sbi.simulators.prior import Prior
from astro_sbi.simulators.registry import SIMULATIONS

if TYPE_CHECKING:
    from astro_sbi.observations.preparation import Preparation


class TableSimulator(Simulator):
    """A table of simulations that were made elsewhere.

    Args:
        table: the simulations.
        prior: that their parameters were drawn from.
    """

    name = SIMULATIONS
    title = "My own simulations"
    kind = "curve"
    implicit = True
    coordinate_name = "component"
    coordinate_unit = ""
    value_name = "value"
    value_unit = ""
    reference = "Simulations that were made elsewhere."
    summary = "A table of simulations: parameters drawn from a prior, and what a simulator made of each."
    caveats = (
        "No likelihood: the posterior is the flow's own, and its verdict can never be better than caution.",
        "The posterior holds for the prior that the table was drawn from, and for an observation made as the simulated ones were, "
        "noise included.",
        "A table is as large as it is: where the posterior is much narrower than the prior, few of its simulations are near.",
    )

    def __init__(self, table: SimulationTable, prior: Prior) -> None:
        self.parameters = tuple(_parameter(name, column) for name, column in zip(table.parameters, table.columns, strict=True))
        self.prior = prior
        self._components = table.components

    def predict(self, theta: Theta, pattern: Pattern) -> Any:
        """Nothing: what made the table is not here.

        Raises:
            ObservationError: always.
        """
        raise ObservationError("a table of simulations cannot be simulated anew: bring a larger table")

    def default_points(self) -> Points:
        """One point for each number of an observation; numbers have no errors of their own."""
        return points_of(self._components)

    def random_points(self, rng: np.random.Generator) -> Points:
        """The same: an observation has every number of the table."""
        return self.default_points()

    @property
    def preparation(self) -> Preparation:
        """No step: the observation is prepared as the simulations were, by whoever made them."""
        from astro_sbi.observations.preparation import Preparation

        return Preparation(())


def _parameter(name: str, column: str) -> Parameter:
    plain = name.replace("_", r"\_")
    return Parameter(name, rf"\mathrm{{{plain}}}", name, "", f"column {column}")


def points_of(components: Sequence[str]) -> Points:
    """The numbers of an observation along their names where these are all numbers, else one after the other."""
    size = len(components)
    try:
        coordinate = np.array([float(name) for name in components])
    except ValueError:
        coordinate = np.full(size, np.nan)
    if not np.isfinite(coordinate).all() or len(np.unique(coordinate)) < size:
        coordinate = np.arange(1.0, size + 1)
    return Points(coordinate, np.zeros(size, np.int32), np.ones(size, bool), Noise(np.zeros(size)))


def spread_of(x: Float64[np.ndarray, "N k"]) -> tuple[Float64[np.ndarray, " k"], Float64[np.ndarray, " k"]]:
    """Median and spread of each number over the simulations: half of what their middle 68 % span, or 1 where they are all alike."""
    low, median, high = np.quantile(x, (0.16, 0.5, 0.84), axis=0)
    spread = np.where(high > low, (high - low) / 2, x.std(axis=0))
    return median, np.where(spread > 0, spread, 1.0)


def in_spreads(table: SimulationTable, value: Float64[np.ndarray, "*b k"]) -> Float64[np.ndarray, "*b k"]:
    """Distance of numbers from the median simulation, in units of the simulations' spread, which makes them all of one size."""
    median, spread = spread_of(table.x)
    return (value - median) / spread


def simulated_bands(table: SimulationTable) -> dict[str, Float64[np.ndarray, " k"]]:
    """Median and the regions of 68 and 95 % of each number over all simulations, in units of their spread."""
    names, levels = ("low95", "low68", "median", "high68", "high95"), (0.025, 0.16, 0.5, 0.84, 0.975)
    return dict(zip(names, np.quantile(in_spreads(table, table.x), levels, axis=0), strict=True))


def observed_of(name: str, origin: Origin, value: Float64[np.ndarray, " k"], table: SimulationTable) -> tuple[Observation, Prepared]:
    """An observation of a table's numbers, as read and in units of the simulations' spread."""
    coordinate = Axis("component", "")
    raw = Observation("curve", name, points_of(table.components), value, coordinate, Axis("value", ""), ("",), origin)
    after = replace(raw, value=in_spreads(table, value), value_axis=Axis("value − median, in spreads of the simulations", ""))
    sentence = (
        f"Each of the {len(value):,} numbers less the median of the {len(table):,} simulations, in units of their spread: half of what "
        "the middle 68 % span"
    )
    return raw, finished(Prepared(raw), after, ("Scale", sentence), {}, {})
