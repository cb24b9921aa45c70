"""Checks that are made when they are asked for: fit it the slow way, and test the flow at this observation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from astro_sbi.diagnostics.comparison import C2ST, EVIDENCE, SHIFT, WIDTH
from astro_sbi.diagnostics.judging import Threshold
from astro_sbi.diagnostics.local_verdict import LOCAL
from astro_sbi.runs import api, on_demand
from astro_sbi.runs.check_settings import SAMPLERS, TITLES, Method
from astro_sbi.runs.result import Result
from astro_sbi.simulators.registry import SIMULATIONS
from astro_sbi.ui import cached, charts
from astro_sbi.ui.kept_checks import check_badge, finished_check
from astro_sbi.ui.limits_view import limits_table
from astro_sbi.ui.progress_view import ACTIVE, check_progress
from astro_sbi.ui.spoken import said
from astro_sbi.ui.tables import table
from astro_sbi.ui.words import count, duration, escaped, journal, number, sentence, unit_latex, with_error

ABOUT = {
    "c2st": "Share of draws that a classifier tells from the reference's",
    "shift": "Largest shift of a median, in sigma",
    "width": "Largest ratio of error bars, its logarithm",
    "evidence": "Difference of ln evidence",
    "local": "p: share of permutations that see as much",
}
PHASES = {
    "preparing": "Preparing the observation",
    "simulating": "Simulating data like these",
    "sampling": "Sampling",
    "checking": "Comparing",
}
SAMPLER_HELP = (
    "NUTS follows the slope of the likelihood: the quicker one, for a posterior of one mode. Nested sampling finds several modes and gives "
    "the evidence. The one chosen suits this posterior."
)


def slow_checks_view(result: Result) -> None:
    """The two checks, each with what it tells, its progress and what it found."""
    st.markdown("**Checks on demand**")
    with said():
        if result.summary["importance"] is not None:
            with st.container(border=True):
                _reference(result)
        with st.container(border=True):
            _local(result)


def _reference(result: Result) -> None:
    st.markdown(
        "**Fit it the slow way.** A sampler that knows nothing of the flow draws from the same likelihood and priors, and the posteriors "
        "are compared. It takes from one minute to ten, longer for spectra of thousands of points."
    )
    method = st.segmented_control(
        "Sampler",
        list(SAMPLERS),
        default=cached.usual_sampler(result),
        required=True,
        format_func=_title,
        key="reference_sampler",
        help=SAMPLER_HELP,
    )
    found = _asked(result, method, "Fit it the slow way")
    if found:
        _verdict(method, found.summary)
        _differences(result, found.summary)
        _limits((C2ST, SHIFT, WIDTH, EVIDENCE))


def _title(sampler: Method) -> str:
    title = TITLES[sampler]
    return title[:1].upper() + title[1:]


def _local(result: Result) -> None:
    summary = result.summary
    source = "Takes the rows of the table that training did not see" if summary["simulator"] == SIMULATIONS else "Simulates data like these"
    alone = " It tests the flow alone, before the likelihood corrects it." * (summary["importance"] is not None)
    st.markdown(
        f"**Test it here (L-C2ST).** {source}, and asks whether a classifier can tell the true parameters from the flow's draws near this "
        f"observation.{alone} It takes about half a minute."
    )
    found = _asked(result, "local", "Test it here (L-C2ST)")
    if found:
        _verdict("local", found.summary)
        _near(result, found.summary)
        _limits((LOCAL,))


def _asked(result: Result, method: Method, label: str) -> Result | None:
    """A finished check; else its progress, or the button that asks for it."""
    found = finished_check(result, method)
    if found:
        return found
    store, key = cached.store(), on_demand.check_settings(result, method).key
    job = api.job(store, key)
    if job is not None and job.state in ACTIVE:
        check_progress(key, PHASES, cancel=f"cancel_{method}", goes_on="the check goes on, and its result appears here")
        return None
    if job is not None and job.state == "failed":
        st.error(escaped(sentence(job.error or "the check failed without saying why")), icon=":material/error:")
        with st.expander("Log of the check", icon=":material/article:"):
            st.code(job.log_tail or "The log is empty.", language=None, wrap_lines=True)
    why = on_demand.refusal(store, result, method)
    if why:
        st.caption(f":material/info: Not possible here: {escaped(why)}.")
    elif st.button(label, icon=":material/play_arrow:", key=f"ask_{method}"):
        on_demand.ask(store, result, method)
        st.rerun()
    return None


def _verdict(method: Method, found: Mapping[str, Any]) -> None:
    check_badge(TITLES[method], found["verdict"])
    st.markdown("\n".join(f"- {escaped(reason)}" for reason in found["reasons"]))


def _differences(result: Result, found: Mapping[str, Any]) -> None:
    """Both posteriors side by side, and what the sampler cost."""
    summary, title = result.summary, _title(found["sampler"])
    rows = []
    for name, reference in found["quantities"].items():
        ours, one = {**summary["parameters"], **summary["derived"]}.get(name), found["differences"].get(name)
        if not ours or not one:
            continue
        medians = [journal(each["median"], each["lower"], each["upper"]) for each in (ours, reference)]
        quantity, both = {"Quantity": _symbol(result, name)}, {"Posterior": medians[0], title: medians[1]}
        both |= {"Unit": unit_latex(reference["unit"]) or "–"}
        differs = {"Shift [σ]": f"{one['shift']:+.2f}".replace("-", "−"), "Error ratio": f"{one['ratio']:.2f}"}
        rows.append(quantity | differs | both if charts.is_phone() else quantity | both | differs)
    if rows:
        table(rows, alt="Posterior and reference: medians with 68 % intervals, shift and ratio of errors")
    facts = []
    if found["c2st"] is not None:
        facts.append(f"Told from the reference: posterior {found['c2st']:.1%}, flow alone {found['c2st_flow']:.1%} (50 % is chance)")
    if found["log_evidence"] is not None and summary["importance"]:
        ours = summary["importance"]
        facts.append(
            f"ln evidence {with_error(ours['log_evidence'], ours.get('log_evidence_error'))} here, "
            f"{with_error(found['log_evidence'], found['log_evidence_error'])} by {TITLES[found['sampler']]}"
        )
    facts.append(f"{title}: {count(found['draws'], 'draw')}, {found['evaluations']:,} likelihoods, {duration(found['seconds'])}")
    facts.append(sentence(found["reason"]).removesuffix("."))
    st.caption(". ".join(facts) + ".")


def _near(result: Result, found: Mapping[str, Any]) -> None:
    """Bias and dispersion of each parameter near the observation."""
    test = found["test"]
    rows = [
        {
            "Parameter": _symbol(result, name),
            "Bias [σ]": f"{bias:+.2f}".replace("-", "−"),
            "True over stated error": f"{test['dispersion'][name]:.2f}",
        }
        for name, bias in test["bias"].items()
    ]
    table(rows, alt="Bias and ratio of errors of each parameter near the observation")
    st.caption(
        f"{count(test['simulations'], 'simulation')} in {duration(found['seconds'])}, those near this observation worth "
        f"{test['effective']:.0f}, which tells a bias to ± {1 / test['effective'] ** 0.5:.2f} σ. p {number(test['p_value'], 2)}. "
        "A right flow has bias 0 and ratio 1. The test sees means, widths and correlations, not what the flow's summary of the data lost."
    )


def _symbol(result: Result, name: str) -> str:
    label = result.summary["labels"].get(name, {})
    symbol = f"${label.get('latex', name)}$"
    return symbol if charts.is_phone() else f"{symbol}, {escaped(label.get('meaning', name))}"


def _limits(rows: Sequence[Threshold]) -> None:
    with st.expander("The limits of this check", icon=":material/rule:"):
        limits_table(rows, ABOUT)
