"""The supernovae that are kept for a Hubble diagram."""

from pathlib import Path

import numpy as np
import pytest
from astropy import units as u

from astro_sbi.observations.observation import Axis, Noise, Observation, ObservationError, Origin, Points
from astro_sbi.observations.preparation import Preparation, prepare
from astro_sbi.observations.reading import read
from astro_sbi.observations.steps.hubble_flow import HubbleFlow
from astro_sbi.simulators import simulator

REDSHIFT = np.array([0.002, 0.008, 0.01, 0.02, 0.5, 1.5])


def supernovae(**known: np.ndarray) -> Observation:
    size = len(REDSHIFT)
    quantities = {name: np.asarray(values, float) * u.one for name, values in known.items()}
    points = Points(REDSHIFT, np.zeros(size, np.int32), np.ones(size, bool), Noise(np.full(size, 0.1)), quantities)
    axes, value = (Axis("redshift", ""), Axis("distance modulus", "mag")), 43 + 5 * np.log10(REDSHIFT)
    return Observation("hubble_diagram", "made", points, value, *axes, ("distance modulus",), Origin("made.csv", "0", "made"))


def prepared(observation: Observation, **changes: str):
    return prepare(observation, Preparation((HubbleFlow(),)).with_changes(changes))


def test_near_ones_and_calibrators_are_left_out_and_counted():
    done = prepared(supernovae(calibrator=np.array([1, 0, 0, 1, 0, 0])))
    assert done.observation.points.coordinate.tolist() == [0.01, 0.5, 1.5]
    assert done.stages[0].dropped == {"too near": 2, "calibrator": 1}
    assert done.stages[0].sentence.startswith("3 of 6 supernovae were kept")
    assert done.resolved["min_redshift"] == 0.01


def test_the_limits_can_be_changed_and_calibrators_kept():
    observation = supernovae(calibrator=np.array([1, 0, 0, 1, 0, 0]))
    done = prepared(observation, min_redshift="0.005", max_redshift="1", calibrators="keep")
    assert done.observation.points.coordinate.tolist() == [0.008, 0.01, 0.02, 0.5]
    assert done.stages[0].dropped == {"too near": 1, "too far": 1}


def test_heliocentric_redshifts_are_those_of_the_file_where_it_has_them():
    own = prepared(supernovae(heliocentric_redshift=REDSHIFT + 0.001))
    assert np.allclose(own.observation.points.known["heliocentric_redshift"].value, REDSHIFT[2:] + 0.001)
    assert "stand for them" not in own.stages[0].sentence
    without = prepared(supernovae())
    assert np.allclose(without.observation.points.known["heliocentric_redshift"].value, REDSHIFT[2:])
    assert "no heliocentric redshifts are given" in without.stages[0].sentence


def test_no_supernova_left_and_limits_the_wrong_way_round_are_refused():
    with pytest.raises(ObservationError, match=r"no supernova is left: its redshifts lie between 0\.002 and 1\.5"):
        prepared(supernovae(), min_redshift="2")
    with pytest.raises(ObservationError, match=r"prepare\.max_redshift is above prepare\.min_redshift"):
        HubbleFlow(min_redshift=0.5, max_redshift=0.1)


@pytest.mark.slow
def test_pantheon_plus_keeps_1580(shared: Path):
    """Brout et al. 2022: the supernovae above z = 0.01 that calibrate nothing."""
    path = shared / "observations/hubble/Pantheon+SH0ES.dat"
    done = prepare(read(path.name, path.read_bytes()), simulator("hubble_diagram").preparation)
    assert len(done.observation) == 1580
