"""What a text file says above its rows: names of columns, their units, facts."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, pairwise

from astro_sbi.observations.containers.lines import DELIMITERS, fields, split_unit
from astro_sbi.observations.containers.table import MISSING, Column, Fact, is_number
from astro_sbi.observations.observation import ObservationError

_MAX_NOTES = 1000
_MAX_NAMES = 30_000
_NEAREST = 40
_COMMENT_MARKS = "#%!;\\/ \t"
_KEY = re.compile(r"([A-Za-z][\w ./()-]{0,40}?)\s?[:=]\s{0,40}(\S.*)")
_NUMBERED = re.compile(r"(?:[Cc]ol(?:umn)?s?\.?\s?)?(\d{1,3})(\s?[:.)=-])?\s+(\S.*)")
_LETTERS = re.compile(r"[A-Za-zµμÅ%°]+")
# Some of these may as well be names of columns.
_UNITS_OR_NAMES = " jd mjd hjd bjd rjd btjd bkjd bmjd utc tdb tt mag mags magnitude counts count ct adu phase "
_UNITS = (
    " d day days h hr hrs hour hours min mins minute minutes s sec secs second seconds yr year years ms us ns m cm mm km nm um µm μm "
    "micron microns a aa å angstrom angstroms angstroem pm ev kev mev gev hz khz mhz ghz thz w mw j erg ergs jy mjy ujy µjy μjy njy "
    "abmag maggy nanomaggy nmgy e electron electrons ph photon photons deg degree degrees rad arcsec arcmin mas uas pc kpc mpc au "
    "ly k g kg msun lsun rsun mjup rjup mearth rearth ppm ppt ppb % pixel pixels pix sr dex x dimensionless unitless none ° "
)


@dataclass(frozen=True)
class Heading:
    """Names of columns, and perhaps units and meanings."""

    names: tuple[str, ...]
    units: tuple[str, ...] = ()
    meanings: tuple[str, ...] = ()

    def columns(self) -> tuple[tuple[Column, ...], tuple[str, ...]]:
        """Columns with distinct names, and warnings about those that had to be changed."""
        found, taken, repeated = [], set(), []
        for index, text in enumerate(self.names):
            column = split_unit(text.strip("\"'"))
            unit = _without_brackets(self.units[index]) if self.units else ""
            unit = "" if unit and unit in MISSING else unit or column.unit
            name = column.name or f"column {index + 1}"
            if name in taken:
                repeated.append(name[:30])
                name = next(free for n in count(2) if (free := f"{name}_{n}") not in {*taken, *self.names})
            taken.add(name)
            found.append(Column(name, unit, self.meanings[index].strip()[:200] if self.meanings else ""))
        words = ", ".join(dict.fromkeys(repeated))
        return tuple(found), (f"several columns are called {words}: the later ones were numbered",) if words else ()


def _without_brackets(unit: str) -> str:
    column = split_unit(f"unit {unit}")
    return column.unit or "" if column.name == "unit" else unit.strip()


def fact_of(text: str, *, noted: bool = False) -> Fact:
    """A header's value: a number where it is one (or, ``noted``, where it begins with one), else text without quotation marks."""
    plain = text.strip().strip("\"'").strip()[:200]
    word = plain.split(maxsplit=1)[0] if noted and plain else plain
    if not word.isascii() or not is_number(word):
        return plain
    value = float(word.lower().replace("d", "e"))
    if not math.isfinite(value):
        return plain
    return int(word) if re.fullmatch(r"[+-]?\d{1,18}", word) else value


def facts_of(key: str, text: str, *, noted: bool = False) -> dict[str, Fact]:
    """A key word and its value; ``0.006 +- 0.001`` gives two, the second with ``_err`` after the key."""
    name = "_".join(key.strip().lower().split())
    value, _, error = text.replace("±", "+-").partition("+-")
    first, second = fact_of(value, noted=noted), fact_of(error, noted=True)
    if not isinstance(first, str) and not isinstance(second, str):
        return {name: first, f"{name}_err": second}
    return {name: fact_of(text, noted=noted)}


def noted_facts(comments: Sequence[str]) -> dict[str, Fact]:
    """Facts of comment lines such as ``# object: HD 1`` or ``# redshift = 0.1``; the first of a key word counts."""
    facts: dict[str, Fact] = {}
    for comment in comments[:_MAX_NOTES]:
        match = _KEY.fullmatch(comment[:300].strip(_COMMENT_MARKS))
        if match:
            facts = facts_of(match[1], match[2]) | facts
    return facts


