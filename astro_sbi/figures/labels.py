"""Words at axes: units, zero points and powers of ten as the HTML that plotly draws, and numbers as journals print them."""

from __future__ import annotations

import html
import math
import re
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

_FACTOR = re.compile(r"^\s*(?:1(?:\.0*)?[eE]|10(?:\*\*|\^)?)\(?([+-]?\d+)\)?\s*\*?\s*")
_TOKEN = re.compile(r"^([A-Za-z%]+|%)(?:\*\*|\^)?\(?([+-]?\d+)?\)?$")
_SPELLED = {
    "Angstrom": "Å",
    "AA": "Å",
    "um": "μm",
    "uJy": "μJy",
    "deg": "°",
    "percent": "%",
    "solMass": "M<sub>⊙</sub>",
    "solRad": "R<sub>⊙</sub>",
}
_SAFE_TAG = re.compile(r"&lt;(/?(?:sub|sup|i|b)|br/?)&gt;")
_TAG = re.compile(r"<[^>]*>")
_SMALL = re.compile(r"<su[bp]>(.*?)</su[bp]>")
_PLACED = re.compile(r"<(/?)(sub|sup|i|b|br)/?>")
_RAISED = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
_BRACKETED = re.compile(r"^(.*\S)\s*\[([^\]]*)\]\s*$")


@dataclass(frozen=True)
class Label:
    """A parameter's symbol as HTML (``R<sub>p</sub>``) and its unit as astropy writes it."""

    html: str
    unit: str = ""


@dataclass(frozen=True)
class Scale:
    """How numbers are printed at an axis: ``(value - offset) / 10**exponent``.

    Args:
        offset: stated zero point, 0 where there is none.
        exponent: power of ten taken out of the numbers.
        symbol: symbol with the offset, HTML.
        unit: unit with the power of ten, HTML; empty for a pure number.
    """

    offset: float
    exponent: int
    symbol: str
    unit: str

    def shown(self, value: Float[np.ndarray, "*n"] | float) -> Float[np.ndarray, "*n"]:
        """The numbers as the axis prints them, float64."""
        return (np.asarray(value, dtype=np.float64) - self.offset) / 10.0**self.exponent

    def title(self, width: float = np.inf) -> str:
        """Symbol and unit as the axis title, in lines of at most `width` characters; the unit then begins a line of its own."""
        if not self.unit:
            return wrapped(self.symbol, width)
        whole = f"{self.symbol} [{self.unit}]"
        return whole if _length(whole) <= width else f"{wrapped(self.symbol, width)}<br>{wrapped(f'[{self.unit}]', width)}"


def escaped(text: str) -> str:
    """A name that came with a file, harmless as a plotly text: no markup, no MathJax."""
    return html.escape(text, quote=False).replace("$", "&#36;")


def symbol_html(text: str) -> str:
    """A symbol with ``sub``, ``sup``, ``i``, ``b`` and ``br`` kept and any other markup shown as it is written."""
    known_entities = html.unescape(text)
    return _SAFE_TAG.sub(r"<\1>", escaped(known_entities))


class Piece(NamedTuple):
    """A stretch of text of one style.

    Args:
        text: as it is read, no markup.
        raised: 1 for a superscript, -1 for a subscript, 0 on the line.
        slanted: italic.
    """

    text: str
    raised: int
    slanted: bool


def pieces(text: str) -> list[Piece]:
    """HTML of a symbol or a unit cut into stretches of one style, for what draws letters itself; other markup shows as it is written."""
    found, raised, slanted, start = [], 0, False, 0
    for tag in _PLACED.finditer(text):
        found.append(Piece(html.unescape(text[start : tag.start()]), raised, slanted))
        start, closes = tag.end(), bool(tag[1])
        if tag[2] in ("sub", "sup"):
            raised = 0 if closes else {"sub": -1, "sup": 1}[tag[2]]
        elif tag[2] == "i":
            slanted = not closes
        elif tag[2] == "br":
            found.append(Piece(" ", 0, False))
    found.append(Piece(html.unescape(text[start:]), raised, slanted))
    return [piece for piece in found if piece.text]


