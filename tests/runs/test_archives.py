"""Targets looked for in archives: what is asked, what is understood, what is passed over. The answers here are made up."""

import json
from urllib.parse import parse_qs, unquote

import pytest

from astro_sbi.inference.posterior import Cancelled
from astro_sbi.observations.observation import ObservationError
from astro_sbi.runs import archives
from astro_sbi.runs.archives import Product, mast
from astro_sbi.runs.archives.answers import Asking
from tests.runs.loopback import loopback, to

SESAME = "cds.unistra.fr/cgi-bin/nph-sesame/SNV?"
MAST = "mast.stsci.edu/api/v0/invoke?request="
SKYSERVER = "skyserver.sdss.org/dr17/SkyServerWS/SearchTools/SqlSearch?format=json&cmd="
FOUND_BY_CDS = b"# A Star\t#Q1\n#=S=Simbad: 1\n%@ 1\n%J 10.68458 +41.26917 = 00:42:44.30 +41:16:09.0\n#====Done====\n"

OBSERVATIONS = [
    {"obsid": 30, "project": "TESS", "provenance_name": "QLP", "target_name": "7", "sequence_number": 1, "t_exptime": 1800, "distance": 0},
    {
        "obsid": "10",
        "project": "TESS",
        "provenance_name": "SPOC",
        "target_name": "7",
        "sequence_number": 1,
        "t_exptime": 120,
        "distance": 0,
    },
    {"obsid": 20, "project": "Kepler", "provenance_name": "Kepler", "target_name": "kplr000000007", "t_exptime": 1800, "distance": 3.5},
    {"obsid": 40, "project": "K2", "provenance_name": "K2", "sequence_number": 5, "distance": None, "dataRights": "PUBLIC"},
    {"obsid": 50, "project": "TESS", "provenance_name": "SPOC", "sequence_number": 99, "dataRights": "EXCLUSIVE_ACCESS"},
]


def file(obsid, name, folder="TESS/product", size=1000, description="Light curves", **more):
    uri = f"mast:{folder}/{name}"
    return {"obsID": obsid, "productFilename": name, "dataURI": uri, "size": size, "description": description, **more}


FILES = [
    file(10, "tess2018-s0001-0000000000000007-0120-s_lc.fits", size=2039040),
    file(10, "tess2018-s0001-0000000000000007-0120-s_tp.fits"),
    file(10, "tess2018-s0001-0000000000000007-00106_dvt.fits"),
    file("30", "hlsp_qlp_tess_ffi_s0001-0000000000000007_tess_v01_llc.fits", "HLSP/qlp/s0001"),
    file(99, "kplr000000007-2010009_llc.fits", "Kepler/url", description="Lightcurve Long Cadence (CLC) - Q4", parent_obsid=20),
    file(20, "kplr000000007-2010010_slc.fits", "Kepler/url", description="Lightcurve Short Cadence (CSC) - Q4"),
    file(40, "ktwo000000007-c05_llc.fits", "K2/url", size="large"),
    file(10, "tess2018-s0001-0000000000000007-0120-a_fast-lc.fits", size=None),
    file(50, "tess2020-s0099-0000000000000007-0120-s_lc.fits"),
]


def table(rows, status="COMPLETE"):
    return json.dumps({"status": status, "data": rows, "fields": [], "paging": {"rows": len(rows)}, "more": {"deep": [1]}}).encode()


def request(service):
    return MAST + "%7B%22service%22%3A%22" + service


@pytest.fixture
def server():
    with loopback() as server:
        server.says(SESAME, FOUND_BY_CDS)
        server.says(request("Mast.Caom.Filtered.Position"), table(OBSERVATIONS))
        server.says(request("Mast.Caom.Products"), table(FILES))
        yield server


def asked(server, number):
    """A question to MAST, in Python."""
    return json.loads(unquote(server.asked[number].removeprefix(MAST)))


def test_light_curves_are_found_by_name(server):
    products = archives.search("A Star", network=server.network())
    assert [(product.meaning, product.title) for product in products] == [
        ("TESS sector 1, every 20 s, SPOC", "7"),
        ("TESS sector 1, every 2 min, SPOC", "7"),
        ("TESS sector 1, every 30 min, QLP", "7"),
        ("Kepler quarter 4, every 30 min, Kepler", "kplr000000007"),
        ("Kepler quarter 4, every 1 min, Kepler", "kplr000000007"),
        ("K2 campaign 5, every 30 min, K2", "ktwo000000007-c05_llc.fits"),
    ]
    name = "tess2018-s0001-0000000000000007-0120-s_lc.fits"
    url = f"https://mast.stsci.edu/api/v0.1/Download/file?uri=mast:TESS/product/{name}"
    assert products[1] == Product("mast", "7", "TESS sector 1, every 2 min, SPOC", "light_curve", url, name, 2039040)
    assert [product.bytes for product in products] == [None, 2039040, 1000, 1000, 1000, None]


