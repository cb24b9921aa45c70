"""The choices that a simulator offers about its model, for every page that asks for them."""

from __future__ import annotations

import streamlit as st

from astro_sbi.simulators.base import ModelOption, Simulator
from astro_sbi.ui.words import escaped

PREFIX = "model_"


def model_form(simulator: Simulator, *, in_address: bool = False) -> dict[str, str]:
    """One choice an option; returns those that are not at their defaults.

    Args:
        simulator: the simulator.
        in_address: keep the choices in the page's address instead of the session.
    """
    if not simulator.options:
        return {}
    with st.grid(4, min_column_width=230, gap=("small", "large")):
        chosen = {option.name: _choice(simulator, option, in_address=in_address) for option in simulator.options}
    return {option.name: chosen[option.name] for option in simulator.options if chosen[option.name] != option.choices[0]}


def _choice(simulator: Simulator, option: ModelOption, *, in_address: bool) -> str:
    lacks = {choice: simulator.lacks(option.name, choice) for choice in option.choices}
    words = ". ".join(f"{said[:1].upper()}{said[1:]}" for said in (option.meaning, *filter(None, lacks.values())))
    return st.selectbox(
        escaped(option.name.replace("_", " ").capitalize()),
        [choice for choice in option.choices if not lacks[choice]],
        key=f"{PREFIX}{option.name}",
        help=f"{escaped(words)}. Setting: `model.{option.name}`.",
        bind="query-params" if in_address else None,
        persist_state=None if in_address else "session",
    )
