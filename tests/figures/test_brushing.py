"""What travels to the browser says what the arrays say, and is small."""

import base64
import json

import numpy as np
import pytest

from astro_sbi.figures.brushing import brushing, can_be_brushed
from astro_sbi.figures.labels import Label, Piece, pieces
from astro_sbi.figures.light_curve import Units
from astro_sbi.figures.series import Shown, along, at_phase, printed_units
from astro_sbi.figures.ticks import numbered
from tests.figures.made import ALL, bands, velocities, whole_spectrum

LABELS = {
    "slope": Label("<i>a</i><sub>1</sub>", "km / s"),
    "epoch": Label("t<sub>0</sub>", "d"),
    "fixed": Label("f"),
    "missing": Label("m"),
}
DRAWS = 1500


def with_curves(made, kept=200):
    """Curves whose height is the parameter `slope`, at no more than so many points."""
    rng, arrays = np.random.default_rng(2), dict(made.arrays)
    slope, size = rng.normal(3, 0.1, 2000), len(arrays["observed/coordinate"])
    point = np.linspace(0, size - 1, min(kept, size)).round().astype(np.int32)
    draw = rng.integers(0, 2000, DRAWS).astype(np.int32)
    curves = arrays["model/median"][point] + 0.1 * slope[draw, None]
    arrays |= {"posterior/slope": slope, "posterior/epoch": 2454954.3 + 1e-4 * rng.normal(size=2000), "posterior/fixed": np.ones(2000)}
    return arrays | {"curves/draw": draw, "curves/point": point, "curves/value": curves.astype(np.float32)}


def packed(made, kept=200):
    arrays, shown = with_curves(made, kept), Shown(made.kind, made.channels)
    return arrays, brushing(arrays, LABELS, shown, along(arrays, made.axes, shown), printed_units(arrays, made.axes))


def rows_of(sent):
    """The numbers as the browser decodes them."""
    steps = np.frombuffer(base64.b64decode(sent["rows"]), "<u2").reshape(len(sent["ends"]), sent["draws"])
    low, high = np.array(sent["ends"]).T[:, :, None]
    return low + (high - low) * steps / 65535


@pytest.mark.parametrize("name", ALL)
def test_numbers_arrive_as_they_were(name):
    made = ALL[name]()
    arrays, sent = packed(made)
    assert [parameter["name"] for parameter in sent["parameters"]] == ["slope", "epoch"]
    rows, draw, units = rows_of(sent), arrays["curves/draw"], printed_units(arrays, made.axes)
    np.testing.assert_allclose(rows[0], arrays["posterior/slope"][draw], atol=1e-4)
    epoch = sent["parameters"][1]
    np.testing.assert_allclose(epoch["offset"] + epoch["size"] * rows[1], arrays["posterior/epoch"][draw], rtol=0, atol=1e-7)
    printed = units.printed(arrays["curves/value"]).T
    assert np.abs(rows[2:] - printed).max() < 1e-4 * np.ptp(printed, axis=1).min()
    json.dumps(sent, allow_nan=False)


def test_it_is_small_at_two_hundred_points():
    size = len(json.dumps(packed(whole_spectrum())[1]))
    print(f"1,500 draws of 2 parameters and 200 points: {size / 1e6:.2f} MB")
    assert size < 1e6


@pytest.mark.parametrize("name", ALL)
def test_points_stand_on_the_axis_and_every_one_is_joined_once(name):
    observed = packed(ALL[name]())[1]["observed"]
    across, size = np.array(observed["across"]), len(observed["value"])
    assert across.min() >= -0.01
    assert across.max() <= 1.01
    assert sorted(m for part in observed["lines"] for m in part) == list(range(size))
    for part in observed["lines"]:
        assert np.all(np.diff(across[part]) >= 0)
    assert len([share for share, _ in observed["x_ticks"] if 0 <= share <= 1]) >= 2


def test_bands_of_a_galaxy_are_one_line_and_instruments_are_two_colours():
    assert len(packed(bands())[1]["observed"]["lines"]) == 1
    made = velocities()
    arrays = with_curves(made)
    folded = brushing(arrays, LABELS, Shown(made.kind, made.channels), at_phase(arrays, made.axes, 4.23), printed_units(arrays, made.axes))
    assert len(folded["observed"]["lines"]) == 2
    assert len(set(folded["observed"]["colour"])) == 2
    assert "phase" in "".join(piece.text for piece in folded["observed"]["x_axis"])


def test_windows_of_a_spectrum_stand_side_by_side():
    made = whole_spectrum(400)
    keep = np.flatnonzero((made.arrays["observed/coordinate"] < 4200) | (made.arrays["observed/coordinate"] > 8800))
    arrays = {name: value[..., keep] for name, value in made.arrays.items()}
    _, sent = packed(made._replace(arrays=arrays))
    across = np.sort(sent["observed"]["across"])
    assert np.diff(across).max() < 0.08
    assert len(sent["observed"]["cuts"]) == 1


def test_a_magnitude_axis_is_upside_down():
    made = velocities()
    arrays = with_curves(made)
    units = Units(1.0, 0.0, 1.0, "", "magnitude [mag]", "mag")
    low, high = brushing(arrays, LABELS, Shown(made.kind), along(arrays, made.axes, Shown(made.kind)), units)["observed"]["value_range"]
    assert low > high


def test_results_without_curves_are_told_apart():
    assert not can_be_brushed(velocities().arrays)
    assert can_be_brushed(with_curves(velocities()))


def test_pieces_of_symbols():
    assert pieces("<i>A<sub>V</sub></i> [10<sup>−6</sup> d]") == [
        Piece("A", 0, True),
        Piece("V", -1, True),
        Piece(" [10", 0, False),
        Piece("−6", 1, False),
        Piece(" d]", 0, False),
    ]
    assert pieces("&lt;script&gt; a &amp; b") == [Piece("<script> a & b", 0, False)]


@pytest.mark.parametrize(("low", "high"), [(0.1264, 0.1337), (-3.1, 2.9), (0.0, 1e-9), (1e5, 3e5)])
def test_at_least_two_numbers_at_an_axis(low, high):
    found = numbered(low, high, 4)
    assert 2 <= len(found) <= 9
    assert all(low - 1e-12 <= place <= high + 1e-12 for place, _ in found)
    assert len({text for _, text in found}) == len(found)
