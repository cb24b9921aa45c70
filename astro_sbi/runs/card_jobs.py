"""Calibration cards of more simulations than a flow comes with, each made by a job."""

from __future__ import annotations

import time

from astro_sbi.diagnostics.card import CalibrationCard
from astro_sbi.inference.posterior import OnProgress, ShouldStop
from astro_sbi.runs import api
from astro_sbi.runs.cards import ShippedCard, card_of
from astro_sbi.runs.check_settings import CARD_SIZES, CardSettings
from astro_sbi.runs.finished import result
from astro_sbi.runs.keys import canonical_json
from astro_sbi.runs.on_demand import refusal
from astro_sbi.runs.result import Result
from astro_sbi.runs.store import Store


def card_settings(of: ShippedCard | Result, simulations: int) -> CardSettings:
    """The request for a card of a flow that ships, or of a finished run."""
    if isinstance(of, ShippedCard):
        return CardSettings(of.simulator, of.simulator, of.flow, simulations)
    return CardSettings(of.key, str(of.summary["simulator"]), of.key, simulations)


def why_not(store: Store, of: ShippedCard | Result) -> str:
    """Why no card of more simulations can be made here; empty if one can."""
    return "" if isinstance(of, ShippedCard) else refusal(store, of, "local")


def ask_card(store: Store, of: ShippedCard | Result, simulations: int) -> api.JobView:
    """Ask for a card: answered from the store, joined, or queued and a worker woken."""
    asked = card_settings(of, simulations)
    if isinstance(of, ShippedCard):
        return api.submit(store, f"Shipped flow: {of.simulator}", canonical_json(asked.to_json()), asked)
    origin = of.summary["origin"]
    return api.submit(store, origin["file"], store.upload(origin["sha256"])[1], asked)


def largest_card(store: Store, of: ShippedCard | Result) -> CalibrationCard | None:
    """The finished card of the most simulations, of more than the flow comes with; None where there is none."""
    own = of.card if isinstance(of, ShippedCard) else card_of(of)
    for size in sorted(CARD_SIZES, reverse=True):
        key = card_settings(of, size).key
        if (own is None or size > own.tests) and store.has("card", key):
            return card_of(result(store, key, "card"))
    return None


def make_card(settings: CardSettings, *, on_progress: OnProgress, should_stop: ShouldStop, store: Store) -> Result:
    """Test a flow with fresh simulations.

    Args:
        settings: which flow, and how many simulations.
        on_progress: told phase, amount done and amount in all.
        should_stop: asked between a hundred simulations.
        store: where the run is, if it is of one.

    Raises:
        RunError: if the flow is gone.
        Cancelled: if asked to stop.
    """
    from astro_sbi.runs.check import check

    told = check(store, settings.name, settings.simulations, on_progress=on_progress, should_stop=should_stop)
    summary = {
        "key": settings.key,
        "of": settings.name,
        "simulator": settings.simulator,
        "observation": {},
        "calibration": told["calibration"],
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        **{part: told[part] for part in ("verdict", "reasons", "seconds")},
    }
    return Result(summary, settings.to_json(), {})
