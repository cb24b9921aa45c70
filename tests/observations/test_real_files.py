"""Every real observation of the folder ``shared``: kind, points, units, zero points, first numbers and what was dropped."""

import pytest

from astro_sbi.observations.parsing import observation_of, parsed
from astro_sbi.observations.reading import describe, read

SPECTRAL = "1e-17 erg / (Angstrom s cm2)"
MAGNITUDE = "flux relative to magnitude {}"
#: Kind, points, coordinate with zero point and unit, what was measured, its unit, first coordinate and value, dropped.
FILES = {
    "agn/mcg08_g.txt": ("light_curve", 85, "time MJD [d]", "relative flux", "", (56639.52, 6.4602), {}),
    "agn/mcg08_r.txt": ("light_curve", 42, "time MJD [d]", "relative flux", "", (56682.5935, 8.1803), {}),
    "galaxy_spectrum/hlsp_ceers_jwst_nirspec_nirspec10-001027_comb-mgrat_v0.7_x1d-masked.fits": (
        *("spectrum", 3172, "vacuum wavelength [Angstrom]", "flux density", SPECTRAL, (9818.38566, 0.0017993139)),
        {"no value": 207, "no error": 16, "error absurdly large or small": 7},
    ),
    "galaxy_spectrum/sdss_dr18_0358-51818-0504.fits": (
        *("spectrum", 3747, "vacuum wavelength [Angstrom]", "flux density", SPECTRAL, (3786.16993, 55.852909)),
        {"inverse variance not above zero": 1, "and_mask set (bright sky, bad pixel)": 103},
    ),
    "galaxy_spectrum/spec-0266-51602-0107.fits": (
        *("spectrum", 3775, "vacuum wavelength [Angstrom]", "flux density", SPECTRAL, (3789.65723, 20.3452625)),
        {"inverse variance not above zero": 2, "and_mask set (bright sky, bad pixel)": 72},
    ),
    "hubble/Pantheon+SH0ES.dat": ("hubble_diagram", 1701, "redshift", "distance modulus", "mag", (0.00122, 28.9987), {}),
    "microlensing/OB05086_starBLG234.6.I.218982.dat": (
        *("light_curve", 640, "time HJD - 2450000 [d]", MAGNITUDE.format(16), "", (2127.52182, 10 ** (-0.4 * 0.318)), {}),
    ),
    "microlensing/phot_ob08092_O4.dat": (
        *("light_curve", 383, "time HJD - 2450000 [d]", MAGNITUDE.format(14), "", (5264.841, 10 ** (0.4 * 0.061)), {}),
    ),
    "photoz/hdfn_fs99_eazy.cat": ("photometry", 7, "wavelength [Angstrom]", "flux density", "", (3000, 0.170771), {}),
    "rrlyrae/1013184.csv": ("light_curve", 291, "time MJD [d]", MAGNITUDE.format(17), "", (51081.346189, 10 ** (-0.4 * 0.236)), {}),
    "rv/51Peg.rv": ("velocities", 256, "time JD - 2400000 [d]", "radial velocity", "m / s", (50002.665695, -52.9), {}),
    "rv/K2-24_epic203771098.csv": ("velocities", 32, "time [d]", "radial velocity", "m / s", (2364.81958, 6.95906630745), {}),
    "rv/corot7.txt": ("velocities", 177, "time JD - 2400000 [d]", "radial velocity", "m / s", (54775.819119, 32.55), {}),
    "stellar_rotation/kplr010002792-2010174085026_llc.fits": (
        *("light_curve", 4486, "time BJD - 2454833 [d]", "flux", "electron / s", (443.510970, 92973.383)),
        {"no time": 96, "quality flag set": 46, "no value": 6},
    ),
    "supernova/CFA3_KEPLERCAM_2005cf.DAT": ("light_curve", 110, "time MJD [d]", MAGNITUDE.format(27.5), "", (53521.2389, 72310.273), {}),
    "supernova/LOSS_2011fe.dat": ("light_curve", 236, "time MJD [d]", MAGNITUDE.format(27.5), "", (55798.2, 86616.4), {}),
    "transit/K2-3_EPIC201367065.csv": ("light_curve", 3632, "time [d]", "relative flux", "", (1977.26244947, 1.00531531), {}),
    "transit/K2-3_EPIC201367065_detrended.csv": ("light_curve", 3632, "time [d]", "relative flux", "", (1977.26244947, 1.00011745), {}),
    "transit/hlsp_tess-data-alerts_tess_phot_00025155310-s01_tess_v1_lc.fits": (
        *("light_curve", 18103, "time BJD - 2457000 [d]", "flux", "electron / s", (1325.29664867, 9252.1767578)),
        {"no time": 815, "quality flag set": 1158},
    ),
    "transit/kplr010666592-2009131110544_slc.fits": (
        *("light_curve", 14211, "time BJD - 2454833 [d]", "flux", "electron / s", (120.52893910, 1034637.5625)),
        {"quality flag set": 61, "no value": 8},
    ),
}
NO_OBSERVATIONS = ("hubble/README", "photoz/zphot.translate", "rrlyrae/periods.csv", "microlensing/OB05086_README.txt")


