"""What a sweep trains: folds, weights, networks of one's own, halving's decisions, one compile a group."""

import itertools
import sys
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxnet as jn
from jaxnet.sweeps.execution import SweepBar
from jaxnet.sweeps.groups import keys_of
from jaxnet.sweeps.history import empty_history, so_far

# not a list: what a global that a function reads holds is a part of its program, but of a counter nothing can be seen
TRACED = itertools.count()


def counted(params: Any, x: jax.Array, y: jax.Array) -> jax.Array:
    """A metric that notes each time it is traced."""
    next(TRACED)
    return jnp.sum(jnp.square(params[0]["b"]))


def test_each_group_is_traced_once_over_all_rungs_seeds_and_tiles(problem: Any) -> None:
    space = jn.Space(
        learning_rate=jn.Float(1e-2, 1, log=True),
        momentum=jn.Float(0, 0.9),
        hidden=jn.Choice((3,), (2, 2)),
        seed=jn.Seeds(2),
    )
    plan = jn.plan(space, problem.train, n=20, epochs=6, metrics=(counted,), halving=jn.Halving(2, 2))
    before = next(TRACED)
    jn.sweep(plan)
    after = next(TRACED)
    assert len(plan.groups) == 2
    jn.sweep(jn.plan(space, problem.train, n=20, epochs=6, metrics=(counted,), halving=jn.Halving(2, 2)))
    assert next(TRACED) == after + 1  # the same programs serve the next sweep
    assert 2 <= after - before - 1 <= 4  # jax traces the body of a loop once, or twice to settle its types


def test_a_fold_is_fit_on_its_part_and_validated_on_the_rest(problem: Any) -> None:
    x, y = problem.train[0][:50], problem.train[1][:50]  # folds of 17, 17 and 16: padded rows must weigh nothing
    space = jn.Space(learning_rate=0.1, hidden=(3,), fold=jn.Folds(3), seed=2)
    plan = jn.plan(space, (x, y), epochs=4, batch_size=8, dtype="float64")
    result = jn.sweep(plan)
    init_key, run_key = keys_of(0, 2)
    net = jn.MLP((4, 3, 2), output="softmax")
    for member in (0, 2):
        inside = np.ones(len(x), bool)
        inside[plan.task.folds[plan.members.fold[member]].held] = False
        run = jn.fit(
            jn.objective(net), net.init(init_key, np.float64), (x[inside], y[inside]), optimizer=optax.sgd(0.1),
            epochs=4, batch_size=8, key=run_key, validation=(x[~inside], y[~inside]),
        )  # fmt: skip
        for name, values in run.history.items():
            # 20 updates in another order of operations: some hundred units of float64's rounding
            np.testing.assert_allclose(result.curves(name)[member], values, rtol=1e-12)


class Line(NamedTuple):
    """A network of one's own: one weight an input."""

    inputs: int

    def init(self, key: jax.Array) -> dict[str, jax.Array]:
        return {"w": jnp.zeros((self.inputs, 1), jnp.float32)}

    def apply(self, params: Any, x: jax.Array) -> jax.Array:
        return x @ params["w"]


def squared(params: Any, x: jax.Array, y: jax.Array) -> jax.Array:
    return jnp.mean(jnp.square(x @ params["w"][:, 0] - y))


def test_a_network_and_an_objective_of_ones_own_are_trained(problem: Any) -> None:
    x = problem.train[0]
    y = x @ np.array([1, -2, 0.5, 0], np.float32)
    space = jn.Space(learning_rate=jn.Choice(0.1, 0.01), width=4)
    plan = jn.plan(
        space, (x, y), method="grid", epochs=60, network=lambda c: Line(c["width"]), objective=lambda net, c: squared
    )
    result = jn.sweep(plan)
    np.testing.assert_allclose(result.params(0)["w"][:, 0], [1, -2, 0.5, 0], atol=1e-3)
    assert result.network(0) == Line(4)
    assert result.ranking() == [0, 1]


def test_unequal_folds_without_weights_are_refused(problem: Any) -> None:
    x, y = problem.train[0][:50], problem.train[0][:50, 0]
    with pytest.raises(ValueError, match=r"fold: expected folds of equal size .* got folds of \[16, 17\] examples"):
        jn.plan(
            jn.Space(learning_rate=0.1, fold=jn.Folds(3)), (x, y), epochs=1,
            network=lambda c: Line(4), objective=lambda net, c: squared,
        )  # fmt: skip


