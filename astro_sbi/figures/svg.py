"""Figures of lines, bands and points as SVG that needs no script: for reports that are read far from the app."""

from __future__ import annotations

import base64
import html
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from plotly.graph_objects import Figure

_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 14, 34, 46
_LINE = 18
_DASHES = {"dash": "7 5", "dot": "2 4"}
_TAG = re.compile(r"(<[^>]+>)")
_SHIFTS = {"<sub>": ("0.3em", "75%"), "<sup>": ("-0.4em", "75%")}


@dataclass(frozen=True)
class _Axis:
    """One axis on the paper: pixels of its ends, its range, and the numbers at it."""

    start: float
    end: float
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    title: str

    def at(self, value: Any) -> Float[np.ndarray, "*n"]:
        """Pixels of values."""
        return self.start + (np.asarray(value, np.float64) - self.low) / (self.high - self.low) * (self.end - self.start)


def svg(figure: Figure, width: int = 760) -> str:
    """A figure of ``scatter`` traces on linear axes whose ranges are set, as an SVG element.

    Args:
        figure: of `astro_sbi.figures.calibration`, or one like it.
        width: pixels.
    """
    drawn = _plain(figure.to_plotly_json())
    layout, height = drawn["layout"], int(drawn["layout"]["height"])
    axes = {
        name.replace("axis", ""): _axis_of(name[0], layout[name], width, height) for name in layout if re.fullmatch(r"[xy]axis\d*", name)
    }
    anchors = {name: layout[f"{name[0]}axis{name[1:]}"].get("anchor") or ("y" if name[0] == "x" else "x") for name in axes}
    parts = [_frame(axes[name], axes[anchors[name]]) for name in axes if name[0] == "x"]
    parts += [_numbers(name[0], axes[name], axes[anchors[name]]) for name in axes]
    parts += [part for trace in drawn["data"] for part in _trace(trace, axes[trace.get("xaxis", "x")], axes[trace.get("yaxis", "y")])]
    parts += [_shape(shape, axes) for shape in layout.get("shapes", [])]
    parts += [_annotation(note, axes) for note in layout.get("annotations", [])]
    legend, more = _legend(drawn["data"], width)
    alt = html.escape(str(layout.get("meta", {}).get("alt", "")))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 {-more} {width} {height + more}" role="img" aria-label="{alt}" font-size="12">'
    )
    return f'{head}<g fill="none" stroke-linejoin="round">{"".join(parts)}{legend}</g></svg>'


def _plain(value: Any) -> Any:
    """The same with the arrays that plotly packs in base64 unpacked."""
    if isinstance(value, Mapping):
        if "bdata" in value:
            return np.frombuffer(base64.b64decode(value["bdata"]), value["dtype"])
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _axis_of(letter: str, style: Mapping[str, Any], width: int, height: int) -> _Axis:
    first, last = style.get("domain", (0.0, 1.0))
    if letter == "x":
        start, end = (_LEFT + share * (width - _LEFT - _RIGHT) for share in (first, last))
    else:
        start, end = (height - _BOTTOM - share * (height - _TOP - _BOTTOM) for share in (first, last))
    low, high = (float(side) for side in style["range"])
    title = str(style.get("title", {}).get("text", "") or "")
    if style.get("tickvals") is None:
        return _Axis(start, end, low, high, tuple(_round_numbers(low, high, int(style.get("nticks") or 6))), title)
    texts = style.get("ticktext", [f"{value:g}" for value in style["tickvals"]])
    return _Axis(start, end, low, high, tuple(zip(map(float, style["tickvals"]), map(str, texts), strict=True)), title)


def _round_numbers(low: float, high: float, most: int) -> Iterator[tuple[float, str]]:
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(power * nice for nice in (1, 2, 5, 10) if power * nice * most >= high - low)
    for number in range(math.ceil(low / step), math.floor(high / step) + 1):
        yield number * step, f"{number * step:.6g}".replace("-", "−")


def _frame(x: _Axis, y: _Axis) -> str:
    return f'<rect x="{x.start:.1f}" y="{y.end:.1f}" width="{x.end - x.start:.1f}" height="{y.start - y.end:.1f}" stroke="#888"/>'


def _numbers(letter: str, own: _Axis, other: _Axis) -> str:
    """Ticks, numbers and title of an axis."""
    parts, middle = [], 0.5 * (own.start + own.end)
    for value, text in own.ticks:
        place = float(own.at(value))
        if letter == "x":
            parts.append(f'<path d="M{place:.1f} {other.start:.1f}v-4" stroke="#888"/>{_text(text, place, other.start + 16)}')
        else:
            parts.append(f'<path d="M{other.start:.1f} {place:.1f}h4" stroke="#888"/>{_text(text, other.start - 6, place + 4, "end")}')
    if letter == "x":
        parts.append(_text(own.title, middle, other.start + 36))
    elif own.title:
        at = f"{other.start - 48:.1f} {middle:.1f}"
        parts.append(f'<g transform="translate({at}) rotate(-90)">{_text(own.title, 0, 0)}</g>')
    return "".join(parts)


