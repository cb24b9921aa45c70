"""A few seconds of plain fuzzing of every format that no C library reads; `make fuzz` does the rest."""

from pathlib import Path

import pytest

from tests.fuzz.mutation import fuzzed
from tests.fuzz.targets import targets


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fits", "votable", "netcdf", "ecsv", "delimited", "mrt", "ipac", "snana", "zip"])
def test_broken_files_end_in_a_sentence(name: str, tmp_path: Path):
    tally, faults = fuzzed(targets()[name], seconds=20, keep=tmp_path, most=150)
    assert faults == []
    assert tally.runs > 0
    assert sum(tally.sentences.values()) + tally.read == tally.runs


@pytest.mark.slow
def test_seeds_are_in_order(tmp_path: Path):
    for target in targets().values():
        for seed in target.seeds():
            assert target.fitted(seed) == seed
