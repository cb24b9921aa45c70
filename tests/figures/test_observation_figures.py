"""Light curves, spectra, preparation, training and exploration as figures."""

import subprocess
import sys

import numpy as np
import pytest

from astro_sbi.figures import explore, light_curve, observation, spectrum, training
from astro_sbi.figures.theme import DARK, NEUTRAL

FOLDED = {
    "coordinate": {"name": "time from mid-transit", "unit": "d", "zero_point": "", "label": "time from mid-transit [d]"},
    "value": {"name": "relative flux", "unit": "", "zero_point": "", "label": "relative flux"},
}
FLUX = "1e-17 erg / (s cm2 Angstrom)"
WAVELENGTH = {
    "coordinate": {"name": "vacuum wavelength", "unit": "Angstrom", "zero_point": "", "label": "vacuum wavelength [Angstrom]"},
    "value": {"name": "flux density", "unit": FLUX, "zero_point": "", "label": f"flux density [{FLUX}]"},
}


def with_bands(coordinate, median, sigma, seed=0):
    rng = np.random.default_rng(seed)
    arrays = {
        "observed/coordinate": coordinate,
        "observed/value": (median + 1.1 * sigma * rng.normal(size=len(median))).astype(np.float32),
        "observed/sigma": sigma.astype(np.float32),
        "sigma/quoted": sigma.astype(np.float32),
        "sigma/fitted": (1.1 * sigma).astype(np.float32),
        "model/median": median.astype(np.float32),
        "model/least_squares": median.astype(np.float32),
    }
    for source, size in (("model", 0.3), ("predictive", 1.2)):
        for share, width in (("68", 1.0), ("95", 2.0)):
            arrays[f"{source}/low{share}"] = (median - width * size * sigma).astype(np.float32)
            arrays[f"{source}/high{share}"] = (median + width * size * sigma).astype(np.float32)
    return arrays