def test_mast_is_asked_near_the_position(server):
    archives.search("A Star", radius_arcsec=36, network=server.network())
    assert server.asked[0] == f"{SESAME}A%20Star"
    first, second = asked(server, 1), asked(server, 2)
    assert first["params"]["position"] == "10.6845800, 41.2691700, 0.0100000"
    assert {"paramName": "project", "values": ["Kepler", "K2", "TESS"]} in first["params"]["filters"]
    assert second["service"] == "Mast.Caom.Products"
    assert second["params"] == {"obsid": "30,10,20,40"}


def test_product_is_fetched_and_kept(server, tmp_path):
    server.says("mast.stsci.edu/api/v0.1/Download/file?uri=mast:TESS/product/", b"SIMPLE")
    product = archives.search("10.68 +41.27", network=server.network())[1]
    for _ in range(2):
        found = archives.fetch(product, cache=tmp_path, network=server.network())
        assert (found.name, found.content) == (product.name, b"SIMPLE")
    assert sum("Download" in asked for asked in server.asked) == 1


def test_mast_at_work_is_asked_again(server):
    server.says(request("Mast.Caom.Filtered.Position"), table([], "EXECUTING"), table([], "EXECUTING"), table(OBSERVATIONS))
    assert len(archives.search("10.68 +41.27", network=server.network())) == 6
    assert server.asked[0] == server.asked[1] == server.asked[2]


def test_search_can_be_stopped_while_mast_is_at_work(server):
    server.says(request("Mast.Caom.Filtered.Position"), table([], "EXECUTING"))
    with pytest.raises(Cancelled):
        archives.search("10.68 +41.27", should_stop=lambda: len(server.asked) > 2, network=server.network())


def test_nothing_found_is_no_error(server):
    server.says(request("Mast.Caom.Filtered.Position"), table([]))
    assert archives.search("10.68 +41.27", network=server.network()) == ()


def test_error_of_mast_is_said(server):
    server.says(request("Mast.Caom.Filtered.Position"), json.dumps({"status": "ERROR", "msg": "bad\n\x00column"}).encode())
    with pytest.raises(ObservationError, match=r"MAST could not answer \(bad column\)"):
        archives.search("10.68 +41.27", network=server.network())


NONSENSE = [
    b"",
    b"<html>",
    b"[]",
    b"null",
    b'"text"',
    b"{}",
    b'{"data": 3}',
    b'{"data": {"a": 1}}',
    b"\xff\xfe",
    b"[" * 100_000,
    b"9" * 5000,
]


@pytest.mark.parametrize("answer", NONSENSE)
@pytest.mark.parametrize("service", ["Mast.Caom.Filtered.Position", "Mast.Caom.Products"])
def test_answer_that_is_not_understood_is_said(server, service, answer):
    server.says(request(service), answer)
    with pytest.raises(ObservationError, match=r"answer of mast\.stsci\.edu was not understood"):
        archives.search("10.68 +41.27", network=server.network())


def test_too_long_an_answer_is_refused(server):
    server.says(request("Mast.Caom.Products"), b"[" + b" " * (9 << 20) + b"]")
    with pytest.raises(ObservationError, match="more than 8 MB"):
        archives.search("10.68 +41.27", network=server.network())


STRANGE = [
    file(10, "a_lc.fits", dataURI="https://example.com/a_lc.fits"),
    file(10, "a_lc.fits", dataURI="file:///etc/passwd"),
    file(10, "a_lc.fits", dataURI="mast:a b"),
    file(10, "a_lc.fits", dataURI="mast:a&b=c"),
    file(10, "a_lc.fits", dataURI=["mast:a"]),
    file(10, ["a_lc.fits"]),
    file(10, "a.exe"),
    file(None, "a_lc.fits"),
    file(True, "a_lc.fits"),
    file("1e1", "a_lc.fits", dataURI=None),
    file(-10, "a_lc.fits"),
    file(1e400, "a_lc.fits"),
    ["no row"],
    None,
]


@pytest.mark.parametrize("row", STRANGE)
def test_strange_product_is_passed_over(server, row):
    server.says(request("Mast.Caom.Products"), table([row]))
    assert archives.search("10.68 +41.27", network=server.network()) == ()


