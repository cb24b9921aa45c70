"""The choice to see intervals adjusted by the calibration card beside those of the flow."""

from __future__ import annotations

import streamlit as st

from astro_sbi.runs.adjusted import adjusted_quantiles, wants_adjusting
from astro_sbi.runs.cards import card_of
from astro_sbi.runs.result import Result
from astro_sbi.ui.words import escaped, journal, number

ADJUSTED, WIDE = "Adjusted 68 %", "Adjusted 95 %"


def adjusted_columns(result: Result) -> dict[str, dict[str, str]]:
    """Further columns of the table of parameters, by parameter; none where they are not wanted or the card speaks for the intervals."""
    card = card_of(result)
    if card is None or not wants_adjusting(result):
        return {}
    asked = st.toggle(
        "Adjust intervals by the calibration",
        key="adjusted",
        help="Their ends are moved to where, over the simulations that tested the flow, 68 and 95 % of the true values lay inside "
        "(split conformal prediction). That holds for each parameter by itself and on average over the prior, not for this observation.",
    )
    if not asked:
        return {}
    found = adjusted_quantiles(result)
    left = [name for name in result.summary["parameters"] if name not in found]
    st.caption(
        f"Adjusted on {card.tests:,} simulations that the training did not see: on such data these intervals hold the truth as often as "
        "they say, one parameter at a time. The corner plot and derived quantities stay as the flow gave them."
        + (f" Not adjusted, as their priors depend on other parameters: {escaped(', '.join(left))}." if left else "")
    )
    return {name: _columns(found.get(name)) for name in result.summary["parameters"]}


def _columns(quantiles: tuple[float, ...] | None) -> dict[str, str]:
    if quantiles is None:
        return {ADJUSTED: "–", WIDE: "–"}
    low95, low68, middle, high68, high95 = quantiles
    return {ADJUSTED: journal(middle, low68, high68), WIDE: f"{number(low95, 4)} to {number(high95, 4)}"}
