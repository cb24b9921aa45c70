"""Densities of priors, and what they predict for an observation's points."""

import numpy as np
import pytest
from scipy import integrate

from astro_sbi import simulators
from astro_sbi.observations.observation import Axis, Observation, Origin
from astro_sbi.simulators.prior import Prior, PriorError
from astro_sbi.ui.prior_predictive import Predictor, make_predictor, predicted_bands, prior_curves, share_inside


def predictor(name: str) -> Predictor:
    simulator = simulators.simulator(name)
    points = simulator.default_points()
    origin = Origin("made", "0", "made")
    made = Observation(simulator.kind, "made", points, np.zeros(len(points)), Axis("x", ""), Axis("y", ""), simulator.channels, origin)
    return make_predictor(name, {}, made)


def changed(prior: Prior, **changes: str) -> Prior:
    return prior.replace(dict(Prior.of(**changes).distributions))


def test_densities_are_normalised_and_end_where_the_prior_does():
    transit = predictor("transit")
    default = transit.simulator.prior
    yours = changed(default, radius_ratio="uniform(0.05,0.1)", duration="fixed(0.12)")
    ratio = prior_curves(transit, "radius_ratio", yours, default)
    assert ratio.log
    assert isinstance(ratio.yours, np.ndarray)
    assert integrate.trapezoid(ratio.yours, np.log(ratio.places)) == pytest.approx(1.0, abs=1e-3)
    assert not ratio.yours[(ratio.places < 0.0499) | (ratio.places > 0.1001)].any()
    impact = prior_curves(transit, "impact_parameter", default, default)
    assert impact.default is not None
    assert integrate.trapezoid(impact.default, impact.places) == pytest.approx(1.0, abs=0.01)
    jitter = prior_curves(transit, "jitter", default, default)
    assert jitter.default is not None
    inside = (jitter.places > 1.0001e-5) & (jitter.places < 0.9999e-2)
    assert np.ptp(jitter.default[inside]) == pytest.approx(0.0, abs=1e-9)
    assert prior_curves(transit, "duration", yours, default).yours == 0.12


@pytest.mark.slow
def test_a_prior_predicts_what_it_makes():
    velocities = predictor("radial_velocity")
    default = velocities.simulator.prior
    wide, narrow = predicted_bands(velocities, default), predicted_bands(velocities, changed(default, semi_amplitude="fixed(0)"))
    width = [np.mean(bands["predictive/high95"] - bands["predictive/low95"]) for bands in (wide, narrow)]
    assert width[1] < 0.9 * width[0]
    assert narrow["scatter"][1] < wide["scatter"][1]
    assert np.mean(narrow["predictive/high95"]) > np.mean(narrow["model/high95"])
    assert share_inside(wide, wide["model/median"]) == 1.0
    assert share_inside(wide, wide["predictive/high95"] + 1) == 0.0
    again = predicted_bands(velocities, default)
    assert all(np.array_equal(wide[name], again[name]) for name in wide)
    with pytest.raises(PriorError, match="semi_amplitude must lie"):
        predicted_bands(velocities, changed(default, semi_amplitude="normal(0,1)"))
