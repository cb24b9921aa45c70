"""Values from elsewhere, a publication or a truth, as a user types them, one a line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from astro_sbi.diagnostics.agreement import Published
from astro_sbi.observations.units import unit_of
from astro_sbi.runs.settings import SettingsError

MOST_LINES = 40

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_ERRORS = rf"(?:(?:±|\+/?-)\s*(?P<both>{_NUMBER})|\+\s*(?P<plus>[\d.]\S*)\s*-\s*(?P<minus>[\d.]\S*))"
#: Brackets behind a stroke belong to the unit, ``1e-17 erg / (s cm2)``; others hold a source.
_UNIT = r"(?P<unit>(?:(?:1e[+-]?\d+\s+)?[A-Za-z%](?:[^()/]|/\s*\([^()]*\)|/)*?)?)"
_SOURCE = r"(?:\((?P<source>.*)\))?"
_VALUE = re.compile(rf"(?P<name>\w+)\s*=\s*(?P<value>{_NUMBER})\s*{_ERRORS}?\s*{_UNIT}\s*{_SOURCE}")
_LIMIT = re.compile(rf"(?P<name>\w+)\s*(?P<side>[<>])\s*(?P<value>{_NUMBER})\s*{_UNIT}\s*{_SOURCE}")


@dataclass(frozen=True)
class PublishedLine:
    """One typed value.

    Args:
        name: of the parameter or derived quantity.
        value: with its errors, or the limit.
        unit: as it was typed; empty for the quantity's own.
        source: who says so; empty where it was not typed.
    """

    name: str
    value: Published
    unit: str = ""
    source: str = ""

    def in_unit(self, unit: str) -> Published:
        """The value in the unit of its quantity.

        Raises:
            SettingsError: if the unit that was typed does not convert to it.
        """
        if self.unit in ("", unit):
            return self.value
        try:
            factor = float(unit_of(self.unit).to(unit_of(unit)))
        except (ValueError, TypeError):  # astropy's errors of units that do not convert, and the package's own of what is no unit
            wanted = f"in {unit} or a unit that converts to it" if unit else "a pure number, without a unit"
            raise SettingsError(f"{self.name} is given in {self.unit[:30]}; it must be {wanted}") from None
        one = self.value
        return Published(factor * one.value, factor * one.plus, factor * one.minus, one.limit)


def published_values(text: str) -> tuple[PublishedLine, ...]:
    """Values such as ``period = 4.230785 ± 0.000036 d (Butler 2006)``, ``u0 = 0.37 +0.02 -0.03`` or ``eccentricity < 0.05``.

    Raises:
        SettingsError: if a line cannot be understood.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_LINES:
        raise SettingsError(f"{len(lines)} published values are more than the {MOST_LINES} that can be compared: keep the main ones")
    return tuple(_read(line) for line in lines)


def _read(line: str) -> PublishedLine:
    typed = line.replace("−", "-")
    found = _VALUE.fullmatch(typed) or _LIMIT.fullmatch(typed)
    try:
        if found is None:
            raise ValueError
        words = found.groupdict()
        value = _limit(words) if "side" in words else _value(words)
    except ValueError:
        forms = "name = value ± error, name = value +error -error, or name < limit, and then a unit and a source in brackets if you like"
        raise SettingsError(f"'{line[:60]}' is no published value: write {forms}") from None
    return PublishedLine(words["name"], value, words["unit"] or "", words["source"] or "")


def _value(words: dict[str, str]) -> Published:
    plus, minus = (abs(float(words.get("both") or words.get(side) or 0.0)) for side in ("plus", "minus"))
    return Published(float(words["value"]), plus, minus)


def _limit(words: dict[str, str]) -> Published:
    return Published(float(words["value"]), limit="upper" if words["side"] == "<" else "lower")
