"""Where a request meets a simulator without a likelihood: its flow from the store or fresh, draws and replicates."""

from __future__ import annotations

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
    if store and store.has("estimator", key):
        return implicit, _stored(store, key), None
    lent = lender(store, request)
    if store and lent:
        found = _stored(store, lent.key)
        # Nothing corrects the flow, so what it is worth under the other prior must be what rounds of a training end at.
        if implicit.efficiency(found, lent.narrowing, asked.seed) >= request.training.efficiency:
            return implicit, found, lent
    trained = implicit.train(request.training, seed=asked.seed, ensemble=asked.ensemble, on_progress=on_progress, should_stop=should_stop)
    if store:
        with temporary_folder(store.folder("scratch")) as folder:
            save_npe(trained, folder / _FILE)
            store.commit("estimator", key, {_FILE: (folder / _FILE).read_bytes()} | lending_note(request))
    return implicit, trained, None


def _stored(store: Store, key: str) -> TrainedNPE:
    content = store.load("estimator", key)[_FILE]
    with temporary_folder(store.folder("scratch")) as folder:
        write_durably(folder / _FILE, content)
        found = load_npe(folder / _FILE)
    return replace(found, seconds=dict.fromkeys(found.seconds, 0.0))
