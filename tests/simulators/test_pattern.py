"""An observing pattern as a simulator sees it, and priors against the range it is made for."""

from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u

from astro_sbi.observations.observation import ObservationError
from astro_sbi.simulators import simulator
from astro_sbi.simulators.base import known_values, pattern_of, scalar_known
from astro_sbi.simulators.prior import PriorError, parse_distribution
from astro_sbi.simulators.prior_checks import check_prior, priors_from_data


def test_padding_repeats_the_last_point_unused():
    transit = simulator("transit")
    points = transit.default_points()
    pattern = pattern_of(transit, points)
    assert len(pattern.used) == 192
    assert pattern.used.sum() == len(points) == 150
    assert np.all(pattern.coordinate[150:] == pattern.coordinate[149])
    assert pattern.known["count"].shape == (192,)
    assert pattern.coordinate.dtype == pattern.sigma.dtype == np.float32


def test_known_quantities_are_converted_defaulted_and_asked_for():
    transit = simulator("transit")
    points = transit.default_points()
    known = {"period": 48 * u.h, "epoch": points.known["epoch"]}
    values = known_values(transit, replace(points, known=known))
    assert values["period"] == pytest.approx(2.0)
    assert values["dilution"] == 1.0
    with pytest.raises(ObservationError, match=r"needs period \[d\]"):
        known_values(transit, replace(points, known={"epoch": points.known["epoch"]}))
    with pytest.raises(ObservationError, match="does not convert to d"):
        known_values(transit, replace(points, known={**known, "period": 2 * u.m}))


def test_priors_made_from_the_data_are_told_apart():
    transit, galaxy = simulator("transit"), simulator("galaxy_lines")
    assert priors_from_data(transit, transit.prior) == ("epoch_offset",)
    assert "flux_h_alpha" in priors_from_data(galaxy, galaxy.prior)
    changed = transit.prior.replace({"epoch_offset": parse_distribution("uniform(-0.05,0.05)")})
    assert priors_from_data(transit, changed) == ()


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("radius_ratio", "uniform(-0.1,0.2)", "radius_ratio must lie between 0 and 0.5"),
        ("radius_ratio", "normal(0.1,0.05)", "narrow it"),
        ("radius_ratio", "uniform(0.1,2)", "between 0 and 0.5"),
        ("q1", "uniform(0,2)", "between 0 and 1"),
        ("duration", "loguniform(baseline,1)", "not drawn before it"),
        ("duration", "loguniform(0.1,flux)", "depends on flux"),
        ("jitter", "loguniform(1e-5-radius_ratio,1)", "not finite"),
    ],
)
def test_priors_beyond_the_formulas_are_refused(name, text, says):
    transit = simulator("transit")
    known = scalar_known(known_values(transit, transit.default_points()))
    with pytest.raises(PriorError, match=says):
        check_prior(transit, transit.prior.replace({name: parse_distribution(text)}), known)


def test_usual_changes_of_a_prior_are_accepted():
    transit = simulator("transit")
    known = scalar_known(known_values(transit, transit.default_points()))
    changes = {"radius_ratio": "uniform(0.05,0.12)", "impact_parameter": "fixed(0.5)", "duration": "normal(0.16,0.01)"}
    check_prior(transit, transit.prior.replace({name: parse_distribution(text) for name, text in changes.items()}), known)
