"""How the flow was trained: rounds and losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from astro_sbi.figures.training import loss_curve
from astro_sbi.runs.result import Result
from astro_sbi.runs.text import lent_text
from astro_sbi.ui import cached, charts
from astro_sbi.ui.tables import table
from astro_sbi.ui.words import duration, escaped, number, sentence

ROUNDS_EXPLAINED = (
    "Efficiency is the effective share of a round's draws. The evidence is under the full prior and should settle; "
    "the prior mass is that inside the round's box."
)


def rounds_table(rounds: Sequence[Mapping[str, Any]]) -> None:
    """One row for each round of sequential inference."""
    rows = [
        {
            "Round": str(index + 1),
            "Efficiency": f"{100 * (one.get('efficiency') or 0):.3g} %",
            "ln evidence": number(one.get("log_evidence"), 6),
            "ln prior mass": number(one.get("log_prior_mass"), 4),
            "Time": duration(one.get("seconds")),
        }
        for index, one in enumerate(rounds)
    ]
    if rows:
        table(rows, alt="Rounds of the inference")


def losses(result: Result) -> list[np.ndarray]:
    """Training and held-out loss of each round."""
    names = sorted((name for name in result.arrays if name.startswith("loss/")), key=lambda name: int(name.split("/")[1]))
    return [result.arrays[name] for name in names]


def training_view(key: str, result: Result) -> None:
    """Rounds, losses and where the time went."""
    if lent_text(result.summary):
        st.info(escaped(sentence(lent_text(result.summary))), icon=":material/recycling:")
    if result.summary["importance"] is None:
        st.markdown("Trained once, on simulations of the whole prior.")
    else:
        st.markdown("**Rounds.** A broad first round finds the region that matters, later ones train on the prior truncated to it.")
        rounds_table(result.summary["rounds"])
        st.caption(ROUNDS_EXPLAINED)
    curves = losses(result)
    if curves:
        st.markdown("**Loss.** Mean negative log probability of the true parameters, in nats; the held-out curve shows when to stop.")
        charts.chart(cached.figure(("loss", key), lambda: loss_curve(curves)), key="loss")
    seconds = {name: value for name, value in result.summary["seconds"].items() if value}
    st.caption("Time: " + ", ".join(f"{name} {duration(value)}" for name, value in seconds.items()))
