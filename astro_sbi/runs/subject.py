"""A finished run made ready to be checked: its result, its request resolved again, and the problem it solved."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from astro_sbi.inference.problem import Problem
from astro_sbi.runs.finished import result
from astro_sbi.runs.keys import shortened
from astro_sbi.runs.outcome import RunError
from astro_sbi.runs.request import Request, resolve
from astro_sbi.runs.result import Result
from astro_sbi.runs.settings import Settings
from astro_sbi.runs.store import Store


class Subject(NamedTuple):
    """What a check is of.

    Attributes:
        kept: the result.
        request: the request that led to it.
        problem: observation, simulator and prior.
    """

    kept: Result
    request: Request
    problem: Problem

    @property
    def name(self) -> str:
        """Of the observation."""
        return str(self.kept.summary["observation"]["name"])

    def latent(self, theta: dict[str, np.ndarray]) -> np.ndarray:
        """Latent coordinates [S, d] of draws of the free parameters; rows that are not finite where a draw lies on a prior's edge."""
        prior, size = self.problem.prior, len(next(iter(theta.values())))
        fixed = {name: np.full(size, value) for name, value in self.kept.summary["fixed"].items()}
        return prior.latent(fixed | theta, self.problem.known)


def subject(store: Store, key: str, name: str, content: bytes) -> Subject:
    """The run of a result's key, with the file that it was of.

    Raises:
        RunError: if this version of the program would not ask the same.
        StoreError: if the result is not there.
    """
    kept = result(store, key)
    request = resolve(name, content, Settings.from_json(kept.settings))
    if not kept.summary.get("trained_under") and request.result_key != key:
        raise RunError(f"the run {shortened(key)} was made by another version of this program, or of its simulator: run it again")
    return Subject(kept, request, Problem.of(request.simulator, request.prior, request.prepared.observation))
