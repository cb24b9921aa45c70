"""Galaxies in bands: fluxes, distances and masses by hand, and a galaxy of the Hubble Deep Field North."""

from importlib.util import find_spec
from pathlib import Path

import jax
import numpy as np
import pytest
from astropy.cosmology import Planck18
from astropy.io import fits

from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.options import ReadOptions
from astro_sbi.observations.preparation import prepare
from astro_sbi.observations.reading import read
from astro_sbi.simulators import simulator
from astro_sbi.simulators.base import configured, known_values, pattern_of
from astro_sbi.simulators.filters import FOLDER, filter_curves
from astro_sbi.simulators.mixture import luminosity_distance, template_shares
from tests.budgets import small_inference

#: Trapezoids like the bands of the Hubble Deep Field North: middle and width [A].
HDF = {"f300w": (2990, 740), "f450w": (4560, 930), "f606w": (5990, 1500), "f814w": (8000, 1540), "irimj": (12400, 2900),
       "irimh": (16500, 3000), "irimk": (22000, 4000)}  # fmt: skip
THETA = {"redshift": 0.4, "magnitude": 23.0, "dust_av": 0.6, "mix_1": 0.8, "mix_2": 0.3, "mix_3": 0.6, "mix_4": 0.2}


@pytest.mark.slow
def test_template_shares_are_even_over_all_that_add_to_one():
    """The moments of Dirichlet's distribution with five ones: 1/5, variance 4/150, covariance -1/150."""
    rng = np.random.default_rng(2)
    shares = template_shares({f"mix_{number}": rng.random(200_000) for number in range(1, 5)})
    assert shares.sum(axis=1) == pytest.approx(np.ones(200_000))
    assert shares.min() >= 0
    assert shares.mean(axis=0) == pytest.approx(np.full(5, 0.2), abs=2e-3)
    assert np.cov(shares.T) == pytest.approx(np.full((5, 5), -1 / 150) + np.eye(5) / 30, abs=5e-4)


def test_luminosity_distance_is_astropys():
    redshift = np.array([0.0012, 0.03, 0.47, 1.9, 4.4, 6.9])
    assert luminosity_distance(redshift) == pytest.approx(Planck18.luminosity_distance(redshift).to_value("Mpc"), rel=1e-4)


def test_fluxes_in_single_precision_are_those_in_double():
    galaxy = simulator("galaxy_photometry")
    pattern = pattern_of(galaxy, galaxy.default_points())
    light = galaxy.grid.at(np.array(0.4), np.array(0.6)) @ template_shares({name: np.array(value) for name, value in THETA.items()})
    weight = known_values(galaxy, galaxy.default_points())["weight"]
    flux = 10 ** (-0.4 * (23.0 - 23.9)) * light / (weight @ light)
    made = np.asarray(jax.jit(galaxy.predict)(THETA, pattern))[: len(flux)]
    assert made == pytest.approx(flux, rel=1e-4)
    assert 23.9 - 2.5 * np.log10(weight @ made) == pytest.approx(23.0, abs=1e-3)


def test_the_mass_of_a_galaxy_made_by_hand():
    """1e10 solar masses of the oldest template at z = 0.1, from kcorrect's own file: flux at the distance, magnitude, and mass again."""
    with fits.open(Path(find_spec("kcorrect").submodule_search_locations[0]) / "data/templates/kcorrect-default-v4.fits") as file:
        wave, spectrum = (np.array(file["FLUX"].data[0][name], float) for name in ("wave", "flux"))
        remaining = float(file["MREMAIN"].data[3])
    galaxy, redshift = simulator("galaxy_photometry"), 0.1
    distance = Planck18.luminosity_distance(redshift).to_value("pc")
    flux = 1e10 * spectrum[3] * (10 / distance) ** 2 / (1 + redshift)
    band = galaxy.default_points().known["weight"].value
    microjansky = []
    for curve in filter_curves(galaxy.channels):
        at = np.linspace(curve.wavelength[0], curve.wavelength[-1], 20_000)
        response, seen = np.interp(at, curve.wavelength, curve.response), np.interp(at, wave * (1 + redshift), flux)
        microjansky.append(1e29 * np.sum(at * seen * response) / np.sum(2.99792458e18 * response / at))
    magnitude = 23.9 - 2.5 * np.log10(band @ np.array(microjansky))
    theta = {"redshift": redshift, "magnitude": magnitude, "dust_av": 0.0, "mix_1": 1.0, "mix_2": 1.0, "mix_3": 1.0, "mix_4": 0.0}
    derived = galaxy.derived({name: np.array([value]) for name, value in theta.items()}, {"weight": band})
    assert derived["light_4"] == pytest.approx(1.0)
    assert derived["log_stellar_mass"] == pytest.approx(10 + np.log10(remaining), abs=0.005)
    assert derived["luminosity_distance"] == pytest.approx(distance / 1e6, rel=1e-4)
    assert derived["young_fraction"] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.slow
