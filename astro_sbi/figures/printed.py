"""Any figure of this package as a vector PDF or SVG, or a PNG, for a paper: drawn again by matplotlib, without a browser."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from plotly.graph_objects import Figure

from astro_sbi.figures.labels import pieces, signed
from astro_sbi.figures.ticks import numbered

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Sheet

Form = Literal["pdf", "svg", "png"]
#: Width of two columns of a journal, inches; the figures are made for 950 pixels.
INCHES, PIXELS = 7.1, 950
POINTS_A_PIXEL = 0.6
DOTS_AN_INCH = 300
#: Points that a digit at an axis takes, with its share of the space between numbers.
WIDE_DIGIT = 5.2
BLACK = "#000000"
DASHES = {"dash": (0, (5, 3)), "dot": (0, (1, 1.6))}
MARKS = {"circle": "o", "square": "s", "diamond": "D", "triangle-up": "^", "line-ew-open": "_"}
_RGBA = re.compile(r"rgba?\(([^)]*)\)")
_SPECIAL = re.compile(r"([\\{}_^$%#&~])")


def printed(figure: Figure, form: Form = "pdf", *, inches: float = INCHES) -> bytes:
    """The figure as the bytes of a file, black on white.

    Args:
        figure: one of `astro_sbi.figures`: scatter traces over axes with domains.
        form: PDF and SVG are drawn as lines and letters, PNG with 300 dots an inch.
        inches: width.
    """
    import matplotlib
    from matplotlib.figure import Figure as Sheet

    matplotlib.rcParams["pdf.fonttype"] = 42  # letters that a journal's press can edit; matplotlib has no setting of one figure for it
    style, traces = figure.layout.to_plotly_json(), [trace.to_plotly_json() for trace in figure.data]
    tall = inches * style.get("height", 450) / PIXELS
    sheet = Sheet(figsize=(inches, tall))
    panels = _panels(sheet, style, traces)
    for trace in traces:
        _draw(panels[_place(trace)], trace)
    _shapes(panels, style)
    _annotations(sheet, panels, style)
    _legend(sheet, style, traces)
    stream = io.BytesIO()
    about = {"Title": str((style.get("meta") or {}).get("alt", ""))[:200]} if form != "svg" else None
    sheet.savefig(stream, format=form, dpi=DOTS_AN_INCH, bbox_inches="tight", pad_inches=0.03, metadata=about)
    return stream.getvalue()


def can_be_printed(figure: Figure) -> bool:
    """Whether the figure is made of what `printed` draws."""
    return all(trace.type in ("scatter", "scattergl", "bar") for trace in figure.data)


def mathtext(text: str) -> str:
    """HTML of a symbol, a unit or a title as matplotlib writes it: raised, lowered and slanted letters as mathematics."""
    return "\n".join(_line(part) for part in re.split(r"<br/?>", text))


def _line(text: str) -> str:
    parts = pieces(text)
    if not any(piece.raised or piece.slanted for piece in parts):
        return "".join(piece.text for piece in parts).replace("$", r"\$")
    found = []
    for piece in parts:
        written = _SPECIAL.sub(r"\\\1", piece.text).replace(" ", r"\ ")
        slanted = rf"\mathit{{{written}}}" if piece.slanted else rf"\mathrm{{{written}}}"
        found.append({0: slanted, 1: f"^{{{slanted}}}", -1: f"_{{{slanted}}}"}[piece.raised])
    return f"${''.join(found)}$"


def _place(trace: Mapping[str, Any]) -> tuple[str, str]:
    return trace.get("xaxis") or "x", trace.get("yaxis") or "y"


def _axis(style: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return style.get(f"{name[0]}axis{name[1:]}") or {}


def _panels(sheet: Sheet, style: Mapping[str, Any], traces: list[dict[str, Any]]) -> dict[tuple[str, str], Axes]:
    """Matplotlib's axes for every crossing of axes that has a trace; numbers stand where the axes are anchored."""
    panels: dict[tuple[str, str], Axes] = {}
    for place in dict.fromkeys(_place(trace) for trace in traces):
        x, y = (_axis(style, name) for name in place)
        (left, right), (foot, top) = x.get("domain") or (0, 1), y.get("domain") or (0, 1)
        panel = sheet.add_axes((left, foot, right - left, top - foot))
        panel.tick_params(which="both", direction="in", top=True, right=True, labelsize=11 * POINTS_A_PIXEL, width=0.5, length=2.5)
        for side in panel.spines.values():
            side.set_linewidth(0.6)
        _ruled(panel, "x", x, shown=(x.get("anchor") or "y") == place[1])
        _ruled(panel, "y", y, shown=(y.get("anchor") or "x") == place[0])
        panels[place] = panel
    return panels


