"""Steps three and four of an inference: simulator, priors, seed, effort."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from astro_sbi import simulators
from astro_sbi.observations.kind import SPOKEN, Kind
from astro_sbi.runs.settings import ENSEMBLE_RANGE, SAMPLES_RANGE, SEED_RANGE, Settings, parse_change
from astro_sbi.simulators import registry
from astro_sbi.simulators.base import Simulator, configured
from astro_sbi.simulators.prior import PriorError, parse_distribution
from astro_sbi.ui import model_form, state
from astro_sbi.ui.spoken import say
from astro_sbi.ui.words import escaped, unit_text

Changes = list[tuple[str, str]]
SIMULATOR, CHOSEN_FOR = "infer_simulator", "simulator_chosen_for"


def wanted_simulator() -> str:
    """Name of the simulator that the page's address asks for, which is said; empty where it asks for none."""
    name = state.from_url("simulator")
    if name not in simulators.simulator_names():
        return ""
    simulator = simulators.simulator(name)
    st.caption(f"For **{escaped(simulator.title)}** bring {SPOKEN[simulator.kind]}; samples that it explains come first.")
    return name


def kind_of(name: str) -> Kind | None:
    """The kind of observation that a simulator explains; None for the name of none."""
    return simulators.simulator(name).kind if name else None


def choose_simulator(kind: str, file: str, preferred: str = "") -> Simulator | None:
    """The simulators that make this kind of observation.

    Args:
        kind: of the observation.
        file: checksum of its file; a choice made for another file is forgotten.
        preferred: name of the simulator to begin with, if it is one of them.
    """
    offered = {simulator.name: simulator for simulator in simulators.simulators() if simulator.kind == kind}
    for problem in registry.brought().problems:
        st.warning(f"A simulator of this server cannot be used: {escaped(problem)}.", icon=":material/extension_off:")
    if not offered:
        st.warning("No simulator makes this kind of observation yet.", icon=":material/category:")
        return None
    if state.value(CHOSEN_FOR) != file:
        state.put(CHOSEN_FOR, file)
        state.forget(model_form.PREFIX)
        state.put(SIMULATOR, preferred if preferred in offered else next(iter(offered)))
    name = st.selectbox(
        "Simulator",
        list(offered),
        format_func=lambda name: offered[name].title,
        key=SIMULATOR,
        persist_state="session",
        help="What may have made the observation; only simulators of this kind of data are offered.",
    )
    simulator = offered[name]
    st.caption(f"{escaped(simulator.summary)} {escaped(simulator.reference)}")
    if simulator.caveats:
        with st.expander("What this model leaves out", icon=":material/info:", key="caveats"):
            st.markdown("\n".join(f"- {escaped(caveat)}" for caveat in simulator.caveats))
    return simulator


def adapted_simulator(simulator: Simulator, channels: tuple[str, ...]) -> tuple[Simulator, Changes]:
    """The simulator for the observation's channels with the options that are chosen here, and these as settings.

    Raises:
        ObservationError: if the simulator cannot be for these channels.
    """
    chosen = model_form.model_form(simulator)
    return configured(simulator, channels, chosen), [(f"model.{name}", choice) for name, choice in chosen.items()]