def test_the_bands_of_an_observation_choose_the_filters():
    galaxy = configured(simulator("galaxy_photometry"), ("u", "g", "W2"), {"filters": "decam2014"})
    assert "u is decam2014-u, g is decam2014-g, W2 is wise2010-W2" in galaxy.caveats[-2]
    assert "warm dust shines in W2" in galaxy.caveats[-1]
    assert galaxy.grid.light.shape[1:] == (3, 5)
    with pytest.raises(ObservationError, match="the filter of the band 'F606W' is not known"):
        configured(simulator("galaxy_photometry"), ("F606W",), {})


def test_another_filter_file_is_another_simulator(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, str(tmp_path))
    versions = []
    for edge in (7000, 7100, 7000):
        (tmp_path / "F606W.txt").write_text(f"5000 0\n5500 1\n6500 1\n{edge} 0\n")
        versions.append(configured(simulator("galaxy_photometry"), ("F606W", "g"), {}).version)
    assert versions[0] == versions[2] != versions[1]
    assert configured(simulator("galaxy_photometry"), ("r", "g"), {}).version == simulator("galaxy_photometry").version


def own_filters(folder: Path) -> None:
    for name, (middle, width) in HDF.items():
        rows = zip(middle + width * np.array([-0.62, -0.38, 0.38, 0.62]), (0, 1, 1, 0), strict=True)
        (folder / f"{name}.txt").write_text("".join(f"{wavelength} {response}\n" for wavelength, response in rows))


CATALOGUE = (
    "# id z_spec " + " ".join(f"f_{name} e_{name}" for name in HDF) + "\n7 0.731 " + " ".join(f"{flux} 0.05" for flux in range(1, 8))
)


@pytest.mark.slow
def test_a_redshift_in_the_catalogue_stays_out_of_the_fit(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, str(tmp_path))
    own_filters(tmp_path)
    options = ReadOptions(magnitude=23.9)
    observation = read("made.cat", CATALOGUE.encode(), options)
    assert observation.points.known["spectroscopic_redshift"] == 0.731
    prepared = prepare(observation, simulator("galaxy_photometry").preparation).observation
    galaxy = configured(simulator("galaxy_photometry"), prepared.channels, {})
    assert set(pattern_of(galaxy, prepared.points).known) == {"weight", "magnitude_guess"}
    assert prepared.value == pytest.approx(np.arange(1.0, 8.0))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_galaxy_of_the_hubble_deep_field(shared, tmp_path, monkeypatch):
    """Object 4, spectroscopic redshift 1.02 (in the file): inside 0.15 (1 + z), the usual limit of an outlier."""
    monkeypatch.setenv(FOLDER, str(tmp_path))
    own_filters(tmp_path)
    path = shared / "observations/photoz/hdfn_fs99_eazy.cat"
    summary = small_inference("galaxy_photometry", path, read__magnitude="25", read__row="4")
    assert summary["parameters"]["redshift"]["median"] == pytest.approx(1.02, abs=0.30)
    assert 9 < summary["derived"]["log_stellar_mass"]["median"] < 11
    assert summary["importance"]["efficiency"] > 0.1
    assert "f606w is f606w (your own)" in " ".join(summary["caveats"])
