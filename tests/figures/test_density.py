"""Contours hold the mass they say, also at walls, between modes and along curved ridges."""

import numpy as np
import pytest

from astro_sbi.figures.density import MASSES, effective_size, joint, line, marginal, polygons

WALL = (0.0, None)
OPEN = (None, None)


def gaussian(rng, n):
    return rng.normal(size=n), rng.normal(size=n)


def correlated(rng, n):
    x = rng.normal(size=n)
    return x, 0.98 * x + 0.2 * rng.normal(size=n)


def banana(rng, n):
    x = rng.normal(size=n)
    return x, x**2 + 0.15 * rng.normal(size=n)


def two_modes(rng, n):
    second = rng.random(n) < 0.4
    return 50.0 * second + rng.normal(size=n), 80.0 * second + rng.normal(size=n)


def half_normal(rng, n):
    return np.abs(rng.normal(size=n)), rng.normal(size=n)


def corner_of_walls(rng, n):
    return rng.exponential(size=n), np.abs(rng.normal(size=n))


CASES = {
    "gaussian": (gaussian, OPEN, OPEN),
    "correlated": (correlated, OPEN, OPEN),
    "banana": (banana, OPEN, OPEN),
    "two modes": (two_modes, OPEN, OPEN),
    "half normal": (half_normal, WALL, OPEN),
    "corner of walls": (corner_of_walls, WALL, WALL),
}


