"""Colours and frames that every figure shares; nothing here depends on the page's light or dark theme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FRAME = "rgba(128,128,128,0.65)"
GRID = "rgba(128,128,128,0.22)"
CLEAR = "rgba(0,0,0,0)"


@dataclass(frozen=True)
class Palette:
    """One colour per meaning, the same on every page (Okabe and Ito, safe for colour-blind readers).

    The default reads on white and on near-black paper; `LIGHT` and `DARK` have sharper data points for a known background.

    Args:
        data: measured points.
        text: words; None leaves them to the page's own theme.
        own_prior: a prior that the user changed.
        reference: draws of a reference sampler.
        second_reference: draws of another one.
    """

    data: str = "#808080"
    text: str | None = None
    posterior: str = "#0072B2"
    flow: str = "#E69F00"
    prior: str = "#999999"
    least_squares: str = "#D55E00"
    odd: str = "#CC79A7"
    even: str = "#009E73"
    published: str = "#56B4E9"
    own_prior: str = "#009E73"
    reference: str = "#009E73"
    second_reference: str = "#CC79A7"


#: Colours of channels, one after the other (Okabe and Ito).
CYCLE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#808080")
NEUTRAL = Palette()
LIGHT = Palette(data="#000000", text="#222222")
DARK = Palette(data="#dddddd", text="#dddddd")


def faded(colour: str, opacity: float) -> str:
    """The colour ``#rrggbb`` with an opacity between 0 and 1."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def axis(title: str = "", **changes: Any) -> dict[str, Any]:
    """A boxed axis with ticks inside, as journals print it."""
    style: dict[str, Any] = {
        "title": {"text": title, "standoff": 8, "font": {"size": 13}},
        "showline": True,
        "mirror": "all",
        "linecolor": FRAME,
        "linewidth": 1,
        "ticks": "inside",
        "ticklen": 4,
        "tickcolor": FRAME,
        "tickfont": {"size": 12},
        "showgrid": False,
        "zeroline": False,
        "exponentformat": "power",
        "minexponent": 5,
        "automargin": True,
    }
    return style | changes


def layout(alt: str, height: int, palette: Palette = NEUTRAL, **changes: Any) -> dict[str, Any]:
    """A transparent layout without a width of its own, with the sentence that stands in for the picture."""
    style: dict[str, Any] = {
        "template": {},
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "height": height,
        "margin": {"l": 8, "r": 12, "t": 12, "b": 8, "pad": 0},
        "font": {"size": 12} | ({"color": palette.text} if palette.text else {}),
        "hovermode": "closest",
        "separators": ".",
        "legend": {
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1.02,
            "yanchor": "bottom",
            "bgcolor": CLEAR,
            "font": {"size": 12},
            "itemsizing": "constant",
        },
        "meta": {"alt": alt},
    }
    return style | changes
