"""The numbers of an observation among simulations."""

import numpy as np
import pytest

from astro_sbi.figures.components import components

AXES = {"coordinate": {"label": "component"}, "value": {"label": "value − median, in spreads of the simulations"}}


@pytest.mark.parametrize("size", [1, 3, 60])
def test_every_number_stands_on_its_band(size: int):
    bands = {"low95": -2.0, "low68": -1.0, "median": 0.0, "high68": 1.0, "high95": 2.0}
    arrays = {f"{part}/{name}": np.full(size, height) for part in ("model", "predictive") for name, height in bands.items()}
    value = np.linspace(-3, 3, size)
    figure = components(arrays | {"observed/coordinate": np.arange(size) + 1.0, "observed/value": value}, AXES)
    points = figure.data[-1]
    assert np.array(points.y) == pytest.approx(value)
    assert points.error_y.array is None
    low, high = figure.layout.yaxis.range
    assert low < min(-2, value.min())
    assert high > max(2, value.max())
    assert figure.layout.meta["alt"].startswith(f"{size} numbers")
