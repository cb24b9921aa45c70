"""The card of an ensemble says how good its members are by themselves."""

from types import SimpleNamespace

import jax
import numpy as np
import pytest

from astro_sbi.diagnostics.calibration_sections import sections
from astro_sbi.diagnostics.card import CalibrationCard
from astro_sbi.inference.box import Box
from astro_sbi.inference.estimator import PosteriorEstimator
from astro_sbi.inference.scaling import fit_scaled_values
from astro_sbi.runs.implicit import fresh_card
from tests.inference.small_training import DESIGN, SIGMA, network_of, table

QUIET = {"on_progress": lambda *_: None, "should_stop": lambda: False}


@pytest.fixture(scope="module")
def two() -> PosteriorEstimator:
    """Two untrained members, the second moved."""
    network, parameters = network_of(2)
    moved = jax.tree.map(lambda leaf: leaf.at[1].add(0.5), parameters)
    return PosteriorEstimator.alike(network, moved, fit_scaled_values(table().x, "mlp"), Box.whole(2))


@pytest.mark.slow
def test_members_by_themselves_make_the_mixture(two):
    x, first, second = table().x[:5], *two.alone()
    assert (first.members, second.members) == (1, 1)
    z = np.random.default_rng(1).standard_normal((5, 7, 2))
    apart = np.stack([one.log_prob_many(z, x) for one in (first, second)])
    assert np.abs(apart[0] - apart[1]).max() > 0.1
    assert two.log_prob_many(z, x) == pytest.approx(np.logaddexp(*apart) - np.log(2), abs=1e-4)
    assert second.many_programs is first.many_programs


@pytest.mark.slow
def test_the_card_tells_of_each_member_where_it_is_asked(two):
    def observations(z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return (z @ DESIGN.T + SIGMA * rng.standard_normal((len(z), 3))).astype(np.float32)

    prior = SimpleNamespace(free=("mass", "age"))
    posed = SimpleNamespace(
        dimension=2, prior=prior, observations=observations, signal_to_noise=lambda value: np.linalg.norm(value, axis=1)
    )
    judged = fresh_card(posed, two, 100, apart=True, **QUIET)
    assert len(judged.members) == 2
    assert judged.members[0] != judged.members[1]
    assert CalibrationCard.from_json(judged.to_json()) == judged
    assert fresh_card(posed, two, 100, **QUIET).members == ()
    (told, *_) = sections(judged)
    assert "Members of the ensemble by themselves, worst: " in told.found
    assert f"{100 * judged.members[1]:+.1f}".replace("-", "−") in told.found