def test_texts_are_trimmed(server):
    rude = {
        **OBSERVATIONS[1],
        "target_name": "<b>\n" + 500 * "x" + "\u202e",
        "provenance_name": {"a": 1},
        "project": None,
        "t_exptime": "nan",
    }
    server.says(request("Mast.Caom.Filtered.Position"), table([rude]))
    server.says(request("Mast.Caom.Products"), table([file(10, "a_lc.fits", size=-3)]))
    (product,) = archives.search("10.68 +41.27", network=server.network())
    assert product.title == ("<b> " + 500 * "x")[:100]
    assert (product.meaning, product.bytes) == ("", None)


def test_the_answer_may_not_lead_elsewhere(server):
    server.says(request("Mast.Caom.Products"), to("https://169.254.169.254/"))
    with pytest.raises(ObservationError, match="not followed"):
        archives.search("10.68 +41.27", network=server.network())


SPECTRA = [
    {"plate": 266, "mjd": 51602, "fiberID": 107, "run2d": "26", "z": 0.12301, "class": "GALAXY", "subClass": "STARFORMING", "zWarning": 0},
    {"plate": "3606", "mjd": 55182, "fiberID": 1, "run2d": "v5_13_2", "z": "2.5", "class": "QSO", "zWarning": 4},
    {"plate": 11000, "mjd": 58000, "fiberID": 999, "run2d": 103},
    {"plate": 15000, "mjd": 59000, "fiberID": 1, "run2d": "v6_0_4"},
    {"plate": 266, "mjd": 51602, "fiberID": None, "run2d": "26"},
    {"plate": 266.5, "mjd": 51602, "fiberID": 1, "run2d": "26"},
    {"plate": 266, "mjd": 51602, "fiberID": 1, "run2d": "../../26"},
    "no row",
]


def test_spectra_are_found(server):
    server.says(SKYSERVER, json.dumps([{"TableName": "Table1", "Rows": SPECTRA}]).encode())
    products = archives.search("A Star", "sdss", network=server.network())
    base = "https://data.sdss.org/sas/dr17"
    assert [product.url for product in products] == [
        f"{base}/sdss/spectro/redux/26/spectra/lite/0266/spec-0266-51602-0107.fits",
        f"{base}/eboss/spectro/redux/v5_13_2/spectra/lite/3606/spec-3606-55182-0001.fits",
        f"{base}/sdss/spectro/redux/103/spectra/lite/11000/spec-11000-58000-0999.fits",
    ]
    assert [product.meaning for product in products] == [
        "plate 266, MJD 51602, fibre 107, galaxy starforming, redshift 0.1230",
        "plate 3606, MJD 55182, fibre 1, qso, redshift 2.5000 (doubtful)",
        "plate 11000, MJD 58000, fibre 999",
    ]
    assert {product.title for product in products} == {"A Star"}


def test_only_numbers_enter_the_query(server):
    server.says(SKYSERVER, b'[{"Rows": []}]')
    name = "x'; DROP TABLE SpecObj --"
    assert archives.search(name, "sdss", radius_arcsec=3, network=server.network()) == ()
    (query,) = parse_qs(server.asked[-1].split("?", 1)[1])["cmd"]
    assert "fGetNearbySpecObjEq(10.6845800, 41.2691700, 0.05000)" in query
    assert "DROP" not in query


@pytest.mark.parametrize("answer", [*NONSENSE, b'[{"Rows": {}}]', b'[{"ErrorType": "x"}]', b"[3]"])
def test_answer_of_sdss_that_is_not_understood_is_said(server, answer):
    server.says(SKYSERVER, answer)
    with pytest.raises(ObservationError, match=r"answer of skyserver\.sdss\.org was not understood"):
        archives.search("10.68 +41.27", "sdss", network=server.network())


def test_no_network_is_a_sentence():
    def nowhere(_host, _port):
        raise OSError

    network = type(Asking().network)(resolve=nowhere)
    with pytest.raises(ObservationError, match=r"cds\.unistra\.fr could not be found: is there a network\?"):
        archives.search("WASP-18", network=network)


def test_wrong_archive_or_radius_is_refused():
    with pytest.raises(ObservationError, match="no archive 'eso' here: choose one of mast, sdss"):
        archives.search("10 10", "eso")
    for radius in (0, -1, 601, float("nan")):
        with pytest.raises(ObservationError, match="radius must lie between"):
            archives.search("10 10", radius_arcsec=radius)


def test_services_are_on_the_list():
    for url in (mast.INVOKE, mast.FILE):
        assert url.startswith(f"https://{mast.HOST}/")
