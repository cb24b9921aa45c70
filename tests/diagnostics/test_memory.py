"""A random process that remembers for longer than a tenth of the observation is known through its prior."""

from dataclasses import replace

import pytest

from astro_sbi.diagnostics.verdict import judgements, verdict
from tests.diagnostics.conjugate import Linear


@pytest.mark.parametrize(("share", "grade"), [(0.05, "good"), (0.1, "good"), (0.11, "caution"), (3.0, "caution")])
def test_a_tenth_of_the_length(share: float, grade: str) -> None:
    problem = Linear()
    checks = replace(problem.checks(problem.white()), memory=("tau", share))
    judged = next(judgement for judgement in judgements(checks) if judgement.name == "memory")
    assert judged.grade == grade
    assert verdict(checks).grade == grade
    assert ("20 times as long as tau" in judged.sentence) == (share == 0.05)
    assert ("Prior-dominated: tau is 3 of the length" in judged.sentence) == (share == 3.0)


def test_without_one_nothing_is_said() -> None:
    problem = Linear()
    assert all(judgement.name != "memory" for judgement in judgements(problem.checks(problem.white())))
