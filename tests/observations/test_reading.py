"""The chain from bytes to an observation through the child process."""

import gzip
import json

import numpy as np
import pytest

from astro_sbi.observations.encoding import asked, decoded, encoded, request_of
from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.options import ReadOptions
from astro_sbi.observations.parsing import observation_of, parsed
from astro_sbi.observations.reading import describe, inspected, read
from tests.observations import made

TIME = 2457.0 + 0.02 * np.arange(120)
FLUX = 1 + 1e-3 * np.random.default_rng(3).normal(size=120)
CSV = made.csv({"bjd": TIME, "flux": FLUX, "flux_err": np.full(120, 1e-3)})


@pytest.mark.slow
def test_the_child_gives_what_the_process_itself_would():
    through, here = read("a.csv", CSV), observation_of("a.csv", CSV)
    assert through.content_hash == here.content_hash
    assert (through.name, through.channels, through.origin) == (here.name, here.channels, here.origin)


@pytest.mark.slow
def test_a_refused_file_still_shows_its_columns():
    reading = inspected("a.csv", b"when,how_bright\n1,2\n3,4\n")
    assert reading.observation is None
    assert reading.refusal.startswith("a.csv: ")
    assert [column.name for column in reading.tables[0].columns] == ["when", "how_bright"]
    assert reading.tables[0].columns[1].cells == ("2", "4")


@pytest.mark.slow
def test_the_answers_of_the_user_mend_it():
    rows = b"".join(b"%f,%f\n" % (time, flux) for time, flux in zip(TIME, FLUX, strict=True))
    content = b"when,how_bright\n" + rows
    options = ReadOptions(kind="light_curve", coordinate="when", value="how_bright", error=0.01, zero_point="BJD - 2450000")
    observation = read("a.csv", content, options)
    assert observation.origin.columns == {"coordinate": "when", "value": "how_bright"}
    assert observation.coordinate_axis.zero_point == "BJD - 2450000"
    assert (observation.points.noise.sigma == 0.01).all()


def test_too_large_a_file_is_not_even_sent():
    reading = inspected("large.csv", bytes(65 * 1024**2))
    assert "at most 67 MB are read" in reading.refusal


@pytest.mark.parametrize("options", [{"redshift": 30.0}, {"magnitude": 99.0}, {"error": -1.0}, {"signal_to_noise": 0.0}, {"value": "no"}])
def test_answers_that_cannot_be_are_refused(options):
    with pytest.raises(ObservationError, match=r"a\.csv: "):
        observation_of("a.csv", CSV, ReadOptions(**options))


def test_compression_does_not_matter():
    assert observation_of("a.csv.gz", gzip.compress(CSV)).content_hash == observation_of("a.csv", CSV).content_hash


def test_readings_survive_the_way_between_processes():
    reading = parsed("k.fits", made.kepler())
    back = decoded(encoded(reading))
    assert back.observation.content_hash == reading.observation.content_hash
    assert (back.format, back.tables, back.observation.origin) == (reading.format, reading.tables, reading.observation.origin)
    np.testing.assert_array_equal(back.observation.points.used, reading.observation.points.used)


def test_requests_survive_the_way_between_processes():
    options = ReadOptions(kind="spectrum", redshift=0.1)
    assert asked(request_of("a\nb.csv", b"1\n2", options)) == ("a\nb.csv", b"1\n2", options)


@pytest.mark.parametrize("change", ["kind", "arrays", "units", "nothing", "cut"])
def test_an_answer_that_makes_no_sense_is_refused(change):
    head, _, body = encoded(parsed("a.csv", CSV)).partition(b"\n")
    told = json.loads(head)
    if change == "kind":
        told["observation"]["kind"] = "pickle"
    elif change == "arrays":
        told["arrays"][0][2] = [10**9]
    elif change == "units":
        told["observation"]["units"] = {"exposure_time": "10**(99999999) m"}
    answer = b"" if change == "nothing" else json.dumps(told).encode() + b"\n" + (body[:100] if change == "cut" else body)
    with pytest.raises(ObservationError):
        decoded(answer)


def test_describe_is_plain():
    told = describe(observation_of("a.csv", CSV))
    assert json.loads(json.dumps(told)) == told
    assert (told["kind"], told["points"], told["objects"]) == ("light_curve", 120, 1)
    assert told["columns"] == {"coordinate": "bjd", "value": "flux", "error": "flux_err"}
