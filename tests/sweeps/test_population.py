"""The guarantee: a member's result depends on the member alone, to the last bit."""

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
import optax
import pytest

import jaxnet as jn
from jaxnet import sweeps
from jaxnet.sweeps import engine
from jaxnet.sweeps.engine import Engine
from jaxnet.sweeps.executors import Local
from jaxnet.sweeps.groups import keys_of
from jaxnet.sweeps.history import empty_history
from jaxnet.sweeps.store import sweep_manifest
from jaxnet.sweeps.trainer import Trainer

RATES = [{"learning_rate": 0.02 * 1.5**k, "momentum": 0.09 * k} for k in range(11)]
EPOCHS = 6


def plan(
    problem: Any, configurations: Sequence[dict], seeds: int = 2, hidden: tuple = (5,), **options: Any
) -> sweeps.Plan:
    space = sweeps.Space(hidden=hidden, batch_size=16, dropout=0.1, l2=1e-3, seed=sweeps.Seeds(seeds))
    settings = {"method": "list", "configurations": configurations, "epochs": EPOCHS, "validation": problem.validation}
    return sweeps.plan(space, problem.train, **{**settings, **options})


def bits(result: sweeps.Result) -> dict[str, bytes]:
    """Every member's curves and parameters, by the member's id."""
    columns = [
        b"".join(leaf[m].tobytes() for leaf in result.history.curves.values())
        + b"".join(np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(result.params(m)))
        for m in range(len(result.plan.members.ids))
    ]
    return dict(zip(result.plan.members.ids, columns, strict=True))


@pytest.fixture(scope="module")
def whole(problem: Any) -> dict[str, bytes]:
    return bits(sweeps.sweep(plan(problem, RATES)))


@pytest.mark.parametrize(
    ("configurations", "seeds"),
    [(RATES[:1], 1), (RATES[::-1], 2), (RATES[3:9], 1), (RATES[::2], 2)],
    ids=["one alone", "another order", "a subset with fewer seeds", "other tile mates"],
)
def test_a_member_has_the_same_bits_in_any_company(
    configurations: list, seeds: int, problem: Any, whole: dict[str, bytes]
) -> None:
    parts = bits(sweeps.sweep(plan(problem, configurations, seeds)))
    assert len(parts) == len(configurations) * seeds
    assert all(whole[member] == value for member, value in parts.items())


@pytest.mark.parametrize("hidden", [(48,), (128,)], ids=["tiles of 4", "tiles of 2"])
def test_a_wide_member_has_the_same_bits_alone(hidden: tuple, problem: Any) -> None:
    together = bits(sweeps.sweep(plan(problem, RATES[:5], hidden=hidden)))
    alone = bits(sweeps.sweep(plan(problem, RATES[3:4], hidden=hidden)))
    assert all(together[member] == value for member, value in alone.items())


@pytest.mark.parametrize("cuts", [(1, 2, 6), (5, 6), (1, 2, 3, 4, 5, 6)])
def test_a_cut_changes_no_bit(cuts: tuple[int, ...], problem: Any, whole: dict[str, bytes]) -> None:
    cut = plan(problem, RATES)
    history = empty_history(cut)
    trainer = Trainer(cut, history, lambda members, reached: None)
    for epochs in cuts:
        trainer.advance(np.arange(len(cut.members.ids)), epochs)
    assert bits(sweeps.Result(cut, history, sweeps.sweep)) == whole


def test_members_at_different_epochs_catch_up_without_a_changed_bit(problem: Any, whole: dict[str, bytes]) -> None:
    late = plan(problem, RATES)
    history = empty_history(late)
    trainer = Trainer(late, history, lambda members, reached: None)
    trainer.advance(np.arange(0, 22, 3), 2)
    trainer.advance(np.arange(22), 6)
    assert bits(sweeps.Result(late, history, sweeps.sweep)) == whole


def test_diverged_neighbours_change_no_bit_and_stay_at_their_last_finite_state(
    problem: Any, whole: dict[str, bytes]
) -> None:
    wild = [{"learning_rate": 1e30, "momentum": 0.5}, {"learning_rate": 1e35, "momentum": 0.0}]
    result = sweeps.sweep(plan(problem, [wild[0], *RATES, wild[1]]))
    found = bits(result)
    assert all(found[member] == value for member, value in whole.items())
    table = result.columns()
    diverged = table["diverged"] > 0
    assert np.array_equal(np.unique(table["configuration"][diverged]), [0, 12])
    assert table["epochs"][diverged].tolist() == table["diverged"][diverged].tolist() == [1] * 4
    for member in np.flatnonzero(diverged):
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(result.params(member)))
        assert np.isnan(result.curves("loss")[member, table["diverged"][member] :]).all()
    assert result.ranking()[-2:] == [0, 12]


