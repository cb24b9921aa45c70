"""What a preparation gives does not depend on the order of the rows."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astro_sbi.observations import preparation as preparations
from astro_sbi.observations.preparation import prepare
from tests.observations import made
from tests.observations.steps.test_channel_preparation import two_bands
from tests.observations.steps.test_find_period import sinusoids
from tests.observations.steps.test_table_preparation import velocities
from tests.observations.tables import observed, shuffled

pytestmark = pytest.mark.slow

SEEDS = st.integers(0, 10_000)
NEVER_SHRINK = settings(max_examples=8, deadline=None)


def same(observation, preparation, seed: int) -> None:
    first, second = (prepare(rows, preparation) for rows in (observation, shuffled(observation, seed)))
    assert first.observation.content_hash == second.observation.content_hash
    assert dict(first.resolved) == dict(second.resolved)
    assert [stage.sentence for stage in first.stages] == [stage.sentence for stage in second.stages]


@settings(max_examples=3, deadline=None)
@given(seed=SEEDS)
def test_transit(seed):
    same(two_bands(), preparations.light_curve_preparation().with_changes({"period": "4.3217"}), seed)


@NEVER_SHRINK
@given(seed=SEEDS, harmonics=st.sampled_from(["1", "3"]), bins=st.sampled_from(["0", "12"]))
def test_variable_star(seed, harmonics, bins):
    changes = {"harmonics": harmonics, "phase_bins": bins, "min_period": "0.4"}
    same(sinusoids(size=80), preparations.phased_preparation().with_changes(changes), seed)


@NEVER_SHRINK
@given(seed=SEEDS, width=st.floats(0.01, 3))
def test_bins_in_time(seed, width):
    preparation = preparations.Preparation((preparations.Cut(leave_out="5010-5020"), preparations.BinInTime(width)))
    same(sinusoids(size=80), preparation, seed)


@given(seed=SEEDS, nights=st.sampled_from(["keep", "average"]), offsets=st.sampled_from(["keep", "subtract"]))
def test_velocities(seed, nights, offsets):
    changes = {"nights": nights, "offsets": offsets, "outliers": "3", "outlier_centre": "running"}
    same(velocities()[0], preparations.velocities_preparation().with_changes(changes), seed)


@given(seed=SEEDS, times=st.lists(st.integers(0, 6), min_size=2, max_size=12))
def test_rows_with_the_same_time(seed, times):
    rng = np.random.default_rng(3)
    second = rng.random(len(times)) < 0.5
    observation = observed("velocities", np.array(times, float), rng.normal(size=len(times)).round(), 1.0, {"a": ~second, "b": second})
    same(observation, preparations.velocities_preparation().with_changes({"nights": "average", "offsets": "subtract"}), seed)


@NEVER_SHRINK
@given(seed=SEEDS, line_search=st.sampled_from(["auto", "template"]), fit=st.sampled_from(["running median", "spline"]))
def test_spectrum(seed, line_search, fit):
    wavelength = 10 ** np.arange(3.6, 3.95, 1e-4)
    flux = made.galaxy(wavelength, 0.1) + 0.5 * np.random.default_rng(1).normal(size=len(wavelength))
    changes = {"line_search": line_search, "atmosphere": "both", "continuum": "divide", "continuum_fit": fit, "pixel_velocity": "200"}
    same(made.spectrum(wavelength, flux, 0.5), preparations.whole_spectrum_preparation().with_changes(changes), seed)
    same(made.spectrum(wavelength, flux, 0.5), preparations.spectrum_preparation(), seed)


@pytest.mark.parametrize("name", [name for name in preparations.__all__ if name.endswith("_preparation")])
def test_settings_can_be_told_apart_and_rendered(name):
    preparation = getattr(preparations, name)()
    known = [setting.name for setting in preparation.settings]
    assert len(set(known)) == len(known)
    for setting in preparation.settings:
        assert setting.meaning
        assert setting.text + bool(setting.choices) + isinstance(setting.value, int | float) + (setting.value is None) == 1
        assert preparation.with_changes({setting.name: "auto" if setting.value is None else str(setting.value)}) == preparation
    for step in preparation.steps:
        assert dataclasses.is_dataclass(step)
        assert step.kinds
        assert step.title
