"""Moving a simulator's parameters."""

import json
from typing import ClassVar

import numpy as np
import pytest

from astro_sbi import simulators
from astro_sbi.ui import cached_models, explore_view
from astro_sbi.ui.simulated import effects, grid, make_explorer, outside_prior, ranges, start
from tests.app.conftest import words


@pytest.fixture(scope="module")
def transit():
    return make_explorer("transit")


def figure(app) -> dict:
    return json.loads(app.get("plotly_chart")[0].proto.spec)


@pytest.mark.slow
def test_address_sets_the_sliders(opened):
    app = opened("explore", radius_ratio="0.0492", noise_seed="7")
    assert not app.exception
    assert app.number_input(key="noise_seed").value == 7
    assert len(app.select_slider) == len(simulators.simulator("transit").parameters)


@pytest.mark.slow
def test_address_with_nonsense_falls_back(opened):
    app = opened("explore", radius_ratio="banana", noise_seed="-4", simulator="no such thing")
    assert not app.exception
    assert app.number_input(key="noise_seed").value == 1


@pytest.mark.slow
def test_every_simulator_can_be_explored(opened):
    for simulator in simulators.simulators():
        app = opened("explore", simulator=simulator.title)
        assert not app.exception
        assert len(app.select_slider) == len(simulator.prior.free)


@pytest.mark.slow
def test_figure_follows_seed_and_prior_draws(opened):
    app = opened("explore")
    before = figure(app)
    app.number_input(key="noise_seed").set_value(2).run()
    assert figure(app) != before
    app.number_input(key="prior_curves").set_value(5).run()
    assert any("prior" in trace.get("name", "") for trace in figure(app)["data"])


@pytest.mark.slow
def test_parameters_outside_the_prior_are_named(opened):
    farthest = max(opened("explore").select_slider(key="impact_parameter").options, key=float)
    app = opened("explore", impact_parameter=farthest)
    assert "Outside the prior" in words(app)


@pytest.mark.slow
def test_sliders_cover_the_prior_and_start_inside(transit):
    for name, (low, first, high) in ranges(transit).items():
        assert low <= first <= high, name
        stops = grid(low, first, high, logarithmic=False)
        assert stops == sorted(set(stops))
        assert min(stops, key=lambda stop: abs(stop - first)) == pytest.approx(first, rel=0.02, abs=1e-6)


@pytest.mark.slow
def test_start_shows_a_signal():
    for name in simulators.simulator_names():
        explorer = make_explorer(name)
        values = explorer.noise_free(start(explorer), 1)
        assert np.std(values) > 0.2 * np.median(explorer.noise(start(explorer))), name


@pytest.mark.slow
def test_same_seed_same_noise(transit):
    theta = start(transit)
    assert np.array_equal(transit.noisy(theta, 3), transit.noisy(theta, 3))
    assert not np.array_equal(transit.noisy(theta, 3), transit.noisy(theta, 4))
    assert not outside_prior(transit, theta)


@pytest.mark.slow
def test_choices_of_the_model_are_in_the_address(opened):
    app = opened("explore", simulator="Supernova cosmology", model_dark_energy="w0wa")
    assert not app.exception
    assert {"w0", "wa"} <= {slider.key for slider in app.select_slider}
    assert (
        opened("explore", simulator="Supernova cosmology", model_dark_energy="banana").selectbox(key="model_dark_energy").value == "lambda"
    )


@pytest.mark.slow
def test_a_random_model_shows_the_draw_under_the_noise(opened):
    rotation = make_explorer("stellar_rotation")
    theta = start(rotation)
    left = rotation.noisy(theta, 5) - rotation.noise_free(theta, 5)
    assert np.std(left / rotation.noise(theta)) == pytest.approx(1, abs=0.15)
    assert not np.allclose(rotation.noise_free(theta, 5), rotation.noise_free(theta, 6))
    assert "one draw of it" in words(opened("explore", simulator="Stellar rotation"))


@pytest.mark.slow
def test_many_periods_are_folded_at_first(opened):
    app = opened("explore", simulator="RR Lyrae star")
    drawn = figure(app)
    assert drawn["layout"]["xaxis"]["title"]["text"] == "phase"
    assert len([trace for trace in drawn["data"] if trace.get("showlegend")]) == 3
    app.toggle(key="folded").set_value(False).run()
    assert figure(app)["layout"]["xaxis"]["title"]["text"] != "phase"
    assert "folded" not in {toggle.key for toggle in opened("explore").toggle}


