"""Spectra that FITS keeps as images: grids in headers, rows and extensions of errors, masks and wavelengths, orders of IRAF."""

import numpy as np
import pytest

from astro_sbi.observations.kinds.wavelengths import vacuum_wavelength
from astro_sbi.observations.observation import ObservationError
from tests.observations.layouts import file, image, read, scattered

N = 150
WAVE = 5000.0 + 2 * np.arange(N)
LOG = 10 ** (3.6 + 1e-4 * np.arange(N))
FLUX = scattered(N, 5.0, 0.1)
LINEAR = {"CRVAL1": 5000.0, "CDELT1": 2.0, "CRPIX1": 1.0}
ANGSTROM = {**LINEAR, "CTYPE1": "WAVE", "CUNIT1": "Angstrom"}
LOG10 = {"CRVAL1": 3.6, "CD1_1": 1e-4, "CRPIX1": 1.0}
SIGMA, VARIANCE, IVAR = np.full(N, 0.1), np.full(N, 0.01), np.full(N, 100.0)


def rows(*values):
    return np.array(np.broadcast_arrays(*values))


#: Content, wavelengths [Angstrom], error of the first.
LAYOUTS = {
    "linear": (file(primary=FLUX, header=ANGSTROM), WAVE, None),
    "cd-and-reference": (file(primary=FLUX, header={"CRVAL1": 5020.0, "CD1_1": 2.0, "CRPIX1": 11.0, "CTYPE1": "LINEAR"}), WAVE, None),
    "nanometres": (file(primary=FLUX, header={"CRVAL1": 500.0, "CDELT1": 0.2, "CUNIT1": "nm"}), WAVE, None),
    "metres": (file(primary=FLUX, header={"CRVAL1": 5e-7, "CDELT1": 2e-10, "CUNIT1": "m"}), WAVE, None),
    "micrometres-unsaid": (file(primary=FLUX, header={"CRVAL1": 1.5, "CDELT1": 0.001}), 1e4 * (1.5 + 0.001 * np.arange(N)), None),
    "air": (file(primary=FLUX, header={**ANGSTROM, "CTYPE1": "AWAV"}), vacuum_wavelength(WAVE), None),
    "log10-flag": (file(primary=FLUX, header={**LOG10, "DC-FLAG": 1}), LOG, None),
    "log10-name": (file(primary=FLUX, header={**LOG10, "CTYPE1": "LOGLAM"}), LOG, None),
    "log10-size": (file(primary=FLUX, header=LOG10), LOG, None),
    "natural": (file(primary=FLUX, header={"CRVAL1": np.log(LOG[0]), "CDELT1": 1e-4 * np.log(10)}), LOG, None),
    "wave-log": (
        file(primary=FLUX, header={"CTYPE1": "WAVE-LOG", "CRVAL1": LOG[0], "CDELT1": LOG[0] * 1e-4 * np.log(10), "CUNIT1": "Angstrom"}),
        *(LOG, None),
    ),
    "other-axis": (
        file(primary=FLUX[:, None, None], header={"CRVAL3": 5000.0, "CDELT3": 2.0, "CUNIT3": "Angstrom", "CTYPE3": "WAVE"}),
        WAVE,
        None,
    ),
    "muse": (
        file(
            image(FLUX, "DATA", {**LINEAR, "CTYPE1": "AWAV", "CUNIT1": "Angstrom", "BUNIT": "10**(-20)*erg/s/cm**2/Angstrom"}),
            image(VARIANCE, "STAT"),
        ),
        *(vacuum_wavelength(WAVE), 1e-4),
    ),
    "extensions": (file(image(FLUX, "FLUX", ANGSTROM), image(IVAR, "IVAR"), image(np.zeros(N), "MASK")), WAVE, 0.1),
    "manga-like": (file(image(FLUX, "FLUX"), image(IVAR, "IVAR"), image(np.zeros(N), "MASK"), image(WAVE, "WAVE")), WAVE, 0.1),
    "apogee": (
        file(
            *(
                image(FLUX[None], "", {"BUNIT": "Flux (10^-17 erg/s/cm^2/Ang)"}),
                image(SIGMA[None], "", {"BUNIT": "Err (10^-17 erg/s/cm^2/Ang)"}),
            ),
            *(image(np.zeros((1, N)), "", {"BUNIT": "Flag Value"}), image(WAVE[None], "", {"BUNIT": "Wavelength (Ang)"})),
        ),
        *(WAVE, 0.1),
    ),
    "two-rows": (file(primary=rows(FLUX, SIGMA), header=LINEAR), WAVE, 0.1),
    "iraf-bands": (
        file(
            primary=rows(FLUX, FLUX, 0.5, SIGMA)[:, None, :],
            header={**LINEAR, "CTYPE1": "LINEAR", "WAT1_001": "wtype=linear label=Wavelength units=Angstroms", "DC-FLAG": 0}
            | {
                f"BANDID{i + 1}": f"{name} - background fit, weights variance, clean no"
                for i, name in enumerate(("spectrum", "raw", "background", "sigma"))
            },
        ),
        *(WAVE, 0.1),
    ),
    "sdss-spspec": (
        file(
            primary=rows(FLUX, FLUX, SIGMA, 0.0, FLUX),
            header={**LOG10, "DC-FLAG": 1, "BUNIT": "1.0E-17 erg/cm/s/Ang", "VACUUM": True, "Z": 0.1, "CTYPE1": "LINEAR"}
            | {"ARRAY1": "SPECTRUM", "ARRAY2": "CONTINUUM-SUBTRACTED", "ARRAY3": "ERROR", "ARRAY4": "MASK"},
        ),
        *(LOG, 0.1),
    ),
    "2dfgrs": (
        file(
            image(rows(FLUX, VARIANCE, 0.3), "SPECTRUM", {**LINEAR, "ARRAY1": "SPECTRUM", "ARRAY2": "VARIANCE", "ARRAY3": "SKY"}),
            primary=np.zeros((49, 49)),
            header={"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 10.0, "CDELT1": 0.1},
        ),
        *(WAVE, 0.1),
    ),
    "gama": (
        file(
            primary=rows(FLUX, SIGMA, 9.0, 0.5, 1.0),
            header={**LINEAR, "CUNIT1": "Angstroms", "Z": 0.2}
            | {f"ROW{i + 1}": name for i, name in enumerate(("Spectrum", "Error", "Spectrum_nocal", "Error_nocal", "Sky"))},
        ),
        *(WAVE, 0.1),
    ),
    "lamost": (
        file(
            primary=rows(FLUX, IVAR, LOG, 0.0, 0.0), header={"COEFF0": 3.6, "COEFF1": 1e-4, "VACUUM": True, "TELESCOP": "LAMOST", "Z": 0.05}
        ),
        *(LOG, 0.1),
    ),
    "6dfgs": (file(image(rows(FLUX, VARIANCE, 9.0, WAVE), "SPECTRUM VR")), WAVE, 0.1),
    "wigglez": (file(image(VARIANCE, "VARIANCE"), primary=FLUX, header=LINEAR), WAVE, 0.1),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout(name):
    content, wavelength, error = LAYOUTS[name]
    observation = read(content, "a.fits")
    assert (observation.kind, observation.coordinate_axis.unit, len(observation)) == ("spectrum", "Angstrom", N)
    np.testing.assert_allclose(observation.points.coordinate, wavelength, rtol=1e-9)
    np.testing.assert_allclose(observation.value, FLUX * (1e-3 if name == "muse" else 1), rtol=1e-9)
    if error is None:
        assert observation.points.noise.source == "estimated"
    else:
        assert observation.points.noise.sigma[0] == pytest.approx(error)


def multispec(*specs):
    """Cards of 68 characters, as IRAF cuts its strings anywhere."""
    text = "wtype=multispec " + " ".join(f'spec{number + 1} = "{spec}"' for number, spec in enumerate(specs))
    cards = {f"WAT2_{place // 68 + 1:03d}": text[place : place + 68] for place in range(0, len(text), 68)}
    return (
        {"CTYPE1": "MULTISPE", "CTYPE2": "MULTISPE", "WCSDIM": 2, "WAT0_001": "system=multispec"}
        | cards
        | {"WAT1_001": "wtype=multispec label=Wavelength units=angstroms"}
    )


FIRST = f"1 23 0 5000.0 2.0 {N} 0. 45.2 54.8"


@pytest.mark.parametrize(
    ("spec", "wavelength"),
    [
        (FIRST, WAVE),
        (f"1 23 1 3.6 0.0001 {N} 0. 45.2 54.8", LOG),
        (f"1 23 0 5500.0 2.2 {N} 0.1 45.2 54.8", WAVE),
        (f"1 23 2 5000.0 2.0 {N} 0. 45.2 54.8 1. 0. 1 2 1. {N}. 5149.0 149.0", WAVE),
        (f"1 23 2 5000.0 2.0 {N} 0. 45.2 54.8 1. 0. 2 3 1. {N}. 5149.0 149.0 0.0", WAVE),
    ],
)
def test_dispersions_of_iraf(spec, wavelength):
    observation = read(file(primary=FLUX[None], header=multispec(spec)), "a.fits")
    np.testing.assert_allclose(observation.points.coordinate, wavelength, rtol=1e-9)


def test_chebyshev_polynomials_count_pixels_from_one():
    spec = f"1 23 2 5000.0 2.0 {N} 0. 45.2 54.8 1. 0. 1 3 1. {N}. 5149.0 149.0 3.0"
    scaled = (2 * np.arange(1, N + 1) - (N + 1)) / (N - 1)
    observation = read(file(primary=FLUX[None], header=multispec(spec)), "a.fits")
    np.testing.assert_allclose(observation.points.coordinate, 5149 + 149 * scaled + 3 * (2 * scaled**2 - 1))


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (f"1 23 2 5000.0 2.0 {N} 0. 45.2 54.8 1. 0. 3 3 1. {N}. 5149.0 149.0 3.0", "splines"),
        (f"1 23 -1 5000.0 2.0 {N} 0. 45.2 54.8", "calibrate"),
        (f"1 23 2 5000.0 2.0 {N} 0. 45.2 54.8 1. 0. 1 99 1. {N}. 1.0", "cannot be understood"),
        ("1 23 zero", "cannot be understood"),
    ],
)
def test_dispersions_that_are_not_read_are_refused(spec, words):
    with pytest.raises(ObservationError, match=words):
        read(file(primary=FLUX[None], header=multispec(spec)), "a.fits")


