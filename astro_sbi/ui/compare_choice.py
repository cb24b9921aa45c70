"""Which runs to compare: by the page's address, by a search, or by the boxes in the Library."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import streamlit as st

from astro_sbi.runs import api
from astro_sbi.runs.bundle import StoreError
from astro_sbi.runs.compare import MOST
from astro_sbi.runs.finished import key_beginning
from astro_sbi.runs.keys import shortened
from astro_sbi.runs.settings import Settings
from astro_sbi.ui import cached, navigation, state
from astro_sbi.ui.progress_view import ACTIVE
from astro_sbi.ui.spoken import say
from astro_sbi.ui.verdict_view import look_of
from astro_sbi.ui.words import age, escaped

CHOSEN, ADDRESS, TICK = "compared_runs", "compared_address", "compare_"
#: Longest address of six whole keys, with the commas between them.
LONGEST_ADDRESS = 400
OFFERED = 5


def address_of(keys: Iterable[str]) -> str:
    """Runs as the page's address carries them."""
    return ",".join(shortened(key) for key in keys)


def chosen_runs() -> list[str]:
    """Keys of the runs to compare, the address kept in step; what cannot be found is said."""
    address = state.from_url("runs", most=LONGEST_ADDRESS)
    jobs = api.jobs(cached.store())
    if state.value(ADDRESS) != address:
        state.put(CHOSEN, _asked(address, jobs))
    options = _options(jobs, state.value(CHOSEN, []))
    keys = st.multiselect(
        "Runs",
        list(options),
        format_func=lambda key: options[key],
        key=CHOSEN,
        max_selections=MOST,
        placeholder="Find by object, simulator, seed or verdict",
        help=f"Two to {MOST} finished runs; the others are compared with the first. The address of this page carries them: send it.",
    )
    state.put(ADDRESS, address_of(keys))
    state.to_url(runs=address_of(keys))
    return list(keys)


def _asked(address: str, jobs: Sequence[api.JobView]) -> list[str]:
    """The runs that the address asks for, each once."""
    found: dict[str, None] = {}
    for beginning in filter(None, (part.strip().lower() for part in address.split(","))):
        try:
            found[key_beginning(cached.store(), beginning)] = None
        except StoreError as error:
            waiting = next((job for job in jobs if job.key.startswith(beginning) and job.state in ACTIVE), None)
            if waiting is None:
                say(error)
            else:
                st.info(f"The run of {escaped(waiting.observation)} is not finished yet.", icon=":material/hourglass_empty:")
                st.page_link(navigation.INFER, label="Follow it", icon=":material/visibility:", query_params={"job": waiting.key})
    if len(found) > MOST:
        st.info(f"{len(found)} runs are asked for; the first {MOST} are compared.", icon=":material/info:")
    return list(found)[:MOST]


def _options(jobs: Sequence[api.JobView], chosen: Iterable[str]) -> dict[str, str]:
    """Finished runs by key, in words; those chosen that no job or example tells of are looked up."""
    options = {str(job.result_key): _words(job) for job in reversed(_finished(jobs))}
    options = dict(reversed(options.items())) | {example.key: f"{example.title} · example" for example in cached.examples()}
    missing = [key for key in chosen if key not in options]
    return options | {key: f"{cached.result(key).summary['title']} · {shortened(key)}" for key in missing}


def _finished(jobs: Sequence[api.JobView]) -> list[api.JobView]:
    return [job for job in jobs if job.state == "done" and job.result_key]


def _words(job: api.JobView) -> str:
    """What tells a run apart from others: object, simulator, choices of model and training, seed, verdict, age."""
    settings, told = job.settings, []
    if isinstance(settings, Settings):
        choices = settings.section("model") | settings.section("train")
        told = [*(f"{name} {text}" for name, text in choices.items()), f"seed {settings.seed}", f"{settings.samples:,} samples"]
    words = (job.observation, job.simulator, *told, look_of(job.verdict or "").label, age(job.created))
    return " · ".join(filter(None, words))


def what_next(keys: Sequence[str]) -> None:
    """What to do while there is nothing to compare yet: other runs of the same observation, or where runs come from."""
    if not keys:
        st.info("Choose two runs or more above, or tick them in the Library.", icon=":material/compare_arrows:")
        st.page_link(navigation.LIBRARY, label="Open the Library", icon=":material/inventory_2:")
        return
    name = cached.result(keys[0]).summary["observation"]["name"]
    jobs = api.jobs(cached.store(), wake=False)
    others = [job for job in _finished(jobs) if job.observation == name and job.result_key not in keys][:OFFERED]
    if not others:
        st.info(
            f"One more run is needed, and there is no other of {escaped(name)}: choose any above, or infer again with another prior, seed "
            "or simulator.",
            icon=":material/compare_arrows:",
        )
        st.page_link(navigation.INFER, label="Infer from an observation", icon=":material/insights:")
        return
    st.info(f"One more run is needed. These are of {escaped(name)} too:", icon=":material/compare_arrows:")
    for job in others:
        parameters = {"runs": address_of([*keys, str(job.result_key)])}
        st.page_link(navigation.COMPARE, label=escaped(_words(job)), icon=":material/add:", query_params=parameters)


def tick_box(job: api.JobView) -> None:
    """A box by which a finished run of the Library is chosen."""
    st.checkbox("Compare", key=f"{TICK}{job.key}", persist_state="session")


def ticked_runs(jobs: Sequence[api.JobView]) -> None:
    """A button that compares the runs ticked in the Library."""
    keys = list(dict.fromkeys(job.result_key for job in jobs if job.result_key and state.value(f"{TICK}{job.key}")))
    if not keys:
        return
    label = (
        "Compare this run" if len(keys) == 1 else f"Compare these {len(keys)} runs" if len(keys) <= MOST else f"Compare the first {MOST}"
    )
    if st.button(label, key="compare_ticked", type="primary", icon=":material/compare_arrows:"):
        st.switch_page(navigation.COMPARE, query_params={"runs": address_of(keys[:MOST])})
