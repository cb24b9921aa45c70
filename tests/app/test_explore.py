"""Moving a simulator's parameters."""

import json
from typing import ClassVar

import numpy as np
import pytest

from astro_sbi import simulators
from astro_sbi.ui import cached, explore_view
from astro_sbi.ui.simulated import grid, make_explorer, outside_prior, ranges, start
from tests.app.conftest import words


@pytest.fixture(scope="module")
def transit():
    return make_explorer("transit")


def figure(app) -> dict:
    return json.loads(app.get("plotly_chart")[0].proto.spec)


def test_address_sets_the_sliders(opened):
    app = opened("explore", radius_ratio="0.0492", noise_seed="7")
    assert not app.exception
    assert app.number_input(key="noise_seed").value == 7
    assert len(app.select_slider) == len(simulators.simulator("transit").parameters)


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


def test_figure_follows_seed_and_prior_draws(opened):
    app = opened("explore")
    before = figure(app)
    app.number_input(key="noise_seed").set_value(2).run()
    assert figure(app) != before
    app.number_input(key="prior_curves").set_value(5).run()
    assert any("prior" in trace.get("name", "") for trace in figure(app)["data"])


def test_parameters_outside_the_prior_are_named(opened):
    farthest = max(opened("explore").select_slider(key="impact_parameter").options, key=float)
    app = opened("explore", impact_parameter=farthest)
    assert "Outside the prior" in words(app)


def test_sliders_cover_the_prior_and_start_inside(transit):
    for name, (low, first, high) in ranges(transit).items():
        assert low <= first <= high, name
        stops = grid(low, first, high, logarithmic=False)
        assert stops == sorted(set(stops))
        assert min(stops, key=lambda stop: abs(stop - first)) == pytest.approx(first, rel=0.02, abs=1e-6)


def test_start_shows_a_signal():
    for name in simulators.simulator_names():
        explorer = make_explorer(name)
        values = explorer.noise_free(start(explorer), 1)
        assert np.std(values) > 0.2 * np.median(explorer.noise(start(explorer))), name


def test_same_seed_same_noise(transit):
    theta = start(transit)
    assert np.array_equal(transit.noisy(theta, 3), transit.noisy(theta, 3))
    assert not np.array_equal(transit.noisy(theta, 3), transit.noisy(theta, 4))
    assert not outside_prior(transit, theta)


def test_choices_of_the_model_are_in_the_address(opened):
    app = opened("explore", simulator="Supernova cosmology", model_dark_energy="w0wa")
    assert not app.exception
    assert {"w0", "wa"} <= {slider.key for slider in app.select_slider}
    assert (
        opened("explore", simulator="Supernova cosmology", model_dark_energy="banana").selectbox(key="model_dark_energy").value == "lambda"
    )


def test_a_random_model_shows_the_draw_under_the_noise(opened):
    rotation = make_explorer("stellar_rotation")
    theta = start(rotation)
    left = rotation.noisy(theta, 5) - rotation.noise_free(theta, 5)
    assert np.std(left / rotation.noise(theta)) == pytest.approx(1, abs=0.15)
    assert not np.allclose(rotation.noise_free(theta, 5), rotation.noise_free(theta, 6))
    assert "one draw of it" in words(opened("explore", simulator="Stellar rotation"))


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


def test_shipped_flow_answers_when_asked(opened, monkeypatch):
    monkeypatch.setattr(explore_view, "can_answer", lambda explorer: True)
    monkeypatch.setattr(cached, "shipped_flow", lambda name: FlowOfNumbers())
    app = opened("explore")
    assert len(app.get("plotly_chart")) == 1
    app.toggle(key="answer").set_value(True).run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 2
    assert "34 %" in words(app)