def _trace(trace: Mapping[str, Any], x: _Axis, y: _Axis) -> Iterator[str]:
    across, up = (np.asarray(axis.at(trace[name])) for axis, name in ((x, "x"), (y, "y")))
    mode, line, marker = trace.get("mode", "lines"), trace.get("line", {}), trace.get("marker", {})
    if trace.get("fill") == "toself":
        yield f'<path d="{_path(across, up)}Z" fill="{trace["fillcolor"]}"/>'
    if "lines" in mode and line.get("width", 1):
        dash = f' stroke-dasharray="{_DASHES[line["dash"]]}"' if line.get("dash") in _DASHES else ""
        yield f'<path d="{_path(across, up)}" stroke="{line.get("color", "#888")}" stroke-width="{line.get("width", 1)}"{dash}/>'
    if "error_x" in trace:
        long = np.abs(x.at(np.asarray(trace["error_x"]["array"])) - x.at(0.0))
        bars = "".join(f"M{place - half:.1f} {row:.1f}h{2 * half:.1f}" for place, row, half in zip(across, up, long, strict=True))
        yield f'<path d="{bars}" stroke="{trace["error_x"]["color"]}" stroke-width="1.5"/>'
    if "markers" in mode:
        hollow = str(marker.get("symbol", "")).endswith("open")
        look = f'stroke="{marker["color"]}" stroke-width="1.5"' if hollow else f'fill="{marker["color"]}"'
        size = 0.5 * marker.get("size", 6)
        yield "".join(f'<circle cx="{place:.1f}" cy="{row:.1f}" r="{size:.1f}" {look}/>' for place, row in zip(across, up, strict=True))


def _path(across: Float[np.ndarray, " n"], up: Float[np.ndarray, " n"]) -> str:
    """A line through the points, broken where one is not finite."""
    parts, drawing = [], False
    for place, row in zip(across, up, strict=True):
        finite = bool(np.isfinite(place) and np.isfinite(row))
        if finite:
            parts.append(f"{'L' if drawing else 'M'}{place:.1f} {row:.1f}")
        drawing = finite
    return "".join(parts)


def _shape(shape: Mapping[str, Any], axes: Mapping[str, _Axis]) -> str:
    (x0, x1), (y0, y1) = (
        [_placed(shape[f"{letter}{end}"], str(shape.get(f"{letter}ref", letter)), axes) for end in (0, 1)] for letter in "xy"
    )
    return f'<path d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}" stroke="#888"/>'


def _annotation(note: Mapping[str, Any], axes: Mapping[str, _Axis]) -> str:
    x, y = (_placed(note[letter], str(note.get(f"{letter}ref", letter)), axes) for letter in "xy")
    parts, colour = "", note.get("font", {}).get("color") or "#222"
    if note.get("showarrow", True):
        parts = f'<path d="M{x:.1f} {y:.1f}l{note["ax"]} {note["ay"]}" stroke="#888"/>'
        x, y = x + note["ax"], y + note["ay"] + 12
    lines = re.split(r"<br/?>", str(note["text"]))
    rise = 15 * (len(lines) - 1) if note.get("yanchor") == "bottom" else 0
    anchor = {"left": "start", "right": "end"}.get(note.get("xanchor", ""), "middle")
    return parts + "".join(_text(line, x, y - rise - 5 + 15 * row, anchor, colour) for row, line in enumerate(lines))


def _placed(value: float, reference: str, axes: Mapping[str, _Axis]) -> float:
    own = axes[reference.split(" ", 1)[0]]
    return own.start + float(value) * (own.end - own.start) if reference.endswith("domain") else float(own.at(value))


def _legend(traces: list[dict[str, Any]], width: int) -> tuple[str, int]:
    """The legend in lines that grow upward, and pixels of the lines beyond the first."""
    parts, x, row = [], float(_LEFT), 0
    for trace in (one for one in traces if one.get("showlegend", True)):
        long = 40 + 6.6 * len(html.unescape(_TAG.sub("", str(trace["name"]))))
        if x + long > width and x > _LEFT:
            x, row = float(_LEFT), row + 1
        colour = trace.get("fillcolor") or trace.get("line", {}).get("color") or trace["marker"]["color"]
        thick, y = 9 if trace.get("fill") else 3, 10 - _LINE * row
        parts.append(
            f'<path d="M{x:.0f} {y}h18" stroke="{colour}" stroke-width="{thick}"/>{_text(str(trace["name"]), x + 23, y + 4, "start")}'
        )
        x += long
    return "".join(parts), _LINE * row


def _text(text: str, x: float, y: float, anchor: str = "middle", colour: str = "#222") -> str:
    """HTML with raised and lowered parts as a line of SVG text."""
    spans, shift, size, back = [], "0", "100%", ""
    for part in _TAG.split(text):
        if part in _SHIFTS:
            shift, size = _SHIFTS[part]
        elif part in ("</sub>", "</sup>"):
            back, shift, size = shift, "0", "100%"
        elif part and not part.startswith("<"):
            moved = f"-{back}".replace("--", "") if back else shift
            spans.append(f'<tspan dy="{moved}" font-size="{size}">{html.escape(html.unescape(part))}</tspan>')
            back = ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{"".join(spans)}</text>'
