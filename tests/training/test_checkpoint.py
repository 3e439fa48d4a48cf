"""A run that is kept in a folder can be killed at any moment and goes on with the same call."""

import json
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
import safetensors.numpy

import jaxnet as jn
from jaxnet import Stop, storage
from jaxnet.identity import surroundings
from jaxnet.training import run_manifest
from jaxnet.training.checkpoint import checkpoint
from jaxnet.training.loop import history_names
from jaxnet.training.optimizer_state import OptimizerState
from jaxnet.training.preparation import plan_fit

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


def scaled(c):
    return lambda q, x, y: c * jnp.mean(q[0]["w"] ** 2)


def own_optimizer(c):
    update = lambda gradient, state, params=None: (jax.tree.map(lambda leaf: -c * leaf, gradient), state)
    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)


def named_metric(c):
    def shown(params, x, y):
        return c * jnp.mean(y)

    return shown


def weighted(c):
    return jn.objective(jn.MLP((3, 4, 2), activation=lambda z: jnp.tanh(c * z), output="softmax"))


CHANGED = {
    # what is changed under one name, as a function of a number: the everyday edit
    "a number in an objective's closure": (lambda c: {"f": scaled(c)}, r"the objective differs \(line \d+ of test_ch"),
    "an array in it": (lambda c: {"f": scaled(np.float64([c]).sum())}, "the objective differs"),
    "an activation": (lambda c: {"f": weighted(c)}, "the objective differs"),
    "a schedule": (lambda c: {"optimizer": optax.sgd(lambda step: c / (1 + step))}, r"the optimizer differs \(line"),
    "a rate as an array": (lambda c: {"optimizer": optax.sgd(jnp.asarray(c / 9))}, "optimizer was .* and is "),
    "an optimizer of one's own": (lambda c: {"optimizer": own_optimizer(c)}, "the optimizer differs"),
    "a mask": (lambda c: {"optimizer": optax.adamw(0.1, mask=lambda p: jax.tree.map(lambda a: a.ndim > c, p))}, "optim"),
    "a metric": (lambda c: {"metrics": [named_metric(c)]}, r"the metric shown differs \(line"),
    "the optimizer's state": (
        lambda c: {"optimizer_state": OptimizerState(
            jax.tree.map(lambda a: a + int(c), optax.adam(0.01).init(PARAMS)), jnp.int32(0))},
        "optimizer_state was ",
    ),
}  # fmt: skip


ALONE = {"stop": None, "validation": None, "metrics": []}


def begin(out, **options):
    """Save what a run is before its first epoch, or go on with it: nothing is compiled."""
    given = {"optimizer": optax.adam(0.01), "epochs": 2, "batch_size": 10, "key": jax.random.key(1), **ALONE}
    given |= {"shuffle": True, "optimizer_state": None, **options}
    plan = plan_fit(given.pop("f", F), PARAMS, (X, Y), **given)
    names = history_names(plan.program.metrics, validated=False)
    with checkpoint(out, plan) as kept:
        kept.restore(plan)
        kept.keep(
            plan.state,
            lambda: {name: np.zeros(0) for name in names},
            now=True,
        )


def test_what_was_traced_for_one_folder_is_not_traced_for_the_next(tmp_path, monkeypatch):
    traced = []
    real = run_manifest.traced_training
    monkeypatch.setattr(run_manifest, "traced_training", lambda *given: traced.append(1) or real(*given))
    begin(tmp_path / "a", f=scaled(7.5))
    assert len(traced) == 1
    begin(tmp_path / "b", f=scaled(7.5))  # a function that is written anew and computes the same
    assert len(traced) == 1
    begin(tmp_path / "c", f=scaled(7.25))
    begin(tmp_path / "d", f=scaled(7.25), optimizer=optax.adam(0.02))
    begin(tmp_path / "e", f=scaled(7.25), batch_size=15)
    assert len(traced) == 4


@pytest.mark.parametrize(("make", "words"), CHANGED.values(), ids=CHANGED)
def test_what_was_changed_under_the_same_name_is_refused_and_the_same_goes_on(tmp_path, make, words):
    begin(tmp_path, **make(1.0))
    begin(tmp_path, **make(1.0))
    with pytest.raises(ValueError, match=words):
        begin(tmp_path, **make(2.0))


def test_given_orders_are_compared_as_far_as_they_were_used(tmp_path):
    orders = np.array([np.random.default_rng(seed).permutation(30) for seed in range(4)])
    fit(out=tmp_path, epochs=2, shuffle=orders, **ALONE)
    with pytest.raises(ValueError, match="shuffle: expected the orders of the first 2 epochs as they were"):
        fit(out=tmp_path, epochs=3, shuffle=orders[1:], **ALONE)
    fit(out=tmp_path, epochs=2, shuffle=orders[[0, 1, 3]], **ALONE)