def told(name, *expected):
    return dict(zip(("kind", "points", "coordinate", "axis", "unit", "first", "dropped"), expected, strict=True)) | {"name": name}


@pytest.mark.parametrize("file", FILES)
def test_real_file(shared, file):
    path = shared / "observations" / file
    said = describe(observation_of(path.name, path.read_bytes()))
    expected = told(file, *FILES[file])
    assert (said["kind"], said["points"]) == (expected["kind"], expected["points"])
    assert (said["units"]["coordinate"], said["units"]["value"]) == (expected["coordinate"], expected["unit"])
    assert said["axes"]["value"] == expected["axis"]
    assert (said["first"]["coordinate"], said["first"]["value"]) == pytest.approx(expected["first"], rel=1e-6)
    assert said["dropped"] == expected["dropped"]


def test_every_real_file_is_in_the_table(shared):
    folder = shared / "observations"
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.parent != folder}
    assert files <= {*FILES, *NO_OBSERVATIONS, "microlensing/OB08092_README.txt"}


@pytest.mark.parametrize("file", NO_OBSERVATIONS)
def test_what_is_no_observation_is_refused(shared, file):
    path = shared / "observations" / file
    reading = parsed(path.name, path.read_bytes())
    assert reading.observation is None
    assert reading.refusal.startswith(f"{path.name}: ")


@pytest.mark.slow
@pytest.mark.parametrize("file", ["rv/corot7.txt", "transit/hlsp_tess-data-alerts_tess_phot_00025155310-s01_tess_v1_lc.fits"])
def test_the_child_reads_the_same(shared, file):
    path = shared / "observations" / file
    assert read(path.name, path.read_bytes()).content_hash == observation_of(path.name, path.read_bytes()).content_hash


def test_header_of_k2_24_is_kept(shared):
    path = shared / "observations" / "rv" / "K2-24_epic203771098.csv"
    assert describe(observation_of(path.name, path.read_bytes()))["columns"] == {"coordinate": "t", "value": "vel", "error": "errvel"}


def test_channels_of_real_files(shared):
    folder = shared / "observations"
    rr_lyrae = observation_of("1013184.csv", (folder / "rrlyrae" / "1013184.csv").read_bytes())
    assert rr_lyrae.channels == ("u", "g", "r", "i", "z")
    assert "exposure_time" not in rr_lyrae.points.known
    supernova = observation_of("a.DAT", (folder / "supernova" / "CFA3_KEPLERCAM_2005cf.DAT").read_bytes())
    assert (supernova.name, supernova.channels) == ("2005cf", ("U", "B", "V", "r", "i"))
    assert float(supernova.points.known["heliocentric_redshift"]) == 0.00643
    assert supernova.points.known["peak_time"].to_value("d") == 53534.188


def test_a_catalogue_gives_the_row_that_is_asked_for(shared):
    from astro_sbi.observations.options import ReadOptions

    content = (shared / "observations" / "photoz" / "hdfn_fs99_eazy.cat").read_bytes()
    first, other = observation_of("a.cat", content), observation_of("a.cat", content, ReadOptions(row="2", magnitude=25.0))
    assert first.origin.objects == other.origin.objects == 1067
    assert first.channels == ("f300w", "f450w", "f606w", "f814w", "irimj", "irimh", "irimk")
    assert other.value_axis.unit == "uJy"
    assert other.value[0] == pytest.approx(7.73278e-02 * 10 ** (-0.4 * (25 - 23.9)))
    assert other.value[-1] < 0
