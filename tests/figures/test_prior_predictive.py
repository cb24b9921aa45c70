"""What priors predict, under the data."""

import numpy as np
import pytest

from astro_sbi.figures.labels import Label
from astro_sbi.figures.prior_predictive import DEFAULT, YOURS, PriorCurves, prior_densities, prior_predictive
from astro_sbi.figures.series import Shown
from tests.figures import made


def widened(arrays, times):
    """The same with bands so many times as wide."""
    median = arrays["model/median"]
    bands = {name: median + times * (value - median) for name, value in arrays.items() if name.startswith(("model/", "predictive/"))}
    return arrays | bands


@pytest.mark.parametrize("name", made.ALL)
def test_every_kind_has_one_panel_a_prior_on_one_scale(name):
    source = made.ALL[name]()
    priors = [(YOURS, source.arrays), (DEFAULT, widened(source.arrays, 3.0))]
    figure = prior_predictive(priors, source.axes, Shown(source.kind, source.channels))
    assert figure.layout.yaxis.range == figure.layout.yaxis2.range
    assert figure.layout.yaxis.domain[0] > figure.layout.yaxis2.domain[1]
    texts = [annotation.text for annotation in figure.layout.annotations]
    assert {f"<b>{YOURS}</b>", f"<b>{DEFAULT}</b>"} <= set(texts)
    for panel in (None, "y2"):
        points = [trace for trace in figure.data if trace.yaxis in ((None, "y") if panel is None else (panel,))]
        assert len(points) >= 3
    assert len({trace.name for trace in figure.data if trace.showlegend}) == sum(bool(trace.showlegend) for trace in figure.data)


def test_the_values_are_seen_in_a_band_that_is_far_too_wide():
    source = made.velocities()
    figure = prior_predictive([(DEFAULT, widened(source.arrays, 500.0))], source.axes, Shown(source.kind, source.channels))
    low, high = figure.layout.yaxis.range
    assert 0.05 < np.ptp(source.arrays["observed/value"]) / (high - low) < 0.3
    assert "yaxis2" not in figure.to_plotly_json()["layout"]


def test_a_fixed_parameter_is_a_line_and_a_free_one_a_density():
    places = np.linspace(0, 4, 50)
    flat, falling = np.where(places < 2, 0.5, 0.0), np.exp(-places)
    curves = [PriorCurves(Label("a", "d"), places, flat, falling), PriorCurves(Label("b"), places, 2.0, falling)]
    figure = prior_densities(curves)
    first, second = ([trace for trace in figure.data if trace.xaxis in names] for names in ((None, "x"), ("x2",)))
    assert [trace.name for trace in (*first, *second)] == [YOURS, DEFAULT, YOURS, DEFAULT]
    assert first[0].fill == "tozeroy"
    assert first[0].y.max() == first[1].y.max() == 1.0
    assert set(second[0].x) == {2.0}
    assert sum(bool(trace.showlegend) for trace in figure.data) == 2
    assert figure.layout.xaxis.title.text == "a [d]"
    assert prior_densities([PriorCurves(Label("a"), places + 0.1, flat, None, log=True)]).layout.xaxis.type == "log"
