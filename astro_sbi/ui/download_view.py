"""What can be taken away from a result; each file is made when it is asked for."""

from __future__ import annotations

import streamlit as st

from astro_sbi.runs import export
from astro_sbi.runs.result import Result
from astro_sbi.ui import charts, marks, navigation
from astro_sbi.ui.words import plain_stem


def file_stem(result: Result) -> str:
    """A file name that says simulator, object and key."""
    name = plain_stem(str(result.summary["observation"]["name"]))
    return f"{result.summary['simulator']}_{name}_{result.summary['key'][:12]}"


def download_view(result: Result) -> None:
    """Buttons for samples, model and settings, and the format of saved figures."""
    stem = file_stem(result)
    offers = (
        ("Samples (ECSV)", export.to_ecsv, "samples.ecsv", "text/plain", "Weighted posterior draws with units; astropy reads it."),
        (
            "Samples (NetCDF)",
            export.to_netcdf,
            "posterior.nc",
            "application/x-netcdf",
            "Posterior, prior, data and predictive draws; ArviZ reads it.",
        ),
        (
            "Model curve (ECSV)",
            export.model_curve_ecsv,
            "model.ecsv",
            "text/plain",
            "Data, median model and 68 and 95 % bands at each point.",
        ),
        ("Settings (JSON)", export.settings_json, "settings.json", "application/json", "Everything that was asked for, to run it again."),
    )
    with st.container(horizontal=True):
        for label, make, ending, mime, words in offers:
            st.download_button(
                label,
                data=lambda make=make: make(result),
                file_name=f"{stem}_{ending}",
                mime=mime,
                key=f"download_{ending}",
                help=words,
                on_click="ignore",
                icon=":material/download:",
            )
    charts.image_format_choice()
    st.caption("The camera above each figure saves it in this format; the button below it makes a PDF.")


def share_view(key: str) -> None:
    """The address to send to a colleague."""
    st.caption("This address opens the result in any browser that reaches this server; it needs no training and no account.")
    st.code(navigation.permalink(key, mark=marks.written()), language=None, wrap_lines=True)
