"""A run that is kept in a folder can be killed at any moment and goes on with the same call."""

import os
import signal
import subprocess
import sys
import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxnet as jn
from jaxnet import Stop, storage

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(30, 3)), RNG.integers(0, 2, 30)
NET = jn.MLP((3, 4, 2), activation="tanh", output="softmax", dropout=0.2)
F = jn.objective(NET, l2=1e-3)
PARAMS = NET.init(jax.random.key(0), jnp.float64)


class Killed(BaseException):
    """Stands for the death of the process."""


def fit(f=F, params=PARAMS, data=(X, Y), **options):
    given = {
        "optimizer": optax.adam(0.01),
        "epochs": 12,
        "batch_size": 8,
        "key": jax.random.key(1),
        "validation": (X, Y),
        "metrics": ["accuracy"],
        "stop": Stop("validation_loss", patience=50),
    }
    return jn.fit(f, params, data, **given | options)


@pytest.fixture
def chunks_of_two(monkeypatch):
    monkeypatch.setattr("jaxnet.training.run.next_chunk", lambda *_, **__: 2)


def die_after(monkeypatch, saves):
    """Save after every chunk, and let the process die right after the given number of saves."""
    monkeypatch.setattr("jaxnet.training.checkpoint.SAVE_SECONDS", -1.0)
    left, save = iter(range(saves - 1, -1, -1)), storage.save_arrays

    def save_and_die(*arguments):
        save(*arguments)
        if next(left) == 0:
            raise Killed("in the middle")

    monkeypatch.setattr("jaxnet.storage.save_arrays", save_and_die)


def assert_same(run, other):
    jax.tree.map(np.testing.assert_array_equal, run.params, other.params)
    jax.tree.map(np.testing.assert_array_equal, run.optimizer_state, other.optimizer_state)
    jax.tree.map(np.testing.assert_array_equal, run.history, other.history)
    assert (run.outcome, run.epoch, run.best_epoch) == (other.outcome, other.epoch, other.best_epoch)


@pytest.mark.parametrize("saves", [1, 2, 6, 7])
def test_a_killed_run_goes_on_to_the_bits_of_one_that_was_never_interrupted(
    tmp_path, monkeypatch, chunks_of_two, saves
):
    with monkeypatch.context() as patched:
        die_after(patched, saves)
        with pytest.raises(Killed, match="in the middle"):
            fit(out=tmp_path)
    assert_same(fit(out=tmp_path), fit())


def test_a_run_that_is_done_is_read_and_not_trained_again(tmp_path, monkeypatch):
    first = fit(out=tmp_path)
    monkeypatch.setattr("jaxnet.training.run.run_program", None)
    assert_same(fit(out=tmp_path), first)


def test_more_epochs_extend_a_run(tmp_path):
    fit(out=tmp_path, epochs=5)
    assert_same(fit(out=tmp_path), fit())


def test_given_orders_are_passed_over_up_to_where_the_run_was(tmp_path):
    orders = [np.random.default_rng(seed).permutation(30) for seed in range(12)]
    fit(out=tmp_path, epochs=5, shuffle=orders)
    assert_same(fit(out=tmp_path, shuffle=orders), fit(shuffle=orders))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"optimizer": optax.adam(0.02)}, r"optimizer was .*-0\.01.* and is .*-0\.02"),
        ({"optimizer": optax.sgd(0.01)}, "optimizer was "),
        ({"f": jn.objective(NET, l2=0.5)}, "objective was .*0.001.* and is .*0.5"),
        ({"key": jax.random.key(2)}, r"key was \[0, 1\] and is \[0, 2\]"),
        ({"batch_size": 7}, "batch_size was 8 and is 7"),
        ({"data": (X + 1, Y)}, "data was "),
        ({"validation": None, "stop": None}, "stop was .*; validation was "),
        ({"params": NET.init(jax.random.key(5), jnp.float64)}, "start was "),
        ({"metrics": []}, r"metrics was \['accuracy'\] and is \[\]"),
        ({"stop": Stop("validation_loss", patience=51)}, "stop was .*50.* and is .*51"),
        ({"shuffle": False}, "shuffle was True and is False"),
    ],
)
def test_the_folder_of_another_run_is_refused_with_the_difference(tmp_path, changed, words):
    fit(out=tmp_path, epochs=1)
    before = (tmp_path / "run.safetensors").read_bytes()
    with pytest.raises(ValueError, match=f"out: expected an empty folder, .* got a run of something else: {words}"):
        fit(out=tmp_path, **changed)
    assert (tmp_path / "run.safetensors").read_bytes() == before


def test_another_version_of_jax_is_warned_of(tmp_path, monkeypatch):
    fit(out=tmp_path, epochs=1)
    monkeypatch.setattr("jax.__version__", "9.9")
    with pytest.warns(UserWarning, match=r"jax was .* and is 9.9: the last bits may differ"):
        fit(out=tmp_path, epochs=2)


def test_a_damaged_file_is_never_trained_from(tmp_path):
    fit(out=tmp_path, epochs=1)
    content = bytearray((tmp_path / "run.safetensors").read_bytes())
    content[-5] ^= 1
    (tmp_path / "run.safetensors").write_bytes(content)
    with pytest.raises(storage.CheckpointError, match="its checksum does not match: the file is damaged"):
        fit(out=tmp_path)


def test_a_folder_that_another_process_trains_in_is_locked(tmp_path):
    with storage.hold(tmp_path), pytest.raises(storage.Locked, match="the run is locked by process"):
        fit(out=tmp_path)


def test_what_is_no_path_is_refused():
    with pytest.raises(TypeError, match="out: expected the path of a folder, got 3"):
        fit(out=3)


PROGRAM = """
    import sys, jax, numpy as np, optax, jaxnet as jn
    X = np.random.default_rng(0).normal(size=(64, 3))
    net = jn.MLP((3, 4, 1))
    print("ready", flush=True)
    run = jn.fit(jn.objective(net), net.init(jax.random.key(0)), (X, X[:, 0]), optimizer=optax.sgd(1e-3),
                 epochs=int(sys.argv[2]), batch_size=8, key=jax.random.key(0), out=sys.argv[1])
"""


def test_a_terminated_process_saves_its_chunk_and_says_so(tmp_path):
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), str(tmp_path), "100000000"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.readline()
    while not (tmp_path / "lock").exists():  # training has begun when it holds the folder
        os.sched_yield()
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=120)
    assert "interrupted by SIGTERM; what was done is saved" in errors
    assert 0 < storage.manifest_of(tmp_path / "run.safetensors")["epochs"] < 100000000
