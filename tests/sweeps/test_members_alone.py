"""A member of a sweep is what ``jn.fit`` makes of its configuration alone, whatever stands beside it.

Each case crosses several kinds of parameters and arguments, so that most members differ from the first one in all of
them: a number that all take from the first is seen here.
"""

import dataclasses
import functools
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxnet as jn
from jaxnet.sweeps.groups import initial_params, keys_of

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(24, 3))
Y = (X[:, 0] > 0.3).astype(np.int32)
WEIGHT = np.linspace(0.1, 3, 24)
HELD = (X[::-1] + 0.1, Y[::-1])


@pytest.fixture(scope="module", autouse=True)
def double_precision() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


@dataclasses.dataclass(frozen=True)
class Gained:
    """A network of a user's around another."""

    inner: Any
    gain: float

    def init(self, key: Any) -> Any:
        return jax.tree.map(lambda leaf: leaf.astype(float), self.inner.init(key))

    def apply(self, params: Any, x: Any) -> Any:
        return self.gain * self.inner.apply(params, x)


def penalised(network: Any, c: Any) -> Any:
    """A closure in a closure, with numbers of the configuration in both."""
    _, factor, l2 = c["numbers"]
    penalty = lambda params, factor=factor: factor * sum(jnp.sum(layer["w"] ** 2) for layer in params)
    f = jn.objective(network, "cross_entropy", l2=l2)
    return lambda params, x, y, *, weight=None: f(params, x, y, weight=weight) + penalty(params)


def optimizer(c: Any) -> optax.GradientTransformation:
    """Numbers where an optimizer keeps them for its start and its steps, by leaf, in a mask and in a partial."""
    a, weights = c["a"], lambda params: jax.tree.map(lambda leaf: leaf.ndim > 1, params)
    if c["kind"] == "decay":
        return optax.adamw(0.1, b1=a, weight_decay=a, mask=weights)
    if c["kind"] == "leaves":
        each = {"w": optax.adamw(0.05, weight_decay=a), "b": optax.sgd(a, momentum=a)}
        return optax.partition(each, lambda params: [{"w": "w", "b": "b"} for _ in params])
    falling = functools.partial(lambda count, rate, factor: rate * factor / (1 + count.astype(float)), rate=a, factor=2)
    return optax.chain(optax.clip_by_global_norm(a), optax.sgd(falling), optax.ema(a / 2))


CASES: dict[str, dict[str, Any]] = {
    "rows, noise, weights, folds, padding and a stopping rule": {
        "space": {
            "rows": jn.Choice(15, 22), "label_noise": jn.Choice(0.0, 0.5), "hidden": jn.Choice((3,), (5, 2)),
            "fold": jn.Folds(3),
        },
        "data": (X, Y, WEIGHT), "batch_size": 7, "learning_rate": 0.5, "pad": True, "metrics": ["accuracy"], "activation": "tanh",
        "stop": jn.Stop("validation_loss", 2, restore_best=True), "epochs": 5,
    },
    "a schedule, epochs, seeds, orders, dropout and a root": {
        "space": {
            "epochs": jn.Choice(2, 4), "final": jn.Choice(0.1, 0.5), "momentum": jn.Choice(0.3, 0.8),
            "dropout": jn.Choice(0.1, 0.4), "seed": jn.Seeds(2, 3),
        },
        "schedule": "cosine", "hidden": (4,), "batch_size": 5, "orders": "shared", "root": 7, "learning_rate": 0.5,
        "validation": HELD, "epochs": 4,
    },
    "optimizers of one's own by a choice": {
        "space": {"kind": jn.Choice("decay", "leaves", "falling"), "a": jn.Choice(0.1, 0.6)},
        "optimizer": optimizer, "validation": (*HELD, WEIGHT), "epochs": 3,
    },
    "a network and an objective of one's own": {
        "space": {"numbers": jn.Choice((0.5, 0.01, 0.1), (2.0, 0.2, 0.4), (1.0, 0.05, 0.9))},
        "network": lambda c: Gained(jn.MLP((3, 2)), c["numbers"][0]), "objective": penalised, "batch_size": 7,
        "data": (X, Y, WEIGHT), "learning_rate": 0.3, "validation": HELD, "epochs": 3,
    },
}  # fmt: skip


def rows_of_member(plan: jn.sweeps.Plan, configuration: Any, fold: int) -> tuple[Any, Any]:
    """What a member trains on and is held out of it, told apart by hand."""
    varied = plan.spec.varied.of(configuration) if plan.spec.varied else None
    own = [None, None] if varied is None else [varied.targets, varied.weight]
    data = [part if mine is None else mine for part, mine in zip(plan.task.data, [None, *own], strict=True)]
    given = lambda parts, rows: tuple(part[rows] for part in parts if part is not None)
    if plan.task.folds is None:
        return given(data, slice(None)), given(plan.task.validation, slice(None))
    train, held = plan.task.folds[fold]
    return given(data, train), given(plan.task.data, held)


@pytest.mark.parametrize("name", CASES)
def test_a_member_is_the_fit_of_its_configuration(name: str) -> None:
    given = dict(CASES[name])
    made = jn.plan(jn.Space(**given.pop("space")), given.pop("data", (X, Y)), method="grid", dtype="float64", **given)
    result, ends = jn.sweep(made), set()
    for member, at in enumerate(made.members.configuration.tolist()):
        configuration = made.configurations[at]
        training, own = made.spec.training(configuration), made.spec.optimizer
        first, _ = keys_of(made.task.root, int(made.members.seed[member]))
        of_run = keys_of(made.task.root, 0 if made.task.shared_orders else int(made.members.seed[member]))[1]
        train, held = rows_of_member(made, configuration, int(made.members.fold[member]))
        run = jn.fit(
            training.objective, initial_params(training.network, first, made.task.dtype), train, validation=held,
            optimizer=own(configuration) if own else training.optimizer, batch_size=training.batch_size,
            epochs=made.spec.epochs_of(configuration), key=of_run, stop=made.spec.stop, metrics=made.task.metrics,
        )  # fmt: skip
        for curve, values in run.history.items():
            np.testing.assert_allclose(result.curves(curve)[member][: len(values)], values, rtol=1e-6)
        for here, there in zip(*map(jax.tree.leaves, (result.params(member), run.params)), strict=True):
            np.testing.assert_allclose(here, there, rtol=1e-6, atol=1e-9)
        ends.add(float(run.history["validation_loss"][-1]))
    assert len(ends) == len(made.members.ids)  # no two alike, so each went its own way