def test_example_weights_count(problem: Any) -> None:
    x, y = problem.train
    weight = np.where(np.arange(64) < 32, 1.0, 0.0)
    space = jn.Space(learning_rate=0.5)
    weighted = jn.sweep(jn.plan(space, (x, y, weight), epochs=3, dtype="float64"))
    half = jn.sweep(jn.plan(space, (x[:32], y[:32]), epochs=3, dtype="float64"))
    np.testing.assert_allclose(weighted.curves("loss"), half.curves("loss"), rtol=1e-12)


@pytest.fixture(scope="module")
def full(problem: Any) -> Any:
    space = jn.Space(learning_rate=jn.Float(1e-3, 1e31, log=True), hidden=(3,), seed=jn.Seeds(2))
    return jn.sweep(jn.plan(space, problem.train, n=16, epochs=8))


@pytest.mark.parametrize("search", [jn.Halving(2, 2, audit=0), jn.Hyperband(2, 2, audit=0)])
def test_the_decisions_are_those_of_plain_numpy_on_the_whole_curves(search: Any, full: Any, problem: Any) -> None:
    pruned = jn.sweep(jn.plan(full.plan.space, problem.train, n=16, epochs=8, halving=search))
    curves = full.curves("loss").astype(np.float64)
    for curve, epoch in zip(curves, full.history.diverged, strict=True):
        curve[epoch - 1 if epoch else 8 :] = np.nan
    score = curves.reshape(16, 2, 8).mean(1)
    assert np.isnan(score).any()
    found = iter(sorted(pruned.history.decisions, key=lambda d: (d.bracket, d.epochs)))
    for b, bracket in enumerate(search.brackets(16, 8)):
        alive = list(bracket.configurations)
        for epochs, kept in bracket.rungs:
            # NumPy sorts NaN last, and a stable sort leaves equal scores in their order
            ranked = [alive[i] for i in np.argsort(score[alive, epochs - 1], kind="stable")]
            decision = next(found)
            assert (decision.bracket, decision.epochs, decision.ranked, decision.kept) == (
                b,
                epochs,
                tuple(ranked),
                kept,
            )
            alive = sorted(ranked[:kept])


def test_the_audit_trains_pruned_configurations_to_the_end(full: Any, problem: Any) -> None:
    plan = jn.plan(full.plan.space, problem.train, n=16, epochs=8, halving=jn.Halving(2, 2, audit=0.25))
    result = jn.sweep(plan)
    assert len(result.history.audited) == 2 + 1  # a quarter of the 8 that were pruned, and of the 4
    running = [c for c in result.history.audited if not result.history.diverged[plan.members_of([c])].any()]
    assert all((result.history.epochs[plan.members_of([c])] == 8).all() for c in running)
    assert result.audit().audited == 3


def test_an_unknown_executor_is_refused(problem: Any) -> None:
    with pytest.raises(ValueError, match="executor: expected one of local, distributed, ray, got 'locl'"):
        jn.sweep(jn.plan(jn.Space(learning_rate=0.1), problem.train, epochs=1), executor="locl")


def test_what_is_no_plan_is_refused() -> None:
    with pytest.raises(TypeError, match=r"plan: expected what jn\.plan returns"):
        jn.sweep({"learning_rate": 0.1})


@pytest.fixture
def rates(problem: Any) -> Any:
    return jn.plan(jn.Space(learning_rate=jn.Choice(0.1, 0.2, 0.3)), problem.train, method="grid", epochs=4)


def test_nothing_is_drawn_without_a_terminal(rates: Any, capsys: pytest.CaptureFixture) -> None:
    with SweepBar(rates, empty_history(rates), shown=True) as bar:
        bar.show()
    assert capsys.readouterr() == ("", "")


def test_in_a_terminal_the_bar_says_what_is_best_so_far(
    rates: Any, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    history = empty_history(rates)
    history.curves["loss"][1, :2] = 0.5, 0.25
    history.epochs[:] = 1, 2, 1
    history.diverged[2] = 1
    monkeypatch.setattr("jaxnet.sweeps.execution.advice", lambda: "one of two cores is idle")
    with SweepBar(rates, history, shown=True) as bar:
        bar.show()
    err = capsys.readouterr().err
    assert "4/12" in err
    assert "note: one of two cores is idle" in err
    assert so_far(rates, history) == "best 0.25  3/3 begun  1 diverged"
