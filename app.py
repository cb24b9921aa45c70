"""The app's router: every page is reached through here."""

from pathlib import Path

import streamlit as st

from astro_sbi.ui import navigation, state

MARKS = Path(__file__).parent / "astro_sbi" / "ui"

st.set_page_config(page_title="astro_sbi", page_icon=str(MARKS / "mark.svg"), layout="wide", initial_sidebar_state="collapsed")
st.logo(str(MARKS / "wordmark.svg"), size="large")
state.enter()
page = navigation.build()
with st.container(horizontal_alignment="center"), st.container(width=1280):
    page.run()
