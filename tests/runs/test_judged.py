"""What a summary tells of the checks."""

import json
from dataclasses import replace

import numpy as np
import pytest

from astro_sbi.diagnostics.members import Disagreement
from astro_sbi.diagnostics.ranges import range_check
from astro_sbi.runs.judged import checks_told
from astro_sbi.runs.text import check_seconds_text
from tests.diagnostics.conjugate import Linear


@pytest.mark.slow
def test_every_judgement_and_its_place_are_told():
    problem = Linear()
    checks = replace(problem.checks(problem.white()), coordinate_unit="d", channels=("g",))
    simulated = np.random.default_rng(1).standard_normal((200, 3))
    reach = range_check(np.array([0.0, 9.0, 0.0]), simulated, "abc".__getitem__)
    told = checks_told(replace(checks, prior_range=reach, ensemble=Disagreement(5, "a", 0.2)))
    told = json.loads(json.dumps(told))
    assert {"ess", "khat", "misfit", "stretch", "sign_run", "prior_range", "ensemble"} <= {one["name"] for one in told["judgements"]}
    assert told["predictive"]["stretch"]["where"].endswith(" d")
    assert told["predictive"]["stretch"]["low"] <= told["predictive"]["stretch"]["high"]
    assert told["predictive"]["sign_run"]["limit"] > 0
    assert told["prior_range"]["farthest"][0][0] == "b"
    assert told["ensemble_check"] == {"members": 5, "name": "a", "sigma": 0.2}


def test_without_a_likelihood_there_are_no_residuals():
    problem = Linear()
    told = checks_told(replace(problem.checks(problem.white()), importance=None, predictive=None))
    assert (told["predictive"], told["prior_range"], told["ensemble_check"]) == (None, None, None)


@pytest.mark.parametrize(
    ("seconds", "cached", "text"),
    [
        ({"search": 2.0, "train": 8.0, "check": 0.5}, False, "the checks took 0.5 s, 5% of the 10.0 s of the training"),
        ({"train": 0.0, "check": 0.5}, False, "the checks took 0.5 s"),
        ({"train": 8.0, "check": 0.5}, True, ""),
        ({}, False, ""),
    ],
)
def test_what_checking_cost(seconds: dict[str, float], cached: bool, text: str):
    assert check_seconds_text({"seconds": seconds, "cached": cached}) == text
