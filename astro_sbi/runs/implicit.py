"""Where a request meets a simulator without a likelihood: its flow from the store or fresh, draws and replicates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from astro_sbi.diagnostics.calibration import calibration_card, joint_coverage
from astro_sbi.diagnostics.card import CalibrationCard
from astro_sbi.diagnostics.ranks import ranks_of_flow
from astro_sbi.inference.estimator import PosteriorEstimator
from astro_sbi.inference.implicit import ImplicitProblem
from astro_sbi.inference.npe import TrainedNPE
from astro_sbi.inference.npe_file import load_npe, save_npe
from astro_sbi.inference.posterior import OnProgress, ShouldStop
from astro_sbi.inference.problem import Problem
from astro_sbi.runs.bundle import temporary_folder, write_durably
from astro_sbi.runs.cards import CARD, card_among
from astro_sbi.runs.keys import canonical_json
from astro_sbi.runs.lending import Lender, lender, lending_note
from astro_sbi.runs.request import Request
from astro_sbi.runs.store import Store

_FILE = "npe.safetensors"
#: Fresh simulations that a flow is judged by when it was trained, and their seed, which no training has.
SIMULATIONS, SEED = 500, 2_000_003


class FoundFlow(NamedTuple):
    """A flow for an observation.

    Attributes:
        implicit: the problem as its summaries show it.
        trained: the flow.
        card: its calibration, over the prior that it was trained under.
        lent: the training under a wider prior that it is of; None where it is this request's own.
    """

    implicit: ImplicitProblem
    trained: TrainedNPE
    card: CalibrationCard
    lent: Lender | None


def trained_flow(request: Request, problem: Problem, *, on_progress: OnProgress, should_stop: ShouldStop, store: Store | None) -> FoundFlow:
    """The flow of this training key, or of a training under a wider prior, with its card: from the store, else made and kept."""
    implicit, key, asked = ImplicitProblem(problem), request.training_key, request.settings
    told = {"on_progress": on_progress, "should_stop": should_stop}
    lent = lender(store, request)
    found = kept_flow(store, lent.key) if lent else None
    card = card_among(found[1]) if found else None
    # Nothing corrects the flow, so what it is worth under the other prior must be what rounds of a training end at.
    if lent and found and card and implicit.efficiency(found[0], lent.narrowing, asked.seed) >= request.training.efficiency:
        return FoundFlow(implicit, found[0], card, lent)

    def train() -> TrainedNPE:
        return implicit.train(request.training, seed=asked.seed, ensemble=asked.ensemble, **told)

    def judge(trained: TrainedNPE) -> CalibrationCard:
        return implicit_card(implicit, trained, SIMULATIONS, **told)

    return FoundFlow(implicit, *flow_with_card(store, key, train, judge, lending_note(request)), None)


def flow_with_card(
    store: Store | None,
    key: str,
    train: Callable[[], TrainedNPE],
    judge: Callable[[TrainedNPE], CalibrationCard],
    beside: Mapping[str, bytes] | None = None,
) -> tuple[TrainedNPE, CalibrationCard]:
    """A flow and its card: from the store what it has of them, the rest made and kept.

    Args:
        store: where flows are kept; None keeps none.
        key: of the training.
        train: makes the flow.
        judge: makes its card.
        beside: other files to keep with a flow.
    """
    kept = kept_flow(store, key)
    card = card_among(kept[1]) if kept else None
    if kept and card:
        return kept[0], card
    trained = kept[0] if kept else train()
    card = judge(trained)
    keep_flow(store, key, trained, {CARD: canonical_json(card.to_json()), **(beside or {})})
    return trained, card


def implicit_card(
    implicit: ImplicitProblem,
    trained: TrainedNPE,
    simulations: int,
    *,
    apart: bool = False,
    on_progress: OnProgress,
    should_stop: ShouldStop,
) -> CalibrationCard:
    """The card of a flow of summaries, by fresh simulations of its prior; see `fresh_card`."""
    told = {"on_progress": on_progress, "should_stop": should_stop}
    return fresh_card(implicit.problem, trained.estimator, simulations, seen=implicit.summaries_of, apart=apart, **told)


def fresh_card(
    problem: Problem,
    estimator: PosteriorEstimator,
    simulations: int,
    *,
    seen: Callable[[np.ndarray], np.ndarray] = lambda value: value,
    apart: bool = False,
    on_progress: OnProgress,
    should_stop: ShouldStop,
) -> CalibrationCard:
    """The card of a flow that is amortised over a prior, by fresh simulations of it.

    Args:
        problem: simulator, prior and pattern.
        estimator: the flow.
        simulations: how many.
        seen: what the flow sees of observations [K, n].
        apart: whether to test each member of an ensemble by itself too.
        on_progress: told how many are done.
        should_stop: asked between a hundred of them.

    Raises:
        Cancelled: if asked to stop.
    """
    on_progress("simulating", 0, simulations, None)
    rng = np.random.default_rng([SEED, 41])
    z = rng.standard_normal((simulations, problem.dimension))
    value = problem.observations(z, rng)
    x, told = seen(value), {"seed": SEED, "on_progress": on_progress, "should_stop": should_stop}
    card = calibration_card(problem.prior.free, ranks_of_flow(estimator, z, x, **told), {"signal-to-noise": problem.signal_to_noise(value)})
    alone = estimator.alone() if apart and estimator.members > 1 else ()
    return replace(card, members=tuple(joint_coverage(ranks_of_flow(member, z, x, **told).denser).worst for member in alone))


def kept_flow(store: Store | None, key: str) -> tuple[TrainedNPE, Mapping[str, bytes]] | None:
    """The flow of a training key with the files that were kept beside it, if there is one."""
    if not (store and store.has("estimator", key)):
        return None
    files = store.load("estimator", key)
    with temporary_folder(store.folder("scratch")) as folder:
        write_durably(folder / _FILE, files[_FILE])
        found = load_npe(folder / _FILE)
    return replace(found, seconds=dict.fromkeys(found.seconds, 0.0)), files


def keep_flow(store: Store | None, key: str, trained: TrainedNPE, beside: Mapping[str, bytes] | None = None) -> None:
    """Keep a flow, and other files beside it, where there is a store."""
    if not store:
        return
    with temporary_folder(store.folder("scratch")) as folder:
        save_npe(trained, folder / _FILE)
        store.commit("estimator", key, {_FILE: (folder / _FILE).read_bytes(), **(beside or {})})