def test_pruning_changes_no_bit_of_the_survivors(problem: Any, whole: dict[str, bytes]) -> None:
    halved = sweeps.sweep(plan(problem, RATES, halving=sweeps.Halving(eta=3, min_epochs=2, audit=0)))
    epochs = halved.history.epochs
    assert sorted(set(epochs.tolist())) == [2, 6]
    finished = {halved.plan.members.ids[m] for m in np.flatnonzero(epochs == 6)}
    assert len(finished) == 3 * 2
    found = bits(halved)
    assert all(found[member] == whole[member] for member in finished)


def test_exhausted_memory_halves_what_is_resident_and_changes_no_bit(
    problem: Any, whole: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failures = Engine._call, []

    def exhausted(engine: Engine, *arguments: Any) -> Any:
        if engine._resident > 1:
            failures.append(engine._resident)
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory")
        return real(engine, *arguments)

    monkeypatch.setattr(Engine, "_call", exhausted)
    assert bits(sweeps.sweep(plan(problem, RATES))) == whole
    assert failures


def test_memory_that_is_exhausted_after_some_calls_loses_no_epoch(
    problem: Any, whole: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = Engine._call, []

    def exhausted(engine: Engine, *arguments: Any) -> Any:
        calls.append(engine._resident)
        if len(calls) == 3:
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory")
        return real(engine, *arguments)

    monkeypatch.setattr(Engine, "_call", exhausted)
    monkeypatch.setattr("jaxnet.sweeps.executors._CALL_SECONDS", 0)  # an epoch a call
    assert bits(sweeps.sweep(plan(problem, RATES))) == whole
    assert len(set(calls[:3])) == 1
    assert max(calls[3:]) < calls[0]


def test_populations_of_any_size_share_a_program(problem: Any) -> None:
    sweeps.sweep(plan(problem, RATES[:1], hidden=(6,)))
    before = len(engine._programs)
    for configurations, seeds in ((RATES[:2], 1), (RATES, 1), (RATES, 5), (RATES[::3], 2)):
        sweeps.sweep(plan(problem, configurations, seeds, hidden=(6,)))
    assert len(engine._programs) == before


SETTINGS = {"factor": 1.0}


def scaled(params: Any, x: Any, y: Any) -> Any:
    """A metric that reads a global."""
    return SETTINGS["factor"] * jax.numpy.sum(params[0]["w"] ** 2)


def test_a_metric_is_compiled_again_when_what_it_reads_has_changed(
    problem: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = jn.plan(jn.Space(learning_rate=0.1), problem.train, metrics=[scaled], epochs=1)
    before = jn.sweep(plan).history.curves["scaled"]
    monkeypatch.setitem(SETTINGS, "factor", 10.0)
    np.testing.assert_allclose(jn.sweep(plan).history.curves["scaled"], 10 * before, rtol=1e-6)


def test_states_are_fetched_when_they_are_wanted_and_at_the_end(problem: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jaxnet.sweeps.executors._CALL_SECONDS", 0)  # an epoch a call
    made = plan(problem, RATES[:2], seeds=1)
    history = empty_history(made)
    first = jax.tree.map(np.copy, history.states[0].read_all().params)
    answers, seen = iter([False, True, False, False, False]), []

    def done(members: np.ndarray, fetched: bool) -> None:
        now = jax.tree.leaves(history.states[0].read_all().params)
        seen.append((fetched, any((a != b).any() for a, b in zip(now, jax.tree.leaves(first), strict=True))))

    Trainer(made, history, done, wanted=lambda: next(answers)).advance(np.arange(2), EPOCHS)
    assert seen == [(False, False), (True, True), *[(False, True)] * 3, (True, True)]


def test_a_program_that_needs_more_memory_than_there_is_holds_fewer_tiles(
    problem: Any, whole: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jaxnet.sweeps.engine.memory_limit", lambda: 1)
    assert bits(sweeps.sweep(plan(problem, RATES))) == whole


def test_other_failures_of_the_program_are_not_hidden(problem: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(engine: Any, *arguments: Any) -> Any:
        raise jax.errors.JaxRuntimeError("INTERNAL: something else")

    monkeypatch.setattr(Engine, "_call", broken)
    with pytest.raises(jax.errors.JaxRuntimeError, match="something else"):
        sweeps.sweep(plan(problem, RATES[:1]))


def test_seeds_share_tiles_where_nothing_is_drawn(problem: Any) -> None:
    """Full batches without dropout: a seed shows in the first parameters only."""
    space = sweeps.Space(hidden=(5,), learning_rate=0.1, seed=sweeps.Seeds(9))
    made = sweeps.plan(space, problem.train, epochs=2)
    history = empty_history(made)
    trainer = Trainer(made, history, lambda members, reached: None)
    trainer.advance(np.arange(9), 2)
    (tiling,) = Local().engine(made, 0, history.states[0]).batches(np.arange(9))
    assert sorted(tiling.real.tolist()) == [1, 8]
    alone = bits(
        sweeps.sweep(sweeps.plan(sweeps.Space(hidden=(5,), learning_rate=0.1, seed=4), problem.train, epochs=2))
    )
    ((member, value),) = alone.items()
    assert bits(sweeps.Result(made, history, sweeps.sweep))[member] == value


DEVICES = """
import sys, hashlib
import jax
jax.config.update("jax_num_cpu_devices", int(sys.argv[1]))
sys.path.insert(0, sys.argv[2])
import numpy as np
from jaxnet import sweeps
draw = np.random.default_rng(0)
x = draw.normal(size=(96, 4)).astype(np.float32)
y = (x[:, 0] + x[:, 1] ** 2 > 0.5).astype(np.int32)
space = sweeps.Space(learning_rate=sweeps.Float(1e-2, 1, log=True), hidden=(5,), batch_size=16, seed=sweeps.Seeds(3))
result = sweeps.sweep(sweeps.plan(space, (x, y), n=19, epochs=5))
assert len(jax.devices()) == int(sys.argv[1])
parts = [*result.history.curves.values(), *jax.tree.leaves([states.read_all() for states in result.history.states])]
print(hashlib.sha256(b"".join(np.asarray(part).tobytes() for part in parts)).hexdigest())
"""


def test_the_number_of_devices_changes_no_bit() -> None:
    def digest(devices: int) -> str:
        command = [sys.executable, "-c", DEVICES, str(devices), os.getcwd()]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    one, four = digest(1), digest(4)
    assert len(one) == 65
    assert one == four


@pytest.mark.parametrize(("optimizer", "batch_size"), [("sgd", None), ("adam", 24)], ids=["full batch", "mini-batches"])
def test_a_member_is_what_fit_computes(optimizer: str, batch_size: int | None, problem: Any) -> None:
    space = sweeps.Space(learning_rate=sweeps.Choice(0.05, 0.02), l2=0.01, hidden=(5,), optimizer=optimizer, seed=3)
    result = sweeps.sweep(
        sweeps.plan(
            space, problem.train, method="grid", epochs=5, batch_size=batch_size, dtype="float64",
            validation=problem.validation, metrics=("accuracy",),
        )
    )  # fmt: skip
    init_key, run_key = keys_of(0, 3)
    net = jn.MLP((4, 5, 2), output="softmax")
    made = {"sgd": optax.sgd, "adam": optax.adam}[optimizer](0.02)
    run = jn.fit(
        jn.objective(net, l2=0.01), net.init(init_key, np.float64), problem.train, optimizer=made, epochs=5,
        batch_size=batch_size, key=run_key, validation=problem.validation, metrics=("accuracy",),
    )  # fmt: skip
    for name, values in run.history.items():
        # 20 updates, each rounded in its own order: some hundred units of float64's rounding
        np.testing.assert_allclose(result.curves(name)[1], values, rtol=1e-12, atol=1e-14)
    for mine, theirs in zip(jax.tree.leaves(result.params(1)), jax.tree.leaves(run.params), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-11, atol=1e-13)


def test_with_shared_orders_seeds_share_tiles_and_differ_in_their_first_parameters_only(problem: Any) -> None:
    space = sweeps.Space(hidden=(5,), learning_rate=0.1, batch_size=24, seed=sweeps.Seeds(9))
    options: dict[str, Any] = {"epochs": 2, "orders": "shared"}
    made = sweeps.plan(space, problem.train, **options)
    assert "9 members in 2 tile(s) of 8" in str(made)
    assert sweep_manifest(made)["must be the same"]["orders"] == "shared"
    together = sweeps.sweep(made)
    alone = sweeps.sweep(sweeps.plan(sweeps.Space(**space.parameters, seed=4), problem.train, **options))
    assert bits(alone).items() <= bits(together).items()
    # what fit does with the first parameters of seed 4 and the orders of seed 0
    net, f = together.plan.groups[0].networks[0], together.plan.groups[0].training.objective
    start, orders = net.init(keys_of(0, 4)[0], np.float32), keys_of(0, 0)[1]
    run = jn.fit(f, start, problem.train, optimizer=optax.sgd(0.1), epochs=2, batch_size=24, key=orders)
    np.testing.assert_allclose(together.curves("loss")[4], run.history["loss"], rtol=1e-5)
    np.testing.assert_array_equal(jax.random.key_data(together.run(4).recipe.key), jax.random.key_data(orders))


def test_orders_are_own_or_shared(problem: Any) -> None:
    with pytest.raises(ValueError, match="orders: expected one of own, shared"):
        plan(problem, RATES[:1], orders="both")
