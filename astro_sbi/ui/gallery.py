"""The home page's parts: a finished example opened, the problems, the examples."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from astro_sbi import simulators
from astro_sbi.observations.kind import Kind
from astro_sbi.runs import api
from astro_sbi.runs.result import Result
from astro_sbi.simulators.base import Simulator
from astro_sbi.ui import navigation
from astro_sbi.ui.posterior_view import key_names
from astro_sbi.ui.predictive_view import compact_view
from astro_sbi.ui.verdict_view import verdict_badge, verdict_banner
from astro_sbi.ui.words import escaped, journal, unit_latex

KINDS: dict[Kind, tuple[str, str]] = {
    "light_curve": ("Light curve", ":material/show_chart:"),
    "spectrum": ("Spectrum", ":material/graphic_eq:"),
    "velocities": ("Velocities", ":material/swap_vert:"),
    "photometry": ("Photometry", ":material/scatter_plot:"),
    "hubble_diagram": ("Hubble diagram", ":material/trending_up:"),
    "curve": ("Curve", ":material/timeline:"),
}
GROUPS: dict[str, tuple[Kind, ...]] = {
    "Light curves": ("light_curve",),
    "Spectra and photometry": ("spectrum", "photometry"),
    "Velocities and distances": ("velocities", "hubble_diagram"),
    "Curves": ("curve",),
}
KEY_PARAMETERS = 4


def opened_example(key: str, result: Result) -> None:
    """A finished inference on one card: data, model, numbers, verdict."""
    summary = result.summary
    with st.container(border=True, key="opened_example"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"**A finished example: {escaped(summary['title'])}**")
            st.page_link(navigation.RESULT, label="Open it whole", icon=":material/open_in_new:", query_params={"run": key})
        compact_view(key, result, height=320)
        with st.grid(KEY_PARAMETERS, min_column_width=150):
            for name in key_names(result, KEY_PARAMETERS):
                key_number(result, name)
        verdict_banner(summary["verdict"], summary["reasons"], most=2)


def key_number(result: Result, name: str) -> None:
    """One parameter with its interval and unit."""
    label, numbers = result.summary["labels"][name], result.summary["parameters"][name]
    with st.container(gap=None):
        st.caption(f"${label['latex']}$ · {escaped(name.replace('_', ' '))}", help=escaped(label["meaning"]))
        st.markdown(f"{journal(numbers['median'], numbers['lower'], numbers['upper'])} {unit_latex(numbers.get('unit', ''))}")


def steps() -> None:
    """How it works, in three steps."""
    st.markdown(
        ":material/upload_file: **Bring an observation.** A light curve, a spectrum, velocities or photometry, yours or a sample; "
        "see what was read and prepare it.\n\n"
        ":material/model_training: **Choose what may have made it.** A simulator with its priors; "
        "a flow learns to invert it while you watch.\n\n"
        ":material/verified: **Read the posterior, and whether to believe it.** Every result is checked, and says so in words. "
        "Send the link to a colleague."
    )


def problems() -> None:
    """A card for each simulator, under the kind of data that it explains."""
    every = simulators.simulators()
    for heading, kinds in GROUPS.items():
        mine = [simulator for kind in kinds for simulator in every if simulator.kind == kind]
        if mine:
            st.subheader(heading, anchor=False)
            with st.grid(3, min_column_width=280):
                for simulator in mine:
                    _problem(simulator)


def _problem(simulator: Simulator) -> None:
    with st.container(border=True, height="stretch", key=f"problem_{simulator.name}"):
        word, icon = KINDS[simulator.kind]
        st.markdown(f"**{escaped(simulator.title)}**")
        st.badge(word, icon=icon, color="gray")
        st.markdown(escaped(first_sentence(simulator.summary)))
        with st.container(horizontal=True):
            st.page_link(navigation.EXPLORE, label="Explore", icon=":material/tune:", query_params={"simulator": simulator.title})
            st.page_link(navigation.INFER, label="Infer", icon=":material/insights:", query_params={"simulator": simulator.name})


def first_sentence(text: str) -> str:
    """What comes before the first full stop that a capital follows."""
    return re.split(r"(?<=[.])\s+(?=[A-Z])", text, maxsplit=1)[0]


def examples(found: Sequence[api.ExampleView]) -> None:
    """A card for each shipped result."""
    with st.grid(min(3, len(found)), min_column_width=280):
        for example in found:
            with st.container(border=True, key=f"example_{example.key}"):
                st.markdown(f"**{escaped(example.title)}**")
                verdict_badge(str(example.summary.get("verdict", "")))
                st.caption(escaped(example.simulator))
                st.page_link(navigation.RESULT, label="Open", icon=":material/open_in_new:", query_params={"run": example.key})
