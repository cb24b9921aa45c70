"""Filters, dust, intergalactic hydrogen and templates against independent codes and published numbers."""

import subprocess
import sys

import numpy as np
import pytest
from astropy import units as u
from speclite import filters as speclite

from astro_sbi.observations.observation import ObservationError
from astro_sbi.simulators.extinction import calzetti
from astro_sbi.simulators.filters import FOLDER, FilterCurve, filter_curves
from astro_sbi.simulators.galaxy_bands import band_grid, pixel_weights, smooth
from astro_sbi.simulators.igm import lyman_series_depth
from astro_sbi.simulators.templates import templates


def test_fluxes_in_bands_agree_with_speclite_and_with_a_fine_sum():
    """speclite's own AB magnitudes, and a sum over 200,000 steps of both curves as straight lines: to 2 per mil."""
    stars = templates()
    for name in ("sdss2010-u", "lsst2023-r", "twomass-Ks", "wise2010-W1", "galex-nuv"):
        (curve,) = filter_curves((name,))
        first, weight = pixel_weights(curve, stars.wavelength)
        fine = np.linspace(curve.wavelength[0], curve.wavelength[-1], 200_000)
        response = np.interp(fine, curve.wavelength, curve.response)
        for flux in stars.flux[[0, 2, 4]]:
            ours = weight @ flux[first : first + len(weight)]
            line = np.interp(fine, stars.wavelength, flux)
            f_nu = 1e11 * np.sum(fine * line * response) / np.sum(2.99792458e18 * response / fine)
            unit = 1e-18 * u.erg / u.s / u.cm**2 / u.AA
            magnitude = speclite.load_filter(name).get_ab_magnitude(flux * unit, stars.wavelength * u.AA)
            assert ours == pytest.approx(f_nu, rel=2e-3)
            assert ours == pytest.approx(3.631e9 * 10 ** (-0.4 * magnitude), rel=2e-3)


def test_bands_are_smoothed_by_less_than_templates_err():
    stars = templates()
    first, weight = pixel_weights(filter_curves(("sdss2010-r",))[0], stars.wavelength)
    start, smoothed = smooth(first, weight)
    assert smoothed.sum() == pytest.approx(weight.sum())
    for flux in stars.flux:
        assert smoothed @ flux[start : start + len(smoothed)] == pytest.approx(weight @ flux[first : first + len(weight)], rel=0.02)


@pytest.mark.slow
def test_the_grid_agrees_with_a_spectrum_made_at_one_redshift():
    """Dust and hydrogen on a redshifted spectrum, seen through speclite: to 3 per cent, which is what smoothing may change."""
    stars, names = templates(), ("lsst2023-g", "lsst2023-i", "Euclid-H")
    grid = band_grid(filter_curves(names), stars, 4.0)
    for redshift, dust in ((0.31, 0.7), (1.7, 2.2), (3.4, 0.4)):
        made = grid.at(np.array(redshift), np.array(dust))
        wavelength = stars.wavelength * (1 + redshift)
        depth = lyman_series_depth(wavelength, redshift)
        flux = stars.flux * 10 ** (-0.4 * dust * calzetti(stars.wavelength)) * np.exp(-depth) / (1 + redshift)
        magnitudes = speclite.load_filters(*names).get_ab_magnitudes(flux * 1e-18 * u.erg / u.s / u.cm**2 / u.AA, wavelength * u.AA)
        for band, name in enumerate(names):
            expected = 3.631e9 * 10 ** (-0.4 * np.asarray(magnitudes[name]))
            assert made[band] == pytest.approx(expected, rel=0.03, abs=1e-3 * expected.max())


def test_dimming_between_its_nodes_is_exact_to_a_per_cent():
    stars = templates()
    grid, curve = band_grid(filter_curves(("lsst2023-u", "lsst2023-y")), stars, 1.0), filter_curves(("lsst2023-u",))[0]
    start, weight = smooth(*pixel_weights(curve, stars.wavelength))
    for dust in (0.4, 1.5, 2.2, 3.0):
        expected = (stars.flux * 10 ** (-0.4 * dust * calzetti(stars.wavelength)))[:, start : start + len(weight)] @ weight
        assert grid.at(np.array(0.0), np.array(dust))[0] == pytest.approx(expected, rel=0.01)


