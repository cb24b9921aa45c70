"""Malformed and hostile files: each is refused with a sentence that names the trouble, or read with a warning, and touches nothing."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from astro_sbi.observations.containers.content import shown_name
from astro_sbi.observations.parsing import parsed
from astro_sbi.observations.preview import Reading
from astro_sbi.observations.reading import inspected
from tests.observations.corpus import cases
from tests.observations.corpus.case import Case
from tests.observations.corpus.trap import Trap, texts, trap_in

NAMES = tuple(cases())
#: What the issue allows for one file [s].
LONGEST = 10
#: Cases that reach out, run something or grow go through the real child too, which takes a second each.
REACHING = re.compile(
    "links?-|outside|storage|virtual|stream-|doctype|entity|schema|stylesheet|include|object-|popen|eval|pickle|joblib"
    "|bomb|claim|nested|deep|cycle|million|thousand|-mb|-gb|-tb|gb-|billion|alias|heap-|units-|footer|list-|laughs|quadratic|huge|good"
)


@pytest.fixture(scope="module")
def trap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trap]:
    made = trap_in(tmp_path_factory.mktemp("outside"))
    yield made
    made.listener.close()


@pytest.fixture(scope="module")
def baited(trap: Trap) -> dict[str, Case]:
    return cases(trap.bait)


def check_sentence(case: Case, sentence: str) -> None:
    start = f"{shown_name(case.name)}: "
    assert sentence.startswith(start)
    assert sentence.isprintable()
    assert len(sentence) < 400
    assert re.search(case.words, sentence[len(start) :], re.IGNORECASE), sentence


def check_observation(case: Case, reading: Reading) -> None:
    made = reading.observation
    assert made is not None, reading.refusal
    said = (*made.origin.warnings, *made.origin.guesses, *made.origin.dropped)
    assert np.isfinite(made.value).all()
    assert np.isfinite(made.points.coordinate).all()
    assert (made.points.noise.sigma > 0).all()
    assert np.isfinite(made.points.noise.sigma).all()
    assert len(made) == (len(made) if case.points is None else case.points)
    if case.expected == "warned":
        assert any(re.search(case.words, sentence, re.IGNORECASE) for sentence in said), said


def check(case: Case, reading: Reading, trap: Trap) -> None:
    assert trap.shows(reading) == []
    assert trap.connections() == 0
    assert [text for text in texts(reading) if not text.isprintable() or len(text) > 400] == []
    if case.expected == "refused":
        assert reading.observation is None, f"it was read, with {reading.observation.origin}"
        check_sentence(case, reading.refusal)
    else:
        check_observation(case, reading)


def test_there_are_enough():
    assert len(NAMES) >= 110


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_each(name: str, baited: dict[str, Case], trap: Trap):
    case = baited[name]
    check(case, parsed(case.name, case.made()), trap)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if REACHING.search(name)])
def test_each_in_a_child(name: str, baited: dict[str, Case], trap: Trap):
    case = baited[name]
    content = case.made()
    start = time.perf_counter()
    reading = inspected(case.name, content)
    assert time.perf_counter() - start < LONGEST
    assert trap.connections() == 0
    assert trap.shows(reading) == []
    assert (reading.observation is None) == (case.expected == "refused"), reading.refusal
    if reading.refusal:
        assert reading.refusal.startswith(f"{shown_name(case.name)}: ")
        assert reading.refusal.isprintable()


@pytest.mark.slow
def test_a_good_file_reads_after_bad_ones(baited: dict[str, Case], trap: Trap):
    for name in ("fits/fields-100-million.fits", "text/line-of-50-mb.csv", "text/good.csv"):
        reading = inspected(baited[name].name, baited[name].made())
    assert reading.observation is not None
    assert len(reading.observation) == 60


def test_bait_is_whole(trap: Trap):
    assert all(path.is_file() for path in (trap.bait.text, trap.bait.table, trap.bait.parquet))
    assert not list(Path.cwd().glob("canary*"))
