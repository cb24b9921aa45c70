"""What jobs do: a file in, a checked result out, or a check of one. Runs in a worker or at the command line, never in the server."""

from __future__ import annotations

import time

from astro_sbi.inference.posterior import OnProgress, ShouldStop
from astro_sbi.runs.check_settings import Asked, CardSettings
from astro_sbi.runs.request import resolve
from astro_sbi.runs.result import Result
from astro_sbi.runs.settings import Settings
from astro_sbi.runs.store import Store
from astro_sbi.simulators.registry import SIMULATIONS


def run_task(name: str, content: bytes, settings: Asked, *, on_progress: OnProgress, should_stop: ShouldStop, store: Store) -> Result:
    """Do what a job asks for; see `run_inference`, `card_jobs.make_card`, `reference.fit_reference` and `local_check.check_locally`."""
    told = {"on_progress": on_progress, "should_stop": should_stop, "store": store}
    if isinstance(settings, Settings):
        return run_inference(name, content, settings, **told)
    if isinstance(settings, CardSettings):
        from astro_sbi.runs.card_jobs import make_card

        return make_card(settings, **told)
    if settings.task == "local":
        from astro_sbi.runs.local_check import check_locally

        return check_locally(name, content, settings, **told)
    from astro_sbi.runs.reference import fit_reference

    return fit_reference(name, content, settings, **told)


def run_inference(
    name: str, content: bytes, settings: Settings, *, on_progress: OnProgress, should_stop: ShouldStop, store: Store | None = None
) -> Result:
    """Infer the parameters of a simulator from a file.

    Args:
        name: the file's name.
        content: its bytes.
        settings: what to infer and how.
        on_progress: told phase, amount done, amount in all and (training, held-out) loss; if it has a method ``round``, that is
            told of each finished round.
        should_stop: asked often; the run ends with `Cancelled` once it says True.
        store: where trained estimators are kept and found; none are without one.

    Raises:
        ObservationError, PriorError, SettingsError, InferenceError: with a sentence for the user.
    """
    if settings.simulator == SIMULATIONS:
        from astro_sbi.runs.simulations import infer_from_stored_table

        return infer_from_stored_table((name, content), settings, on_progress=on_progress, should_stop=should_stop, store=store)
    began = time.perf_counter()
    request = resolve(name, content, settings, on_progress=on_progress, should_stop=should_stop)
    from astro_sbi.runs.engine import checked_posterior  # imports jax, which a request that is refused need not wait for
    from astro_sbi.runs.summary import result_of

    prepared = time.perf_counter() - began
    checked = checked_posterior(request, on_progress=on_progress, should_stop=should_stop, store=store)
    seconds = {**checked.posterior.seconds, "prepare": prepared}
    return result_of(request, checked, seconds={**seconds, "total": time.perf_counter() - began})
