"""How a figure is put on a page: theme, downloads, accessible name."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from astro_sbi.figures.printed import can_be_printed
from astro_sbi.ui import cached, state

IMAGE_FORMATS = {"png": "PNG", "svg": "SVG"}


def is_phone() -> bool:
    """Whether the browser says that it runs on a phone."""
    try:
        return "Mobi" in (st.context.headers.get("User-Agent") or "")
    except RuntimeError:
        return False


def image_format_choice() -> None:
    """The choice of the format in which the camera button of every figure saves."""
    st.segmented_control(
        "Save figures as",
        list(IMAGE_FORMATS),
        default="png",
        required=True,
        format_func=IMAGE_FORMATS.__getitem__,
        key=state.IMAGE_FORMAT,
        persist_state="session",
        help="The camera above each figure saves it in this format (PNG at three times the screen's resolution).",
    )


def chart(figure: go.Figure, *, key: str, height: int | None = None, static: bool = False) -> None:
    """Draw a figure over the full width, with a PDF of it on demand; its ``meta`` holds what a screen reader says.

    Args:
        figure: any figure of `astro_sbi.figures`.
        key: the element's key and the name of the saved file.
        height: pixels, when the figure's own height is not wanted.
        static: whether to leave out the mode bar and the PDF.
    """
    config: dict[str, Any] = {
        "displaylogo": False,
        "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
        "toImageButtonOptions": {"format": state.image_format(), "scale": 3, "filename": key},
    }
    if static:
        config["displayModeBar"] = False
    shown = go.Figure(figure).update_layout(height=height, showlegend=not is_phone()) if height else figure
    st.plotly_chart(shown, key=key, alt=(figure.layout.meta or {}).get("alt"), config=config)
    if not static and can_be_printed(figure):
        with st.container(horizontal=True, horizontal_alignment="right"):
            st.download_button(
                "PDF",
                data=lambda: cached.printed(figure),
                file_name=f"{key}.pdf",
                mime="application/pdf",
                key=f"pdf_{key}",
                type="tertiary",
                on_click="ignore",
                icon=":material/picture_as_pdf:",
                help="This figure for a paper: lines and letters, black on white, 7.1 inches wide.",
            )
