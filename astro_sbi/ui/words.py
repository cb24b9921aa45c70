"""Numbers, units, times and other people's text, as words on a page."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from astropy import units as u

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$:<>&])")
_SHOWN = {"Angstrom": "Å", "solRad": "R☉", "solMass": "M☉"}


def escaped(text: str) -> str:
    """Text from outside, safe to stand in Markdown as it is, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def sentence(text: str) -> str:
    """Words that begin with a capital letter and end with a full stop."""
    return f"{text[:1].upper()}{text[1:]}."


def breakable(code: str) -> str:
    """Code that may be broken after commas and operators where there is little room."""
    return re.sub(r"(?<=[,+*(])(?=.)", "\u200b", code)


def unit_text(unit: str) -> str:
    """A unit as plain text with superscripts, empty for a pure number."""
    try:
        return u.Unit(unit).to_string("unicode").removeprefix("1×") if unit else ""
    except ValueError:
        return unit


def unit_latex(unit: str) -> str:
    """A unit for KaTeX, dollars included, empty for a pure number."""
    if unit == "%":
        return unit  # Markdown would take the backslash that KaTeX needs before it
    try:
        return u.Unit(unit).to_string("latex_inline").replace(r"{1 \times ", "{") if unit else ""
    except ValueError:
        return escaped(unit)


def number(x: float | None, digits: int = 3) -> str:
    """A number to so many significant digits, with a multiplication sign instead of an e."""
    if x is None or not math.isfinite(x):
        return "–"
    text = f"{x:.{digits}g}"
    if "e" not in text:
        return text.replace("-", "−")
    mantissa, exponent = text.split("e")
    superscript = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa}×10{superscript}".replace("-", "−")


def _scale(median: float, smaller: float) -> tuple[int, int]:
    """Power of ten to take out, and the decimals that give the smaller error two digits."""
    largest = max(abs(median), smaller)
    power = math.floor(math.log10(largest)) if largest > 0 else 0
    precision = math.floor(math.log10(smaller))
    power = power if power < -3 or precision > 3 else 0
    return power, max(0, 1 - precision + power)


def journal(median: float | None, lower: float | None, upper: float | None) -> str:
    """``median +up -down`` in KaTeX, as a journal prints it: two digits of the smaller error.

    Args:
        median: 50 % quantile.
        lower: 16 % quantile.
        upper: 84 % quantile.
    """
    if median is None or lower is None or upper is None or not all(math.isfinite(x) for x in (median, lower, upper)):
        return "–"
    up, down = upper - median, median - lower
    smaller = min(abs(up), abs(down)) or max(abs(up), abs(down))
    if smaller == 0:
        return f"${number(median, 6).replace('−', '-')}$"
    power, decimals = _scale(median, smaller)
    centre, plus, minus = (f"{x / 10**power:z.{decimals}f}" for x in (median, up, down))
    errors = rf"\pm {plus}" if plus == minus else f"^{{+{plus}}}_{{-{minus}}}"
    text = f"{centre} {errors}" if plus == minus else f"{centre}{errors}"
    return rf"$({text}) \times 10^{{{power}}}$" if power else f"${text}$"


def aligned(x: float | None, lower: float | None, upper: float | None) -> str:
    """A number in KaTeX to the digits that a 68 % interval warrants."""
    if x is None or lower is None or upper is None or not upper > lower or not math.isfinite(x):
        return "–" if x is None else f"${number(x, 4).replace('−', '-')}$"
    power, decimals = _scale(x, 0.5 * (upper - lower))
    text = f"{x / 10**power:z.{decimals}f}"
    return rf"${text} \times 10^{{{power}}}$" if power else f"${text}$"


def duration(seconds: float | None) -> str:
    """A time span in the largest two units that matter."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{int(seconds // 60)} min {int(seconds % 60):02d} s"
    return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60):02d} min"


def moment(when: str | float | datetime | None) -> datetime | None:
    """A stored time (ISO text, seconds since 1970 or a datetime) as a datetime in UTC."""
    if when is None or when == "":
        return None
    if isinstance(when, (int, float)):
        return datetime.fromtimestamp(when, UTC)
    time = datetime.fromisoformat(when) if isinstance(when, str) else when
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def age(when: str | float | datetime | None) -> str:
    """How long ago something was."""
    time = moment(when)
    if time is None:
        return "–"
    seconds = (datetime.now(UTC) - time).total_seconds()
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"


def date(when: str | float | datetime | None) -> str:
    """A stored time as date and minute in UTC."""
    time = moment(when)
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if time else "–"


def count(n: int, noun: str) -> str:
    """A number and its noun, plural where it should be."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def plain_stem(text: str) -> str:
    """Words as a part of a file's name: letters, digits and dashes, at most 40."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:40] or "unnamed"


def with_error(value: float | None, error: float | None) -> str:
    """A logarithm of the evidence with its error, which is left out where it is below a hundredth."""
    if value is None or not error:
        return number(value, 6)
    text = f"{value:.{1 if error >= 1 else 2}f} ± {error:.2g}" if error >= 0.005 else f"{value:.2f}"
    return text.replace("-", "−")
