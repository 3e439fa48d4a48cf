"""What is examined: an objective, the parameters of a run and its recipe, training and validation rows, and all that
can be known of them before anything is trained."""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnet import checks
from jaxnet.accelerators import exact_products
from jaxnet.health.yardsticks import Yardstick, labels_of, yardstick
from jaxnet.losses import Objective
from jaxnet.network import MLP
from jaxnet.training.metric_values import names_argument
from jaxnet.training.optimizer_state import OptimizerState
from jaxnet.training.preparation import examples_of
from jaxnet.training.run import Run
from jaxnet.training.training_recipe import TrainingRecipe
from jaxnet.types import Pytree


class NumpyRows(NamedTuple):
    """Rows in NumPy: x [N, ...], y [N] or [N, K], weight [N] or None."""

    x: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None = None

    def at(self, index: np.ndarray) -> "NumpyRows":
        """Return some of the rows."""
        return NumpyRows(self.x[index], self.y[index], None if self.weight is None else self.weight[index])


@dataclasses.dataclass(frozen=True)
class Subject:
    """An objective with parameters and rows.

    Attributes:
        f: the objective.
        params: the parameters that are judged.
        start: those that training began with, where it is known.
        recipe: how they were trained, where it is known.
        history: its curves; empty where there was no run.
        diverged: whether the run did.
        optimizer_state: of the run's end, where there was one.
        restored: whether ``params`` are those of a best epoch before the last.
        train, validation: rows, in NumPy.
    """

    f: Callable
    params: Pytree
    start: Pytree | None
    recipe: TrainingRecipe | None
    history: Mapping[str, np.ndarray]
    diverged: bool
    restored: bool
    optimizer_state: OptimizerState | None
    train: NumpyRows
    validation: NumpyRows | None

    @property
    def network(self) -> MLP | None:
        """The network, where it is a ``jn.MLP`` of the standard parametrisation, whose weights are what they seem."""
        network = getattr(self.f, "network", None)
        if not isinstance(self.f, Objective) or not isinstance(network, MLP):
            return None
        return network if network.parametrization == "standard" else None

    @property
    def outputs(self) -> int:
        """K, 1 where nothing is known of the outputs."""
        if not isinstance(self.f, Objective):
            return 1
        return int(jax.eval_shape(self.f.network.apply, self.params, self.train.x[0]).shape[-1])

    @property
    def weighted(self) -> bool:
        """Whether the objective takes weights of examples."""
        return isinstance(self.f, Objective) or names_argument(self.f, "weight")

    def plain(self) -> Callable:
        """Return the objective without its penalty, which is no part of how well the data are answered."""
        return dataclasses.replace(self.f, l2=0.0) if isinstance(self.f, Objective) else _without_chance(self.f)

    def loss(self, params: Pytree, rows: NumpyRows) -> float:
        """Compute the loss of some rows, without penalty or dropout."""
        extra = {} if rows.weight is None else {"weight": rows.weight}
        with exact_products():
            return float(_compiled_loss(self.plain())(params, rows.x, rows.y, **extra))

    def yardstick(self, rows: NumpyRows) -> Yardstick | None:
        """Return what losses on some rows are worth; None for an objective of which nothing is known."""
        return yardstick(self.f, np.asarray(rows.y), rows.weight, self.outputs)

    def labels(self, rows: NumpyRows) -> np.ndarray | None:
        """Return the classes [N] of some rows, None where their targets are none."""
        return labels_of(self.f, rows.y, self.outputs)


@functools.lru_cache(maxsize=32)
def _without_chance(f: Callable) -> Callable:
    """Return an objective of one's own that can be called without a key: where it insists on one, with a fixed one."""
    key = inspect.signature(f).parameters.get("key")
    insists = key is not None and key.default is inspect.Parameter.empty
    return functools.partial(f, key=jax.random.key(0)) if insists else f


@functools.lru_cache(maxsize=32)
def _compiled_loss(plain: Callable) -> Callable:
    return jax.jit(plain)


def subject_of(f: Any, run: Any, data: Any, validation: Any) -> Subject:
    """Check what ``diagnose`` was given; raises ValueError or TypeError, naming the argument, for bad input."""
    checks.require(callable(f), "f", "an objective (params, x, y) -> scalar such as jn.objective(net)", f, TypeError)
    trained = isinstance(run, Run)
    params = run.params if trained else run
    checks.parameters("run", params)
    train = _rows(f, params, data, "data")
    held = None if validation is None else _rows(f, params, validation, "validation")
    recipe = run.recipe if trained else None
    if recipe is not None:
        described: Any = jax.tree.structure
        same = described(recipe.params) == described(params)
        checks.require(same, "run", "a run of this objective", run, ValueError)
    return Subject(
        f=f,
        params=params,
        start=None if recipe is None else recipe.params,
        recipe=recipe,
        history={name: np.asarray(curve, np.float64) for name, curve in run.history.items()} if trained else {},
        diverged=trained and run.outcome.name == "DIVERGED",
        restored=trained and 0 < run.params_epoch < run.epoch,
        optimizer_state=run.optimizer_state if trained else None,
        train=train,
        validation=held,
    )


def _rows(f: Callable, params: Pytree, data: Any, argument: str) -> NumpyRows:
    batch = examples_of(f, params, data, argument)
    weight = None if batch.weight is None else np.asarray(batch.weight)
    return NumpyRows(np.asarray(batch.x), np.asarray(batch.y), weight)
