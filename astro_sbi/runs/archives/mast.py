"""Light curves of Kepler, K2 and TESS at MAST, through its public interface (https://mast.stsci.edu/api/v0/)."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from astro_sbi.observations.observation import ObservationError
from astro_sbi.runs.addresses import checked_place
from astro_sbi.runs.archives import answers
from astro_sbi.runs.archives.answers import Asking, Row
from astro_sbi.runs.archives.product import Position, Product
from astro_sbi.runs.connection import Watch

HOST = "mast.stsci.edu"
INVOKE = f"https://{HOST}/api/v0/invoke?request="
FILE = f"https://{HOST}/api/v0.1/Download/file?uri="
MISSIONS = ("Kepler", "K2", "TESS")
OFFICIAL = ("Kepler", "K2", "SPOC")
SEQUENCES: Mapping[str, str] = {"Kepler": "quarter", "K2": "campaign", "TESS": "sector"}
MOST_OBSERVATIONS = 100
MOST_PRODUCTS = 300

_LIGHT_CURVE = re.compile(r"[-_](?:[a-z]{0,6}lc|lightcurve)\.fits(?:\.gz)?", re.IGNORECASE)
_URI = re.compile(r"mast:[A-Za-z0-9_./+:-]{1,300}")
_QUARTER = re.compile(r"\bQ(\d{1,2})\b")


def invoked(service: str, params: Mapping[str, Any], asking: Asking) -> Mapping[str, Any]:
    """The answer of one of MAST's services; the same question is put again while MAST is still at work on it.

    Raises:
        ObservationError: if there is none.
    """
    request = {"service": service, "params": params, "format": "json", "pagesize": answers.MOST_ROWS, "page": 1, "timeout": 30}
    url = INVOKE + quote(json.dumps(request, separators=(",", ":")), safe="")
    watch = Watch(asking.network.limits, asking.should_stop)
    while True:
        answer = asking.json(url)
        if not isinstance(answer, dict):
            raise answers.not_understood(HOST)
        if answer.get("status") == "ERROR":
            raise ObservationError(f"MAST could not answer ({answers.text(answer, 'msg') or 'it does not say why'}): try again later")
        if answer.get("status") != "EXECUTING":
            return answer
        watch.wait(asking.network.limits.pause_s)


def search(position: Position, radius_arcsec: float, asking: Asking) -> tuple[Product, ...]:
    """Light curves near a position: the nearest target first, the missions' own before those of others.

    Raises:
        ObservationError: if MAST cannot be asked.
    """
    observations = _observations(position, radius_arcsec, asking)
    if not observations:
        return ()
    answer = invoked("Mast.Caom.Products", {"obsid": ",".join(observations)}, asking)
    found = []
    for row in answers.rows(answer.get("data"), HOST):
        observation = observations.get(_identifier(row, "parent_obsid")) or observations.get(_identifier(row, "obsID"))
        product = _product(row, observation, asking) if observation else None
        if observation and product:
            found.append((_rank(row, observation), product))
    ordered = [product for _, product in sorted(found, key=lambda pair: pair[0])]
    return tuple({product.url: product for product in ordered}.values())[:MOST_PRODUCTS]


def _observations(position: Position, radius_arcsec: float, asking: Asking) -> dict[str, Row]:
    """Public time series by MAST's number for them, the nearest first."""
    filters = {"project": list(MISSIONS), "dataproduct_type": ["timeseries", "cube"]}  # MAST calls Kepler's light curves cubes
    params = {
        "columns": "*",
        "filters": [{"paramName": name, "values": values} for name, values in filters.items()],
        "position": f"{position.ra:.7f}, {position.dec:.7f}, {radius_arcsec / 3600:.7f}",
    }
    answer = invoked("Mast.Caom.Filtered.Position", params, asking)
    public = [row for row in answers.rows(answer.get("data"), HOST) if answers.text(row, "dataRights") in ("", "PUBLIC")]
    nearest = sorted(public, key=_distance)[:MOST_OBSERVATIONS]
    return {number: row for row in nearest if (number := _identifier(row, "obsid"))}


def _identifier(row: Row, name: str) -> str:
    number = answers.whole(row, name)
    return "" if number is None else str(number)


def _distance(row: Row) -> float:
    distance = answers.number(row, "distance")
    return math.inf if distance is None else distance


def _product(row: Row, observation: Row, asking: Asking) -> Product | None:
    """A light curve, or None if this is another kind of file or cannot be fetched from here."""
    name, uri = answers.text(row, "productFilename"), row.get("dataURI")
    if not _LIGHT_CURVE.search(name) or not isinstance(uri, str) or not _URI.fullmatch(uri):
        return None
    return Product(
        archive="mast",
        title=answers.text(observation, "target_name") or name,
        meaning=_meaning(row, observation),
        kind="light_curve",
        url=checked_place(FILE + quote(uri, safe=":/"), asking.network.hosts).url,
        name=name,
        bytes=answers.whole(row, "size"),
    )


def _meaning(row: Row, observation: Row) -> str:
    """Mission, sector, cadence and pipeline, so far as MAST says them."""
    mission = answers.text(observation, "project")
    sequence = _sequence(row, observation)
    first = f"{mission} {SEQUENCES.get(mission, 'part')} {sequence}" if mission and sequence is not None else mission
    author = answers.text(observation, "provenance_name")
    return ", ".join(filter(None, (first, _cadence(row, observation), author)))


def _sequence(row: Row, observation: Row) -> int | None:
    """Sector, campaign or quarter; Kepler's quarter stands in the description only."""
    quarter = _QUARTER.search(answers.text(row, "description"))
    if answers.text(observation, "project") == "Kepler" and quarter:
        return int(quarter[1])
    return answers.whole(observation, "sequence_number")


def _cadence(row: Row, observation: Row) -> str:
    name = answers.text(row, "productFilename").lower()
    if "fast-lc" in name:
        return "every 20 s"
    if answers.text(observation, "project") in ("Kepler", "K2") and "lc.fits" in name:
        return "every 1 min" if "_slc." in name else "every 30 min"
    seconds = answers.number(observation, "t_exptime")
    if seconds is None or not 0 < seconds <= 7200:
        return ""
    return f"every {seconds / 60:.3g} min" if seconds >= 60 else f"every {seconds:.3g} s"


def _rank(row: Row, observation: Row) -> tuple[float, bool, str, int, str]:
    official = answers.text(observation, "provenance_name") in OFFICIAL
    mission, sequence = answers.text(observation, "project"), _sequence(row, observation)
    return (_distance(observation), not official, mission, sequence or 0, answers.text(row, "productFilename"))
