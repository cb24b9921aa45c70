"""Training: which weights are kept, and that ensembles, streaming, interruptions and devices change none of them."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from astro_sbi.inference.posterior import Cancelled, InferenceError
from astro_sbi.inference.scaling import fit_scaled_values
from astro_sbi.inference.schedule import Split, Watch
from astro_sbi.inference.simulations import Fresh, Table
from astro_sbi.inference.training import build_trainer
from tests.inference.small_training import DESIGN, SIGMA, TRAINING, bank, flat, network_of, table, trained

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def network():
    return network_of(2)


@pytest.fixture(scope="module")
def trainer(network):
    return build_trainer(network[0], TRAINING)


@pytest.fixture(scope="module")
def of_table(trainer, network):
    return trained(trainer, network[1], table())


@pytest.mark.slow
def test_training_lowers_the_held_out_loss_and_keeps_the_best_average(of_table, trainer):
    assert of_table.losses.shape == (2, 8)
    assert of_table.losses[1, -1] < of_table.losses[1, 0] - 0.1
    held_out = Split(640, 2, TRAINING, 4).held_out
    told = trainer.held_out_loss(
        trainer.network.ravelled(of_table.parameters), held_out, jax.device_put(table()), fit_scaled_values(table().x, "mlp")
    )
    assert np.allclose(told, of_table.held_out, atol=1e-6), "what is kept has the loss that is told"


@pytest.mark.slow
def test_what_is_kept_is_the_moving_average(network):
    settings, key = replace(TRAINING, chunk=1, average=0.5), jax.random.key(4)
    trainer, start = build_trainer(network[0], settings), network[1]
    state = trainer.start(start, jax.random.split(key, 2))
    expected = np.asarray(state.parameters)
    order, watch = Split(640, 2, settings, 4), Watch.start(settings, 3, 2)
    for number in range(3):
        given = (watch.rates(number), order.chunk(number), jax.device_put(table()), fit_scaled_values(table().x, "mlp"))
        state, _ = trainer.run_chunk(state, *given)
        expected = 0.5 * expected + 0.5 * np.asarray(state.parameters)
    assert not np.allclose(expected, state.parameters, atol=1e-3)
    assert np.allclose(state.average, expected, atol=1e-6)
    kept = trained(trainer, start, table(), steps=3)
    assert kept.losses[1, 2] < kept.losses[1, 1] < kept.losses[1, 0]
    assert np.array_equal(network[0].ravelled(kept.parameters), state.average)


@pytest.mark.slow
def test_a_member_of_an_ensemble_is_what_it_would_be_alone(of_table, trainer, network):
    """Member 0 of two differs from a training of one only by rounding: it has the same weights, simulations and noise."""
    # Keys and blocks held out do not depend on the size of the ensemble beyond the member's place in it.
    keys = jax.random.split(jax.random.key(4), 2)
    assert not np.array_equal(jax.random.key_data(keys[0]), jax.random.key_data(keys[1]))
    one, two = Split(640, 1, TRAINING, 4), Split(640, 2, TRAINING, 4)
    assert np.array_equal(one.held_out[0], two.held_out[0])
    assert np.array_equal(one.chunk(3)[0], two.chunk(3)[0])
    alone = trained(trainer, jax.tree.map(lambda leaf: leaf[:1], network[1]), table())
    assert np.allclose(flat(alone.parameters), flat(jax.tree.map(lambda leaf: leaf[:1], of_table.parameters)), atol=2e-3)
    assert alone.held_out[0] == pytest.approx(of_table.held_out[0], abs=2e-3)
    assert abs(of_table.held_out[1] - of_table.held_out[0]) > 1e-4


@pytest.mark.slow
def test_streamed_simulations_train_the_same_weights(of_table, network):
    streamed = trained(build_trainer(network[0], replace(TRAINING, streamed_above=0)), network[1], table())
    assert np.array_equal(flat(streamed.parameters), flat(of_table.parameters))
    assert np.array_equal(streamed.losses, of_table.losses)


@pytest.mark.slow
def test_banks_and_fresh_simulations_train_too(trainer, network):
    design = jnp.asarray(DESIGN, jnp.float32)
    fresh = Fresh(jax.random.key(2), lambda latent, noise: design @ latent + SIGMA * jax.random.normal(noise, (3,)), 2, 2000)
    for simulations in (bank(), fresh):
        losses = trained(trainer, network[1], simulations).losses
        assert losses[1, -1] < losses[1, 0] - 0.1


def test_a_step_with_a_failed_simulation_changes_nothing(trainer, network):
    latent, x = table()
    kept_whole = np.isin(np.arange(640), Split(640, 2, TRAINING, 4).held_out)
    failing = trained(trainer, network[1], Table(latent, np.where(kept_whole[:, None], x, np.nan)), steps=10)
    assert np.array_equal(flat(failing.parameters), flat(network[1]))
    assert np.isfinite(failing.losses[1]).all()


def test_training_stops_when_asked(trainer, network):
    told = []
    with pytest.raises(Cancelled):
        trained(trainer, network[1], table(), on_step=lambda *step: told.append(step), should_stop=lambda: len(told) >= 2)
    assert [step[:2] for step in told] == [(5, 40), (10, 40)]
    assert all(np.isfinite(step[2]).all() for step in told)


def test_no_finite_loss_is_an_error(trainer, network):
    latent, x = table()
    with pytest.raises(InferenceError, match="training gave no finite loss"):
        trained(trainer, network[1], Table(latent, x * np.nan), steps=10)


def child(*arguments: str, devices: int = 1) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"}
    command = [sys.executable, "-m", "tests.inference.small_training", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def finished(process: subprocess.Popen, out: Path, first: int = 5) -> dict[str, np.ndarray]:
    told, _ = process.communicate(timeout=240)
    assert process.returncode == 0
    assert int(told.split()[0]) >= first
    return dict(np.load(out))


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_a_killed_training_goes_on_to_the_same_weights_bit_for_bit(tmp_path):
    unbroken = finished(child(str(tmp_path / "unbroken.npz")), tmp_path / "unbroken.npz")
    checkpoint, out = str(tmp_path / "training.safetensors"), tmp_path / "resumed.npz"
    for after in (3, 7):
        killed = child(str(out), "--checkpoint", checkpoint, "--pause", "0.1")
        for _ in range(after):
            assert killed.stdout is not None
            killed.stdout.readline()
        killed.send_signal(signal.SIGKILL)
        assert killed.wait(60) == -signal.SIGKILL
        assert not out.exists()
    resumed = finished(child(str(out), "--checkpoint", checkpoint), out, first=5 * 11)
    for name, value in unbroken.items():
        assert np.array_equal(resumed[name], value), name


@pytest.mark.slow
def test_four_devices_train_what_one_does(tmp_path):
    one = finished(child(str(tmp_path / "1.npz"), "--chunks", "4", devices=4), tmp_path / "1.npz")
    four = finished(child(str(tmp_path / "4.npz"), "--chunks", "4", "--devices", "4", devices=4), tmp_path / "4.npz")
    assert np.allclose(four["weights"], one["weights"], atol=1e-4)
    assert np.allclose(four["losses"], one["losses"], atol=1e-4)
    assert four["compiled"] == 2, "one program that trains and one for the held-out loss, whatever the chunk"


def test_a_batch_that_devices_cannot_share_is_refused(trainer, network):
    with pytest.raises(InferenceError, match="a batch of 32 cannot be shared between 64 of the"):
        trained(trainer, network[1], table(), devices=64)


def test_a_checkpoint_is_gone_on_from_and_belongs_to_its_settings(trainer, network, of_table, tmp_path):
    path, told = tmp_path / "training.safetensors", []
    with pytest.raises(Cancelled):
        trained(trainer, network[1], table(), checkpoint=path, on_step=lambda *s: told.append(s[0]), should_stop=lambda: len(told) >= 3)
    resumed = trained(trainer, network[1], table(), checkpoint=path, on_step=lambda *s: told.append(s[0]))
    assert told == [5, 10, 15, 20, 25, 30, 35, 40]
    assert np.array_equal(flat(resumed.parameters), flat(of_table.parameters))
    assert np.array_equal(resumed.losses, of_table.losses)
    other = build_trainer(network[0], replace(TRAINING, rate=1e-3))
    with pytest.raises(InferenceError, match="with other settings: delete it"):
        trained(other, network[1], table(), checkpoint=path)
    for changed in ({"steps": 80}, {"key": jax.random.key(5)}):
        with pytest.raises(InferenceError, match="other"):
            trained(trainer, network[1], table(), checkpoint=path, **changed)
    with pytest.raises(InferenceError, match="other"):
        trained(trainer, network[1], table(seed=9), checkpoint=path)
