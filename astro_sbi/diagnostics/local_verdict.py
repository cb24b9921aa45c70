"""What the local two-sample test says of a flow, in words."""

from __future__ import annotations

import math

from astro_sbi.diagnostics.judging import Threshold
from astro_sbi.diagnostics.local import LocalTest
from astro_sbi.diagnostics.thresholds import weighed
from astro_sbi.inference.posterior import Verdict

LOCAL = Threshold(
    "local",
    good=0.05,
    bad=0.01,
    better="high",
    source="share of permutations that see as much: one false alarm in 20 and in 100 (Linhart et al. 2023, arXiv:2306.03580)",
    passes="Near this observation the flow's draws cannot be told from the true parameters of {simulations:,} simulations (p {p:.2g}).",
    warns="Near this observation the flow's draws can perhaps be told from the true parameters of {simulations:,} simulations (p {p:.2g}): "
    "{fault}. One good flow in twenty looks so: test with another seed.",
    fails="Near this observation the flow's draws can be told from the true parameters of {simulations:,} simulations (p {p:.2g}): "
    "{fault}. {remedy}",
)
_CORRECTED = "What is quoted is weighted by the likelihood, which mends this where the effective draws suffice."
_ALONE = "Nothing corrects this flow: train it longer, on more simulations or as a larger ensemble."


def local_verdict(found: LocalTest, *, corrected: bool) -> Verdict:
    """The grade and its sentence.

    Args:
        found: what the test found.
        corrected: whether the likelihood weighs the flow's draws afterwards.
    """
    remedy = _CORRECTED if corrected else _ALONE
    return weighed([LOCAL.judged(found.p_value, p=found.p_value, simulations=found.simulations, fault=_fault(found), remedy=remedy)])


def _fault(found: LocalTest) -> str:
    """The parameter that is farthest off, and how."""
    wide = max(found.dispersion, key=lambda name: abs(math.log(found.dispersion[name])))
    biased = max(found.bias, key=lambda name: abs(found.bias[name]))
    factor, bias = found.dispersion[wide], found.bias[biased]
    if abs(bias) > abs(math.log(factor)):
        return f"{biased} is off by about {abs(bias):.2f} of its error"
    return f"the errors of {wide} are too {'small' if factor > 1 else 'large'} by a factor of about {max(factor, 1 / factor):.2f}"