def _ruled(panel: Axes, which: Literal["x", "y"], axis: Mapping[str, Any], *, shown: bool) -> None:
    """Range, numbers and title of one axis."""
    from matplotlib.ticker import NullFormatter, NullLocator

    ruler = panel.xaxis if which == "x" else panel.yaxis
    log, ends = axis.get("type") == "log", axis.get("range")
    if log:
        (panel.set_xscale if which == "x" else panel.set_yscale)("log")
        ruler.set_minor_locator(NullLocator())
    if ends is not None:
        (panel.set_xlim if which == "x" else panel.set_ylim)(*(10.0 ** np.asarray(ends, float) if log else ends))
    if axis.get("ticks") == "" and axis.get("showticklabels") is False:
        ruler.set_major_locator(NullLocator())
    elif axis.get("tickvals") is not None:
        texts = axis.get("ticktext") or [signed(f"{value:g}") for value in axis["tickvals"]]
        ruler.set_ticks(np.asarray(axis["tickvals"], float), [mathtext(str(text)) for text in texts])
    elif not log:
        low, high = sorted(ruler.get_view_interval())
        blank = axis.get("labelalias") or {}
        found = numbered(low, high, int(axis.get("nticks") or 6))
        texts = [blank.get(text.rstrip("0").rstrip(".") if "." in text else text, text) for _, text in found]
        room = panel.get_window_extent().width / panel.figure.dpi * 72
        every = -(-len(texts) * max((len(text) for text in texts), default=0) * WIDE_DIGIT // room) if which == "x" else 1
        ruler.set_ticks([place for place, _ in found], [text if k % every == 0 else "" for k, text in enumerate(texts)])
        (panel.set_xlim if which == "x" else panel.set_ylim)(*(ends or (low, high)))
    if not shown:
        ruler.set_major_formatter(NullFormatter())
    title = (axis.get("title") or {}).get("text") or ""
    if shown and title:
        ruler.set_label_text(mathtext(title), fontsize=13 * POINTS_A_PIXEL)
        length, room = (box.width if which == "x" else box.height for box in (ruler.label.get_window_extent(), panel.get_window_extent()))
        ruler.label.set_fontsize(13 * POINTS_A_PIXEL * min(1.0, room / length))
        ruler.labelpad = POINTS_A_PIXEL * float(axis["title"].get("standoff") or 8) - 2


def _colour(text: Any) -> Any:
    """A colour as matplotlib takes it: ``rgba(1,2,3,0.5)`` becomes shares of one."""
    found = _RGBA.match(text) if isinstance(text, str) else None
    if not found:
        return text
    numbers = [float(part) for part in found[1].split(",")]
    return (*(part / 255 for part in numbers[:3]), *(numbers[3:] or [1.0]))


def _pen(line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "color": _colour(line.get("color", BLACK)),
        "linewidth": POINTS_A_PIXEL * float(line.get("width", 2)),
        "linestyle": DASHES.get(line.get("dash", "solid"), "solid"),
    }


def _draw(panel: Axes, trace: Mapping[str, Any]) -> None:
    """One trace: its filled region, line, error bars and marks."""
    x, y = np.asarray(trace["x"], float), np.asarray(trace["y"], float)
    mode, line = trace.get("mode") or "lines+markers", trace.get("line") or {}
    if trace.get("visible") not in (None, True):
        return
    if trace.get("type") == "bar":
        panel.bar(x, y, width=trace.get("width") or 0.8 * _step_between(x), color=_colour((trace.get("marker") or {}).get("color", BLACK)))
        return
    if trace.get("fill") == "tozeroy":
        panel.fill_between(x, 0, y, color=_colour(trace.get("fillcolor")), linewidth=0)
    elif trace.get("fill") == "toself":
        _filled(panel, x, y, _colour(trace.get("fillcolor")))
    if "lines" in mode and line.get("width", 2):
        panel.plot(x, y, drawstyle="steps-mid" if line.get("shape") == "hvh" else "default", **_pen(line))
    for side in ("x", "y"):
        bars = trace.get(f"error_{side}")
        if bars and bars.get("array") is not None:
            thin = {"linestyle": "none", "elinewidth": POINTS_A_PIXEL * float(bars.get("thickness", 1))}
            panel.errorbar(x, y, **{f"{side}err": np.asarray(bars["array"], float)}, ecolor=_colour(bars.get("color", BLACK)), **thin)
    if "markers" in mode:
        _marks(panel, x, y, trace.get("marker") or {})


def _step_between(x: np.ndarray) -> float:
    return float(np.min(np.diff(np.unique(x)))) if len(np.unique(x)) > 1 else 1.0


def _filled(panel: Axes, x: np.ndarray, y: np.ndarray, colour: Any) -> None:
    """Regions between gaps, as one path, so that a ring keeps its hole."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    paths = []
    for part in np.split(np.arange(len(x)), np.flatnonzero(np.isnan(x) | np.isnan(y))):
        here = part[np.isfinite(x[part]) & np.isfinite(y[part])]
        if len(here) > 2:
            paths.append(Path(np.column_stack([x[here], y[here]]), closed=False))
    if paths:
        panel.add_patch(PathPatch(Path.make_compound_path(*paths), facecolor=colour, edgecolor="none"))


def _marks(panel: Axes, x: np.ndarray, y: np.ndarray, marker: Mapping[str, Any]) -> None:
    size = np.broadcast_to(np.asarray(marker.get("size", 6), float), x.shape)
    seen = (size > 0) & np.isfinite(x) & np.isfinite(y)
    colour, edge = marker.get("color", BLACK), marker.get("line") or {}
    colours = _colour(colour) if isinstance(colour, str) else [_colour(one) for one in np.asarray(colour)[seen]]
    symbol = MARKS.get(marker.get("symbol", "circle"), "o")
    pen = {"linewidths": 1.0} if symbol == "_" else {"edgecolors": _colour(edge.get("color", "none")), "linewidths": 0.5}
    area = (POINTS_A_PIXEL * size[seen]) ** 2
    panel.scatter(
        x[seen], y[seen], s=area, c=[colours] if isinstance(colours, tuple) else colours, marker=symbol, alpha=marker.get("opacity"), **pen
    )


def _transforms(panel: Axes, shape: Mapping[str, Any]) -> Any:
    """From a panel's shares or numbers to the sheet, for each direction as plotly's references say."""
    from matplotlib.transforms import blended_transform_factory

    across = panel.transAxes if str(shape.get("xref", "x")).endswith("domain") else panel.transData
    up = panel.transAxes if str(shape.get("yref", "y")).endswith("domain") else panel.transData
    return blended_transform_factory(across, up)


def _panel_of(panels: Mapping[tuple[str, str], Axes], item: Mapping[str, Any]) -> Axes | None:
    """The panel that an annotation or a shape belongs to; None for the whole sheet."""
    x, y = (str(item.get(f"{side}ref", side)).removesuffix(" domain") for side in "xy")
    if "paper" in (x, y):
        return next((panel for place, panel in panels.items() if x == place[0] or y == place[1]), None)
    return panels.get((x, y))


def _shapes(panels: Mapping[tuple[str, str], Axes], style: Mapping[str, Any]) -> None:
    """Lines across panels."""
    for shape in style.get("shapes") or ():
        panel = _panel_of(panels, shape)
        if panel is not None and shape.get("type") == "line":
            ends = [shape["x0"], shape["x1"]], [shape["y0"], shape["y1"]]
            panel.plot(*ends, transform=_transforms(panel, shape), scalex=False, scaley=False, **_pen(shape.get("line") or {}))


def _annotations(sheet: Sheet, panels: Mapping[tuple[str, str], Axes], style: Mapping[str, Any]) -> None:
    """Words in and above panels; a corner plot's headings have a form of their own for print."""
    headings = (style.get("meta") or {}).get("headings") or {}
    for note in style.get("annotations") or ():
        panel = _panel_of(panels, note)
        text = headings.get(note.get("xref"), note["text"]) if not note["text"].startswith("<span") else ""
        if not text:
            continue
        font = note.get("font") or {}
        look: dict[str, Any] = {
            "color": _colour(font.get("color", BLACK)),
            "fontsize": POINTS_A_PIXEL * float(font.get("size", 12)),
            "horizontalalignment": note.get("xanchor", "center").replace("auto", "center"),
            "verticalalignment": {"middle": "center"}.get(note.get("yanchor", "center"), note.get("yanchor", "center")),
            "rotation": -float(note.get("textangle") or 0),
        }
        place = float(note.get("x", 0)), float(note.get("y", 0))
        if panel is None:
            sheet.text(*place, mathtext(text), **look)
            continue
        right, up = note.get("xshift") or 0, note.get("yshift") or 2
        if note.get("showarrow", True) and {"ax", "ay"} <= note.keys():
            right, up = note["ax"], -note["ay"]
            look["arrowprops"] = {"arrowstyle": "-", "linewidth": 0.5, "color": _colour(note.get("arrowcolor", BLACK))}
        shift = POINTS_A_PIXEL * float(right), POINTS_A_PIXEL * float(up)
        panel.annotate(mathtext(text), place, shift, xycoords=_transforms(panel, note), textcoords="offset points", **look)


def _legend(sheet: Sheet, style: Mapping[str, Any], traces: list[dict[str, Any]]) -> None:
    """The layers by name, where the figure has them: in the empty corner, or above."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    named = sorted(
        (trace for trace in traces if trace.get("showlegend") and trace.get("name")), key=lambda trace: trace.get("legendrank", 1000)
    )
    handles = []
    for trace in {trace["name"]: trace for trace in named}.values():
        name = mathtext(trace["name"])
        line, marker = trace.get("line") or {}, trace.get("marker") or {}
        if trace.get("fillcolor") and not line.get("width", 2):
            handles.append(Patch(facecolor=_colour(trace["fillcolor"]), label=name))
        elif "lines" in (trace.get("mode") or "lines"):
            handles.append(Line2D([], [], label=name, **_pen(line)))
        else:
            look = {"marker": MARKS.get(marker.get("symbol", "circle"), "o"), "color": _colour(marker.get("color", BLACK))}
            handles.append(Line2D([], [], linestyle="none", markersize=3, label=name, **look))
    if len(handles) < 1 or style.get("showlegend") is False:
        return
    asked = style.get("legend") or {}
    title = (asked.get("title") or {}).get("text")
    corner = (
        {"loc": "upper right", "bbox_to_anchor": (1, 1)}
        if asked.get("orientation") == "v"
        else {"loc": "lower left", "bbox_to_anchor": (0, 1)}
    )
    columns = 1 if asked.get("orientation") == "v" else min(len(handles), 6)
    small = {"fontsize": 12 * POINTS_A_PIXEL, "title_fontsize": 12 * POINTS_A_PIXEL}
    sheet.legend(handles=handles, ncols=columns, frameon=False, title=title, **small, **corner)
