"""Where a result comes from: file, preparation, priors, versions, and the code that makes it again."""

from __future__ import annotations

import streamlit as st

from astro_sbi.figures.observation import periodogram, stage
from astro_sbi.runs.result import Result
from astro_sbi.ui import cached, charts
from astro_sbi.ui.posterior_view import in_order
from astro_sbi.ui.tables import pairs_table, table
from astro_sbi.ui.words import breakable, count, escaped, unit_latex


def priors_view(result: Result) -> None:
    """The priors as they were used, and the known quantities they may depend on."""
    labels = result.summary["labels"]
    rows = []
    for name, text in in_order(result, result.summary["priors"]).items():
        label = labels.get(name, {})
        symbol, meaning = f"${label.get('latex', name)}$", escaped(label.get("meaning", name))
        unit = unit_latex(label.get("unit", ""))
        if charts.is_phone():
            rows.append({"Quantity": f"{symbol}, {meaning}", "Prior": f"`{breakable(text)}` {unit}"})
        else:
            rows.append({"Symbol": symbol, "Prior": f"`{text}`", "Unit": unit or "–", "Meaning": meaning})
    table(rows, alt="Priors of the parameters")
    known = result.summary.get("known") or {}
    if known:
        st.markdown("**Known quantities**, which came with the observation and were not inferred:")
        pairs_table(known, names=("Quantity", "Value"), alt="Known quantities")


def preparation_view(key: str, result: Result) -> None:
    """Each step from the file to what was fitted, with its effect."""
    resolved = result.summary.get("resolved") or {}
    if resolved:
        st.markdown("**Resolved values**, found in these data where they were not given:")
        pairs_table(resolved, names=("Setting", "Value"), alt="Values found in the data")
    if "period/period" in result.arrays:
        period, power = result.arrays["period/period"], result.arrays["period/power"]
        best = float(resolved.get("period", period[power.argmax()]))
        charts.chart(cached.figure(("period", key), lambda: periodogram(period, power, best)), key="periodogram")
    for index, step in enumerate(result.summary.get("stages") or []):
        _stage(key, result, index, step)


def _stage(key: str, result: Result, index: int, step: dict) -> None:
    dropped = sum(step["dropped"].values()) if isinstance(step.get("dropped"), dict) else int(step.get("dropped") or 0)
    ending = f" ({count(dropped, 'point')} dropped)" if dropped else ""
    place = st.expander(f"{index + 1}. {escaped(step['name'])}{ending}", key=f"stage_{index}", on_change="rerun")
    if not place.open:
        return
    with place:
        st.markdown(escaped(step["sentence"]))
        names = [f"stage/{index}/{which}" for which in ("before_coordinate", "before_value", "after_coordinate", "after_value")]
        if all(name in result.arrays for name in names):
            before_x, before_y, after_x, after_y = (result.arrays[name] for name in names)
            (x_label, y_label), (x_after, y_after) = step["labels"]["before"], step["labels"]["after"]
            drawn = cached.figure(
                ("stage", key, index),
                lambda: stage(
                    (before_x, before_y), (after_x, after_y), x_label=x_label, y_label=y_label, x_label_after=x_after, y_label_after=y_after
                ),
            )
            charts.chart(drawn, key=f"stage_figure_{index}")


def origin_view(result: Result) -> None:
    """File, reader, what was dropped, versions and keys."""
    summary, origin = result.summary, result.summary["origin"]
    st.markdown("**The file**")
    st.text(origin["file"])
    dropped = ", ".join(f"{escaped(reason)}: {n:,}" for reason, n in (origin.get("dropped") or {}).items()) or "nothing"
    st.markdown(f"Read as {escaped(origin['reader'])}. Dropped: {dropped}. SHA-256 `{origin['sha256']}`.")
    columns = ", ".join(f"{role} from {name}" for role, name in (origin.get("columns") or {}).items())
    if columns:
        st.markdown(f"Columns: {escaped(columns)}.")
    simulations = summary.get("table")
    if simulations:
        st.markdown("**The simulations**")
        st.text(simulations["file"])
        used = f"{simulations['used']:,} of {simulations['rows']:,} rows used, {simulations['held_back']:,} of them held back from training"
        st.markdown(f"Read as {escaped(simulations['format'])}; {used}. SHA-256 `{simulations['sha256']}`.")
    for guess in origin.get("guesses") or []:
        st.info(f"Guessed: {escaped(guess)}", icon=":material/help:")
    for warning in origin.get("warnings") or []:
        st.warning(escaped(warning), icon=":material/warning:")
    st.markdown("**Make it again** with the same seed, settings and versions:")
    st.code(summary["snippet"], language="python")
    versions = ", ".join(f"{name} {version}" for name, version in (summary.get("versions") or {}).items())
    st.markdown(f"**Versions** {escaped(versions)}")
    st.markdown(f"**Key** `{summary['key']}`")
    st.markdown(f"**Simulator** {escaped(summary['simulator_title'])}. {escaped(summary['reference'])}")
    for caveat in summary.get("caveats") or []:
        st.markdown(f"- {escaped(caveat)}")
