"""Values that are known beforehand, a truth or a publication: typed in, kept in the page's address, marked in figures and table."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

import streamlit as st

from astro_sbi.observations.units import unit_of
from astro_sbi.runs.picture import quantities
from astro_sbi.runs.result import Result
from astro_sbi.runs.settings import SettingsError
from astro_sbi.ui import state
from astro_sbi.ui.spoken import said
from astro_sbi.ui.words import escaped

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_MARK = re.compile(rf"\s*(\w+)\s*=\s*({_NUMBER})\s*(?:(?:±|\+-|\+/-)\s*({_NUMBER}))?\s*(.*?)\s*", re.DOTALL)


class Mark(NamedTuple):
    """A value in its quantity's own unit, and its error; 0 where none was given."""

    value: float
    error: float

    def pull(self, median: float, lower: float, upper: float) -> float:
        """The median less the value, in units of the error: that of the posterior on the value's side and the value's own."""
        own = upper - median if self.value > median else median - lower
        sigma = math.hypot(own, self.error)
        return (median - self.value) / sigma if sigma > 0 else math.nan


def marks_of(text: str, result: Result) -> dict[str, Mark]:
    """Marked values by quantity, from ``name = value``, with an error and a unit where wanted, separated by commas.

    Raises:
        SettingsError: if something else is written.
    """
    known, found = quantities(result), {}
    for part in filter(str.strip, re.split(r"[,;\n]", text)):
        match = _MARK.fullmatch(part)
        if not match:
            raise SettingsError(f"'{part.strip()}' is not understood: write name = value, such as {next(iter(known))} = 0.1")
        name, value, error, unit = match.groups()
        if name not in known:
            raise SettingsError(f"{name} is no quantity of this result: mark one of {', '.join(known)}")
        factor = _factor(unit, str(known[name].get("unit", "")), name)
        found[name] = Mark(factor * float(value), factor * abs(float(error or 0)))
    return found


def _factor(unit: str, own: str, name: str) -> float:
    """What turns a number in a unit into one in the quantity's own."""
    if unit in ("", own):
        return 1.0
    try:
        return float(unit_of(unit).to(unit_of(own)))
    except (ValueError, TypeError):  # astropy's errors of units that do not convert, and the package's own of what is no unit
        wanted = f"in {own} or a unit that converts to it" if own else "a pure number, without a unit"
        raise SettingsError(f"{name} is marked in {unit}; it must be {wanted}") from None


def written() -> str:
    """What stands in the field, or in the address before the field was drawn."""
    return str(state.value(state.MARKS, state.from_url(state.MARKS)) or "")


def marked(result: Result) -> dict[str, Mark]:
    """The values that are marked now; none where they are not understood, which `marks_form` says."""
    try:
        return marks_of(written(), result)
    except SettingsError:
        return {}


def marks_form(result: Result) -> None:
    """The field in which to write values, and what is wrong with them."""
    known = quantities(result)
    with st.popover("Mark values", icon=":material/flag:"):
        st.text_input(
            "Known values",
            key=state.MARKS,
            bind="query-params",
            max_chars=200,
            placeholder=f"{next(iter(known), 'name')} = value ± error unit, …",
            help="A truth or a published value: drawn dotted, and compared in the table. Units that convert may be written behind it.",
        )
        units = {name: f" [{row['unit']}]" if row.get("unit") else "" for name, row in known.items()}
        st.caption(", ".join(escaped(f"{name}{unit}") for name, unit in units.items()))
    with said():
        marks_of(written(), result)
