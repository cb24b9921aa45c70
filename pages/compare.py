"""Several finished runs side by side."""

import streamlit as st

from astro_sbi.runs.compare import FEWEST
from astro_sbi.ui import cached, compare_choice, compare_view, navigation
from astro_sbi.ui.kept_checks import with_references
from astro_sbi.ui.spoken import said

navigation.guard()
st.title("Compare", anchor=False)
st.caption("Posteriors over each other, what differs between their runs, and which model the same data prefer.")

with said():
    keys = compare_choice.chosen_runs()
    if len(keys) < FEWEST:
        compare_choice.what_next(keys)
    else:
        compare_view.compare_view(keys, [with_references(cached.result(key)) for key in keys])
