"""A finished run posed again from its file, and what perturbed data would have given."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from astro_sbi.diagnostics.sensitivity import Sensitivity, sensitivity
from astro_sbi.inference.problem import Problem
from astro_sbi.observations.observation import Observation
from astro_sbi.observations.perturbation import Perturbation, perturbed
from astro_sbi.runs.bundle import StoreError
from astro_sbi.runs.finished import examples, result
from astro_sbi.runs.keys import sha256_of
from astro_sbi.runs.outcome import RunError
from astro_sbi.runs.result import Result
from astro_sbi.runs.shipped import EXAMPLES
from astro_sbi.runs.store import Store
from astro_sbi.runs.subject import Subject, subject
from astro_sbi.simulators.base import padded_value, pattern_of

#: Perturbations on each side of none, as shares of the largest.
SHARES = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
_SHRUNK, _NARROWER = 4, 5


def posed_again(store: Store, key: str) -> Subject:
    """The run of a result's key, from its file in the store, or made anew where it is that of a shipped example.

    Raises:
        StoreError: if the file is not in this store, or this version would prepare or fit it otherwise.
    """
    kept = result(store, key)
    try:
        return subject(store, key, *_file(store, kept))
    except RunError as error:
        raise StoreError(str(error)) from None


def _file(store: Store, kept: Result) -> tuple[str, bytes]:
    """Name and content of the file that a result was made of."""
    origin = kept.summary["origin"]
    try:
        return store.upload(origin["sha256"])
    except StoreError as error:
        if any(example.key == kept.key for example in examples()):
            name, content = EXAMPLES[kept.summary["simulator"]]()
            if sha256_of(content) == origin["sha256"]:
                return name, content
        raise StoreError(f"the file {origin['file']} of this run is not here ({error}): run the inference again with it") from None


def perturbed_posteriors(run: Subject, what: Perturbation) -> Sensitivity:
    """What the data of a run would have given with a calibration error, up to where the posterior can be followed.

    Args:
        run: of a simulator with a likelihood.
        what: the calibration error.
    """
    observation, problem = run.request.prepared.observation, run.problem

    @lru_cache(maxsize=2 * len(SHARES) + 1)
    def observed_at(by: float) -> tuple[Observation, Problem]:
        seen = perturbed(observation, what, by)
        pattern = pattern_of(problem.simulator, seen.points)
        return seen, problem.observing(padded_value(seen, pattern), pattern)

    def quoted_at(by: float) -> np.ndarray:
        seen, posed = observed_at(by)
        return seen.points.noise.sigma if posed.pattern.decorrelation is None else np.asarray(posed.pattern.sigma[: len(seen)], np.float64)

    latent, weight = run.latent(run.kept.draws("posterior")), run.kept.arrays["weight"].astype(np.float64)
    sound = np.isfinite(latent).all(axis=1)  # a draw on the very edge of a prior has no latent place
    latent, weight = latent[sound], weight[sound] / weight[sound].sum()
    reach = _reach(observation, what)
    for _ in range(_SHRUNK):
        places = [round(sign * share * reach, 12) for sign in (-1, 1) for share in SHARES]
        found = sensitivity(lambda by: observed_at(by)[1], quoted_at, latent, weight, places)
        if not found.found or len(found.lost) <= len(SHARES):
            break
        reach /= _NARROWER
    return found


def _reach(observation: Observation, what: Perturbation) -> float:
    """The largest perturbation to try: shares, or for a shift two steps of the coordinate to one digit."""
    if what != "shift":
        return {"gain": 0.05, "errors": 0.3}[what]
    steps = np.diff(np.unique(observation.points.coordinate))
    return float(f"{2 * np.median(steps):.0e}") if steps.size else 1.0
