"""Supernova light curves in SNANA's text format."""

import numpy as np
import pytest

from astro_sbi.observations.observation import ObservationError
from tests.observations.layouts import read

HEADER = "SURVEY: DES\nSNID: 1246274\nFILTERS: griz\nMWEBV: 0.03 +- 0.005\nREDSHIFT_HELIO: 0.20 +- 0.01\nREDSHIFT_FINAL: 0.21\n"
NAMES = "VARLIST: MJD FLT FIELD FLUXCAL FLUXCALERR ZPFLUX PSF"
ROWS = [f"OBS: {56500 + 4 * i}.1 {'griz'[i % 4]} X3 {10.0 * i - 20:.1f} 3.5 30.8 1.4" for i in range(24)]


def content(rows=ROWS, names=NAMES, more="SEARCH_PEAKMJD: 56520.5\n"):
    return f"{HEADER}{more}NOBS: {len(rows)}\n{names}\n" + "\n".join(rows) + "\nEND_PHOTOMETRY:\n"


def test_light_curve():
    observation = read(content(), "des.dat")
    assert (observation.kind, observation.name, observation.channels) == ("light_curve", "1246274", ("g", "r", "i", "z"))
    assert (observation.coordinate_axis.zero_point, observation.value_axis.name) == ("MJD", "flux relative to magnitude 27.5")
    assert (observation.value[0], observation.points.noise.sigma[0]) == (-20, 3.5)
    known = {name: float(quantity.value) for name, quantity in observation.points.known.items()}
    expected = {"redshift": 0.21, "heliocentric_redshift": 0.2, "milky_way_e_bv": 0.03, "peak_time": 56520.5, "zero_magnitude": 27.5}
    assert known == expected


def test_letters_of_surveys_become_bands():
    """Brout et al. 2022: KAIT's E to H are B, V, R and I of one camera, M to P of another; CfA's f to j are U, B, V, r and i."""
    for survey, letters, bands in (
        ("KAIT", "EFHMX", ("B", "I", "V", "X")),
        ("PS1_LOWZ_COMBINED(CFA3K)", "fghij", ("U", "B", "V", "r", "i")),
    ):
        rows = [f"OBS: {56500 + i} {letters[i % 5]} X3 {10.0 * i:.1f} 3.5 30.8 1.4" for i in range(25)]
        observation = read(content(rows).replace("SURVEY: DES", f"SURVEY: {survey}"), "a.dat")
        assert observation.channels == bands
        assert f"letters of the survey {survey.partition('(')[0]} stand for bands: " in observation.origin.guesses[-1]
    assert (
        "E is B, F is V, H is I, M is B"
        in read(
            content([f"OBS: {56500 + i} {'EFHM'[i % 4]} X3 9.0 3.5 30.8 1.4" for i in range(24)]).replace("SURVEY: DES", "SURVEY: KAIT"),
            "a.dat",
        ).origin.guesses[-1]
    )


def test_another_zero_magnitude():
    observation = read(content(), "des.dat", magnitude=25.0)
    assert observation.value[0] == pytest.approx(-20 * 10 ** (-0.4 * 2.5))
    assert observation.points.noise.sigma[0] == pytest.approx(3.5 * 10 ** (-0.4 * 2.5))


def test_columns_may_be_called_band_and_stand_in_another_order():
    names = "VARLIST: BAND MJD FLUXCAL FLUXCALERR"
    rows = [f"OBS: g {56500 + i} {100 + i} 2.0" for i in range(20)]
    assert read(content(rows, names), "a.dat").channels == ("g",)


def test_what_stands_for_nothing_is_no_fact():
    known = read(content(more="PEAKMJD: -9\n"), "a.dat").points.known
    assert "peak_time" not in known


def test_order_of_rows_does_not_matter():
    shuffled = [ROWS[i] for i in np.random.default_rng(5).permutation(len(ROWS))]
    assert read(content(shuffled), "a.dat").content_hash == read(content(), "a.dat").content_hash


def test_without_fluxes_it_is_refused():
    with pytest.raises(ObservationError, match=r"a\.dat: "):
        read(content([f"OBS: {56500 + i} g 18.{i}" for i in range(20)], "VARLIST: MJD FLT SIZE"), "a.dat")
