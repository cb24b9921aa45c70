"""Calibration cards that are kept: beside the flows that ship, and in finished runs; read without jax."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files as package_files
from typing import Any

from astro_sbi.diagnostics.card import CalibrationCard
from astro_sbi.runs.bundle import StoreError
from astro_sbi.runs.keys import sha256_of
from astro_sbi.runs.result import Result

#: Name of the calibration card that lies beside a flow.
CARD = "calibration_card.json"
#: Simulations that a card beside a shipped flow is of.
TESTS = 5000
_WEIGHTS, _TRAINED = "estimator.safetensors", "card.json"


@dataclass(frozen=True)
class ShippedCard:
    """What is known of a flow that ships.

    Args:
        simulator: name of its simulator.
        card: its calibration.
        trained: how it was trained, and its importance efficiency over draws of the prior predictive.
        flow: checksum of its weights.
    """

    simulator: str
    card: CalibrationCard
    trained: Mapping[str, Any]
    flow: str


def shipped_cards() -> dict[str, ShippedCard]:
    """The cards beside the flows that ship, by simulator.

    Raises:
        StoreError: if a card is not of the flow beside it.
    """
    folder = package_files("astro_sbi") / "pretrained" / "flows"
    found = (one for one in folder.iterdir() if (one / CARD).is_file()) if folder.is_dir() else ()
    cards = {one.name: {name: (one / name).read_bytes() for name in (CARD, _TRAINED, _WEIGHTS)} for one in found}
    return {name: _shipped(name, cards[name]) for name in sorted(cards)}


def _shipped(name: str, files: Mapping[str, bytes]) -> ShippedCard:
    kept = json.loads(files[CARD])
    if kept["flow"] != sha256_of(files[_WEIGHTS]):
        raise StoreError(f"the calibration card beside the flow of {name} is of another flow: make shipped cards anew")
    return ShippedCard(name, CalibrationCard.from_json(kept["calibration"]), json.loads(files[_TRAINED]), kept["flow"])


def shipped_card_file(weights: bytes, card: CalibrationCard) -> bytes:
    """The file that `shipped_cards` reads, of a flow with these weights; parameters stay in the order of the simulator."""
    return json.dumps({"flow": sha256_of(weights), "calibration": card.to_json()}).encode()


def card_among(files: Mapping[str, bytes]) -> CalibrationCard | None:
    """The calibration card among the files that were kept beside a flow; None of a flow from before there were cards."""
    return CalibrationCard.from_json(json.loads(files[CARD])) if CARD in files else None


def card_in(summary: Mapping[str, Any]) -> CalibrationCard | None:
    """The calibration card in the summary of a result; None where there is none, or one that this version does not read."""
    try:
        return CalibrationCard.from_json(summary["calibration"])
    except (KeyError, TypeError):
        return None


def card_of(result: Result) -> CalibrationCard | None:
    """The calibration card of a finished run; see `card_in`."""
    return card_in(result.summary)