def is_unit(text: str) -> bool:
    """Whether text reads as a unit: it stands in brackets, or is made of names of units."""
    if text[:1] + text[-1:] in ("[]", "()"):
        return True
    words = _LETTERS.findall(text.lower()[:60])
    # The exponent of 1.5e+00 is no electron.
    return bool(words) and not is_number(text) and all(f" {word} " in _UNITS + _UNITS_OR_NAMES for word in words)


def are_units(cells: Sequence[str], *, certain: bool) -> bool:
    """Whether a line holds units.

    Args:
        cells: of the line.
        certain: whether it must not be readable as a line of names either.
    """
    words = [cell.lower() for cell in cells if cell not in MISSING]
    if not words or not all(map(is_unit, words)):
        return False
    doubtful = len(set(words)) == len(cells) and all(f" {word} " in _UNITS_OR_NAMES for word in words)
    return not (certain and doubtful)


def names_in(text: str, delimiter: str, size: int) -> tuple[str, ...] | None:
    """A line divided into as many names as there are columns, in whichever way gives that many."""
    for mark in dict.fromkeys((delimiter, *(mark for mark in DELIMITERS if mark in text), " ")):
        try:
            plain = fields(text, mark, 1)
        except ObservationError:
            plain = []
        for names in (plain, _outside_brackets(text, mark) if "[" in text or "(" in text else ()):
            if len(names) == size:
                return tuple(names)
    return None


def _outside_brackets(text: str, delimiter: str) -> list[str]:
    """Words of a line; ``flux [erg / s]`` is one."""
    plain = text.strip()[:_MAX_NAMES]
    cuts, depth = [-1], 0
    for place, character in enumerate(plain):
        depth = max(0, depth + (character in "[(") - (character in "])"))
        if not depth and (character == delimiter or (delimiter == " " and character.isspace())):
            cuts.append(place)
    parts = [plain[start + 1 : end] for start, end in pairwise([*cuts, len(plain)])]
    if delimiter != " ":
        return [part.strip() for part in parts]
    joined: list[str] = []
    for part in filter(None, parts):
        joined = [*joined[:-1], f"{joined[-1]} {part}"] if joined and part[0] in "[(" else [*joined, part]
    return joined


def noted_heading(comments: Sequence[str], delimiter: str, size: int) -> Heading | None:
    """Names of columns in comment lines.

    The last line that has one name a column counts. If the line above it has too, and the last holds units or repeats some of its names,
    the line above gives the names.
    """
    notes = [comment[:_MAX_NAMES].strip(_COMMENT_MARKS) for comment in comments[-_MAX_NOTES:]]
    notes = [note for note in notes if note.strip("-=+*_.|~ ")]
    fitting = [(note, names_in(note, delimiter, size)) for note in notes[-_NEAREST:]]
    fitting = [names if names and _are_names(names, note) else None for note, names in fitting]
    last = next((index for index in reversed(range(len(fitting))) if fitting[index]), None)
    if last is None:
        return _numbered_heading(notes, size)
    names, above = fitting[last] or (), fitting[last - 1] if last else None
    if above and are_units(names, certain=True):
        return Heading(above, units=names)
    if above and set(above) & set(names) and size > 1:
        return Heading(above, meanings=names)
    return Heading(names)


def _are_names(names: Sequence[str], note: str) -> bool:
    sentence = note.endswith((".", ":")) or (len(names) < 4 and _KEY.fullmatch(note[:300]) is not None and note.count(":") == 1)
    return not sentence and not any(is_number(name) for name in names) and any(name not in MISSING for name in names)


def _numbered_heading(notes: Sequence[str], size: int) -> Heading | None:
    """Names of ``# 1 NAME meaning [unit]``, one line a column, as SExtractor writes them, or ``# Column 1: name [unit]``."""
    matches = [match for match in (_NUMBERED.fullmatch(note[:300]) for note in notes) if match]
    if [int(match[1]) for match in matches] != list(range(1, size + 1)):
        return None
    whole = [split_unit(match[3]) for match in matches]
    first = [column.name.partition(" ")[0] if match[2] is None else column.name for column, match in zip(whole, matches, strict=True)]
    meanings = tuple(column.name.removeprefix(name).strip() for column, name in zip(whole, first, strict=True))
    return Heading(tuple(first), tuple(column.unit or "" for column in whole), meanings)
