"""Coordinates as people write them, and names looked up. The answers here are made up."""

import json
from urllib.parse import unquote

import pytest

from astro_sbi.observations.observation import ObservationError
from astro_sbi.runs.archives.answers import Asking
from astro_sbi.runs.archives.positions import position
from tests.runs.loopback import Answer, loopback

SESAME = "cds.unistra.fr/cgi-bin/nph-sesame/SNV?"
MAST = "mast.stsci.edu/api/v0/invoke?request="
UNKNOWN_TO_CDS = b"# xyz\t#Q2\n#! *** Nothing found *** \n"


@pytest.fixture
def server():
    with loopback() as server:
        yield server


@pytest.mark.parametrize(
    ("text", "ra", "dec"),
    [
        ("10.68458 +41.26917", 10.68458, 41.26917),
        ("10.68458,41.26917", 10.68458, 41.26917),
        ("10.68458+41.26917", 10.68458, 41.26917),
        ("  10.68458   −41.26917 ", 10.68458, -41.26917),
        ("0 -90", 0, -90),
        ("00:42:44.3 +41:16:09", 10.684583, 41.269167),
        ("00 42 44.3 41 16 09", 10.684583, 41.269167),
        ("00:42:44.3, 41:16:09", 10.684583, 41.269167),
        ("0h42m44.3s -41d16m09s", 10.684583, -41.269167),
        ("00 42 44.3 -00 16 09", 10.684583, -0.269167),
    ],
)
def test_coordinates_need_no_network(text, ra, dec):
    found = position(text)
    assert (found.ra, found.dec) == pytest.approx((ra, dec), abs=1e-5)


@pytest.mark.parametrize(
    "text", ["361 0", "-1 0", "10 91", "10 -90.1", "25:00:00 +10:00:00", "1:2:3 4:5:6:7:8", "1 2 3", "10.1.1 5", "00:61:00 +10:00:00"]
)
def test_coordinates_off_the_sky_are_refused(text):
    with pytest.raises(ObservationError, match="no place on the sky"):
        position(text)


@pytest.mark.parametrize("text", ["", "   ", "x" * 101, "a\x00b", "a\u202eb"])
def test_strange_targets_are_refused(text):
    with pytest.raises(ObservationError, match="a target is a name or two coordinates"):
        position(text)


def lookup(*places):
    rows = [{"ra": ra, "decl": dec, "canonicalName": "x", "searchRadius": -1.0} for ra, dec in places]
    return json.dumps({"resolvedCoordinate": rows, "status": ""}).encode()


def test_mast_knows_what_cds_does_not(server):
    server.says(SESAME, UNKNOWN_TO_CDS)
    server.says(MAST, lookup((None, 3), ("nan", 3), (400, 3), (124.5, -68.3)))
    found = position("xyz", Asking(server.network()))
    assert (found.ra, found.dec, found.name) == (124.5, -68.3, "xyz")
    assert json.loads(unquote(server.asked[1].removeprefix(MAST)))["params"] == {"input": "xyz", "format": "json"}


def test_input_catalogues_are_asked_for_at_mast(server):
    server.says(MAST, lookup((124.5, -68.3)))
    assert position("tic 307210830", Asking(server.network())).ra == 124.5
    assert len(server.asked) == 1


def test_unknown_name_is_said(server):
    server.says(SESAME, UNKNOWN_TO_CDS)
    server.says(MAST, lookup())
    with pytest.raises(ObservationError, match="nor MAST know 'xyz'"):
        position("xyz", Asking(server.network()))


@pytest.mark.parametrize("answer", [b"%J 999 +41", b"%J 1.2.3 +4", b"%J 10 +91"])
def test_place_off_the_sky_is_not_understood(server, answer):
    server.says(SESAME, answer)
    server.says(MAST, Answer(b"", status=404))
    with pytest.raises(ObservationError, match=r"answer of cds\.unistra\.fr was not understood"):
        position("xyz", Asking(server.network()))
