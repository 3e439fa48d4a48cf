"""Data that vary: subsets, numbers of rows, weights and targets of rows as parameters of a space, in one program."""

import concurrent.futures
import functools
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import jax
import numpy as np
import optax
import pytest

import jaxnet as jn
from jaxnet.sweeps import engine
from jaxnet.sweeps.groups import initial_params, keys_of
from jaxnet.sweeps.verification import verify

N = 24
DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(N, 3))
Y = (X[:, 0] > 0.3).astype(np.int32)
HELD = (X[::-1] + 0.1, Y[::-1])
FIRST = lambda c: np.arange(N) < c["n"]


@pytest.fixture(scope="module", autouse=True)
def double_precision() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def plan(space: dict[str, Any] | None = None, **options: Any) -> jn.sweeps.Plan:
    given = {"n": jn.Choice(5, 12, N)} if space is None else space
    settings: dict[str, Any] = {
        "method": "grid", "epochs": 3, "dtype": "float64", "validation": HELD, "hidden": (2,), "weight": FIRST,
        "metrics": ["accuracy"], "learning_rate": 0.4,
    }  # fmt: skip
    chosen = {name: value for name, value in (settings | options).items() if value is not None}
    return jn.plan(jn.Space(**given), chosen.pop("data", (X, Y)), **chosen)


def fitted(result: jn.sweeps.Result, member: int, data: tuple[Any, ...], **options: Any) -> Any:
    """What ``jn.fit`` makes of a member's first parameters and some data, in the rows that it was given."""
    start = initial_params(result.network(member), keys_of(0, 0)[0], np.dtype("float64"))
    options = {"validation": HELD, "metrics": ["accuracy"], "epochs": 3} | options
    return jn.fit(result.objective(member), start, data, optimizer=optax.sgd(0.4), **options)


def same(run: Any, result: jn.sweeps.Result, member: int) -> bool:
    pairs = [*zip(jax.tree.leaves(run.params), jax.tree.leaves(result.params(member)), strict=True)]
    pairs += [(run.history[name], result.curves(name)[member]) for name in run.history]
    return all(np.allclose(a, b, rtol=1e-12, atol=1e-14) for a, b in pairs)


def _folds(result: jn.sweeps.Result) -> Any:
    return result.plan.task.folds


@pytest.fixture(scope="module")
def learning_curve() -> jn.sweeps.Result:
    return jn.sweep(plan())


def test_a_full_batch_with_rows_left_out_is_that_of_the_subset(learning_curve: jn.sweeps.Result) -> None:
    for member, n in enumerate((5, 12, N)):
        assert same(fitted(learning_curve, member, (X[:n], Y[:n])), learning_curve, member)


def test_all_numbers_of_rows_are_one_program() -> None:
    compiled = []
    kept, before = engine._programs, engine._compile
    engine._programs, engine._compile = type(kept)(8), lambda *a, **k: compiled.append(1) or before(*a, **k)
    try:
        made = plan({"n": jn.Choice(*range(3, 12))}, hidden=(3,))
        jn.sweep(made)
    finally:
        engine._programs, engine._compile = kept, before
    assert len(made.configurations) == 9
    assert len(made.groups) == len(compiled) == 1


def test_mini_batches_are_cut_from_all_rows_and_weighed_by_what_is_in_them() -> None:
    weigh = lambda c: 1 + c["tilt"] * np.arange(N) * (np.arange(N) % 3 > 0)
    result = jn.sweep(plan({"tilt": jn.Choice(0.5, 2)}, weight=weigh, batch_size=7))
    for member, tilt in enumerate((0.5, 2)):
        key = keys_of(0, 0)[1]
        run = fitted(result, member, (X, Y, weigh({"tilt": tilt})), batch_size=7, key=key)
        assert same(run, result, member)


def test_weights_multiply_those_of_the_data() -> None:
    own = 1.0 + np.arange(N)
    result = jn.sweep(plan({"n": jn.Choice(5, 12)}, data=(X, Y, own)))
    assert same(fitted(result, 0, (X[:5], Y[:5], own[:5])), result, 0)


def test_a_fold_trains_on_those_of_its_rows_and_holds_out_all_of_the_others() -> None:
    result = jn.sweep(plan({"n": jn.Choice(9, N)}, validation=None, fold=jn.Folds(5)))
    for member, n in ((1, 9), (7, N)):
        train, held = _folds(result)[int(result.plan.members.fold[member])]
        mine = train[train < n]
        assert same(fitted(result, member, (X[mine], Y[mine]), validation=(X[held], Y[held])), result, member)