def transit(depth=0.006, points=160, cadences=14_000):
    rng = np.random.default_rng(1)

    def curve(t):
        return 1 - depth * (np.abs(t) < 0.08)

    time = rng.permutation(np.linspace(-0.24, 0.24, points))
    arrays = with_bands(time, curve(time), np.full(points, 0.01 * depth))
    unfolded = 2454953.5 + np.linspace(0, 10, cadences)
    arrays["unfolded/time"] = unfolded
    arrays["unfolded/model"] = curve((unfolded + 1.1) % 2.2 - 1.1).astype(np.float32)
    arrays["unfolded/value"] = (arrays["unfolded/model"] + 0.03 * depth * rng.normal(size=cadences)).astype(np.float32)
    for which in ("odd", "even"):
        half = np.linspace(-0.24, 0.24, points // 2)
        arrays |= {f"{which}/coordinate": half, f"{which}/value": curve(half), f"{which}/sigma": np.full(points // 2, 0.01 * depth)}
    return arrays


def galaxy():
    blue, red = np.arange(5400.0, 5700.0, 1.3), np.arange(7270.0, 7640.0, 1.7)
    wavelength = np.concatenate([blue, red])
    flux = 18 + 60 * np.exp(-0.5 * ((wavelength - 6564.61 * 1.12315) / 3.5) ** 2)
    return with_bands(wavelength, flux, np.full(len(wavelength), 0.9))


def figures(palette=NEUTRAL):
    arrays, lines = transit(), galaxy()
    time, flux = arrays["unfolded/time"], arrays["unfolded/value"]
    folded = arrays["observed/coordinate"], arrays["observed/value"]
    labels = {"x_label": "time BJD [d]", "y_label": "relative flux", "palette": palette}
    period = np.geomspace(0.5, 10, 2_000)
    losses = [np.stack([np.linspace(5, 0, 60), np.linspace(5, 0.2, 60)]), np.stack([np.linspace(1, -3, 30), np.linspace(1, -2.8, 30)])]
    rounds = [{"efficiency": 8e-5, "log_evidence": 1402.2}, {"efficiency": 0.4, "log_evidence": 1405.3}]
    return {
        "folded": light_curve.folded(arrays, FOLDED, palette=palette),
        "unfolded": light_curve.unfolded(arrays, FOLDED, palette=palette),
        "odd and even": light_curve.odd_even(arrays, FOLDED, palette=palette),
        "spectrum": spectrum.spectrum(lines, WAVELENGTH, redshift=0.12315, palette=palette),
        "stacked spectrum": spectrum.spectrum(lines, WAVELENGTH, redshift=0.12315, stacked=True, palette=palette),
        "observed": observation.observed(time, flux, None, **labels),
        "stage": observation.stage((time[::4], flux[::4]), folded, **labels, x_label_after="time from mid-transit [d]"),
        "periodogram": observation.periodogram(period, np.exp(-((period - 2.2) ** 2)), 2.2, palette=palette),
        "loss": training.loss_curve(losses, palette=palette),
        "rounds": training.rounds(rounds, palette=palette),
        "explore": explore.simulated(explore.Simulated(*folded, folded[1], np.full(160, 1e-4), draws=np.stack([folded[1]] * 5)), **labels),
    }


@pytest.fixture(scope="module")
def drawn():
    return figures()


def titles(figure):
    layout = figure.to_dict()["layout"]
    return {name: value["title"]["text"] for name, value in layout.items() if "axis" in name and value.get("title")}


def named(figure, name):
    return [trace for trace in figure.data if trace.name == name]


def test_numbers_travel_as_float_arrays(drawn):
    for name, figure in drawn.items():
        for trace in figure.data:
            assert isinstance(trace.x, np.ndarray), name
            assert trace.x.dtype in (np.float32, np.float64), name
            assert trace.y.dtype in (np.float32, np.float64), name


def test_every_axis_with_numbers_has_a_title(drawn):
    for name, figure in drawn.items():
        for axis, title in titles(figure).items():
            if title is None or title == "":
                assert name == "spectrum", f"{name}: {axis}"
                assert axis.startswith("yaxis"), f"{name}: {axis}"


def test_alternative_texts_have_numbers(drawn):
    for name, figure in drawn.items():
        assert any(character.isdigit() for character in figure.layout.meta["alt"]), name
        assert figure.layout.meta["alt"].endswith("."), name


def test_transparent_and_without_a_width(drawn):
    for figure in drawn.values():
        assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
        assert figure.layout.width is None
        assert figure.layout.font.color is None


def test_dark_palette_has_light_points():
    for name, figure in figures(DARK).items():
        assert figure.layout.font.color == DARK.text, name
        for trace in named(figure, "data"):
            assert DARK.data in (trace.marker.color, trace.line.color), name


@pytest.mark.parametrize(("depth", "unit", "printed"), [(0.006, "%", 0.6), (0.0006, "ppm", 600.0)])
def test_depth_decides_between_percent_and_ppm(depth, unit, printed):
    figure = light_curve.folded(transit(depth), FOLDED)
    assert titles(figure)["yaxis"] == f"relative flux − 1 [{unit}]"
    assert named(figure, "median")[0].y.min() == pytest.approx(-printed, rel=1e-3)


def test_folded_time_is_in_hours(drawn):
    assert titles(drawn["folded"])["xaxis"] == "time from mid-transit [h]"
    assert named(drawn["folded"], "median")[0].x.max() == pytest.approx(0.24 * 24, rel=1e-5)


def test_folded_bands_hold_the_median(drawn):
    figure = drawn["folded"]
    bands = named(figure, "model, 68 and 95 %") + named(figure, "with noise, 68 and 95 %")
    assert len(bands) == 4
    assert all(trace.fill == "toself" for trace in bands)
    assert sum(bool(trace.showlegend) for trace in bands) == 2


def test_residuals_are_in_sigma(drawn):
    arrays, figure = transit(), drawn["folded"]
    assert titles(figure)["yaxis2"] == "residual / σ"
    residual = next(trace for trace in named(figure, "data") if trace.yaxis == "y2")
    expected = (arrays["observed/value"] - arrays["model/median"]) / arrays["sigma/quoted"]
    assert np.sort(residual.y) == pytest.approx(np.sort(expected), rel=1e-3)
    heights = {float(trace.y[0]) for trace in figure.data if trace.legendgroup == "sigma"}
    assert heights == {-3.0, -1.0, 0.0, 1.0, 3.0}
    fitted = named(figure, "fitted noise")[0]
    assert np.nanmax(fitted.y) == pytest.approx(1.1, rel=1e-3)


def test_many_points_go_to_webgl_and_few_do_not(drawn):
    assert {trace.type for trace in named(drawn["unfolded"], "data")} == {"scattergl"}
    assert {trace.type for trace in drawn["folded"].data} == {"scatter"}


def test_unfolded_is_thinned_and_keeps_its_zero_point():
    figure = light_curve.unfolded(transit(cadences=50_000), FOLDED)
    assert named(figure, "data")[0].x.size <= 20_000
    assert titles(figure)["xaxis"] == "time − 2454953 [d]"
    assert named(figure, "data")[0].x.min() == pytest.approx(0.5)
    assert titles(figure)["yaxis2"] == "residual [%]"


def test_odd_and_even_have_their_colours(drawn):
    figure = drawn["odd and even"]
    assert {trace.marker.color for trace in named(figure, "odd transits")} == {NEUTRAL.odd}
    assert {trace.marker.color for trace in named(figure, "even transits")} == {NEUTRAL.even}
    assert len(named(figure, "odd transits")) == 2


def test_spectrum_has_two_windows_with_line_names(drawn):
    figure = drawn["spectrum"]
    assert {trace.xaxis for trace in figure.data} == {"x", "x2"}
    texts = [annotation.text for annotation in figure.layout.annotations]
    assert texts.count("[O III]") == 2
    assert "Hα" in texts
    places = [annotation.x for annotation in figure.layout.annotations if annotation.text == "Hα"]
    assert places == pytest.approx([6564.61 * 1.12315])
    assert "erg s<sup>−1</sup> cm<sup>−2</sup> Å<sup>−1</sup>" in titles(figure)["yaxis"]
    assert titles(figure)["xaxis"].endswith("[Å]")


def test_one_window_without_redshift_has_no_names():
    arrays = {name: values[:200] for name, values in galaxy().items()}
    figure = spectrum.spectrum(arrays, WAVELENGTH)
    assert {trace.xaxis for trace in figure.data} == {"x"}
    assert not figure.layout.annotations


def test_observed_time_loses_its_zero_point(drawn):
    assert titles(drawn["observed"])["xaxis"] == "time BJD − 2454953 [d]"
    assert titles(drawn["stage"])["xaxis2"] == "time from mid-transit [d]"


def test_a_spectrum_is_drawn_as_steps():
    lines = galaxy()
    x_label, y_label = "vacuum wavelength [Angstrom]", f"flux density [{FLUX}]"
    figure = observation.observed(
        lines["observed/coordinate"], lines["observed/value"], lines["observed/sigma"], x_label=x_label, y_label=y_label
    )
    assert figure.data[0].mode == "lines"
    assert figure.data[0].line.shape == "hvh"
    assert np.isnan(figure.data[0].x).sum() == 1


def test_axes_of_a_stage_may_change_with_it():
    labels = {"x_label": "time [d]", "y_label": "flux [electron / s]", "y_label_after": "relative flux"}
    figure = observation.stage((np.arange(9.0), np.arange(9.0)), (np.arange(8.0), np.arange(8.0)), **labels)
    assert titles(figure)["yaxis"] == "flux [electron s<sup>−1</sup>]"
    assert titles(figure)["yaxis2"] == "relative flux"


def test_rounds_are_in_percent(drawn):
    assert titles(drawn["rounds"])["yaxis"] == "efficiency [%]"
    assert drawn["rounds"].layout.yaxis.type == "log"
    assert drawn["rounds"].data[0].y == pytest.approx([0.008, 40.0])


def test_losses_of_rounds_follow_each_other(drawn):
    held_out = named(drawn["loss"], "held out")
    assert [trace.x[0] for trace in held_out] == [1.0, 61.0]
    assert titles(drawn["loss"])["yaxis"] == "loss [nats]"
    assert training.loss_curve([]).layout.meta["alt"].startswith("Training and held-out loss of 0 rounds")
    assert len(training.loss_curve([np.zeros((2, 0))]).data) == 2


def test_names_from_files_are_harmless():
    figure = observation.observed(np.arange(5.0), np.arange(5.0), np.ones(5), x_label="<b>$t$</b> [d]", y_label="flux $x$ [Jy]")
    assert "<b>" not in titles(figure)["xaxis"]
    assert "$" not in titles(figure)["yaxis"]


@pytest.mark.slow
def test_neither_jax_nor_streamlit_is_needed():
    modules = "corner, explore, light_curve, observation, spectrum, training"
    program = f"import sys; from astro_sbi.figures import {modules}; print({{'jax', 'streamlit'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_channels_have_colours_and_names_of_their_own():
    blue = np.arange(6) % 2 == 0
    figure = observation.observed(
        np.arange(6.0), np.arange(6.0), np.ones(6), x_label="time [d]", y_label="flux", channels={"g": blue, "<b>r</b>": ~blue}
    )
    assert [len(trace.x) for trace in figure.data] == [3, 3]
    assert figure.data[0].marker.color != figure.data[1].marker.color
    assert "<b>" not in figure.data[1].name
    assert all(trace.showlegend for trace in figure.data)
