"""Recipes compete side by side: the best wins, all are told of as one, and one failure ends all."""

import time

import numpy as np
import pytest

from astro_sbi.inference import cores
from astro_sbi.inference.npe import NPESettings, simulate_all, train_npe
from astro_sbi.inference.posterior import Cancelled, InferenceError
from astro_sbi.inference.recipes import FRUGAL, GENEROUS, Fitted, Recipe, Trainers, best_of
from astro_sbi.inference.settings import NetworkSettings, TrainingSettings
from astro_sbi.inference.training import Trained
from astro_sbi.simulators.prior import Prior

SMALL = NetworkSettings(flow="affine_coupling", conditioner="mlp", layers=2, width=16, embedding="mlp", embedding_width=16, context=4)
COMPETING = (Recipe(SMALL, 0.0), Recipe(SMALL, 0.1), Recipe(SMALL, 0.2))


@pytest.fixture(params=[1, 2], ids=["one core", "two cores"])
def two_or_one(request, monkeypatch):
    monkeypatch.setattr(cores, "cores", lambda: request.param)
    return request.param


def fake(members, loss):
    trained = Trained({"w": np.full((members, 1), loss, np.float32)}, np.full(members, loss), np.zeros((2, 1)), 1.0, 0.0)
    return Fitted(None, None, trained)


def test_the_best_recipe_gives_the_ensemble_and_progress_ends_at_the_end(two_or_one):
    told, running, together = [], set(), []

    def trained(recipe, members, number, trainings):
        running.add(number)
        time.sleep(0.02)
        together.append(len(running))
        trainings.on_step(number, 5, 10, (0.0, 0.0))
        running.discard(number)
        return fake(members, {0.0: 3.0, 0.1: 1.0, 0.2: 2.0}[recipe.decay] + 0.01 * number)

    recipe, fitted, seconds = best_of(COMPETING, 3, trained, on_step=lambda *now: told.append(now), should_stop=lambda: False)
    assert recipe.decay == 0.1
    assert np.allclose(fitted.trained.held_out, [1.01, 1.03, 1.04])
    assert np.allclose(np.asarray(fitted.trained.parameters["w"]).ravel(), [1.01, 1.03, 1.04])
    assert seconds == 3.0
    assert max(together) == two_or_one
    done, totals = [now[0] for now in told], {now[1] for now in told}
    assert totals == {50}
    assert done == sorted(done)
    assert max(done) in (40, 45), "trainings that ended early count as whole ones"


@pytest.mark.parametrize(("ensemble", "found"), [(3, [1.0, 1.01, 1.02, 1.11]), (2, [1.0, 1.01, 1.11]), (1, [1.0])])
def test_a_competitor_that_came_near_joins_an_ensemble(ensemble, found):
    """It must fit the best one's programs: another guess does, another network or decay does not."""
    near, other, best = Recipe(GENEROUS, 0.1, guess=True), Recipe(FRUGAL, 0.1), Recipe(GENEROUS, 0.1)
    losses = {near: 1.1, other: 1.02, best: 0.98}

    def trained(recipe, members, number, trainings):
        return fake(members, losses[recipe] + 0.01 * number)

    recipe, fitted, _ = best_of((other, near, best), ensemble, trained, on_step=lambda *now: None, should_stop=lambda: False)
    assert recipe == best
    assert np.allclose(fitted.trained.held_out, found)
    losses[near] = 1.3
    recipe, fitted, _ = best_of((other, near, best), ensemble, trained, on_step=lambda *now: None, should_stop=lambda: False)
    assert np.allclose(fitted.trained.held_out, found[:ensemble]), "it was too far off"


def test_one_failure_ends_the_others(two_or_one):
    asked = []

    def trained(recipe, members, number, trainings):
        if number == 0:
            raise InferenceError("no finite loss")
        while not trainings.should_stop():
            time.sleep(0.005)
        asked.append(number)
        raise Cancelled

    with pytest.raises(InferenceError, match="no finite loss"):
        best_of(COMPETING, 1, trained, on_step=lambda *now: None, should_stop=lambda: False)
    assert (1 in asked) == (two_or_one == 2), "whatever had begun was told to stop, and has"


def test_recipes_that_differ_in_the_guess_only_share_their_programs():
    trainers, made = Trainers(), []
    for recipe in (COMPETING[0], Recipe(SMALL, 0.0, guess=True), COMPETING[1]):
        trainers.of(recipe, lambda: made.append(object()) or made[-1])
    assert len(made) == 2


@pytest.mark.slow
def test_threads_train_what_one_after_the_other_trains(monkeypatch):
    prior = Prior.of(a="normal(0, 1)", b="normal(0, 1)")
    training = TrainingSettings(batch=32, rate=5e-3, held_out=128, patience=3, schedule="plateau", average=0.98)
    settings = NPESettings(recipes=(Recipe(SMALL, 0.0), Recipe(SMALL, 0.0, guess=True)), ensemble=3, epochs=4, training=training)
    theta = prior.sample(2000, seed=1)
    x = simulate_all(lambda theta, key: theta + 0.5, theta, seed=2) + 0.3 * np.random.default_rng(3).standard_normal(theta.shape)
    found = []
    for count in (1, 2):
        monkeypatch.setattr(cores, "cores", lambda count=count: count)
        found.append(train_npe(prior, theta, x, settings=settings))
    assert np.array_equal(found[0].held_out, found[1].held_out)
    assert len(found[0].held_out) == 4, "the competitor joined"
    assert np.array_equal(found[0].posterior(x[0]).sample(100), found[1].posterior(x[0]).sample(100))
