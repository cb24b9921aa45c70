"""How the flow was trained: rounds and losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from astro_sbi.figures.training import loss_curve
from astro_sbi.runs.result import Result
from astro_sbi.ui import cached, charts
from astro_sbi.ui.words import duration, number

ROUND_COLUMNS = {
    "round": st.column_config.NumberColumn("Round", help="Round 1 covers the prior; each later one only where the posterior lives."),
    "efficiency": st.column_config.TextColumn(
        "Efficiency", help="Effective share of the round's draws: how closely the flow matches the posterior."
    ),
    "log_evidence": st.column_config.TextColumn("ln evidence", help="Under the full prior; should settle from round to round."),
    "log_prior_mass": st.column_config.TextColumn("ln prior mass", help="Log of the share of the prior inside the round's box."),
    "seconds": st.column_config.TextColumn("Time"),
}


def rounds_table(rounds: Sequence[Mapping[str, Any]]) -> None:
    """One row for each round of sequential inference."""
    if not rounds:
        return
    rows = [
        {
            "round": index + 1,
            "efficiency": f"{100 * (one.get('efficiency') or 0):.3g} %",
            "log_evidence": number(one.get("log_evidence"), 6),
            "log_prior_mass": number(one.get("log_prior_mass"), 4),
            "seconds": duration(one.get("seconds")),
        }
        for index, one in enumerate(rounds)
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=ROUND_COLUMNS, alt="Rounds of the inference")


def losses(result: Result) -> list[np.ndarray]:
    """Training and held-out loss of each round."""
    names = sorted((name for name in result.arrays if name.startswith("loss/")), key=lambda name: int(name.split("/")[1]))
    return [result.arrays[name] for name in names]


def training_view(key: str, result: Result) -> None:
    """Rounds, losses and where the time went."""
    st.markdown("**Rounds.** A broad first round finds the region that matters, later ones train on the prior truncated to it.")
    rounds_table(result.summary["rounds"])
    curves = losses(result)
    if curves:
        st.markdown("**Loss.** Mean negative log probability of the true parameters, in nats; the held-out curve shows when to stop.")
        charts.chart(cached.figure(("loss", key), lambda: loss_curve(curves)), key="loss")
    seconds = {name: value for name, value in result.summary["seconds"].items() if value}
    st.caption("Time: " + ", ".join(f"{name} {duration(value)}" for name, value in seconds.items()))