def test_calzetti():
    """k(H alpha) = 3.33, k(H beta) = 4.60 (Dominguez et al. 2013, ApJ 763, 145, section 3) and R_V = 4.05."""
    assert 4.05 * calzetti(6563.0) == pytest.approx(3.33, abs=0.01)
    assert 4.05 * calzetti(4861.0) == pytest.approx(4.60, abs=0.01)
    assert calzetti(5500.0) == pytest.approx(1.0, abs=0.01)
    x = np.array([0.13, 0.3, 0.6, 0.62, 0.64, 1.2, 2.2])
    k = np.where(x < 0.63, 2.659 * (-2.156 + 1.509 / x - 0.198 / x**2 + 0.011 / x**3), 2.659 * (-1.857 + 1.04 / x)) + 4.05
    assert 4.05 * calzetti(1e4 * x) == pytest.approx(k)
    assert calzetti(1e5) == 0


def lyman_by_hand(wavelength: float, redshift: float) -> float:
    """Three lines of table 2 of Inoue et al. 2014, all columns as printed there."""
    total = 0.0
    for line, forest, damped in (
        (1215.67, (1.68976e-2, 2.35379e-3, 1.02611e-4), (1.61698e-4, 5.38995e-5)),
        (1025.72, (4.69229e-3, 6.53625e-4, 2.84940e-5), (1.54539e-4, 5.15129e-5)),
        (972.537, (2.23898e-3, 3.11884e-4, 1.35962e-5), (1.49767e-4, 4.99222e-5)),
    ):
        x = wavelength / line
        if 1 < x < 1 + redshift:
            total += forest[0] * x**1.2 if x < 2.2 else forest[1] * x**3.7 if x < 5.7 else forest[2] * x**5.5
            total += damped[0] * x**2 if x < 3 else damped[1] * x**3
    return total


def test_the_lyman_forest():
    for redshift in (0.8, 2.0, 3.0, 4.5, 6.0):
        for rest in (955.0, 1000.0, 1100.0, 1210.0, 1220.0):
            depth = lyman_series_depth(np.array([rest * (1 + redshift)]), redshift)
            assert depth == pytest.approx(lyman_by_hand(rest * (1 + redshift), redshift), rel=2e-4)
    # Faucher-Giguere et al. 2008, ApJ 681, 831, eq. 21: 0.0018 (1 + z)^3.92.
    for redshift in (2.5, 3.0, 3.5):
        alone = lyman_series_depth(np.array([1215.0 * (1 + redshift)]), redshift + 0.01)[0]
        assert alone == pytest.approx(0.0018 * (1 + redshift) ** 3.92, rel=0.15)


def test_templates_have_unit_light_and_no_ionising_photons():
    stars = templates()
    assert stars.flux.shape == (5, len(stars.wavelength))
    v_band = (stars.wavelength > 5000) & (stars.wavelength < 6000)
    assert stars.flux[:, v_band].mean(axis=1) == pytest.approx(np.ones(5))
    assert (stars.flux[:, stars.wavelength < 911] == 0).all()
    # The strength of the 4000 A break over the windows of Balogh et al. 1999, as read off the templates in other hands.
    red, blue = ((stars.wavelength > low) & (stars.wavelength < low + 100) for low in (4000, 3850))
    f_nu = stars.flux * stars.wavelength**2
    assert f_nu[:, red].mean(axis=1) / f_nu[:, blue].mean(axis=1) == pytest.approx([1.68, 0.95, 1.34, 1.90, 1.14], abs=0.02)
    # Mass over light in V of the Sun (M_V = 4.81, 3.63e-9 erg/s/cm2/A at magnitude 0): an old population has a few, a young one little.
    ratio = stars.mass * stars.remaining / (1e-18 / (3.63e-9 * 10 ** (-0.4 * 4.81)))
    assert 1 < ratio[3] < 5
    assert ratio[1] < 0.02


