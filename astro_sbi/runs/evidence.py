"""Which model of the same data is preferred, for finished runs, and why that cannot be said of others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from astro_sbi.diagnostics.agreement import Measured, why_not_the_same
from astro_sbi.diagnostics.evidence import LARGE_ERROR, BayesFactor, Evidence, bayes_factors
from astro_sbi.runs.result import Result

#: Fitted over quoted noise from which on a model is said to have chosen its own noise.
_OWN_NOISE = 1.05


@dataclass(frozen=True)
class EvidenceComparison:
    """Models compared by evidence; entries of tuples are the runs', in their order.

    Args:
        evidences: None where a run has none.
        factors: against the best; None where a run is not compared, all None where fewer than two are.
        refusals: sentences on runs that are not compared.
        warnings: sentences on what weakens the comparison.
    """

    evidences: tuple[Evidence | None, ...]
    factors: tuple[BayesFactor | None, ...]
    refusals: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def made(self) -> bool:
        """Whether at least two runs are compared."""
        return any(factor is not None for factor in self.factors)


def evidence_comparison(results: Sequence[Result], letters: Sequence[str]) -> EvidenceComparison:
    """Compare the runs that saw the same data as the first that has an evidence."""
    evidences = tuple(_evidence(result) for result in results)
    with_one = [number for number, evidence in enumerate(evidences) if evidence is not None]
    refusals = [f"{letters[n]} has no evidence: its simulator has no likelihood." for n in range(len(results)) if n not in with_one]
    compared = []
    for number in with_one:
        why = _other_data(results, letters, with_one[0], number)
        compared += [] if why else [number]
        refusals += [why] if why else []
    factors: list[BayesFactor | None] = [None] * len(results)
    if len(compared) > 1:
        found = bayes_factors([evidence for n in compared if (evidence := evidences[n]) is not None])
        for number, factor in zip(compared, found, strict=True):
            factors[number] = factor
    warnings = tuple(_warnings(results, letters, compared, evidences)) if len(compared) > 1 else ()
    return EvidenceComparison(evidences, tuple(factors), tuple(refusals), warnings)


def measured(result: Result) -> Measured:
    """The prepared points that a run was fitted to."""
    arrays, axes = result.arrays, result.summary["axes"]
    coordinate, value = axes.get("coordinate") or {}, axes.get("value") or {}
    units = (str(coordinate.get("unit", "")), str(coordinate.get("zero_point", "")), str(value.get("unit", "")))
    points = (np.asarray(arrays[f"observed/{part}"]) for part in ("coordinate", "value", "sigma", "channel"))
    return Measured(*points, covariance=arrays.get("observed/covariance"), units=units)


def _evidence(result: Result) -> Evidence | None:
    found: dict[str, Any] = result.summary.get("importance") or {}
    if found.get("log_evidence") is None:
        return None
    error = found.get("log_evidence_error")
    return Evidence(float(found["log_evidence"]), float("nan") if error is None else float(error))


def _other_data(results: Sequence[Result], letters: Sequence[str], first: int, number: int) -> str:
    """Why a run's evidence is not comparable with the first's; empty where it is."""
    why = why_not_the_same(measured(results[number]), measured(results[first])) if number != first else ""
    if not why:
        return ""
    pair = f"{letters[number]} and {letters[first]}"
    files = {results[n].summary["origin"]["sha256"] for n in (first, number)}
    if len(files) > 1:
        return (
            f"{pair} are fitted to different data, and evidence compares models of the same numbers only. Their posteriors can be overlaid."
        )
    return f"{pair} were prepared differently ({why}), so their evidences do not compare. Run both with the same preparation and errors."


def _warnings(
    results: Sequence[Result], letters: Sequence[str], compared: Sequence[int], evidences: Sequence[Evidence | None]
) -> Iterator[str]:
    """What weakens the comparison, each a sentence."""
    told = {letters[n]: results[n].summary for n in compared}
    doubted = [letter for letter, one in told.items() if one["verdict"] == "do not trust"]
    if doubted:
        yield f"The verdict of {_list(doubted)} is do not trust: look at its reasons before its evidence means anything."
    vague = [letters[n] for n in compared if (one := evidences[n]) is not None and not one.error <= LARGE_ERROR]
    if vague:
        yield f"The ln Z of {_list(vague)} is uncertain by more than {LARGE_ERROR:g}: ask for more samples or one more round."
    from_data = [letter for letter, one in told.items() if one.get("comparable_log_evidence") is None]
    if from_data:
        yield (
            f"Some priors of {_list(from_data)} were made from these same data, which raises ln Z. The difference holds only as far as "
            "the models share these priors."
        )
    noisy = [f"{letter} ({ratio:.2f})" for letter, one in told.items() if (ratio := _noise(one)) > _OWN_NOISE]
    if noisy:
        yield (
            f"The noise was fitted and exceeds the quoted errors in {_list(noisy)}: a free noise term hides what a model misses, so the "
            "preference is weaker than with the quoted errors."
        )
    if len({_model(results[n]) for n in compared}) == 1:
        yield f"{_list(list(told))} are the same model with the same priors: their ln Z differ by chance only."


def _model(result: Result) -> tuple[Any, ...]:
    """What makes a model: its simulator, the choices of it, its priors."""
    choices = sorted((key, text) for key, text in result.settings.get("changes") or () if key.startswith("model."))
    return result.summary["simulator"], *choices, *sorted(result.summary["priors"].items())


def _noise(summary: dict[str, Any]) -> float:
    return float((summary.get("predictive") or {}).get("noise_ratio") or 1.0)


def _list(letters: Sequence[str]) -> str:
    return f"{', '.join(letters[:-1])} and {letters[-1]}" if len(letters) > 1 else letters[0]
