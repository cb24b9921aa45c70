"""One step of a preparation, before and after, each axis with its own unit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from astro_sbi.figures.observation import stage

Curve = tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]
RAW_LABELS = {"light_curve": ("time [d]", "flux"), "spectrum": ("wavelength [Angstrom]", "flux density")}


class Labels(NamedTuple):
    """What stands at the two axes."""

    coordinate: str
    value: str


def stage_figure(before: Curve, after: Curve, fitted: Curve, fitted_labels: Labels, raw_labels: Labels) -> go.Figure:
    """What a step was given and what it returned.

    Args:
        before: coordinate and value that the step was given.
        after: coordinate and value that it returned.
        fitted: the prepared observation, on whose axes a step may work already.
        fitted_labels: its axes.
        raw_labels: the axes of the observation as it was read.
    """
    x_label, y_label = _labels(before, fitted, fitted_labels, raw_labels)
    x_after, y_after = _labels(after, fitted, fitted_labels, raw_labels)
    return stage(before, after, x_label=x_label, y_label=y_label, x_label_after=x_after, y_label_after=y_after)


def _labels(curve: Curve, fitted: Curve, fitted_labels: Labels, raw_labels: Labels) -> Labels:
    """The fitted axes where a curve's numbers can be on them, else the raw ones."""
    (x, y), (low, high), middle = curve, (np.min(fitted[0]), np.max(fitted[0])), np.median(fitted[1])
    slack = 0.1 * (high - low)
    folded = bool(len(x)) and np.min(x) >= low - slack and np.max(x) <= high + slack
    scaled = bool(len(y)) and abs(np.nanmedian(y) - middle) <= 0.2 * abs(middle)
    return Labels(
        fitted_labels.coordinate if folded else raw_labels.coordinate,
        fitted_labels.value if scaled else raw_labels.value,
    )
