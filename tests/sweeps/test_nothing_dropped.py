"""Whatever is given changes the result, or is refused: no argument and no parameter is dropped without a word."""

import dataclasses
import inspect
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.sweeps.configuration import PARAMETER_NAMES

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(24, 3)).astype(np.float32)
Y = (X[:, 0] > 0.3).astype(np.int32)
WEIGHT = np.where(Y == 1, 50.0, 1.0).astype(np.float32)
HELD = (X[::-1] + 0.1, Y[::-1])


@pytest.fixture(scope="module", autouse=True)
def quick_compiling() -> Iterator[None]:
    """Fifty programs that run for a moment each: they are compiled without what makes them fast."""
    before = jax.config.values["jax_disable_most_optimizations"]
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", before)


def squares(params: Any, x: Any, y: Any) -> Any:
    """A metric of one's own that takes no weights."""
    return sum(jnp.sum(layer["w"] ** 2) for layer in params)


def outcome(changed: dict[str, Any]) -> list[np.ndarray]:
    """All that a small sweep ends with: its ranking, and the curves and parameters of every member."""
    base = {
        "space": jn.Space(learning_rate=jn.Choice(0.1, 0.4, 0.7)), "data": (X, Y), "method": "grid", "epochs": 4,
    }  # fmt: skip
    arguments = {name: value for name, value in (base | changed).items() if value is not None}
    result = jn.sweep(jn.plan(arguments.pop("space"), arguments.pop("data"), **arguments))
    ends = [np.asarray(leaf) for m in range(len(result.plan.members.ids)) for leaf in _leaves(result.params(m))]
    return [np.array(result.ranking()), *result.history.curves.values(), *ends]


def _leaves(params: Any) -> list[Any]:
    return [leaf for layer in params for leaf in layer.values()]


def differ(a: list[np.ndarray], b: list[np.ndarray]) -> bool:
    return len(a) != len(b) or any(
        x.dtype != y.dtype or not np.array_equal(x, y, equal_nan=True) for x, y in zip(a, b, strict=True)
    )


@pytest.fixture(scope="module")
def base() -> list[np.ndarray]:
    return outcome({})


