"""The pictures of a calibration card, by what they show."""

import numpy as np
import pytest

from astro_sbi.diagnostics.card import JOINT_LEVELS, CalibrationCard
from astro_sbi.figures.calibration import biases, coverage, rank_differences, thirds
from astro_sbi.figures.theme import NEUTRAL
from tests.diagnostics.estimators import card

SYMBOLS = {"mass": "M<sub>p</sub>", "age": "τ"}


@pytest.fixture(scope="module")
def narrow() -> CalibrationCard:
    return card("20 % too narrow in one", parts=True, tests=3000)


@pytest.fixture(scope="module")
def good() -> CalibrationCard:
    return card("good", parts=True, tests=3000)


def traces(figure, name: str) -> list:
    return [trace for trace in figure.data if trace.name == name]


@pytest.mark.slow
def test_ranks_outside_the_band_are_marked(narrow, good):
    figure = rank_differences(narrow.marginals, SYMBOLS, 3000)
    assert figure.layout.meta["alt"].endswith("95 % band: mass leave it.")
    (curve,) = traces(figure, "M<sub>p</sub>")
    assert curve.y == pytest.approx(100 * np.array(narrow.marginals["mass"].ecdf), abs=1e-4)
    (marks,) = traces(figure, "outside the band")
    assert set(np.round(marks.y, 3)) <= set(np.round(curve.y, 3))
    assert marks.marker.color == NEUTRAL.least_squares.lower() or marks.marker.color == NEUTRAL.least_squares
    low, high = figure.layout.yaxis.range
    assert low < min(curve.y) < max(curve.y) < high
    calm = rank_differences(good.marginals, SYMBOLS, 3000)
    assert calm.layout.meta["alt"].endswith("all stay inside.")
    assert not traces(calm, "outside the band")


def test_coverage_is_told_in_words_and_lies_below_the_diagonal(narrow):
    told = {0.68: narrow.coverage["jointly"][1], 0.95: narrow.coverage["jointly"][3]}
    figure = coverage(narrow.joint, told, 3000)
    (found,) = traces(figure, "this flow")
    assert len(found.x) == len(JOINT_LEVELS) + 1
    assert np.all(np.diff(found.x) > 0)
    assert np.all(found.y < found.x)
    words = [note.text for note in figure.layout.annotations]
    assert f"{100 * told[0.68]:.1f} of 68" in words
    assert "below the line: over-confident" in words
    assert f"{100 * told[0.95]:.1f} of 100 truths lie in the 95 % region" in figure.layout.meta["alt"]


def test_thirds_stand_beside_each_other_with_one_scale(narrow):
    figure = thirds(narrow.parts)
    panels = traces(figure, "joint coverage")
    assert len(panels) == 3
    for trace, part in zip(panels, narrow.parts, strict=True):
        assert trace.y == pytest.approx(100 * np.subtract(part.joint.coverage, JOINT_LEVELS), abs=1e-4)
    assert figure.layout.yaxis.range == figure.layout.yaxis2.range == figure.layout.yaxis3.range
    assert [trace.showlegend for trace in panels] == [True, False, False]
    below = thirds(narrow.parts, across=1)
    assert below.layout.height == 3 * figure.layout.height
    assert below.layout.xaxis.domain == below.layout.xaxis3.domain


def test_bias_and_scatter_have_a_row_for_each_parameter(narrow):
    figure = biases(narrow.marginals, SYMBOLS, 3000)
    bias, scatter = figure.data
    assert list(scatter.x) == pytest.approx([one.dispersion for one in narrow.marginals.values()], abs=1e-5)
    assert bias.error_x.array[0] == pytest.approx(1.96 / np.sqrt(3000))
    assert scatter.error_x.array[0] == pytest.approx(1.96 / np.sqrt(6000))
    assert list(figure.layout.yaxis.ticktext) == ["M<sub>p</sub>", "τ"]
    assert "Scatter farthest from 1: mass, 1.2" in figure.layout.meta["alt"]


def test_names_from_outside_are_harmless(good):
    named = {"<b onclick=x>$a$": good.marginals["mass"]}
    (curve, *_) = (trace for trace in rank_differences(named, {}, 3000).data if "onclick" in trace.name)
    assert curve.name.startswith("&lt;b onclick")
