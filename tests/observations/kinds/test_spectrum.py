"""Spectra in tables: of archives, one row with vectors or many with pixels, and of people."""

import numpy as np
import pytest
from astropy import constants

from astro_sbi.observations.kinds.wavelengths import vacuum_wavelength
from astro_sbi.observations.observation import ObservationError
from tests.observations.layouts import file, hdu, read, scattered, spectrum_csv, text

N = 200
WAVE = np.linspace(4000.0, 5000.0, N)
FLUX = scattered(N, 5.0, 0.1)
UNIT = "1e-17 erg / (Angstrom s cm2)"
C = constants.c.to_value("m/s")
#: Janskys of 1e-17 erg / (s cm2 Angstrom) at these wavelengths [Angstrom].
JANSKY = 1e-17 * WAVE**2 / 2.99792458e18 * 1e23


def table(*columns):
    return spectrum_csv(dict(columns))


def one_row(columns):
    return {name: np.asarray(values)[None] for name, values in columns.items()}


ESO_UNITS = {
    "WAVE": "angstrom",
    "FLUX": "10**(-16)erg.cm**(-2).s**(-1).angstrom**(-1)",
    "ERR": "10**(-16)erg.cm**(-2).s**(-1).angstrom**(-1)",
}
ESO_COLUMNS = one_row({"WAVE": WAVE, "FLUX": FLUX / 10, "ERR": np.full(N, 0.01)})
#: Content, fluxes [UNIT], error of the first, wavelengths [Angstrom].
LAYOUTS = {
    "jwst-x1d": (
        file(
            hdu(
                {
                    "WAVELENGTH": WAVE / 1e4,
                    "FLUX": FLUX * JANSKY,
                    "FLUX_ERROR": 0.1 * JANSKY,
                    "FLUX_VAR_POISSON": WAVE,
                    "SURF_BRIGHT": WAVE,
                    "DQ": np.zeros(N, int),
                },
                {"WAVELENGTH": "um", "FLUX": "Jy", "FLUX_ERROR": "Jy"},
                {"EXTNAME": "EXTRACT1D"},
            ),
            header={"TELESCOP": "JWST"},
        ),
        *(FLUX, 0.1, WAVE),
    ),
    "jwst-c1d": (
        file(
            hdu(
                {"WAVELENGTH": WAVE / 1e4, "FLUX": FLUX * JANSKY, "ERROR": 0.1 * JANSKY, "WEIGHT": WAVE},
                {"WAVELENGTH": "um", "FLUX": "Jy", "ERROR": "Jy"},
                {"EXTNAME": "COMBINE1D"},
            ),
            header={"TELESCOP": "JWST"},
        ),
        *(FLUX, 0.1, WAVE),
    ),
    "hst-x1d": (
        file(
            hdu(
                one_row({"WAVELENGTH": WAVE, "GROSS": WAVE, "FLUX": FLUX * 1e-17, "ERROR": np.full(N, 1e-18), "DQ": np.zeros(N, int)})
                | {"SPORDER": [1], "NELEM": [N]},
                {"WAVELENGTH": "Angstroms", "FLUX": "erg/s/cm**2/Angstrom", "ERROR": "erg/s/cm**2/Angstrom"},
            ),
            header={"TELESCOP": "HST"},
        ),
        *(FLUX, 0.1, WAVE),
    ),
    "eso": (file(hdu(ESO_COLUMNS, ESO_UNITS), header={"OBJECT": "star"}), FLUX, 0.1, WAVE),
    "vandels": (
        file(
            hdu(
                one_row({"WAVE": WAVE, "FLUX": FLUX * 1e-17, "ERR": np.full(N, 1e-18), "SKY": WAVE}),
                {"WAVE": "Angstrom", "FLUX": "erg cm**(-2) s**(-1) angstrom**(-1)", "ERR": "erg cm**(-2) s**(-1) angstrom**(-1)"},
            )
        ),
        *(FLUX, 0.1, WAVE),
    ),
    "zcosmos": (
        file(hdu(one_row({"WAVE": WAVE, "FLUX_REDUCED": FLUX, "ERR_REDUCED": np.full(N, 0.1)}), {"WAVE": "Angstrom"})),
        FLUX,
        0.1,
        WAVE,
    ),
    "lamost": (
        file(
            hdu(
                one_row({"FLUX": FLUX, "IVAR": np.full(N, 100.0), "WAVELENGTH": WAVE, "ANDMASK": np.zeros(N), "ORMASK": np.ones(N)}),
                None,
                {"EXTNAME": "COADD"},
            ),
            header={"TELESCOP": "LAMOST", "VACUUM": True, "Z": 0.1},
        ),
        *(FLUX, 0.1, WAVE),
    ),
    "desi-table": (file(hdu({"WAVELENGTH": WAVE, "FLUX": FLUX, "IVAR": np.full(N, 100.0), "MASK": np.zeros(N, int)})), FLUX, 0.1, WAVE),
    "pepsi": (file(hdu({"Arg": WAVE, "Fun": FLUX, "Var": np.full(N, 0.01), "Mask": np.zeros(N, int)})), FLUX, 0.1, WAVE),
    "iue": (
        file(
            hdu(
                {
                    "APERTURE": ["LARGE"],
                    "NPOINTS": [N],
                    "WAVELENGTH": [4000.0],
                    "DELTAW": [1000 / (N - 1)],
                    "FLUX": FLUX[None] * 1e-17,
                    "SIGMA": np.full((1, N), 1e-18),
                },
                {"FLUX": "ERG/CM2/S/A", "SIGMA": "ERG/CM2/S/A"},
            )
        ),
        *(FLUX, 0.1, WAVE),
    ),
    "csv": (table(("wavelength", WAVE), ("flux", FLUX), ("flux_err", np.full(N, 0.1))), FLUX, 0.1, WAVE),
    "csv-variance": (table(("lambda", WAVE), ("f_lambda", FLUX), ("variance", np.full(N, 0.01))), FLUX, 0.1, WAVE),
    "csv-units": (
        table(("wave [nm]", WAVE / 10), ("flux [W m-2 um-1]", FLUX * 1e-16), ("err [W m-2 um-1]", np.full(N, 1e-17))),
        FLUX,
        1,
        WAVE,
    ),
    "csv-loglam": (table(("loglam", np.log10(WAVE)), ("flux", FLUX), ("ivar", np.full(N, 100.0))), FLUX, 0.1, WAVE),
    "csv-name-of-unit": (table(("wavelength_um", WAVE / 1e4), ("flux_mjy", 1e3 * FLUX * JANSKY), ("err", 1e2 * JANSKY)), FLUX, 0.1, WAVE),
    "csv-ab": (table(("wavelength", WAVE), ("ab_mag", 8.9 - 2.5 * np.log10(FLUX * JANSKY)), ("err", np.full(N, 0.01))), FLUX, None, WAVE),
    "csv-frequency": (
        table(("frequency [GHz]", C / WAVE * 10), ("flux [Jy]", FLUX * JANSKY), ("err [mJy]", 1e2 * JANSKY)),
        FLUX,
        0.1,
        WAVE,
    ),
    "csv-energy": (
        table(("energy [eV]", 12398.419843 / WAVE), ("flux [uJy]", 1e6 * FLUX * JANSKY), ("err", 1e5 * JANSKY)),
        FLUX,
        0.1,
        WAVE,
    ),
    "csv-snr": (table(("wavelength", WAVE), ("flux", FLUX), ("snr", FLUX / 0.1)), FLUX, 0.1, WAVE),
    "names-in-a-comment": (text("# wave flux sigma", list(zip(WAVE, FLUX, np.full(N, 0.1), strict=True)), " "), FLUX, 0.1, WAVE),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout(name):
    content, flux, error, wavelength = LAYOUTS[name]
    observation = read(content, "a.fits" if isinstance(content, bytes) else "a.csv")
    scale = 1e-3 if name == "csv-units" else 1
    assert (observation.kind, observation.coordinate_axis.name) == ("spectrum", "vacuum wavelength")
    assert (observation.coordinate_axis.unit, observation.value_axis.unit) == ("Angstrom", UNIT)
    np.testing.assert_allclose(observation.points.coordinate, wavelength, rtol=1e-6)
    np.testing.assert_allclose(observation.value, flux * 1e17 * 1e-17 if scale == 1 else flux, rtol=2e-3)
    assert error is None or observation.points.noise.sigma[0] == pytest.approx(0.1, rel=2e-3)


def test_air_is_told_by_the_column_and_undone():
    table = hdu(ESO_COLUMNS, ESO_UNITS, {"TUCD1": "em.wl;obs.atmos", "TUTYP1": "spec:Data.SpectralAxis.Value"})
    observation = read(file(table), "a.fits")
    np.testing.assert_allclose(observation.points.coordinate, vacuum_wavelength(WAVE))
    assert any("converted to vacuum" in sentence for sentence in observation.origin.warnings)
    np.testing.assert_allclose(read(file(table), "a.fits", medium="vacuum").points.coordinate, WAVE)


@pytest.mark.parametrize("name", ["wavelength_air", "air_wavelength", "lambda_air"])
def test_air_in_a_name(name):
    np.testing.assert_allclose(
        read(table((name, WAVE), ("flux", FLUX), ("err", 0.1 + 0 * FLUX))).points.coordinate, vacuum_wavelength(WAVE)
    )


def test_a_medium_that_nothing_tells_is_guessed_and_can_be_said():
    observation = read(LAYOUTS["csv"][0])
    assert any("taken as vacuum" in sentence for sentence in observation.origin.guesses)
    assert read(LAYOUTS["csv"][0], medium="air").points.coordinate[0] == pytest.approx(vacuum_wavelength(WAVE[:1])[0])
    assert not any("taken as vacuum" in sentence for sentence in read(LAYOUTS["hst-x1d"][0], "a.fits").origin.guesses)


def test_errors_that_are_all_missing_are_estimated():
    columns = one_row({"WAVE": WAVE / 10, "FLUX": 1000 * FLUX, "ERR": np.full(N, np.nan)})
    observation = read(file(hdu(columns, {"WAVE": "nm", "FLUX": "adu", "ERR": "adu"})), "a.fits")
    assert (observation.value_axis.unit, observation.points.noise.source) == ("adu", "estimated")


def segments(flags=0):
    wave = np.array([WAVE + 1100, WAVE])
    flags = np.full((2, N), flags)
    columns = {"SEGMENT": ["FUVA", "FUVB"], "EXPTIME": [100.0, 100.0], "WAVELENGTH": wave, "FLUX": np.array([FLUX, FLUX]) * 1e-17}
    columns |= {"ERROR": np.full((2, N), 1e-18), "DQ": flags}
    return file(
        hdu(columns, {"WAVELENGTH": "Angstrom", "FLUX": "erg/s/cm**2/Angstrom", "ERROR": "erg/s/cm**2/Angstrom"}, {"SDQFLAGS": 8}),
        header={"TELESCOP": "HST"},
    )


def test_segments_are_joined():
    observation = read(segments(), "x1d.fits")
    assert (len(observation), observation.origin.objects) == (2 * N, 1)
    assert (observation.points.coordinate[0], observation.points.coordinate[-1]) == (4000, 6100)
    assert any("2 segments or orders were joined" in sentence for sentence in observation.origin.warnings)


def test_serious_flags_of_hubble_count_and_others_do_not():
    assert read(segments(flags=4), "x1d.fits").origin.dropped == {}
    assert any("left aside" in sentence for sentence in read(segments(flags=8), "x1d.fits").origin.warnings)


def test_a_row_an_object():
    columns = {
        "TARGETID": [11, 22],
        "WAVELENGTH": np.array([WAVE, WAVE]),
        "FLUX": np.array([FLUX, 2 * FLUX]),
        "ERROR": np.full((2, N), 0.1),
    }
    content = file(hdu(columns))
    observation = read(content, "a.fits")
    assert (observation.origin.objects, observation.value[0]) == (2, FLUX[0])
    assert any("the first was taken" in sentence for sentence in observation.origin.warnings)
    assert read(content, "a.fits", row="22").value[0] == read(content, "a.fits", row="2").value[0] == 2 * FLUX[0]
    with pytest.raises(ObservationError, match="no spectrum '9' among its 2"):
        read(content, "a.fits", row="9")


def test_several_tables_of_webb():
    units = {"WAVELENGTH": "um", "FLUX": "Jy", "FLUX_ERROR": "Jy"}
    tables = [
        hdu({"WAVELENGTH": WAVE / 1e4, "FLUX": n * FLUX, "FLUX_ERROR": FLUX}, units, {"EXTNAME": "EXTRACT1D", "SOURCEID": 30 + n})
        for n in (1, 2)
    ]
    content = file(*tables, header={"TELESCOP": "JWST"})
    first = read(content, "x1d.fits")
    assert first.origin.objects == 2
    assert read(content, "x1d.fits", row="32").value[0] == pytest.approx(2 * first.value[0])
    assert read(content, "x1d.fits", row="2").value[0] == pytest.approx(2 * first.value[0])


def test_flagged_pixels_are_counted():
    flags = np.zeros(N, int)
    flags[:3] = 1, 2, 4
    content = table(("wavelength", WAVE), ("flux", FLUX), ("err", 0.1 + 0 * FLUX), ("mask", flags))
    assert read(content).origin.dropped == {"quality flag set": 3}


@pytest.mark.parametrize(
    "unit", ["erg/s/cm^2/A", "ergs/cm2/s/Angstrom", "erg s-1 cm-2 AA-1", "Flam", "erg s⁻¹ cm⁻² Å⁻¹", "erg/cm**2/s/Ang"]
)
def test_flux_densities_however_they_are_written(unit):
    content = text(f"wavelength (A)\tflux ({unit})\terr ({unit})", list(zip(WAVE, FLUX * 1e-17, [1e-18] * N, strict=True)), "\t")
    assert read(content).value[0] == pytest.approx(FLUX[0])


def test_answers_of_the_user():
    content = table(("x", WAVE / 10), ("y", FLUX * JANSKY), ("s", 0.1 * JANSKY))
    roles = {"coordinate": "x", "value": "y", "uncertainty": "s"}
    observation = read(content, kind="spectrum", coordinate_unit="nm", value_unit="Jy", redshift=0.3, **roles)
    np.testing.assert_allclose(observation.value, FLUX)
    assert observation.points.noise.sigma[0] == pytest.approx(0.1)
    assert float(observation.points.known["redshift"]) == 0.3
    assert read(content, kind="spectrum", coordinate="x", value="y", signal_to_noise=20.0).points.noise.source == "quoted"


def test_the_user_may_give_a_unit_that_is_not_understood_and_errors_follow_it():
    columns = {"WAVE": WAVE / 10, "FLUX": FLUX, "ERR": 0.1 * JANSKY}
    content = file(hdu(columns, {"WAVE": "fathoms of light", "FLUX": UNIT, "ERR": "Jy"}))
    with pytest.raises(ObservationError, match="'fathoms of light' is not understood as a unit"):
        read(content, "a.fits")
    observation = read(content, "a.fits", coordinate_unit="nm")
    np.testing.assert_allclose(observation.points.coordinate, WAVE)
    np.testing.assert_allclose(observation.points.noise.sigma, 0.1, rtol=1e-6)


def test_negative_fluxes_are_kept_and_sentinels_counted():
    flux = FLUX - 5
    flux[0] = -999.0
    observation = read(table(("wavelength", WAVE), ("flux", flux), ("err", 0.1 + 0 * flux)))
    assert (observation.value < 0).any()
    assert sum(observation.origin.dropped.values()) == 1
