"""Which simulations each step sees, and how held-out losses move the learning rate."""

from dataclasses import replace

import numpy as np
import pytest

from astro_sbi.inference.schedule import Split, Watch
from astro_sbi.inference.settings import TrainingSettings
from tests.inference.small_training import TRAINING


def split(count=1000, members=3, seed=5, **changes) -> Split:
    return Split(count, members, replace(TRAINING, **changes), seed)


def test_held_out_simulations_are_never_trained_on_and_differ_by_member():
    one = split()
    seen = np.concatenate([one.chunk(number) for number in range(12)], axis=1)
    for member in range(3):
        assert not set(one.held_out[member]) & set(seen[member].ravel())
    assert one.held_out.shape == (3, 64)
    assert len(set(one.held_out.ravel())) == 3 * 64


def test_every_training_simulation_is_seen_once_in_an_epoch():
    one = split(count=64 + 32 * 15, chunk=15)
    first, second = one.chunk(0), one.chunk(1)
    assert one.steps_per_epoch == 15
    for member in range(3):
        for epoch in (first, second):
            assert sorted([*epoch[member].ravel(), *one.held_out[member]]) == list(range(64 + 32 * 15))
        assert not np.array_equal(first[member], second[member])


def test_a_chunk_is_a_function_of_seed_and_number_alone():
    one, other = split(), split()
    later = [one.chunk(number) for number in range(9)][-1]
    assert np.array_equal(other.chunk(8), later)
    assert np.array_equal(one.chunk(2), other.chunk(2))
    assert not np.array_equal(split(seed=6).chunk(2), one.chunk(2))


def test_few_simulations_keep_the_shapes():
    few = split(count=150)
    assert few.held_out_size == 150 // 8
    assert few.held_out.shape == (3, 64)
    assert few.chunk(0).shape == (3, 5, 32)
    assert not set(few.held_out[0]) & set(few.chunk(0)[0].ravel())


def test_cosine_rate_rises_falls_and_stops_when_nobody_gains():
    settings = TrainingSettings(chunk=10, rate=1.0, warmup=0.1, patience=3)
    watch = Watch.start(settings, 200, 2)
    rates = np.concatenate([watch.rates(chunk) for chunk in range(20)], axis=1)
    assert rates.shape == (2, 200)
    assert np.argmax(rates[0]) == pytest.approx(20, abs=1)
    assert rates.max() == pytest.approx(1.0, abs=0.01)
    assert rates[0, 0] < 0.05
    assert rates[0, -1] < 1e-3
    watch.better(np.array([1.0, 1.0]))
    for _ in range(2):
        watch.better(np.array([2.0, 2.0]))
    watch.better(np.array([2.0, 0.5]))
    assert not watch.finished, "one member still gains"
    for _ in range(3):
        watch.better(np.array([2.0, 2.0]))
    assert watch.finished
    assert not watch.stuck().any()


def test_plateau_rate_falls_for_the_stuck_member_alone():
    settings = TrainingSettings(chunk=10, rate=1.0, warmup=0.0, patience=2, schedule="plateau", drops=1, least_gain=0.1)
    watch = Watch.start(settings, 1000, 2)
    gains = iter(np.arange(20.0, 0.0, -1.0))
    assert watch.better(np.array([3.0, next(gains)])).all()
    assert watch.better(np.array([2.95, next(gains)])).tolist() == [True, True], "a small gain is kept"
    assert not watch.stuck().any()
    watch.better(np.array([3.0, next(gains)]))
    assert watch.stuck().tolist() == [True, False], "but it does not count as progress"
    assert np.allclose(watch.rates(5)[:, 0], [0.3, 1.0])
    for _ in range(2):
        watch.better(np.array([3.0, next(gains)]))
    assert watch.stuck().tolist() == [True, False]
    assert np.allclose(watch.rates(5)[:, 0], [0.0, 1.0])
    assert not watch.finished
    for _ in range(2):
        for _ in range(2):
            watch.better(np.array([9.0, 99.0]))
        watch.stuck()
    assert watch.finished


def test_a_loss_that_is_not_a_number_is_never_better():
    watch = Watch.start(TRAINING, 100, 2)
    assert watch.better(np.array([np.nan, 1.0])).tolist() == [False, True]
    assert watch.best.tolist() == [np.inf, 1.0]
