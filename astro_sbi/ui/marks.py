"""Values that are known beforehand, a truth or a publication: typed in, kept in the page's address, marked in figures and table."""

from __future__ import annotations

import re

import streamlit as st

from astro_sbi.diagnostics.agreement import Published
from astro_sbi.runs.picture import quantities
from astro_sbi.runs.published import published_values
from astro_sbi.runs.result import Result
from astro_sbi.runs.settings import SettingsError
from astro_sbi.ui import state
from astro_sbi.ui.spoken import said
from astro_sbi.ui.words import escaped

_APART = re.compile(r"[;\n]|,(?=\s*\w+\s*[=<>])")


def marks_of(text: str, result: Result) -> dict[str, Published]:
    """Marked values by quantity in its own unit, from ``name = value``, with errors and a unit where wanted, separated by commas.

    Raises:
        SettingsError: if something else is written.
    """
    known, found = quantities(result), {}
    for line in published_values("\n".join(part.strip(" ,") for part in _APART.split(text))):
        if line.name not in known:
            raise SettingsError(f"{line.name} is no quantity of this result: mark one of {', '.join(known)}")
        if line.value.limit != "none":
            raise SettingsError(f"{line.name} has a limit, and only a value can be marked: limits are compared on the Compare page")
        found[line.name] = line.in_unit(str(known[line.name].get("unit", "")))
    return found


def written() -> str:
    """What stands in the field, or in the address before the field was drawn."""
    return str(state.value(state.MARKS, state.from_url(state.MARKS)) or "")


def marked(result: Result) -> dict[str, Published]:
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
