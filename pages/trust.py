"""How far a flow or a finished run can be trusted, and what no check can tell."""

import streamlit as st

from astro_sbi.runs.keys import is_key
from astro_sbi.ui import cached, navigation, trust_view
from astro_sbi.ui.sensitivity_view import sensitivity_view
from astro_sbi.ui.spoken import said

navigation.guard()
st.title("Trust", anchor=False)
st.caption("The evidence for and against a posterior: how it was tested, what came out, and what no test can see.")


def flow(subject: trust_view.Subject) -> None:
    """The card of a flow that ships."""
    shipped = cached.shipped_cards().get(subject.name)
    if shipped is None:
        st.info("No flow with a calibration card ships under this name. Choose another above.", icon=":material/info:")
        return
    trust_view.card_view(shipped, trust_view.shipped_judged(shipped))
    trust_view.blind_view()
    st.caption("To put a calibration error into data of your own and see what it does, choose a run with a likelihood above.")


def run(subject: trust_view.Subject) -> None:
    """The card of a run, or what is valid for one that has none."""
    if not is_key(subject.name):
        st.error("The key in this address cannot be one: part of the link may be missing. Choose a run above.", icon=":material/link_off:")
        return
    result = cached.result(subject.name)
    st.page_link(navigation.RESULT, label="Open the result", icon=":material/open_in_new:", query_params={"run": subject.name})
    judged = trust_view.run_judged(result)
    if result.summary["importance"] is not None and judged is None:
        trust_view.rounds_view(subject.name, result)
    elif judged is not None:
        trust_view.card_view(result, judged)
        trust_view.blind_view()
    else:
        st.info("This run is from before there were calibration cards. Run it again to get one.", icon=":material/history:")
    if result.summary["importance"] is not None:
        st.header("What this cannot detect", anchor=False)
        sensitivity_view(subject.name, result)


with said():
    chosen = trust_view.choose()
    if chosen is None:
        st.info("Nothing to look at yet: no flow ships with a card and no run is finished.", icon=":material/inventory_2:")
    elif chosen.kind == "flow":
        flow(chosen)
    else:
        run(chosen)
