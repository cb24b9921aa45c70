"""What a simulator declares: parameters, known quantities, options, and the observing pattern that it is given."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from jaxtyping import Bool, Float, Int

if TYPE_CHECKING:
    from jaxtyping import Array

Theta = Mapping[str, Any]


@dataclass(frozen=True)
class Parameter:
    """A number to infer or to derive: its name in code, its symbol for text and for plots, its unit and meaning.

    ``low`` and ``high`` are where the simulator's formulas end: no prior may go beyond.
    """

    name: str
    latex: str
    html: str
    unit: str
    meaning: str
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True)
class KnownQuantity:
    """A quantity that comes with the observation.

    Args:
        name: key in ``Points.known``.
        unit: unit in which the simulator wants it.
        meaning: one line for the user.
        default: used when the observation has none; None makes it required.
        from_data: whether it was measured on the very data to be fitted, so that a prior made of it is too.
    """

    name: str
    unit: str
    meaning: str
    default: float | None = None
    from_data: bool = False


@dataclass(frozen=True)
class ModelOption:
    """A choice that a user makes about the model itself: the setting ``model.NAME``.

    Args:
        name: in settings.
        choices: what it can be; the first one is the default.
        meaning: one line for the user.
    """

    name: str
    choices: tuple[str, ...]
    meaning: str


class Pattern(NamedTuple):
    """`Points` as a simulator sees them: float32, re-zeroed coordinate, known quantities as plain numbers.

    ``known`` maps each of the simulator's known quantities to a scalar or an array [n] in the unit the simulator names. Where errors
    are correlated, ``decorrelation`` turns values into ones whose errors are independent, and ``sigma`` is of those.
    """

    coordinate: Float[Array, " n"]
    sigma: Float[Array, " n"]
    channel: Int[Array, " n"]
    used: Bool[Array, " n"]
    known: dict[str, Any]
    decorrelation: Float[Array, "n n"] | None = None

    def decorrelated(self, value: Float[Array, " n"]) -> Float[Array, " n"]:
        """Values whose errors are independent (jax): the same where they are so already."""
        return value if self.decorrelation is None else self.decorrelation @ value
