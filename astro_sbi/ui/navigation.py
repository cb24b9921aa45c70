"""The pages, and the guard that sends a deep link through the router."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from astro_sbi.ui import state

HOME, EXPLORE, INFER, LIBRARY, RESULT = "pages/home.py", "pages/explore.py", "pages/infer.py", "pages/library.py", "pages/result.py"
SIMULATIONS, COMPARE, TRUST = "pages/simulations.py", "pages/compare.py", "pages/trust.py"


def build() -> st.Page:
    """Register the pages and return the one to run.

    The pages have no icons: Streamlit makes a page's icon the tab's and fetches it from a third party.
    """
    pages = [
        st.Page(HOME, title="Home", default=True, help="What this is, and a finished example."),
        st.Page(EXPLORE, title="Explore", help="Move a simulator's parameters and watch its data change."),
        st.Page(INFER, title="Infer", help="An observation in, a checked posterior out."),
        st.Page(SIMULATIONS, title="My simulations", help="A table of your own simulations in, a checked posterior out."),
        st.Page(LIBRARY, title="Library", help="Every run: find, open, cancel, delete."),
        st.Page(COMPARE, title="Compare", help="Several posteriors over each other, and which model the data prefer."),
        st.Page(TRUST, title="Trust", help="How far a flow or a run can be trusted, and what no check can tell."),
        st.Page(RESULT, title="Result", visibility="hidden", help="One finished inference."),
    ]
    return st.navigation(pages, position="hidden" if st.context.is_embedded else "top")


def guard() -> None:
    """Send a session that did not come in through the router there.

    Beside a folder called ``pages`` Streamlit runs the first deep link into a fresh server as a script of its own,
    without ``app.py``; registering the pages and running again mends that.
    """
    if not state.entered():
        build()
        st.rerun()


def permalink(key: str, **parameters: str) -> str:
    """The address at which anyone who reaches this server opens a finished inference; empty parameters are left out."""
    base = (st.context.url or "").split("?")[0].rstrip("/")
    names = ("explore", "infer", "simulations", "library", "compare", "trust", "result")
    if base.rsplit("/", 1)[-1] in names:
        base = base.rsplit("/", 1)[0]
    return f"{base}/result?{urlencode({'run': key} | {name: text for name, text in parameters.items() if text})}"
