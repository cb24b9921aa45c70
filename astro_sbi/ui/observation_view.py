"""An observation as it was read, before anything is done to it."""

from __future__ import annotations

import numpy as np

from astro_sbi.figures.observation import observed
from astro_sbi.observations.observation import Observation
from astro_sbi.ui import cached, charts

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
        ),
    )
    charts.chart(drawn, key="observed")