def test_the_function_is_asked_once_a_configuration() -> None:
    asked: list[int] = []

    def weight(c: Any) -> Any:
        asked.append(c["n"])
        return FIRST(c)

    result = jn.sweep(plan(weight=weight))
    assert all(verify(result).values())
    assert sorted(asked) == [5, 12, N]


@pytest.mark.parametrize(
    ("weight", "words"),
    [
        (lambda c: np.ones(3), r"weight of .*one weight for each of the 24 examples"),
        (lambda c: np.ones((N, 1)), r"weight of .*shape \(24,\)"),
        (lambda c: np.full(N, np.nan), r"weight of .*\"n\": 5.*finite"),
        (lambda c: np.arange(N) - 1.0, r"weight of .*at least 0"),
        (lambda c: np.arange(N) < c["n"] - 5, r"weight of .*\"n\": 5.*not all 0"),
        (lambda c: np.arange(N) < c["rows"], r"weight: .*'rows'"),
        (lambda c: None, "weight of "),
    ],
)
def test_what_weighs_nothing_is_refused_before_anything_trains(weight: Any, words: str) -> None:
    with pytest.raises((ValueError, TypeError), match=words):
        plan(weight=weight)


def test_what_cannot_be_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match=r"weight of .*finite"):
        plan(dtype="float32", weight=lambda c: np.full(N, 1e200))
    with pytest.raises(TypeError, match="weight: expected a callable configuration -> weights"):
        plan({}, weight=np.ones(N))
    with pytest.raises(ValueError, match="tilt: expected something that reads it"):
        plan({"n": 5, "tilt": jn.Choice(1, 2)})
    with pytest.raises(ValueError, match=r"parameter: expected one of .*'n'"):
        plan(weight=None)
    with pytest.raises(ValueError, match="each fold trains on, got a fold without any"):
        plan(validation=None, fold=jn.Folds(of=np.arange(N) // 12), weight=lambda c: np.arange(N) < 12, space={"n": 1})
    own = lambda network, c: lambda params, x, y: jn.objective(network)(params, x, y)
    with pytest.raises(ValueError, match="data: expected no weights, for this objective does not name weight="):
        plan(objective=own)


def test_data_on_disk_are_refused_in_words(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    with pytest.raises(ValueError, match="weight: expected data in memory"):
        plan(data=(jn.data.read_npy(tmp_path / "x.npy"), Y), metrics=["validation_accuracy"])


def test_a_folder_goes_on_and_refuses_other_weights(tmp_path: Path, learning_curve: jn.sweeps.Result) -> None:
    jn.sweep(plan({"n": jn.Choice(5, 12)}), out=tmp_path)
    grown = jn.sweep(plan(), out=tmp_path)
    assert np.array_equal(grown.curves("loss"), learning_curve.curves("loss"))
    other = functools.wraps(FIRST)(lambda c: np.arange(N) >= N - c["n"])  # of the same name
    with pytest.raises(ValueError, match="the weights or targets of the training rows differ"):
        jn.sweep(plan(weight=other), out=tmp_path)
    with pytest.raises(ValueError, match="another sweep's folder"):
        jn.sweep(plan({}, weight=None), out=tmp_path)


class _Elsewhere:
    """Trains what was pickled, as in another process."""

    workers = 2

    def __init__(self, pool: concurrent.futures.Executor) -> None:
        self._pool = pool

    def submit(self, tiles: Any) -> Any:
        return self._pool.submit(lambda: cloudpickle.loads(cloudpickle.dumps(tiles)).train())


def test_tiles_that_travel_have_the_same_bits(learning_curve: jn.sweeps.Result) -> None:
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        result = jn.sweep(plan(), executor=_Elsewhere(pool))
    for name in result.history.curves:
        assert np.array_equal(result.curves(name), learning_curve.curves(name))


def test_halving_confirming_and_the_best_model_take_the_weights_of_their_configurations() -> None:
    result = jn.sweep(plan(halving=jn.Halving(2, 1, audit=0), metric="validation_accuracy"))
    assert result.best_model().predict(X[:2]).shape == (2,)
    confirmed = result.confirm(top=1, seeds=2, test=HELD)
    best = result.plan.configurations[result.ranking()[0]]["n"]
    start = initial_params(result.network(0), keys_of(0, 1)[0], np.dtype("float64"))
    run = jn.fit(result.objective(0), start, (X[:best], Y[:best]), optimizer=optax.sgd(0.4), epochs=3)
    found = confirmed.result.params(0)
    assert all(np.allclose(a, b) for a, b in zip(*map(jax.tree.leaves, (run.params, found)), strict=True))


def test_populations_that_change_their_numbers_change_their_rows() -> None:
    space = {"n": jn.Int(4, N)}
    begun = plan(space, method="pbt", n=5, pbt=jn.PBT(every=1), root=1)
    result = jn.sweep(begun)
    assert result.plan.configurations != begun.configurations
    assert all(verify(result, 5).values())


FLIPPED = lambda c: np.where(np.arange(N) < c["wrong"], 1 - Y, Y)


def test_targets_are_those_of_the_configuration_and_of_the_data_where_rows_are_held_out() -> None:
    result = jn.sweep(plan({"wrong": jn.Choice(0, 6)}, weight=None, targets=FLIPPED))
    for member, wrong in enumerate((0, 6)):
        assert same(fitted(result, member, (X, FLIPPED({"wrong": wrong}))), result, member)
    folded = jn.sweep(plan({"wrong": 6, "n": 18}, targets=FLIPPED, validation=None, fold=jn.Folds(5)))
    train, held = _folds(folded)[2]
    train = train[train < 18]
    run = fitted(folded, 2, (X[train], FLIPPED({"wrong": 6})[train]), validation=(X[held], Y[held]))
    assert same(run, folded, 2)


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (lambda c: Y[:3], r"targets of .*of shape \(24,\)"),
        (lambda c: Y + 1, "targets of .*labels that the data have"),
        (lambda c: Y + 0.5, "targets of .*labels that the data have"),
        (lambda c: Y / 0.0, "targets of .*finite"),
        (Y, "targets: expected a callable configuration -> targets"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_targets_that_cannot_be_are_refused(targets: Any, words: str) -> None:
    with pytest.raises((ValueError, TypeError), match=words):
        plan({}, weight=None, targets=targets)


def test_targets_that_the_objective_cannot_take_are_refused_with_the_plan() -> None:
    share = Y * 0.5
    options = {"output": "sigmoid", "validation": None, "metrics": None, "weight": None}
    with pytest.raises(ValueError, match="targets: expected what the objective takes"):
        plan({}, data=(X, share), targets=lambda c: share * 4, **options)


def test_rows_and_label_noise_are_parameters_of_any_space() -> None:
    made = plan({"rows": jn.Choice(4, 10), "label_noise": jn.Choice(0.0, 0.25)}, weight=None)
    values = dict(zip([(c["rows"], c["label_noise"]) for c in made.configurations], made.groups[0].varied, strict=True))
    assert [int(values[each].weight.sum()) for each in values] == [4, 4, 10, 10]
    assert [int((values[each].targets != Y).sum()) for each in values] == [0, 6, 0, 6]
    assert (values[4, 0.0].weight <= values[10, 0.0].weight).all()  # the fewer are among the more
    result = jn.sweep(pickle.loads(pickle.dumps(made)))  # without anything to pickle functions by
    few, noisy = values[4, 0.25].weight > 0, values[4, 0.25].targets
    assert same(fitted(result, 1, (X[few], noisy[few])), result, 1)


@pytest.mark.parametrize(
    ("space", "words"),
    [
        ({"rows": 0}, "rows: .*1 to 24"),
        ({"rows": N + 1}, "rows: .*1 to 24"),
        ({"rows": 2.5}, "rows: "),
        ({"label_noise": 1.5}, "label_noise: "),
        ({"row": 5}, "parameter: .*rows"),
    ],
)
def test_numbers_of_rows_that_are_not_there_are_refused(space: dict[str, Any], words: str) -> None:
    with pytest.raises((ValueError, TypeError), match=words):
        plan(space, weight=None)


def test_noise_of_what_is_no_label_is_refused() -> None:
    with pytest.raises(ValueError, match="label_noise: expected targets= for targets that are no labels"):
        plan({"label_noise": 0.1}, data=(X, X[:, 0]), weight=None, validation=None, metrics=None)