def plain(text: str) -> str:
    """HTML as it is read aloud or where nothing can be raised: ``10⁻⁶ d``."""
    return "".join(piece.text.translate(_RAISED) if piece.raised > 0 else piece.text for piece in pieces(text))


def _superscript(power: int) -> str:
    return f"<sup>{power}</sup>".replace("-", "−")


def unit_parts(unit: str) -> tuple[int, str]:
    """Power of ten in front of a unit and the rest as HTML: ``1e-17 erg / (s cm2)`` gives -17 and erg s⁻¹ cm⁻²."""
    match = _FACTOR.match(unit)
    exponent, rest = (int(match[1]), unit[match.end() :]) if match else (0, unit)
    above, *below = rest.split("/")
    words = []
    for sign, part in [(1, above), *((-1, part) for part in below)]:
        for token in part.replace("(", " ").replace(")", " ").replace(" * ", " ").split():
            parsed = _TOKEN.match(token)
            if not parsed and token != "1":
                return exponent, escaped(rest.strip())
            if parsed:
                power = sign * int(parsed[2] or 1)
                words.append(_SPELLED.get(parsed[1], parsed[1]) + ("" if power == 1 else _superscript(power)))
    return exponent, " ".join(words)


def unit_html(unit: str, exponent: int = 0) -> str:
    """A unit with a power of ten in front, HTML; empty for a pure number."""
    own, name = unit_parts(unit)
    power = own + exponent
    return f"10{_superscript(power)} {name}".strip() if power else name


def axis_title(label: str) -> str:
    """An axis label such as ``wavelength [Angstrom]``, escaped and with its unit as HTML."""
    match = _BRACKETED.match(label)
    if not match:
        return escaped(label)
    unit = unit_html(match[2])
    return f"{escaped(match[1])} [{unit}]" if unit else escaped(match[1])


def _length(text: str) -> float:
    """Length of HTML in characters of the axis font; raised and lowered ones are smaller."""
    small = sum(len(part) for part in _SMALL.findall(text))
    return len(_TAG.sub("", html.unescape(text))) - 0.3 * small


def wrapped(text: str, width: float) -> str:
    """HTML broken at spaces into lines of at most `width` characters."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _length(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return "<br>".join(lines)


def signed(text: str) -> str:
    """A printed number with a true minus sign."""
    return text.replace("-", "−")


def scale_of(label: Label, low: float, high: float) -> Scale:
    """The zero point and power of ten that keep tick labels between `low` and `high` short."""
    symbol, span = symbol_html(label.html), high - low
    offset = 0.0
    if span > 0 and max(abs(low), abs(high)) > 1500 * span:
        digits = -math.ceil(math.log10(span) - 0.3)
        offset = round(0.5 * (low + high), digits)
        sign, size = ("−", offset) if offset > 0 else ("+", -offset)
        symbol = f"{symbol} {sign} {size:.{max(digits, 0)}f}" if round(size, 2) != round(size) else f"{symbol} {sign} {size:.0f}"
    largest = max(abs(low - offset), abs(high - offset))
    exponent = 0
    if largest > 0 and not 1e-2 <= largest < 2e4:
        exponent = 3 * math.floor(math.log10(largest) / 3)
    return Scale(offset, exponent, symbol, unit_html(label.unit, exponent))


def rounded(median: float, low: float, high: float) -> tuple[str, str, str]:
    """Median, upper and lower error with two digits of the errors: ``('0.0777', '0.0005', '0.0004')``."""
    plus, minus = high - median, median - low
    larger, smaller = max(plus, minus), min(plus, minus)
    size = (larger if smaller > 0.4 * larger else max(smaller, 0.05 * larger)) or abs(median) or 1.0
    decimals = max(0, 1 - math.floor(math.log10(size)))
    value, above, below = (signed(f"{number:.{decimals}f}") for number in (median, plus, minus))
    return value, above, below


def journal(median: float, low: float, high: float) -> str:
    """Median with its 68 % errors on one line, HTML: ``0.0777 ± 0.0005`` or ``12.3<sup>+0.4</sup><sub>−0.6</sub>``."""
    value, plus, minus = rounded(median, low, high)
    return f"{value} ± {plus}" if plus == minus else f"{value}<sup>+{plus}</sup><sub>−{minus}</sub>"