def inside(outline, x, y):
    """Even-odd rule over all pieces of an outline."""
    px, py = outline
    edges = np.isfinite(px[:-1]) & np.isfinite(px[1:])
    x0, y0, x1, y1 = px[:-1][edges], py[:-1][edges], px[1:][edges], py[1:][edges]
    odd = np.zeros(len(x), dtype=bool)
    for ax, ay, bx, by in zip(x0, y0, x1, y1, strict=True):
        crosses = (ay > y) != (by > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            odd ^= crosses & (x < ax + (y - ay) / (by - ay) * (bx - ax))
    return odd


@pytest.mark.parametrize("size", [2_000, 40_000])
@pytest.mark.parametrize("name", CASES)
def test_contours_hold_their_mass(name, size):
    draw, x_walls, y_walls = CASES[name]
    rng = np.random.default_rng(3)
    x, y = draw(rng, size)
    outlines = polygons(joint(marginal(x, None, *x_walls), marginal(y, None, *y_walls)))
    fresh = draw(rng, 20_000)
    for outline, mass in zip(outlines, MASSES, strict=True):
        assert inside(outline, *fresh).mean() == pytest.approx(mass, abs=0.025 if size < 10_000 else 0.015)


def test_weights_move_the_contours():
    rng = np.random.default_rng(4)
    x, y = 1.3 * rng.normal(size=60_000), 1.3 * rng.normal(size=60_000)
    weight = np.exp(-0.5 * ((x - 0.5) ** 2 + y**2) + 0.5 * (x**2 + y**2) / 1.69)
    outlines = polygons(joint(marginal(x, weight), marginal(y, weight)))
    target = rng.normal(0.5, 1.0, 20_000), rng.normal(size=20_000)
    for outline, mass in zip(outlines, MASSES, strict=True):
        assert inside(outline, *target).mean() == pytest.approx(mass, abs=0.02)


def test_gaussian_contour_has_its_radius():
    rng = np.random.default_rng(5)
    outlines = polygons(joint(*(marginal(values, None) for values in gaussian(rng, 50_000))))
    for (x, y), mass in zip(outlines, MASSES, strict=True):
        assert np.median(np.hypot(x, y)) == pytest.approx(np.sqrt(-2 * np.log(1 - mass)), rel=0.03)


def test_half_normal_keeps_its_peak_at_the_wall():
    rng = np.random.default_rng(6)
    x, y = half_normal(rng, 50_000)
    at_wall, free = marginal(x, None, 0.0), marginal(y, None)
    places, height = line(at_wall)
    assert places[0] == 0.0
    assert height[0] > 0.97
    assert np.interp(1.0, places, height) == pytest.approx(np.exp(-0.5), abs=0.03)
    for outline, _ in polygons(joint(at_wall, free)):
        assert np.nanmin(outline) == pytest.approx(0.0, abs=1e-3)


def test_without_a_wall_the_density_goes_to_zero_at_both_ends():
    places, height = line(marginal(np.random.default_rng(7).normal(size=20_000), None))
    assert height[0] < 0.01
    assert height[-1] < 0.01
    assert np.all(np.diff(places) > 0)


@pytest.mark.parametrize("distance", [20.0, 60.0])
def test_separated_modes_keep_their_widths(distance):
    rng = np.random.default_rng(8)
    x = rng.normal(size=30_000) + distance * (rng.random(30_000) < 0.5)
    draws = marginal(x, None)
    assert draws.spread == pytest.approx(1.0, rel=0.15)
    places, height = line(draws)
    mode = places < distance / 2
    half = np.interp([-1.1774, 1.1774], places[mode], height[mode] / height[mode].max())
    assert half == pytest.approx([0.5, 0.5], abs=0.08)


@pytest.mark.parametrize("size", [500, 2_000, 50_000])
def test_a_flat_density_is_one_mode_with_no_ripples(size):
    draws = marginal(np.random.default_rng(12).random(size), None, 0.0, 1.0)
    assert draws.spread == pytest.approx(1 / 12**0.5, rel=0.1)
    places, height = line(draws)
    inner = height[(places > 0.1) & (places < 0.9)]
    assert np.ptp(inner) < 0.35
    assert (np.diff(np.sign(np.diff(inner))) < 0).sum() <= 4


def test_modes_four_widths_apart_are_two():
    rng = np.random.default_rng(13)
    draws = marginal(rng.normal(size=30_000) + 4.5 * (rng.random(30_000) < 0.5), None)
    assert draws.spread == pytest.approx(1.0, rel=0.25)
    places, height = line(draws)
    assert np.interp(2.25, places, height) < 0.25


def test_contours_of_separated_modes_do_not_join():
    rng = np.random.default_rng(9)
    x, y = two_modes(rng, 30_000)
    (narrow, _), (wide, _) = polygons(joint(marginal(x, None), marginal(y, None)))
    for outline in (narrow, wide):
        finite = outline[np.isfinite(outline)]
        assert not ((finite > 8) & (finite < 42)).any()


@pytest.mark.parametrize("size", [1_000, 50_000])
def test_walls_are_found_where_draws_stop_all_at_once(size):
    rng = np.random.default_rng(11)
    values = np.abs(rng.normal(size=size))
    low, high = marginal(90 - values, None).walls
    assert low is None
    assert high == pytest.approx(90.0, abs=0.01)
    for fading in (rng.normal(size=size), rng.standard_t(3, size=size), rng.normal(size=size) + 40 * (rng.random(size) < 0.3)):
        assert marginal(fading, None).walls == (None, None)


def test_effective_size_is_kish():
    assert effective_size(np.ones(100)) == pytest.approx(100)
    assert effective_size(np.array([1.0, 0, 0])) == pytest.approx(1)


@pytest.mark.parametrize("values", [np.full(100, 2.2), np.full(50, np.nan), np.array([1.0])])
def test_nothing_to_draw_is_none(values):
    assert marginal(values, None) is None


def test_not_finite_draws_and_few_effective_draws_are_survived():
    rng = np.random.default_rng(10)
    x = rng.normal(size=500)
    x[::7] = np.nan
    weight = np.exp(8 * rng.normal(size=500))
    draws = marginal(x, weight)
    assert draws is not None
    outlines = polygons(joint(draws, marginal(rng.normal(size=500), weight)))
    assert all(np.isfinite(outline[0][0]) for outline in outlines)
