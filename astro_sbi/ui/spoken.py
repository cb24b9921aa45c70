"""The package's own errors, said on the page with the next step; nothing else is caught."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from astro_sbi.inference.posterior import InferenceError
from astro_sbi.observations.observation import ObservationError
from astro_sbi.runs.settings import SettingsError
from astro_sbi.runs.store import StoreError
from astro_sbi.simulators.prior import PriorError
from astro_sbi.ui.words import escaped

NEXT_STEPS = {
    ObservationError: "Choose another file, or change how it is read or prepared above.",
    PriorError: "Mend the prior in the form; the original is one click away.",
    SettingsError: "Mend the setting in the form.",
    StoreError: "Look in the Library for what is kept, or run the inference again.",
    InferenceError: "Look at the log, change the settings and run it again.",
}


def say(error: Exception) -> None:
    """Show one of the package's own errors with the next step."""
    step = next((step for kind, step in NEXT_STEPS.items() if isinstance(error, kind)), "")
    sentence = str(error)
    starts_with_a_name = not sentence.split(" ", 1)[0].isalpha()
    shown = sentence if starts_with_a_name else sentence[:1].upper() + sentence[1:]
    st.error(f"{escaped(shown)}\n\n{step}", icon=":material/error:")


@contextmanager
def said() -> Iterator[None]:
    """Turn the package's own errors into a sentence on the page."""
    try:
        yield
    except tuple(NEXT_STEPS) as error:
        say(error)
