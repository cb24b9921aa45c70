"""The calibration card as one file to keep or to send: HTML with its pictures inside, that loads nothing and runs no script."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from plotly.graph_objects import Figure

from astro_sbi import __version__
from astro_sbi.diagnostics.calibration_sections import BLIND, sections, signed_number
from astro_sbi.diagnostics.calibration_verdict import calibration_verdict
from astro_sbi.diagnostics.card import CalibrationCard
from astro_sbi.figures.calibration import pictures
from astro_sbi.figures.printed import printed

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:820px;margin:2em auto;padding:0 1em;color:#222;background:#fff}"
    "img{width:100%;height:auto}h2{margin-top:2em;font-size:1.15em}"
    ".verdict{border-left:6px solid;padding:.3em 1em}.good{border-color:#009e73}.caution{border-color:#e69f00}"
    ".bad{border-color:#d55e00}table{border-collapse:collapse;width:100%}th,td{text-align:right;padding:.2em .5em;"
    "border-bottom:1px solid #ddd}th:first-child,td:first-child{text-align:left}"
)
_CLASSES = {"good": "good", "caution": "caution"}


class Judged(NamedTuple):
    """What a card is of.

    Attributes:
        title: of the flow or run.
        note: what simulations were tested.
        symbols: of its parameters, HTML.
        card: the card.
    """

    title: str
    note: str
    symbols: Mapping[str, str]
    card: CalibrationCard


def report_json(judged: Judged) -> bytes:
    """The card with its verdict as indented JSON."""
    found = calibration_verdict(judged.card)
    told = {"title": judged.title, "note": judged.note, "verdict": found.grade, "reasons": list(found.reasons), "version": __version__}
    return (json.dumps({**told, "calibration": judged.card.to_json()}, indent=2, ensure_ascii=False) + "\n").encode()


def report_html(judged: Judged) -> bytes:
    """The card as a page to read from top to bottom."""
    title = html.escape(f"Calibration of {judged.title}")
    body = "".join(_body(judged))
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style></head>'
    return f"{head}<body><h1>{title}</h1>{body}</body></html>\n".encode()


def _body(judged: Judged) -> Iterator[str]:
    card, found = judged.card, calibration_verdict(judged.card)
    reasons = "".join(f"<li>{html.escape(reason)}</li>" for reason in found.reasons)
    look = _CLASSES.get(found.grade, "bad")
    yield f'<div class="verdict {look}"><p><strong>{found.grade.capitalize()}.</strong></p><ul>{reasons}</ul></div>'
    yield _paragraph(f"{card.tests:,} simulations. {judged.note}")
    drawn = pictures(card, judged.symbols)
    for section in sections(card):
        yield f"<h2>{html.escape(section.title)}</h2>{_paragraph(section.found)}"
        yield "".join(_picture(figure) for figure in drawn.get(section.test, ()))
        yield _paragraph(f"Sees: {section.sees}") + _paragraph(f"Does not see: {section.blind}")
    yield f"<h2>All parameters</h2>{_table(card)}"
    yield f"<h2>What none of these tests sees</h2><ul>{''.join(f'<li>{html.escape(one)}</li>' for one in BLIND)}</ul>"
    yield _paragraph(f"Written by astro_sbi {__version__}.")


def _paragraph(text: str) -> str:
    return f"<p>{html.escape(text)}</p>"


def _picture(figure: Figure) -> str:
    """A figure with the sentence that stands for it, inside the page."""
    drawn = base64.b64encode(printed(figure, "svg")).decode()
    return f'<img alt="{html.escape(figure.layout.meta["alt"])}" src="data:image/svg+xml;base64,{drawn}">'


def _table(card: CalibrationCard) -> str:
    names = ("Parameter", *parameter_rows(card)[0][1])
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    rows = ["".join(f"<td>{html.escape(cell)}</td>" for cell in (name, *cells.values())) for name, cells in parameter_rows(card)]
    return f"<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def parameter_rows(card: CalibrationCard) -> list[tuple[str, dict[str, str]]]:
    """Numbers of each parameter, as texts under their headings."""
    return [
        (
            name,
            {
                "p": f"{one.p_value:.2g}",
                "Bias [σ]": signed_number(one.bias),
                "Errors too small by": f"{one.dispersion:.2f}",
                "In 68 %": f"{100 * card.coverage[name][1]:.1f} %",
                "In 95 %": f"{100 * card.coverage[name][3]:.1f} %",
            },
        )
        for name, one in card.marginals.items()
    ]
