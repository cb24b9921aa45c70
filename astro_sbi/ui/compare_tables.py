"""The tables of a comparison of runs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import streamlit as st

from astro_sbi.diagnostics.agreement import AGREES, DISAGREES, Agreement, Published, Shift
from astro_sbi.diagnostics.evidence import SCALE, SCALE_SOURCE, BayesFactor
from astro_sbi.runs.compare import FITS, Comparison, Judged, Quantity
from astro_sbi.ui import navigation
from astro_sbi.ui.tables import table
from astro_sbi.ui.verdict_view import verdict_cell
from astro_sbi.ui.words import count, date, escaped, journal, number, unit_latex, with_error


def runs_table(comparison: Comparison) -> None:
    """Which runs these are, each with its verdict and the way to it."""
    rows = []
    for letter, result in zip(comparison.letters, comparison.results, strict=True):
        summary, importance = result.summary, result.summary["importance"] or {}
        rows.append(
            {
                "Run": f"**{letter}**",
                "Result": f"[{escaped(summary['title'])}]({navigation.permalink(result.key)})",
                "Verdict": verdict_cell(summary["verdict"]),
                "Effective draws": f"{importance['ess']:,.0f}" if importance else "–",
                "Pareto k": number(importance.get("khat"), 2),
                "Made": date(summary["created"]),
            }
        )
    table(rows, alt="The runs that are compared, with their verdicts")


def differences_table(comparison: Comparison) -> None:
    """Only the settings that differ."""
    st.markdown("**What is different**")
    if not comparison.differences:
        st.caption("Nothing: these runs have the same file, model, priors, preparation, effort and seed.")
        return
    rows = [
        {"": escaped(one.what), **{letter: escaped(entry) for letter, entry in zip(comparison.letters, one.entries, strict=True)}}
        for one in comparison.differences
    ]
    table(rows, alt="Settings that differ between the runs")


def quantities_table(comparison: Comparison) -> None:
    """Median and 68 % interval of each run, and how far the others are from the first."""
    st.markdown("**Medians and 68 % intervals**")
    rows = []
    for one in comparison.quantities:
        row = {"Quantity": f"${one.label.get('latex', one.name)}$ · {escaped(one.name)}"}
        row |= {letter: _cell(one, place) for place, letter in enumerate(comparison.letters)}
        rows.append(row | {"Unit": unit_latex(one.unit) or "–"})
    table(rows, alt="Quantities that the runs share: median, 68 % interval and shift from the first run")
    first = comparison.letters[0]
    st.caption(
        f"In brackets the shift from {first} in sigma (difference of the medians over both half widths in quadrature) and the width over "
        f"that of {first}. Runs of the same data are not independent: between them a shift of 0.3 σ is already noticeable."
    )
    for letter, names in zip(comparison.letters, comparison.alone, strict=True):
        if names:
            st.caption(f"Only in {letter}: {escaped(', '.join(names))}.")
    if any(one.what.startswith("Found: ") for one in comparison.differences):
        st.caption("The preparations found different values in the data (above): quantities that count from them shift with them.")
    for one in comparison.quantities:
        if one.meanings:
            meant = "; ".join(f"{letter}: {meaning}" for letter, meaning in zip(comparison.letters, one.meanings, strict=True) if meaning)
            st.caption(f"{escaped(one.name)} is not the same everywhere. {escaped(meant)}.")


def _cell(one: Quantity, place: int) -> str:
    interval, held, moved = one.intervals[place], one.held[place], one.shifts[place]
    if interval is None:
        return "–" if held is None else f"{number(held, 6)} (held)"
    text = journal(interval.median, interval.lower, interval.upper)
    return text if moved is None else f"{text} ({_moved(moved)})"


def _moved(moved: Shift) -> str:
    sigma = f"{moved.sigma:+.2f}".replace("-", "−") if math.isfinite(moved.sigma) else "far"
    return f"{sigma} σ, {moved.width:.2f}×"


def published_table(comparison: Comparison, published: Sequence[Judged]) -> None:
    """Published values and how far each run is from them."""
    st.markdown("**Against published values**")
    labels = {one.name: one.label.get("latex", one.name) for one in comparison.quantities}
    rows = []
    for one in published:
        row = {"Quantity": f"${labels[one.line.name]}$ · {escaped(one.line.name)}", "Published": _published(one.value)}
        row |= {letter: _agreement(found) for letter, found in zip(comparison.letters, one.agreements, strict=True)}
        rows.append(row | {"Unit": unit_latex(one.unit) or "–", "Source": escaped(one.line.source) or "–"})
    table(rows, alt="Published values and their distance from each run in sigma")
    st.caption(
        "A value is compared through the errors that face each other, in quadrature; a limit through the share of the posterior beyond it. "
        f"Up to {AGREES:g} σ it agrees, beyond {DISAGREES:g} σ it disagrees."
    )


def _published(one: Published) -> str:
    if one.limit != "none":
        return f"{'<' if one.limit == 'upper' else '>'} {number(one.value, 6)}".replace("<", "&lt;").replace(">", "&gt;")
    if not one.plus > 0 < one.minus:
        return number(one.value, 8)
    return journal(one.value, one.value - one.minus, one.value + one.plus)


def _agreement(found: Agreement | None) -> str:
    if found is None:
        return "–"
    colour = {"agrees": "green", "tension": "orange"}.get(found.words, "red")
    sigma = f"{found.sigma:.1f}" if math.isfinite(found.sigma) else "far"
    return f"{sigma} σ :{colour}-badge[{found.words}]"


def evidence_table(comparison: Comparison) -> None:
    """Evidence of each run, against the best."""
    rows = []
    compared = zip(comparison.letters, comparison.names, comparison.evidence.evidences, comparison.evidence.factors, strict=True)
    for _letter, name, evidence, factor in compared:
        if factor is None or evidence is None:
            continue
        rows.append(
            {
                "Run": escaped(name),
                "ln Z": with_error(evidence.log_evidence, evidence.error),
                "ln B of the best over it": "–" if factor.words == "best" else with_error(factor.log_bayes, factor.error),
                "Odds against it": "–" if factor.words == "best" else _odds(factor),
                "Probability": _share(factor.probability),
                "In words": "the best"
                if factor.words == "best"
                else f"{factor.words} evidence against it".replace("inconclusive", "no clear"),
            }
        )
    table(rows, alt="Evidence of each run, and Bayes factors against the best")
    st.caption(
        "ln Z is the natural logarithm of the evidence under the full prior. Odds and probabilities take all runs here as equally "
        "probable before the data. Evidence depends on the width of the priors: read it with them."
    )


def _odds(factor: BayesFactor) -> str:
    if factor.log_bayes > 20:
        return f"10{str(round(factor.log_bayes / math.log(10))).translate(str.maketrans('0123456789', '⁰¹²³⁴⁵⁶⁷⁸⁹'))} : 1"
    return f"{math.exp(factor.log_bayes):,.3g} : 1"


def _share(probability: float) -> str:
    if 0.001 <= probability < 0.999:
        return f"{100 * probability:.1f} %"
    return "above 99.9 %" if probability > 0.5 else "below 0.1 %"


def scale_table() -> None:
    """How Bayes factors are called, and who says so."""
    with st.expander("How Bayes factors are called", icon=":material/rule:"):
        rows = [
            {
                "ln B": f"{row.least:g} and more" if row.least else f"below {SCALE[1].least:g}",
                "Odds": row.odds,
                "In words (Trotta)": row.words,
                "Kass & Raftery": row.kass_raftery,
            }
            for row in SCALE
        ]
        table(rows, alt="The scale of Bayes factors")
        st.caption(escaped(f"{SCALE_SOURCE}."))


def fits_table(comparison: Comparison) -> None:
    """How well each run describes its data."""
    rows = []
    for name, result in zip(comparison.names, comparison.results, strict=True):
        check = result.summary["predictive"] or {}
        points = count(result.summary["observation"]["points"], "point")
        rows.append({"Run": escaped(name), "Data": points} | {words: number(check.get(part), 3) for part, words in FITS.items()})
    table(rows, alt="Posterior predictive checks of each run")
    st.caption(
        "χ² and residuals are with the errors that the file gives. Predictive p is the share of simulated data that fit worse than the "
        "observed; below 0.01 it is suspicious. A run without a likelihood has no residuals to judge."
    )
