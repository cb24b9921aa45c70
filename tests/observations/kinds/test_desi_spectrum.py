"""Coadded spectra of DESI: arms in images, one target or many."""

import numpy as np
import pytest

from astro_sbi.observations.observation import ObservationError
from tests.observations.layouts import file, hdu, image, read

WAVES = {"B": 3600 + 0.8 * np.arange(100), "R": 3660 + 0.8 * np.arange(120)}


def coadd(targets=2, **changes):
    units = [hdu({"TARGETID": 39627 + np.arange(targets), "TARGET_RA": np.ones(targets)}, None, {"EXTNAME": "FIBERMAP"})]
    for arm, wave in WAVES.items():
        shape = (targets, len(wave))
        flux = np.arange(1, targets + 1)[:, None] * np.ones(shape) + 0.01 * np.sin(np.arange(shape[1]))
        parts = {"WAVELENGTH": wave, "FLUX": flux, "IVAR": np.full(shape, 4.0), "MASK": np.zeros(shape, np.int32)}
        parts["IVAR"][:, 0], parts["MASK"][:, 1] = 0, 1
        parts |= {name.removeprefix(f"{arm}_"): values for name, values in changes.items() if name.startswith(arm)}
        header = {"BUNIT": "10**-17 erg/(s cm2 Angstrom)"}
        units += [
            image(values, f"{arm}_{name}", header if name == "FLUX" else None) for name, values in parts.items() if values is not None
        ]
    units.append(hdu({"TARGETID": 39627 + np.arange(targets), "Z": 0.1 * np.arange(1, targets + 1)}, None, {"EXTNAME": "REDSHIFTS"}))
    return file(*units)


def test_arms_are_joined():
    observation = read(coadd(1), "coadd.fits")
    assert (observation.kind, observation.name, observation.origin.reader) == ("spectrum", "39627", "DESI spectrum")
    assert observation.value_axis.unit == "1e-17 erg / (Angstrom s cm2)"
    assert observation.points.noise.sigma[0] == 0.5
    assert observation.origin.dropped == {"quality flag set": 2, "no error": 2}
    assert len(observation) == 220 - 4
    assert (np.diff(observation.points.coordinate) >= 0).all()


def test_a_target_is_chosen():
    observation = read(coadd(), "coadd.fits", row="39628")
    assert (observation.name, observation.origin.objects, round(observation.value[0])) == ("39628", 2, 2)
    assert float(observation.points.known["redshift"]) == 0.2
    assert any("the first, 39627, was taken" in sentence for sentence in read(coadd(), "coadd.fits").origin.warnings)
    with pytest.raises(ObservationError, match="no TARGETID '5'"):
        read(coadd(), "coadd.fits", row="5")


def test_an_arm_without_weights_is_left_out_and_that_is_said():
    observation = read(coadd(R_IVAR=None), "coadd.fits")
    assert len(observation) == 98
    assert any("R_IVAR" in sentence for sentence in observation.origin.warnings)


def test_arms_that_do_not_fit_are_refused():
    with pytest.raises(ObservationError, match="B_WAVELENGTH has another number of pixels than its B_FLUX"):
        read(coadd(B_WAVELENGTH=np.arange(7.0)), "coadd.fits")
