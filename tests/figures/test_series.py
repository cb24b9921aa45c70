"""Data of every kind in channels, with what the posterior predicts for them."""

import numpy as np
import pytest

from astro_sbi.figures import explore
from astro_sbi.figures.channels import channels_of, jagged
from astro_sbi.figures.series import Shown, differences, phased, series
from astro_sbi.figures.theme import CYCLE, NEUTRAL
from tests.figures import made
from tests.figures.test_observation_figures import titles

OFFSETS = (12.0, -40.0)


@pytest.fixture(scope="module")
def sources():
    return {name: make() for name, make in made.ALL.items()}


def along(source, **changes):
    return series(source.arrays, source.axes, Shown(source.kind, source.channels), **changes)


def upper(figure, name):
    return [trace for trace in figure.data if trace.legendgroup == name and trace.yaxis in (None, "y")]


def data_of(figure, name):
    return next(trace for trace in figure.data if trace.name == name and trace.yaxis in (None, "y") and trace.error_y.array is not None)


def filled(figure):
    return [trace for trace in figure.data if trace.fill == "toself"]


@pytest.mark.parametrize("name", made.ALL)
def test_every_kind_can_be_drawn_in_two_panels(sources, name):
    figure = along(sources[name])
    assert titles(figure)["yaxis2"] == "residual / σ"
    assert titles(figure)["xaxis"]
    assert str(len(sources[name].arrays["observed/value"])) in figure.layout.meta["alt"]
    assert all(trace.x.dtype == trace.y.dtype == np.float32 for trace in figure.data)
    residuals = [trace for trace in figure.data if trace.yaxis == "y2" and trace.mode == "markers"]
    arrays = sources[name].arrays
    expected = (arrays["observed/value"] - arrays["model/median"]) / arrays["sigma/quoted"]
    assert np.sort(np.concatenate([trace.y for trace in residuals])) == pytest.approx(np.sort(expected), abs=2e-3)


def test_each_instrument_has_its_colour_and_one_entry_of_the_legend(sources):
    figure = along(sources["velocities"])
    for number, name in enumerate(sources["velocities"].channels):
        entries = [trace for trace in figure.data if trace.name == name and trace.showlegend]
        assert len(entries) == 1
        assert entries[0].marker.color == CYCLE[number]
        mine = sources["velocities"].arrays["observed/channel"] == number
        assert np.sort(entries[0].y) == pytest.approx(np.sort(sources["velocities"].arrays["observed/value"][mine]))


def test_one_channel_needs_no_legend(sources):
    figure = along(sources["rotation"])
    assert not any(trace.showlegend for trace in figure.data)
    assert {trace.marker.color for trace in figure.data if trace.mode == "markers"} == {NEUTRAL.data}


def test_a_curve_that_jumps_from_night_to_night_is_drawn_as_bars_and_a_smooth_one_as_bands(sources):
    assert not filled(along(sources["velocities"]))
    dashes = [trace for trace in along(sources["velocities"]).data if trace.marker.symbol == "line-ew-open"]
    assert sum(len(trace.x) for trace in dashes) == 160
    bands = filled(along(sources["seasons"]))
    assert len(bands) == 8
    # Four seasons: three gaps or more in each outline.
    assert all(np.isnan(trace.x).sum() >= 3 for trace in bands)


def test_bands_hold_the_quantiles(sources):
    source = sources["rotation"]
    wide = filled(along(source))[0]
    assert np.nanmax(wide.y) == pytest.approx(100 * (source.arrays["predictive/high95"].max() - 1), rel=1e-3)
    assert titles(along(source))["yaxis"] == "relative flux − 1 [%]"


def test_a_large_relative_flux_stays_as_it_is(sources):
    source = sources["rotation"]
    arrays = {name: 1 + 60 * (value - 1) if name.startswith(("model", "obs", "pred")) else value for name, value in source.arrays.items()}
    assert titles(series(arrays, source.axes, Shown()))["yaxis"] == "relative flux"


def test_folding_takes_offsets_out_and_puts_the_highest_at_phase_zero(sources):
    source = sources["velocities"]
    shown = Shown(source.kind, source.channels)
    figure = phased(source.arrays, source.axes, shown, 4.23, offsets=OFFSETS)
    assert titles(figure)["xaxis"] == "phase, period 4.23 d"
    assert "offset" in titles(figure)["yaxis"]
    for name in source.channels:
        line = next(trace for trace in upper(figure, name) if trace.mode == "lines" and not trace.fill)
        assert abs(line.x[np.argmax(line.y)]) < 0.03
        assert line.y.max() == pytest.approx(56, abs=1)
    assert filled(figure)
    assert min(trace.x.min() for trace in figure.data if trace.mode == "markers") >= -0.5