def test_orders_are_joined():
    specs = [f"{number} {90 - number} 0 {5000 + 250 * number}.0 2.0 {N} 0. 45.2 54.8" for number in (1, 2, 3)]
    content = file(primary=rows(FLUX, 2 * FLUX, 3 * FLUX), header=multispec(*specs))
    observation = read(content, "a.fits")
    assert (len(observation), observation.points.coordinate[0], observation.points.coordinate[-1]) == (3 * N, 5250, 6048)
    assert any("3 orders were joined" in sentence for sentence in observation.origin.warnings)
    assert len(read(content, "a.fits", row="2")) == N


def test_chips_with_wavelengths_of_their_own_are_joined():
    waves = np.array([WAVE + 600, WAVE + 300, WAVE])
    content = file(image(rows(FLUX, FLUX, FLUX), "FLUX"), image(rows(SIGMA, SIGMA, 2 * SIGMA), "ERR"), image(waves, "WAVELENGTH"))
    observation = read(content, "apVisit.fits")
    assert (len(observation), observation.points.coordinate[0]) == (3 * N, 5000)
    assert (observation.points.noise.sigma[0], observation.points.noise.sigma[-1]) == (0.2, 0.1)


def test_orders_keep_the_errors_of_their_band():
    specs = [f"{number} {90 - number} 0 {5000 + 250 * number}.0 2.0 {N} 0. 45.2 54.8" for number in (1, 2)]
    bands = np.array([rows(FLUX, FLUX), rows(0 * FLUX + 1, FLUX), rows(SIGMA, 3 * SIGMA)])
    labels = {
        "BANDID1": "spectrum - background none, weights none",
        "BANDID2": "raw - background none",
        "BANDID3": "sigma - background none",
    }
    observation = read(file(primary=bands, header={**multispec(*specs), **labels}), "echelle.fits")
    assert (len(observation), observation.points.noise.sigma[0]) == (2 * N, 0.1)
    assert observation.points.noise.sigma[-1] == pytest.approx(0.3)


