"""What changed priors do: their densities, and the data that they make, against the default ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
import streamlit as st

from astro_sbi.figures.prior_predictive import DEFAULT, YOURS, prior_densities, prior_predictive
from astro_sbi.figures.series import Shown
from astro_sbi.observations.observation import Observation
from astro_sbi.simulators.prior import Distribution
from astro_sbi.ui import cached_models, charts
from astro_sbi.ui.prior_predictive import prior_curves, share_inside
from astro_sbi.ui.words import count, number, unit_text

_FEW = 0.5


def prior_effect(name: str, options: Mapping[str, str], observation: Observation, changed: Mapping[str, Distribution]) -> None:
    """Densities of the changed priors, and bands of simulated data under them and under the default ones.

    Args:
        name: of the simulator.
        options: those of its options that are not at their defaults.
        observation: prepared.
        changed: priors that differ from the default ones.

    Raises:
        PriorError: if a parameter leaves the range for which the simulator is made, or hardly any simulation is finite.
    """
    predictor = cached_models.predictor(name, options, observation)
    default = predictor.simulator.prior
    yours = default.replace(changed)
    if changed:
        curves = [prior_curves(predictor, parameter, yours, default) for parameter in changed]
        across = 1 if charts.is_phone() else min(3, max(2, len(changed)))
        charts.chart(prior_densities(curves, across=across), key="prior_densities")
    observed = {
        "observed/coordinate": observation.points.coordinate,
        "observed/value": observation.value,
        "observed/sigma": observation.points.noise.sigma,
        "observed/channel": observation.points.channel,
    }
    priors = {YOURS: yours, DEFAULT: default} if changed else {DEFAULT: default}
    bands = {name: cached_models.predicted_bands(predictor, prior) for name, prior in priors.items()}
    axes = {"coordinate": observation.coordinate_axis, "value": observation.value_axis}
    drawing = prior_predictive(
        [(name, observed | arrays) for name, arrays in bands.items()],
        {name: asdict(axis) | {"label": axis.label} for name, axis in axes.items()},
        Shown(observation.kind, observation.channels),
    )
    charts.chart(drawing, key="prior_predictive")
    st.markdown(_sentence(bands, observation))
    st.caption(
        "Dark shades hold 68 and 95 % of the model without noise, pale ones of data with it; nothing here is fitted. On a logarithmic axis "
        "densities are those of the logarithm."
    )


def _sentence(bands: Mapping[str, Mapping[str, np.ndarray]], observation: Observation) -> str:
    """How the observed values lie among simulated ones: point by point, and in their scatter."""
    unit, value = f" {unit_text(observation.value_axis.unit)}".rstrip(), observation.value
    shares = {name: share_inside(arrays, value) for name, arrays in bands.items()}
    scatter = float(np.std(value))
    inside = " and ".join(f"**{_percent(share)}** under {_spoken(name)}" for name, share in shares.items())
    ranges = " and ".join(
        f"**{number(arrays['scatter'][0])} to {number(arrays['scatter'][1])}** under {_spoken(name)}" for name, arrays in bands.items()
    )
    words = (
        f"Of {count(len(value), 'observed point')}, {inside} lie inside the 95 % band of simulated data. The observed values scatter by "
        f"**{number(scatter)}**{unit}, those of 95 % of the simulated data sets by {ranges}."
    )
    first, (low, high) = next(iter(shares.values())), next(iter(bands.values()))["scatter"]
    if first < _FEW:
        words += " Few of the data can come from this prior: it may be too narrow, or in the wrong place."
    elif scatter > high:
        words += " The data vary more than this prior lets them: it may be too narrow."
    elif scatter < low:
        words += " The data vary less than nearly all that this prior makes."
    return words


def _spoken(name: str) -> str:
    return "your prior" if name == YOURS else "the default prior"


def _percent(share: float) -> str:
    return f"{100 * np.floor(1000 * share) / 1000:.3g} %"