def test_fewer_epochs_than_a_run_has_are_refused(tmp_path):
    fit(out=tmp_path, epochs=3)
    with pytest.raises(ValueError, match="epochs: expected at least the 3 that the run in out has behind it, got 2"):
        fit(out=tmp_path, epochs=2)


def test_a_run_that_computes_in_python_says_what_it_cannot_compare(tmp_path):
    def called(q, x, y):
        seen = jax.pure_callback(lambda a: a, jax.ShapeDtypeStruct((), x.dtype), jax.lax.stop_gradient(x).sum())
        return jnp.mean(q[0]["w"] ** 2) + 0 * jax.lax.stop_gradient(seen)

    begin(tmp_path, f=called)
    with pytest.warns(UserWarning, match=r"the objective calls .*lambda.* in Python: whether .* cannot be known"):
        begin(tmp_path, f=called)


def test_x64_has_to_stay_as_it_was(tmp_path, monkeypatch):
    begin(tmp_path)
    other = {**surroundings(), "x64": False}
    monkeypatch.setattr("jaxnet.training.run_manifest.surroundings", lambda: other)
    with pytest.raises(ValueError, match=r"x64 was True and is False \(set it back\)"):
        fit(out=tmp_path, epochs=2)


def test_random_numbers_have_to_be_drawn_as_they_were(tmp_path):
    """JAX's setting gives other numbers from the same key; a manifest from before it was written down goes on."""
    fit(out=tmp_path, epochs=2)
    with (
        jax.threefry_partitionable(False),
        pytest.raises(ValueError, match=r"threefry_partitionable was True and is Fal"),
    ):
        fit(out=tmp_path)
    silent = lambda manifest: {name: value for name, value in manifest.items() if name != "threefry_partitionable"}
    rewritten(tmp_path / "run.safetensors", silent)
    assert_same(fit(out=tmp_path), fit())


def test_other_flags_of_xla_are_told_and_a_manifest_that_does_not_say_them_goes_on(tmp_path, monkeypatch):
    fit(out=tmp_path, epochs=2)
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=true")
    with pytest.warns(UserWarning, match="xla_flags was .* and is --xla_cpu_enable_fast_math=true: the last bits may"):
        fit(out=tmp_path, epochs=3)
    silent = lambda manifest: {name: value for name, value in manifest.items() if name != "xla_flags"}
    rewritten(tmp_path / "run.safetensors", silent)
    assert_same(fit(out=tmp_path), fit())


def rewritten(path, change):
    """Write a run's file again with another manifest, as an earlier jaxnet would have written it."""
    named, manifest = storage.decode_named(path.read_bytes())
    header = safetensors.numpy.save(named, {"manifest": json.dumps({"file_sha256": "0" * 64, **change(manifest)})})
    path.write_bytes(header.replace(b"0" * 64, storage.digest(header).encode(), 1))


def first_format(manifest):
    new = ("programs", "optimizer_state", "jaxlib", "optax", "jaxnet", "device", "x64", "precision", "orders")
    return {**{name: value for name, value in manifest.items() if name not in new}, "format": 1}


def test_a_folder_of_the_first_format_goes_on_unless_functions_of_ones_own_have_a_part_in_it(tmp_path):
    fit(out=tmp_path / "a", epochs=2)
    rewritten(tmp_path / "a" / "run.safetensors", first_format)
    with pytest.raises(ValueError, match="objective was "):
        fit(out=tmp_path / "a", f=jn.objective(NET, l2=0.5))
    assert_same(fit(out=tmp_path / "a"), fit())
    begin(tmp_path / "b", f=scaled(1.0))
    rewritten(tmp_path / "b" / "run.safetensors", first_format)
    with pytest.raises(ValueError, match=r"an earlier jaxnet saved, which knew scaled.*lambda.* by name only"):
        begin(tmp_path / "b", f=scaled(1.0))


def test_a_damaged_file_costs_the_epochs_since_the_one_before_it(tmp_path):
    fit(out=tmp_path, epochs=2)
    fit(out=tmp_path, epochs=4)
    flip(tmp_path / "run.safetensors")
    with pytest.warns(RuntimeWarning, match=r"the file is damaged; what was saved before it is taken instead"):
        assert_same(fit(out=tmp_path), fit())


def flip(path):
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)


def test_another_version_of_jax_is_warned_of(tmp_path, monkeypatch):
    fit(out=tmp_path, epochs=1)
    monkeypatch.setattr("jax.__version__", "9.9")
    with pytest.warns(UserWarning, match=r"jax was .* and is 9.9: the last bits may differ"):
        fit(out=tmp_path, epochs=2)


def test_a_damaged_file_is_never_trained_from(tmp_path):
    fit(out=tmp_path, epochs=1)
    flip(tmp_path / "run.safetensors")
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
