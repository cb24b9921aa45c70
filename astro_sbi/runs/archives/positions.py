"""From what a user calls a target to a place on the sky: coordinates, or a name that CDS or MAST know."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from astro_sbi.observations.observation import ObservationError
from astro_sbi.runs.archives import answers, mast
from astro_sbi.runs.archives.answers import Asking
from astro_sbi.runs.archives.product import Position

#: Sesame of the CDS, which asks SIMBAD, NED and VizieR in turn.
SESAME = "https://cds.unistra.fr/cgi-bin/nph-sesame/SNV?"
LONGEST_TARGET = 100

_COORDINATES = re.compile(r"[0-9hmsd:.,+\-−°'\"′″\s]*")
_NUMBER = re.compile(r"\d+(?:\.\d*)?|\.\d+")
_DECIMAL_PAIR = re.compile(r"([+-]?[\d.]+)(?:\s*,\s*|\s+|(?=[+-]))([+-]?[\d.]+)")
_ASCII = str.maketrans({"−": "-", "°": "d", "′": "'", "″": '"', ",": " "})
_INPUT_CATALOGUES = re.compile(r"(TIC|KIC|EPIC)\s*\d", re.IGNORECASE)
_SESAME_PLACE = re.compile(r"^%J\s+([\d.]+)\s+([+-]?[\d.]+)", re.MULTILINE)


def position(target: str, asking: Asking | None = None) -> Position:
    """Where a target is.

    Args:
        target: a name, or right ascension and declination: two numbers in degrees, or hours and degrees with minutes and seconds.
        asking: how archives are asked.

    Raises:
        ObservationError: if it is not known, or cannot be looked up.
    """
    name = " ".join(target.split())
    if not name or len(name) > LONGEST_TARGET or not name.isprintable():
        raise ObservationError(f"a target is a name or two coordinates, of at most {LONGEST_TARGET} characters: type it anew")
    if _COORDINATES.fullmatch(name) and len(_NUMBER.findall(name)) > 1:
        return _from_coordinates(name)
    return _from_name(name, asking or Asking())


def _from_coordinates(text: str) -> Position:
    from astropy import units as u
    from astropy.coordinates import Angle

    plain = text.replace("−", "-")
    pair = _DECIMAL_PAIR.fullmatch(plain)
    try:
        if pair:
            return _bounded(float(pair[1]), float(pair[2]), text)
        first, second = _halves(plain.translate(_ASCII))
        return _bounded(float(Angle(first, unit=u.hourangle).degree), float(Angle(second, unit=u.deg).degree), text)
    except ObservationError:
        raise
    except (ValueError, TypeError, u.UnitsError):
        raise _no_coordinates(text) from None


def _halves(text: str) -> tuple[str, str]:
    """Right ascension and declination, parted at the sign, or else in the middle."""
    signed = re.fullmatch(r"([^+-]+)([+-].+)", text)
    if signed:
        return signed[1].strip(), signed[2].strip()
    words = text.split()
    if len(words) % 2:
        raise _no_coordinates(text)
    middle = len(words) // 2
    return " ".join(words[:middle]), " ".join(words[middle:])


def _bounded(ra: float, dec: float, text: str) -> Position:
    if not (0 <= ra <= 360 and -90 <= dec <= 90):
        raise _no_coordinates(text)
    return Position(ra, dec, text)


def _no_coordinates(text: str) -> ObservationError:
    return ObservationError(
        f"'{text}' is no place on the sky: write right ascension (0 to 360) and declination (-90 to 90) in degrees, as 10.68 +41.27, "
        "or hours and degrees, as 00:42:44 +41:16:09"
    )


def _from_name(name: str, asking: Asking) -> Position:
    """The first answer; MAST is asked first about the input catalogues of Kepler, K2 and TESS, which it keeps itself."""
    order: list[Callable[[str, Asking], Position | None]] = [_at_cds, _at_mast]
    if _INPUT_CATALOGUES.match(name):
        order.reverse()
    failure = None
    for ask in order:
        try:
            found = ask(name, asking)
        except ObservationError as error:
            failure = failure or error
            continue
        if found:
            return found
    raise failure or ObservationError(f"neither SIMBAD, NED and VizieR nor MAST know '{name}': write it another way, or give coordinates")


def _at_cds(name: str, asking: Asking) -> Position | None:
    found = _SESAME_PLACE.search(asking.text(SESAME + quote(name, safe="")))
    try:
        return _bounded(float(found[1]), float(found[2]), name) if found else None
    except ValueError:
        raise answers.not_understood("cds.unistra.fr") from None


def _at_mast(name: str, asking: Asking) -> Position | None:
    answer = mast.invoked("Mast.Name.Lookup", {"input": name, "format": "json"}, asking)
    for row in answers.rows(answer.get("resolvedCoordinate") or [], mast.HOST):
        ra, dec = answers.number(row, "ra"), answers.number(row, "decl")
        if ra is not None and dec is not None and 0 <= ra <= 360 and -90 <= dec <= 90:
            return Position(ra, dec, name)
    return None
