"""Ranks that are uniform pass, others are named; and the verdict says so."""

import numpy as np
import pytest
from scipy import special

from astro_sbi.diagnostics.calibration import calibration, uniformity_p
from astro_sbi.diagnostics.verdict import Checks, verdict

RNG_SEED = 3


def judged(bias: float = 0.0, width: float = 1.0, tests: int = 1000):
    """Ranks of true parameters under a posterior that is off in one of two parameters by so many of its sigma."""
    rng = np.random.default_rng(RNG_SEED)
    z = np.stack([rng.normal(bias, 1 / width, tests), rng.normal(size=tests)], axis=1)
    return calibration(("mass", "age"), special.ndtr(z), special.gammainc(1.0, 0.5 * np.sum(z**2, axis=1)))


def reasons(found) -> tuple[str, str]:
    checks = Checks(None, None, None, (), 0.5, calibration=found)
    said = verdict(checks)
    (sentence,) = [reason for reason in said.reasons if "held back" in reason]
    return said.grade, sentence


def test_uniform_ranks_pass():
    found = judged()
    assert found.p_value > 0.01
    assert found.deviation < 0.05
    for shares in found.coverage.values():
        assert shares == pytest.approx((0.5, 0.68, 0.9, 0.95), abs=0.05)
    grade, sentence = reasons(found)
    assert grade == "caution"
    assert "no fault of the calibration shows" in sentence


@pytest.mark.parametrize(("off", "grade"), [({"bias": 0.15}, "caution"), ({"bias": 0.5}, "do not trust"), ({"width": 0.4}, "do not trust")])
def test_wrong_ranks_are_named(off: dict[str, float], grade: str):
    found = judged(**off)
    assert found.p_value < 0.01
    assert found.worst in ("mass", "jointly")
    given, sentence = reasons(found)
    assert given == grade
    assert "stray by up to" in sentence


def test_few_tests_cannot_pass():
    grade, sentence = reasons(judged(tests=30))
    assert grade == "caution"
    assert "fewer than 100 cannot tell" in sentence


def test_uniformity_is_as_rare_as_it_says():
    rng = np.random.default_rng(RNG_SEED)
    p = np.array([uniformity_p(rng.random(200)) for _ in range(600)])
    assert np.mean(p < 0.05) == pytest.approx(0.06, abs=0.03)
    assert np.mean([uniformity_p(special.ndtr(1.2 * rng.normal(size=500))) for _ in range(50)]) < 0.01
