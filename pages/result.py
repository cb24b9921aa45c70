"""One shared result: the target of permalinks."""

import streamlit as st

from astro_sbi.runs.keys import is_key
from astro_sbi.runs.store import StoreError
from astro_sbi.ui import cached, navigation, spoken, state
from astro_sbi.ui.result_view import result_view

navigation.guard()


def ways_on() -> None:
    """Where to go from a result that is not there."""
    st.page_link(navigation.LIBRARY, label="Open the Library", icon=":material/inventory_2:")
    st.page_link(navigation.HOME, label="See a finished example", icon=":material/home:")


key = state.from_url("run")
if not key:
    st.title("No result chosen", anchor=False)
    st.info("This page shows one finished inference; its address ends in ?run= and a key.", icon=":material/link:")
    ways_on()
elif not is_key(key) and not key.replace("_", "").replace("-", "").isalnum():
    st.title("Not a result's address", anchor=False)
    st.error("The key in this address cannot be one: part of the link may be missing. Ask for it again.", icon=":material/link_off:")
    ways_on()
else:
    try:
        result = cached.result(key)
    except StoreError as error:
        st.title("This result is not here", anchor=False)
        spoken.say(error)
        ways_on()
    else:
        result_view(key, result)