def priors_form(simulator: Simulator, changes: Sequence[str] = (), *, fixable: bool = True) -> Changes:
    """Every prior as text that can be changed, and a column to hold parameters fixed.

    Args:
        simulator: for the observation's channels.
        changes: which of its options were chosen.
        fixable: whether parameters have units and can be held fixed.

    Raises:
        PriorError: if a text is no prior.
    """
    by_name = {parameter.name: parameter for parameter in simulator.parameters}
    original = {name: str(distribution) for name, distribution in simulator.prior.distributions}
    rows = pd.DataFrame(
        {
            "meaning": [by_name[name].meaning for name in original],
            "unit": [unit_text(by_name[name].unit) for name in original],
            "prior": list(original.values()),
            "fix": pd.Series([None] * len(original), dtype="float64"),
            "name": list(original),
        }
    )
    columns = {
        "meaning": st.column_config.TextColumn("Parameter", disabled=True, width="medium"),
        "unit": st.column_config.TextColumn("Unit", disabled=True, width="small"),
        "prior": st.column_config.TextColumn(
            "Prior",
            help="uniform(low,high), loguniform(low,high), normal(mean,sigma), lognormal(mean,sigma) of the logarithm; "
            "a bound may be a sum such as 1+radius_ratio.",
            width="medium",
        ),
        "fix": st.column_config.NumberColumn("Fixed at", help="A value holds the parameter; empty infers it.", width="small", format="%g"),
        "name": st.column_config.TextColumn("Name in settings", disabled=True, width="small"),
    }
    # A row's number stands for a parameter only while the parameters are the same.
    key = "_".join(["priors", simulator.name, *changes, *([str(len(simulator.channels))] if len(simulator.channels) > 1 else [])])
    order = [column for column in columns if fixable or column not in ("fix", "unit")]
    edited = st.data_editor(
        rows, hide_index=True, column_config=columns, column_order=order, key=key, num_rows="fixed", placeholder="inferred"
    )
    return _prior_changes(edited, original)


def _prior_changes(edited: pd.DataFrame, original: dict[str, str]) -> Changes:
    changes: Changes = []
    for row in edited.itertuples():
        text = str(row.prior or "").strip()
        if pd.notna(row.fix):
            changes.append((f"fix.{row.name}", repr(float(row.fix))))
        elif text != original[row.name]:
            try:
                parse_distribution(text)
            except PriorError as error:
                raise PriorError(f"{row.name}: {error}") from None
            changes.append((f"prior.{row.name}", text))
    return changes


def effort_form() -> tuple[int, int, int, Changes]:
    """Seed, number of samples, ensemble and further settings.

    Raises:
        SettingsError: if a further setting is not of the form KEY=VALUE.
    """
    seed, samples, ensemble = st.columns(3)
    chosen = (
        seed.number_input(
            "Seed",
            *SEED_RANGE,
            1,
            key="infer_seed",
            persist_state="session",
            help="The same seed, file, settings and versions give the same posterior.",
        ),
        samples.number_input(
            "Posterior samples",
            *SAMPLES_RANGE,
            20_000,
            step=10_000,
            key="infer_samples",
            persist_state="session",
            help="Draws before weighting; more of them sharpen the tails. Asking for more later does not train again.",
        ),
        ensemble.number_input(
            "Flows in the ensemble",
            *ENSEMBLE_RANGE,
            1,
            key="infer_ensemble",
            persist_state="session",
            help="Several flows average out the luck of one training; each costs time.",
        ),
    )
    with st.expander("Further settings", icon=":material/settings:", key="further", on_change="ignore"):
        lines = st.text_area(
            "One KEY=VALUE a line",
            key="infer_further",
            persist_state="session",
            placeholder="train.rounds=3",
            help="The same dotted keys as on the command line: model., prepare., prior., fix., read. and train.",
        )
    changes = [parse_change(line) for line in (lines or "").splitlines() if line.strip()]
    return int(chosen[0]), int(chosen[1]), int(chosen[2]), changes


def settings_form(simulator: Simulator, before: Sequence[tuple[str, str]]) -> Settings | None:
    """Everything that is asked for, or None while something is wrong.

    Args:
        simulator: the simulator chosen, for the observation's channels.
        before: how the file is read and prepared, and which options of the model were chosen.
    """
    with st.expander("Priors", icon=":material/tune:", key="priors_open"):
        st.caption("What is believed before these data. Edit a cell to change it.")
        try:
            priors = priors_form(simulator, [choice for key, choice in before if key.startswith("model.")])
        except PriorError as error:
            say(error)
            return None
    seed, samples, ensemble, further = effort_form()
    return Settings(simulator.name, seed, samples, ensemble, (*before, *priors, *further))