# few programs: what has numbers of its own stands in the fewest places
RANDOM = {"space": jn.Space(learning_rate=jn.Float(0.1, 0.7)), "method": "random", "n": 3}
ADAMW = {"optimizer": "adamw", "weight_decay": 0.2, "b1": 0.8, "b2": 0.9, "eps": 1e-4}
COSINE = ADAMW | {"schedule": "warmup_cosine"}
RMSPROP = {"optimizer": "rmsprop", "momentum": 0.5}
# what changes, and what it is compared with where that is not the base
CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "space": ({"space": jn.Space(learning_rate=jn.Choice(0.1, 0.4, 0.8))}, {}),
    "data": ({"data": (X + 0.1, Y)}, {}),
    "method": (RANDOM | {"method": "sobol"}, RANDOM),
    "n": (RANDOM | {"n": 4}, RANDOM),
    "configurations": ({"method": "list", "configurations": [{"learning_rate": 0.1}]}, {}),
    "epochs": ({"epochs": 3}, {}),
    "class_weights": ({"class_weights": "balanced"}, {"data": (X, Y, np.ones_like(WEIGHT))}),
    "validation": ({"validation": HELD}, {}),
    "metrics": ({"metrics": ["accuracy"]}, {}),
    "metric": ({"metric": "accuracy"}, {}),
    "goal": ({"goal": "max"}, {}),
    "rank": ({"rank": "best", "goal": "max"}, {"goal": "max"}),  # the largest loss is the first
    "stop": ({"stop": jn.Stop("loss", 1, tolerance=0.2)}, {}),
    "halving": ({"halving": jn.Halving(2, 1, audit=0)}, {}),
    "root": ({"root": 1}, {}),
    "orders": ({"orders": "shared", "batch_size": 6, "seed": 1}, {"batch_size": 6, "seed": 1}),
    "dtype": ({"dtype": "float64"}, {}),
    "seed": ({"seed": 1}, {}),
    "network": ({"network": lambda c: jn.MLP((3, 2, 2), output="softmax")}, {}),
    "objective": ({"objective": lambda network, c: jn.objective(network, l2=0.1)}, {}),
    "rows": ({"rows": 12}, {}),
    "label_noise": ({"label_noise": 0.3}, {}),
    "targets": ({"targets": lambda c: 1 - Y}, {}),
    "weight": ({"weight": lambda c: np.arange(len(Y)) < 12}, {}),
    "batch_size": ({"batch_size": 6}, {}),
    "hidden": ({"hidden": (2,)}, {}),
    "activation": ({"hidden": (2,), "activation": "tanh"}, {"hidden": (2,)}),
    "weights": ({"weights": "zeros"}, {}),
    "biases": ({"biases": "normal"}, {}),
    "output": ({"output": "sigmoid"}, {}),
    "dropout": ({"hidden": (2,), "dropout": 0.5}, {"hidden": (2,)}),
    "loss": ({"loss": "hinge", "output": "identity"}, {}),
    "l2": ({"l2": 0.1}, {}),
    "learning_rate": ({"space": jn.Space(), "learning_rate": 0.2}, {"space": jn.Space(), "learning_rate": 0.3}),
    "optimizer": (ADAMW, {}),
    "b1": (ADAMW | {"b1": 0.7}, ADAMW),
    "b2": (ADAMW | {"b2": 0.8}, ADAMW),
    "eps": (ADAMW | {"eps": 1e-3}, ADAMW),
    "weight_decay": (ADAMW | {"weight_decay": 0.1}, ADAMW),
    "schedule": (COSINE, ADAMW),
    "warmup": (COSINE | {"warmup": 0.5}, COSINE),
    "final": (COSINE | {"final": 0.5}, COSINE),
    "decay": (RMSPROP | {"decay": 0.5}, RMSPROP),
    "momentum": (RMSPROP | {"momentum": 0.6}, RMSPROP),
    "nesterov": (RMSPROP | {"nesterov": True}, RMSPROP),
    "fold": ({"fold": jn.Folds(3)}, {}),
    "parametrization": ({"parametrization": "ntk"}, {}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_given_changes_the_result(name: str, base: list[np.ndarray]) -> None:
    changed, other = CHANGES[name]
    assert name in changed
    assert differ(outcome(changed), outcome(other) if other else base)


def test_every_argument_and_parameter_is_tried() -> None:
    arguments = set(inspect.signature(jn.plan).parameters) - {"constants", "keep"}  # in test_states.py
    # refused without their method, below; matters of rounding alone; in tests/sweeps/test_plan_data.py
    elsewhere = {"ask", "study", "pruner", "pbt", "lanes", "pad", "hurry", "preparation"}
    assert set(CHANGES) | elsewhere == arguments | set(PARAMETER_NAMES) | {"seed", "fold"}


@pytest.mark.parametrize("where", ["train", "folds", "validation"])
def test_weights_are_never_lost_beside_a_metric_that_takes_none(where: str) -> None:
    weighted: Any = {"validation": (*HELD, WEIGHT[::-1])} if where == "validation" else {"data": (X, Y, WEIGHT)}
    folds: Any = {"fold": jn.Folds(4)} if where == "folds" else {}
    held: Any = folds or ({"validation": HELD} if where == "validation" else {})
    assert differ(outcome(weighted | folds | {"metrics": [squares]}), outcome(held | {"metrics": [squares]}))


def test_the_loss_of_a_held_out_fold_is_the_weighted_one() -> None:
    made = jn.plan(jn.Space(learning_rate=0.1), (X, Y, WEIGHT), epochs=4, fold=jn.Folds(4), metrics=[squares])
    result = jn.sweep(made)
    held = made.task.folds[1].held
    expected = float(jn.objective(result.network(1))(result.params(1), X[held], Y[held], weight=WEIGHT[held]))
    assert result.curves("validation_loss")[1, -1] == pytest.approx(expected, rel=1e-6)


def test_folds_of_unequal_size_are_refused_at_once_for_what_takes_no_weights() -> None:
    with pytest.raises(ValueError, match=r"fold: expected folds of equal size .* no weight= \(squares\), got .*\[4, 5"):
        jn.plan(jn.Space(learning_rate=0.1), (X, Y), epochs=1, fold=jn.Folds(5), metrics=[squares])


def test_a_metric_is_given_the_weights_the_logits_and_the_network_that_it_names() -> None:
    """Also where the test data are read, which have weights of their own."""

    def sums(params: Any, x: Any, y: Any, *, weight: Any, logits: Any, network: Any) -> Any:
        return jnp.sum(weight) + 1000 * jnp.sum(logits) + network.sizes[0]

    def expected(params: Any, weight: np.ndarray) -> Any:
        logits = X @ np.asarray(params[0]["w"]) + np.asarray(params[0]["b"])
        return pytest.approx(weight.sum() + 1000 * logits.sum() + 3, abs=0.1)

    plan = jn.plan(jn.Space(learning_rate=0.1), (X, Y, WEIGHT), epochs=1, metrics=[sums])
    result = jn.sweep(dataclasses.replace(plan, metric="sums"))
    assert result.curves("sums")[0, -1] == expected(result.params(0), WEIGHT)
    confirmed = result.confirm(top=1, seeds=1, test=(X, Y, WEIGHT + 1))
    assert confirmed.test[0, 0] == expected(confirmed.result.params(0), WEIGHT + 1)


def test_logits_need_an_objective_that_has_them() -> None:
    def of_logits(params: Any, x: Any, y: Any, *, logits: Any) -> Any:
        return jnp.sum(logits)

    own = lambda network, c: lambda params, x, y: jnp.sum(params[0]["w"])
    with pytest.raises(
        ValueError, match=r"metrics: expected callables .* for logits= and network= need a jn.objective"
    ):
        jn.plan(jn.Space(learning_rate=0.1), (X, Y), epochs=1, metrics=[of_logits], objective=own)


@pytest.mark.parametrize(("name", "method"), [("ask", "optuna"), ("study", "optuna"), ("pbt", "pbt")])
def test_what_a_method_is_to_know_is_refused_with_another(name: str, method: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: expected none without method='{method}'"):
        jn.plan(jn.Space(learning_rate=0.1), (X, Y), epochs=1, **{name: 4})


def test_an_objective_that_draws_is_told_what_rows_that_are_held_out_need() -> None:
    drawing = lambda network, c: lambda params, x, y, *, key: jn.objective(network)(params, x, y)
    with pytest.raises(TypeError, match="objective: expected an objective with key=None by default, for rows that are"):
        jn.plan(jn.Space(learning_rate=0.1), (X, Y), epochs=1, objective=drawing, fold=jn.Folds(2))