def test_apertures_with_the_same_wavelengths_are_objects():
    content = file(primary=rows(FLUX, 2 * FLUX), header=multispec(FIRST, FIRST.replace("1 23", "7 24", 1)))
    assert read(content, "a.fits").origin.objects == 2
    assert read(content, "a.fits", row="7").value[0] == 2 * FLUX[0]
    with pytest.raises(ObservationError, match="no aperture '5'"):
        read(content, "a.fits", row="5")


def test_pixels_that_were_never_exposed_are_counted():
    flux = FLUX.copy()
    flux[:4] = 0
    assert read(file(primary=flux, header=ANGSTROM), "a.fits").origin.dropped == {"quality flag set": 4}


def test_redshift_of_the_header_comes_along():
    assert float(read(LAYOUTS["gama"][0], "a.fits").points.known["redshift"]) == 0.2
    assert float(read(LAYOUTS["gama"][0], "a.fits", redshift=0.3).points.known["redshift"]) == 0.3


def test_a_picture_is_refused():
    with pytest.raises(ObservationError, match="an image without a grid of wavelengths"):
        read(file(primary=np.zeros((60, 60)), header={"CTYPE1": "RA---TAN", "CRVAL1": 10.0, "CDELT1": 0.1}), "a.fits")


def test_errors_can_be_given():
    assert read(LAYOUTS["linear"][0], "a.fits", signal_to_noise=50.0).points.noise.sigma[0] == pytest.approx(FLUX[0] / 50)
    assert read(LAYOUTS["linear"][0], "a.fits", coordinate_unit="nm", error=2.0).points.coordinate[0] == pytest.approx(50_000)
