"""An observation as it was read or prepared: shown, and to be taken away."""

from __future__ import annotations

import numpy as np
import streamlit as st

from astro_sbi.figures.observation import observed
from astro_sbi.observations.observation import Observation
from astro_sbi.runs.observation_export import to_ecsv
from astro_sbi.ui import cached, charts
from astro_sbi.ui.words import plain_stem

MOST_POINTS = 20_000


def observation_view(key: str, observation: Observation) -> None:
    """Every point with its error, thinned where there are too many to see.

    Args:
        key: content hash of the observation.
        observation: the observation.
    """
    points = observation.points
    every = max(1, -(-len(observation) // MOST_POINTS))
    used = np.flatnonzero(points.used)[::every]
    drawn = cached.figure(
        ("observed", key, observation.content_hash),
        lambda: observed(
            points.coordinate[used],
            observation.value[used],
            points.noise.sigma[used],
            x_label=observation.coordinate_axis.label,
            y_label=observation.value_axis.label,
            channels={name: points.channel[used] == number for number, name in enumerate(observation.channels)},
        ),
    )
    charts.chart(drawn, key="observed")


def download_observation(observation: Observation, label: str, ending: str) -> None:
    """A button that gives every point with units and provenance; the file is made when it is asked for.

    Args:
        observation: as read or as prepared.
        label: of the button.
        ending: of the file's name, and of the button's key.
    """
    st.download_button(
        label,
        lambda: to_ecsv(observation),
        file_name=f"{plain_stem(observation.name)}_{ending}.ecsv",
        mime="text/plain",
        icon=":material/download:",
        key=f"download_{ending}",
        on_click="ignore",
    )