class FlowOfNumbers:
    """Stands for a shipped flow."""

    card: ClassVar[dict] = {"observations": 100, "median_efficiency": 0.2}

    def posterior_of(self, value):
        rng = np.random.default_rng(1)
        return {name: 0.1 + 0.01 * rng.standard_normal(500) for name in simulators.simulator("transit").prior.free}, 0.34


@pytest.mark.slow
def test_shipped_flow_answers_when_asked(opened, monkeypatch):
    monkeypatch.setattr(explore_view, "can_answer", lambda explorer: True)
    monkeypatch.setattr(cached_models, "shipped_flow", lambda name: FlowOfNumbers())
    app = opened("explore")
    assert len(app.get("plotly_chart")) == 1
    app.toggle(key="answer").set_value(True).run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 2
    assert "34 %" in words(app)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["transit", "quasar_variability"])
def test_what_each_parameter_does_is_drawn_when_it_is_opened(opened, name):
    one = simulators.simulator(name)
    assert len(opened("explore", simulator=one.title).get("plotly_chart")) == 1
    app = opened("explore", simulator=one.title, effects="true")
    assert not app.exception
    charts = app.get("plotly_chart")
    assert len(charts) == 1 + len(one.prior.free)
    told = [element.value for element in app.caption]
    for parameter in one.parameters:
        drawn = next(json.loads(chart.proto.spec) for chart in charts if chart.proto.id.endswith(f"effect_{parameter.name}"))
        assert len([trace for trace in drawn["data"] if trace.get("showlegend")]) == 3
        assert any(f"${parameter.latex}$" in element.value for element in app.markdown)
        assert explore_view.meant(parameter) in told


@pytest.mark.slow
def test_effects_move_one_parameter_and_hold_the_others(transit):
    every = {made.name: made for made in effects(transit)}
    assert list(every) == list(transit.simulator.prior.free)
    first = start(transit)
    depth = every["radius_ratio"]
    assert np.allclose(depth.values, np.exp(np.log(0.01) + np.array([0.1, 0.5, 0.9]) * np.log(25.0)), rtol=1e-6)
    for value, curve in zip(depth.values, depth.curves, strict=True):
        assert np.allclose(curve, transit.noise_free(first | {"radius_ratio": value}, 1), atol=1e-6)
    assert every["jitter"].noise_alone
    assert not every["q1"].noise_alone


@pytest.mark.slow
def test_effects_of_a_random_model_share_its_random_numbers():
    rotation = make_explorer("stellar_rotation")
    amplitude = {made.name: made for made in effects(rotation)}["amplitude"]
    above = amplitude.curves - 1.0 - (start(rotation)["mean_1"] - 1.0)
    assert np.allclose(above[2] / amplitude.values[2], above[1] / amplitude.values[1], atol=0.02)


@pytest.mark.slow
def test_another_observing_pattern_is_in_the_address(opened):
    before = figure(opened("explore", simulator="Quasar variability"))
    app = opened("explore", simulator="Quasar variability", observing=explore_view.PATTERNS[1], pattern_number="4")
    assert not app.exception
    assert app.number_input(key="pattern_number").value == 4
    points = make_explorer("quasar_variability", number=4).points
    assert f"{len(points)} points, time from the reference time from −" in words(app)
    assert "points in g, " in words(opened("explore", simulator="RR Lyrae star", observing=explore_view.PATTERNS[1], pattern_number="1"))
    after = figure(app)
    assert after != before
    app.number_input(key="pattern_number").set_value(5).run()
    assert figure(app) != after
    app.selectbox(key="observing").set_value(explore_view.PATTERNS[0]).run()
    assert figure(app) == before


def test_a_shipped_flow_is_for_the_default_pattern_alone(monkeypatch, tmp_path):
    (tmp_path / "pretrained" / "flows" / "transit").mkdir(parents=True)
    monkeypatch.setattr(explore_view, "files", lambda package: tmp_path)
    assert explore_view.can_answer(make_explorer("transit"))
    assert not explore_view.can_answer(make_explorer("transit", number=1))
