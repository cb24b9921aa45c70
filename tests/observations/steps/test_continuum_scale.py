"""A spectrum in one unit with the scale of its continuum."""

from dataclasses import replace

import numpy as np
import pytest

from astro_sbi.observations.observation import Axis, ObservationError
from astro_sbi.observations.preparation import Preparation, prepare
from astro_sbi.observations.steps.continuum_scale import ContinuumScale
from tests.observations.tables import observed


def spectrum(unit: str):
    wavelength = np.linspace(4000.0, 6000.0, 201)
    made = observed("spectrum", wavelength, 5.0 + 0.001 * (wavelength - 5000.0), 0.3)
    return replace(made, value_axis=Axis("flux density", unit))


@pytest.mark.parametrize(
    ("unit", "factor"), [("1e-17 erg / (Angstrom s cm2)", 1.0), ("1e-19 W / (m2 nm)", 1.0), ("1e-16 erg / (Angstrom s cm2)", 10.0)]
)
def test_one_unit_and_a_scale(unit, factor):
    prepared = prepare(spectrum(unit), Preparation((ContinuumScale(),)))
    points = prepared.observation.points
    assert np.median(prepared.observation.value) == pytest.approx(5.0 * factor)
    assert points.noise.sigma == pytest.approx(factor * np.hypot(0.3, 0.1) * np.ones(201))
    assert points.known["continuum_scale"].value == pytest.approx(5.0 * factor)
    assert points.known["middle"].to_value("Angstrom") == pytest.approx(5000.0)
    assert prepared.resolved["flux_error"] == 0.02


def test_counts_are_refused():
    for unit in ("", "count", "Jy"):
        with pytest.raises(ObservationError, match=r"give the unit \(read\.value_unit="):
            prepare(spectrum(unit), Preparation((ContinuumScale(),)))
