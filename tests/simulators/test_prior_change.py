"""Priors in other units and of other kinds."""

import numpy as np
import pytest

from astro_sbi import simulators
from astro_sbi.simulators.prior import Prior, PriorError, parse_distribution
from astro_sbi.simulators.prior_change import of_kind, offered_units, read_prior, rescaled, unit_factor

TEXTS = ("uniform(1,5)", "loguniform(0.5,20)", "normal(3,0.5)", "lognormal(0.7,0.2)", "fixed(2.5)")


@pytest.mark.parametrize("text", TEXTS)
def test_draws_in_another_unit_are_the_same_quantity(text):
    z = np.random.default_rng(1).standard_normal((100, 0 if text.startswith("fixed") else 1))
    hours, days = (Prior((("x", d),)) for d in (parse_distribution(text), rescaled(parse_distribution(text), 1 / 24)))
    assert days.physical(z, {})["x"] == pytest.approx(hours.physical(z, {})["x"] / 24, rel=1e-12)


def test_numbers_come_back_as_they_were():
    texts = [f"uniform(0,{number / 10})" for number in range(1, 200)]
    shown = [str(rescaled(parse_distribution(text), 1 / 365.25, digits=14)) for text in texts]
    assert [str(rescaled(parse_distribution(text), 365.25)) for text in shown] == [str(parse_distribution(text)) for text in texts]


def test_units_are_read_behind_a_prior():
    distribution, unit = read_prior(" normal(0, 2) m / (s yr) ")
    assert (str(distribution), unit) == ("normal(0,2)", "m / (s yr)")
    assert read_prior("uniform(0,1)")[1] == ""
    assert unit_factor("h", "d", "x") == pytest.approx(1 / 24)
    assert unit_factor("%", "", "x") == pytest.approx(0.01)
    with pytest.raises(PriorError, match="is not a prior"):
        read_prior("flat(0,1) h")


@pytest.mark.parametrize(
    ("unit", "own", "says"),
    [("km", "d", "in d or a unit that converts"), ("h", "", "a pure number"), ("dex", "mag", "mag"), ("??", "d", "not understood")],
)
def test_units_of_something_else_are_refused(unit, own, says):
    with pytest.raises(PriorError, match=says):
        unit_factor(unit, own, "x")


def test_bounds_that_name_others_scale_as_a_whole():
    there = rescaled(parse_distribution("uniform(1-0.5*period,2*period)"), 24.0)
    assert str(there) == "uniform(24-12*period,48*period)"
    assert str(rescaled(parse_distribution("lognormal(scale,0.5)"), np.e)) == "lognormal(1+scale,0.5)"


def test_what_is_offered_converts():
    assert offered_units("") == ("",)
    assert set(offered_units("d")) == {"d", "s", "min", "h", "yr"}
    assert offered_units("m / s")[:2] == ("m / s", "km / s")
    own = {parameter.unit for simulator in simulators.simulators() for parameter in simulator.parameters}
    for unit in own:
        offered = offered_units(unit)
        assert offered[0] == unit
        assert all(unit_factor(other, unit, "x") > 0 for other in offered)


@pytest.mark.parametrize("kind", ["uniform", "loguniform", "normal", "lognormal", "fixed"])
@pytest.mark.parametrize("text", [*TEXTS, "uniform(-3,-1)", "normal(0,2)", "fixed(0)"])
def test_another_kind_begins_in_the_same_place(text, kind):
    distribution = parse_distribution(text)
    found = of_kind(distribution, kind)
    assert found is not None
    assert found.kind == kind
    assert parse_distribution(str(found)) == found
    if distribution.first.constant > 0 and kind != "fixed" and distribution.kind != "fixed":
        middle = distribution.physical(np.zeros(1), {})
        assert abs(found.latent(middle, {})[0]) < 1.5


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("uniform(0.1,1+ratio)", "loguniform", "loguniform(0.1,1+ratio)"),
        ("loguniform(0.002*scale,4*scale)", "normal", "normal(2.001*scale,0.9995*scale)"),
        ("normal(0,scale)", "uniform", "uniform(-2*scale,2*scale)"),
        ("normal(middle,scale)", "fixed", "fixed(middle)"),
        ("uniform(0,scale)", "lognormal", None),
    ],
)
def test_named_bounds_are_kept_where_they_can_be(text, kind, found):
    other = of_kind(parse_distribution(text), kind)
    assert (other and str(other)) == found