@pytest.mark.slow
def test_templates_are_read_without_importing_kcorrect():
    code = "import sys; from astro_sbi.simulators.templates import templates; templates(); print('kcorrect' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_without_kcorrect_a_sentence_says_what_to_do(monkeypatch):
    monkeypatch.setattr("astro_sbi.simulators.templates.find_spec", lambda name: None)
    with pytest.raises(ObservationError, match="pip install kcorrect"):
        templates.__wrapped__()


def test_bands_are_called_as_catalogues_call_them():
    named = {
        "u": "sdss2010-u", "sdss_r": "sdss2010-r", "DES_g": "decam2014-g", "ps1-y": "panstarrs-y", "HSC_i2": "hsc2017-i2",
        "Ks": "twomass-Ks", "K": "twomass-Ks", "2MASS_J": "twomass-J", "W1": "wise2010-W1", "wise_w2": "wise2010-W2", "FUV": "galex-fuv",
        "galex-nuv": "galex-nuv", "V": "bessell-V", "R": "bessell-R", "r": "sdss2010-r", "lsst2016-y": "lsst2016-y",
        "gaia_BP": "gaiadr3-BP", "Euclid_H": "Euclid-H",
    }  # fmt: skip
    assert [curve.name for curve in filter_curves(tuple(named))] == list(named.values())
    assert filter_curves(("Y",), "decam2014")[0].name == "decam2014-Y"
    assert filter_curves(("y",), "lsst2023")[0].name == "lsst2023-y"
    for unknown in ("F606W", "irimj", "y", "", "x" * 300, "../etc"):
        with pytest.raises(ObservationError, match=r"is not known; known are .*ASTRO_SBI_FILTERS"):
            filter_curves((unknown,))


def test_a_users_own_filters(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, str(tmp_path))
    (tmp_path / "F606W.txt").write_text("# wavelength response\n5000 0\n5500 0.9\n6500 1\n7000 0\n")
    (tmp_path / "g.csv").write_text("wavelength,response\n5500,0\n4000,0\n4500,2\n5000,2\n")
    header = "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: wave, unit: nm, datatype: float64}\n# - {name: t, datatype: float64}\n"
    (tmp_path / "my-band.ecsv").write_text(f"{header}wave t\n500 0\n600 1\n700 0\n")
    wide, blue, named = filter_curves(("f606w", "g", "my_band"))
    assert wide.own
    assert wide.wavelength.tolist() == [5000, 5500, 6500, 7000]
    assert blue.wavelength.tolist() == [4000, 4500, 5000, 5500]
    assert named.wavelength == pytest.approx([5000, 6000, 7000])
    assert named.middle == pytest.approx(6000)
    assert wide == FilterCurve("F606W", wide.wavelength, wide.response)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("0.5 0\n0.6 1\n0.7 0\n", "must be in Angstrom"),
        ("5000 0\n6000 0\n7000 0\n", "lets no light through"),
        ("5000 1\n5000 1\n5000 1\n", "different wavelengths"),
        ("5000\n6000\n7000\n", "two columns"),
        ("<html>no</html>", "two columns"),
        ("a b\nc d\ne f\n", "two columns"),
        ("", "two columns"),
        ("\x00\x01\x02", "two columns"),
    ],
)
def test_files_that_are_no_filters(tmp_path, monkeypatch, content, sentence):
    monkeypatch.setenv(FOLDER, str(tmp_path))
    (tmp_path / "odd.dat").write_text(content)
    with pytest.raises(ObservationError, match=sentence):
        filter_curves(("odd",))


def test_a_folder_of_filters_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, str(tmp_path / "nowhere"))
    with pytest.raises(ObservationError, match="does not exist"):
        filter_curves(("g",))
