"""Figures side by side have the same axes where they show the same."""

from plotly.graph_objects import Figure

from astro_sbi.figures.side_by_side import on_same_axes


def figure(low: float, high: float, title: str = "time [d]") -> Figure:
    return Figure({"layout": {"xaxis": {"range": [low, high], "title": {"text": title}}, "yaxis": {"title": {"text": "free"}}}})


def test_axes_of_one_title_get_one_range():
    before = [figure(0, 2), figure(-1, 1)]
    found = on_same_axes(before)
    assert [tuple(one.layout.xaxis.range) for one in found] == [(-1, 2), (-1, 2)]
    assert tuple(before[0].layout.xaxis.range) == (0, 2)
    assert found[0].layout.yaxis.range is None


def test_axes_that_fall_stay_so():
    assert [tuple(one.layout.xaxis.range) for one in on_same_axes([figure(20, 18), figure(21, 19)])] == [(21, 18), (21, 18)]


def test_other_quantities_keep_their_axes():
    assert tuple(on_same_axes([figure(0, 2), figure(5, 9, "phase")])[1].layout.xaxis.range) == (5, 9)
    assert on_same_axes([]) == []
