"""The priors of an inference: those of the simulator, and the ones that are changed here."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from astro_sbi.simulators.base import Parameter, Simulator
from astro_sbi.simulators.prior import Distribution, PriorError, parse_distribution
from astro_sbi.simulators.prior_change import of_kind, offered_units, rescaled, unit_factor
from astro_sbi.ui import charts, state
from astro_sbi.ui.tables import table
from astro_sbi.ui.words import breakable, escaped, unit_latex, unit_text

PREFIX = "prior_"
KINDS = {"uniform": "Uniform", "loguniform": "Log-uniform", "normal": "Normal", "lognormal": "Log-normal", "fixed": "Fixed"}
#: What the two numbers of each kind are called.
NUMBERS = {
    "uniform": ("From", "To"),
    "loguniform": ("From", "To"),
    "normal": ("Mean", "Sigma"),
    "lognormal": ("Mean of ln", "Sigma of ln"),
    "fixed": ("Value",),
}
_SHOWN_DIGITS = 14


def prior_form(simulator: Simulator, kinds: Mapping[str, str] = KINDS) -> dict[str, Distribution]:
    """Choose parameters and change their priors; returns the priors that differ from the simulator's, in the parameters' own units.

    Args:
        simulator: for the observation's channels.
        kinds: what a prior can be, and what each is called.

    Raises:
        PriorError: if what stands in the fields is no prior.
    """
    default, by_name = dict(simulator.prior.distributions), {parameter.name: parameter for parameter in simulator.parameters}
    chosen = st.multiselect(
        "Change the priors of",
        list(default),
        format_func=lambda name: name.replace("_", " "),
        key=f"{PREFIX}chosen_{simulator.name}",
        persist_state="session",
        placeholder="choose parameters",
        help="A parameter that is taken out of this list has its original prior again.",
    )
    priors: dict[str, Distribution] = {}
    with st.grid(2, min_column_width=330):
        for name in (name for name in default if name in chosen):
            with st.container(border=True, key=f"prior_card_{name}"):
                priors[name] = _fields(simulator.name, by_name[name], default[name], kinds)
    changed = {name: prior for name, prior in priors.items() if prior != default[name]}
    priors_table(by_name, {name: str(prior) for name, prior in default.items()}, {name: str(prior) for name, prior in changed.items()})
    return changed


def _fields(simulator: str, parameter: Parameter, default: Distribution, kinds: Mapping[str, str]) -> Distribution:
    """Kind, numbers and unit of one prior."""
    key, units = f"{PREFIX}{simulator}_{parameter.name}", offered_units(parameter.unit)
    # Another option of the model may bring another default.
    if state.value(f"{key}_kind") is None or state.value(f"{key}_default") != str(default):
        state.put(f"{key}_default", str(default))
        _fill(key, default.kind, default, parameter.unit)
    st.markdown(f"${parameter.latex}$ · {escaped(parameter.meaning)}")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        kind = st.selectbox(
            "Prior",
            list(kinds),
            format_func=kinds.__getitem__,
            key=f"{key}_kind",
            on_change=_change,
            args=(key, parameter.name),
            persist_state="session",
            width=140,
        )
        texts = [
            st.text_input(
                label,
                key=f"{key}_{number}",
                persist_state="session",
                max_chars=80,
                help="A number, or a sum of numbers and earlier parameters such as 1+radius_ratio." if not number else None,
            )
            for number, label in enumerate(NUMBERS[str(kind)])
        ]
        unit = parameter.unit
        if len(units) > 1:
            unit = st.selectbox(
                "Unit",
                list(units),
                format_func=unit_text,
                key=f"{key}_unit",
                on_change=_change,
                args=(key, parameter.name),
                persist_state="session",
                width=100,
                help="The numbers are converted when the unit changes.",
            )
    prior = _read(str(kind), [text or "" for text in texts], parameter.name)
    return rescaled(prior, unit_factor(str(unit), parameter.unit, parameter.name))


def _read(kind: str, texts: list[str], name: str) -> Distribution:
    """The prior that fields hold.

    Raises:
        PriorError: if it is none, with the parameter's name.
    """
    try:
        return parse_distribution(f"{kind}({','.join(texts)})")
    except PriorError as error:
        raise PriorError(f"{name}: {error}") from None


def _fill(key: str, kind: str, prior: Distribution | None, unit: str) -> None:
    """Put a prior into its fields and note what they hold; None empties the numbers."""
    state.put(f"{key}_kind", kind)
    state.put(f"{key}_unit", unit)
    state.put(f"{key}_held", (kind, unit))
    for number, bound in enumerate((prior.first, prior.second) if prior else ("", "")):
        state.put(f"{key}_{number}", str(bound))


def _change(key: str, name: str) -> None:
    """After another kind or unit was chosen: the same prior in the new unit, or one of the new kind over about the same range."""
    kind, unit = str(state.value(f"{key}_kind")), str(state.value(f"{key}_unit"))
    held_kind, held_unit = state.value(f"{key}_held", (kind, unit))
    texts = [str(state.value(f"{key}_{number}", "")) for number in range(len(NUMBERS[held_kind]))]
    state.put(f"{key}_held", (kind, unit))
    try:
        prior = rescaled(_read(held_kind, texts, name), unit_factor(held_unit, unit, name), _SHOWN_DIGITS)
    except PriorError:  # what cannot be read or converted stays as it is, and the form says why
        return
    _fill(key, kind, of_kind(prior, kind), unit)


def priors_table(labels: Mapping[str, Parameter], priors: Mapping[str, str], changed: Mapping[str, str]) -> None:
    """All priors, the changed ones before those that they replace.

    Args:
        labels: the parameters by name.
        priors: texts of the priors in the order to show.
        changed: texts of those that were changed.
    """
    rows = []
    for name, text in priors.items():
        label, unit = labels[name], unit_latex(labels[name].unit)
        symbol, meaning = f"${label.latex}$", escaped(label.meaning)
        prior = f"**`{breakable(changed[name])}`** instead of `{breakable(text)}`" if name in changed else f"`{breakable(text)}`"
        if charts.is_phone():
            rows.append({"Parameter": f"{symbol}, {meaning}", "Prior": f"{prior} {unit}"})
        else:
            rows.append({"Symbol": symbol, "Prior": prior, "Unit": unit or "–", "Meaning": meaning, "Setting": f"`prior.{name}`"})
    table(rows, alt="Priors of the parameters")
