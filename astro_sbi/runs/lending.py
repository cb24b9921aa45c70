"""Trainings that lend their flow: finished under a wider prior than the one asked for, and alike in all else."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from astro_sbi.inference.narrower import Narrowing
from astro_sbi.runs.keys import canonical_json, key_of
from astro_sbi.runs.request import Request, prior_texts
from astro_sbi.runs.store import Store
from astro_sbi.simulators.base import known_values, scalar_known
from astro_sbi.simulators.prior import Prior

_NOTE = "prior.json"
_DRAWS = 4096


@dataclass(frozen=True, eq=False)
class Lender:
    """A stored training under a wider prior.

    Args:
        key: its training key.
        narrowing: from its prior to the one asked for.
    """

    key: str
    narrowing: Narrowing

    @property
    def priors(self) -> dict[str, str]:
        """The priors of the training, of the parameters for which others were asked."""
        return {name: str(distribution) for name, distribution in self.narrowing.wide.distributions if name in self.narrowing.changed}

    def result_key(self, request: Request) -> str:
        """Key of the result made with it: it is not the result that a training of its own gives, digit for digit."""
        return key_of({"training": self.key, "prior": prior_texts(request.prior), "samples": request.settings.samples})


def lending_note(request: Request) -> dict[str, bytes]:
    """The file beside a stored training by which it can be found for narrower priors."""
    return {_NOTE: canonical_json({"family": request.family_key, "prior": prior_texts(request.prior)})}


def prior_of_training(store: Store, key: str) -> Prior | None:
    """The prior that a stored flow was trained under; None where that was not noted."""
    note = store.glance("estimator", key, _NOTE)
    return Prior.of(**dict(json.loads(note)["prior"])) if note else None


def lender(store: Store | None, request: Request) -> Lender | None:
    """The stored training whose prior holds the one asked for most closely; None where there is none, or one of its own."""
    if store is None or store.has("estimator", request.training_key):
        return None
    known = scalar_known(known_values(request.simulator, request.prepared.observation.points))
    found = []
    for key in store.keys("estimator"):
        note = store.glance("estimator", key, _NOTE)
        if not note or request.family_key.encode() not in note:
            continue
        narrowing = Narrowing.between(Prior.of(**dict(json.loads(note)["prior"])), request.prior, known)
        if narrowing:
            found.append(Lender(key, narrowing))
    return min(found, key=lambda one: _distance(one.narrowing), default=None)


def _distance(narrowing: Narrowing) -> float:
    """Kullback-Leibler divergence of the narrow prior from the wide one."""
    z = np.random.default_rng(0).standard_normal((_DRAWS, len(narrowing.narrow.free)))
    return float(np.mean(narrowing.log_ratio(narrowing.narrow.physical(z, narrowing.known))))