def test_folding_keeps_the_precision_of_late_times(sources):
    source = sources["velocities"]
    late = source.arrays | {"observed/coordinate": source.arrays["observed/coordinate"] + 2_400_000 - 2_400_000 % 4.23}
    shown = Shown(source.kind, source.channels)
    first, second = (phased(arrays, source.axes, shown, 4.23, offsets=OFFSETS) for arrays in (source.arrays, late))
    assert data_of(first, "HIRES").x == pytest.approx(data_of(second, "HIRES").x, abs=1e-4)


def test_redshifts_stand_on_a_logarithmic_axis(sources):
    figure = along(sources["supernovae"])
    assert figure.layout.xaxis.type == "log"
    assert "0.1" in figure.layout.xaxis.ticktext
    assert titles(figure) == {"xaxis": "redshift", "yaxis": "distance modulus [mag]", "yaxis2": "residual / σ"}
    assert all(np.isnan(trace.x).sum() == 0 for trace in filled(figure))


def test_differences_make_a_shift_readable(sources):
    source = sources["supernovae"]
    shifted = source.arrays | {"observed/value": source.arrays["observed/value"] + np.float32(0.05)}
    figure = differences(shifted, source.axes, Shown(source.kind, source.channels))
    means = next(trace for trace in figure.data if trace.name == "weighted means")
    assert len(means.y) == 20
    assert np.mean(means.y) == pytest.approx(0.05, abs=0.01)
    assert means.error_y.array == pytest.approx(0.2 / np.sqrt(75), rel=0.4)
    assert titles(figure)["yaxis"] == "data − median model [mag]"


def test_bands_of_a_catalogue_have_names_and_bars_of_the_model(sources):
    source = sources["bands"]
    figure = along(source)
    assert [annotation.text for annotation in figure.layout.annotations] == list(source.channels)
    assert not any(trace.showlegend for trace in figure.data)
    assert figure.layout.annotations[0].x == pytest.approx(np.log10(3000))
    bars = [trace for trace in figure.data if trace.mode == "lines" and trace.yaxis != "y2"]
    assert len(bars) == 4
    assert np.nanmax(bars[0].y) == pytest.approx(source.arrays["predictive/high95"].max())
    assert titles(figure)["yaxis"] == "flux density [μJy]"


def test_a_spectrum_is_steps(sources):
    figure = along(sources["whole_spectrum"])
    steps = [trace for trace in figure.data if trace.line.shape == "hvh"]
    assert len(steps) == 1
    assert len(steps[0].x) == 3800


def test_names_from_files_are_harmless(sources):
    source = sources["velocities"]
    figure = series(source.arrays, source.axes, Shown(source.kind, ("<b>x</b>", "$y$")))
    names = {trace.name for trace in figure.data}
    assert "<b>x</b>" not in names
    assert "$y$" not in names


def test_channels_are_sorted_and_those_without_points_left_out():
    found = channels_of(("a", "b", "c"), np.array([2, 0, 2]), np.array([3.0, 1.0, 2.0]), NEUTRAL)
    assert [(channel.name, channel.mine.tolist()) for channel in found] == [("a", [1]), ("c", [2, 0])]
    (alone,) = channels_of(("a", "b"), np.array([1, 1]), np.array([2.0, 1.0]), NEUTRAL)
    assert (alone.name, alone.data) == ("data", NEUTRAL.data)


def test_what_is_jagged():
    x = np.linspace(0, 10, 200)
    assert not jagged(x, np.sin(x), 2.0)
    assert jagged(x, np.sin(40 * x), 2.0)
    assert not jagged(x, np.ones(200), 0.0)
    assert jagged(x[:3], x[:3], 1.0)


def explored(source, **changes):
    arrays = source.arrays
    one = explore.Simulated(
        arrays["observed/coordinate"],
        arrays["model/median"],
        arrays["observed/value"],
        arrays["sigma/quoted"],
        channel=arrays["observed/channel"],
        channels=source.channels,
        kind=source.kind,
        **changes,
    )
    return explore.simulated(one, x_label=source.axes["coordinate"]["label"], y_label=source.axes["value"]["label"])


@pytest.mark.parametrize("name", made.ALL)
def test_every_kind_can_be_explored(sources, name):
    source = sources[name]
    figure = explored(source, draws=np.stack([source.arrays["model/median"]] * 3))
    assert titles(figure)["yaxis"]
    assert sum(trace.name == "prior predictive" and trace.showlegend for trace in figure.data) == 1


def test_channels_are_explored_in_their_colours(sources):
    figure = explored(sources["seasons"])
    assert [trace.name for trace in figure.data if trace.showlegend] == ["g", "r"]
    assert [trace.line.color for trace in figure.data if trace.mode == "lines"] == list(CYCLE[:2])
    assert "2 channels" in figure.layout.meta["alt"]


def test_a_random_model_is_called_one_draw(sources):
    assert any(trace.name == explore.RANDOM for trace in explored(sources["rotation"], random=True).data)
    assert any(trace.name == explore.MODEL for trace in explored(sources["rotation"]).data)
