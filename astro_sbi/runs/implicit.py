"""Where a request meets a simulator without a likelihood: its flow from the store or fresh, draws and replicates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from astro_sbi.inference.implicit import ImplicitProblem
from astro_sbi.inference.npe import TrainedNPE
from astro_sbi.inference.npe_file import load_npe, save_npe
from astro_sbi.inference.posterior import OnProgress, ShouldStop
from astro_sbi.inference.problem import Problem
from astro_sbi.runs.bundle import temporary_folder, write_durably
from astro_sbi.runs.lending import Lender, lender, lending_note
from astro_sbi.runs.request import Request
from astro_sbi.runs.store import Store

_FILE = "npe.safetensors"


def trained_flow(
    request: Request, problem: Problem, *, on_progress: OnProgress, should_stop: ShouldStop, store: Store | None
) -> tuple[ImplicitProblem, TrainedNPE, Lender | None]:
    """The problem as its summaries show it and its flow: of this training key or of a wider prior from the store, else trained and kept."""
    implicit, key, asked = ImplicitProblem(problem), request.training_key, request.settings
    kept = kept_flow(store, key)
    if kept is not None:
        return implicit, kept[0], None
    lent = lender(store, request)
    found = kept_flow(store, lent.key) if lent else None
    # Nothing corrects the flow, so what it is worth under the other prior must be what rounds of a training end at.
    if lent and found and implicit.efficiency(found[0], lent.narrowing, asked.seed) >= request.training.efficiency:
        return implicit, found[0], lent
    trained = implicit.train(request.training, seed=asked.seed, ensemble=asked.ensemble, on_progress=on_progress, should_stop=should_stop)
    keep_flow(store, key, trained, lending_note(request))
    return implicit, trained, None


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
