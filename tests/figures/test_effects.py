"""What each parameter does, in small figures."""

from dataclasses import replace

import numpy as np
import pytest

from astro_sbi.figures.effects import Effect, effect
from astro_sbi.figures.theme import CYCLE, NEUTRAL

X = np.linspace(0.0, 10.0, 40)
ONE = np.zeros(40, np.int32)


def bump(values=(1.0, 2.0, 4.0), **changes) -> Effect:
    """A bump whose height is the parameter."""
    heights = np.array(values)
    curves = heights[:, None] * np.exp(-((X - 5.0) ** 2))
    made = Effect("peak_height", heights, X, curves, np.full((3, 40), 0.1), curves[1] + 0.1, ONE)
    return replace(made, **changes)


def curves_of(figure) -> list:
    return [trace for trace in figure.data if trace.mode != "markers" or trace.name != "data"]


def test_three_curves_stand_over_the_points_the_darkest_at_the_highest_value():
    figure = effect(bump())
    behind, *curves = figure.data
    assert behind.mode == "markers"
    assert np.allclose(behind.y, bump().data)
    assert [trace.name for trace in curves] == ["1", "2", "4"]
    assert np.allclose(curves[2].y, bump().curves[2], atol=1e-6)
    assert curves[2].line.color == NEUTRAL.posterior.lower()
    light = [sum(int(trace.line.color[start : start + 2], 16) for start in (1, 3, 5)) for trace in curves]
    assert light == sorted(light, reverse=True)
    low, high = figure.layout.yaxis.range
    assert low < 0 < 4 < high
    assert figure.layout.meta["alt"] == "The model at peak height 1, 2 and 4."


@pytest.mark.parametrize(
    ("values", "printed"),
    [
        ((0.9987, 1.0, 1.0013), ["0.9987", "1", "1.0013"]),
        ((2e-5, 3.16e-4, 5.01e-3), ["2×10<sup>−5</sup>", "0.00032", "0.005"]),
        ((-260.1, 0.0, 260.1), ["−260", "0", "260"]),
        ((7000.0, 15000.0, 23000.0), ["7000", "15000", "23000"]),
    ],
)
def test_values_have_as_few_digits_as_tell_them_apart(values, printed):
    assert [trace.name for trace in curves_of(effect(bump(values)))] == printed


def test_a_parameter_of_the_noise_shows_its_edges():
    sigma = np.array([0.1, 0.2, 0.8])[:, None] * np.ones(40)
    made = bump(curves=np.stack([bump().curves[1]] * 3), sigma=sigma)
    assert made.noise_alone
    assert not bump().noise_alone
    top = curves_of(effect(made))[2]
    assert np.nanmax(top.y) == pytest.approx(np.max(made.curves) + 0.8, abs=1e-5)
    assert np.nanmin(top.y) == pytest.approx(np.min(made.curves) - 0.8, abs=1e-5)
    assert np.isnan(top.y).sum() == 1
    assert "noise about the model" in effect(made).layout.meta["alt"]


def test_a_few_channels_stand_beside_each_other_and_of_many_the_one_that_changes_most():
    two = (np.arange(40) % 2).astype(np.int32)
    figure = effect(bump(channel=two, channels=("g", "r")))
    high = [trace.line.color for trace in curves_of(figure)[-2:]]
    assert high == [colour.lower() for colour in CYCLE[:2]]
    assert [trace.name for trace in curves_of(figure) if trace.showlegend] == ["1", "2", "4"]
    five = (np.arange(40) // 8).astype(np.int32)
    alone = effect(bump(channel=five, channels=tuple("ugriz")))
    assert {len(trace.x) for trace in alone.data} == {8}
    assert alone.data[0].x[0] == pytest.approx(X[16])


def test_of_a_spectrum_the_window_that_changes_most_is_shown():
    windows = np.repeat(np.arange(2, dtype=np.int32), 20)
    figure = effect(bump(channel=windows, kind="spectrum", places=X + 100 * windows, curves=bump().curves * (X > 7)))
    assert min(trace.x.min() for trace in figure.data) > 100


def test_a_wrong_period_is_dashes_and_a_phase_is_not_broken():
    phase = np.sort(np.concatenate([np.linspace(-0.5, -0.3, 20), np.linspace(0.3, 0.5, 20)]))
    order = np.random.default_rng(1).permutation(40)
    curves = np.sin(2 * np.pi * np.stack([phase[order], phase, phase]))
    figure = effect(bump(places=phase, curves=curves, folded=True))
    smeared, right, _ = curves_of(figure)
    assert smeared.mode == "markers"
    assert right.mode == "lines"
    assert not np.isnan(right.y).any()
    assert tuple(figure.layout.xaxis.range) == (-0.52, 0.52)


def test_distances_are_shown_less_those_of_the_middle_value():
    redshift = np.geomspace(0.01, 1.5, 40)
    figure = effect(bump(kind="hubble_diagram", places=redshift))
    assert np.allclose(curves_of(figure)[1].y, 0.0)
    assert np.allclose(figure.data[0].y, 0.1, atol=1e-6)
    assert figure.layout.xaxis.type == "log"


def test_bands_stand_on_logarithmic_axes():
    bands = np.arange(5, dtype=np.int32)
    places, curves = np.geomspace(3e3, 3e4, 5), np.array([1.0, 2.0, 4.0])[:, None] * np.geomspace(1e-6, 10, 5)
    sigma = np.full((3, 5), 0.1)
    figure = effect(Effect("flux", np.array([1.0, 2.0, 4.0]), places, curves, sigma, curves[1], bands, tuple("ugriz"), kind="photometry"))
    assert figure.layout.yaxis.type == "log"
    assert figure.layout.yaxis.range[0] > -2
    assert all(trace.mode == "lines+markers" for trace in figure.data[1:])
    assert all(len(trace.x) == 5 for trace in figure.data)
