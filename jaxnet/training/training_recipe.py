"""How a run was trained, kept with what came of it, so that it can be tried again with one thing changed."""

import dataclasses

import optax

from jaxnet.training.optimizer_state import OptimizerState
from jaxnet.training.preparation import FitPlan
from jaxnet.training.stopping import Stop
from jaxnet.types import Key, Pytree


@dataclasses.dataclass(frozen=True)
class TrainingRecipe:
    """How a run was trained, so that it can be trained again: all that ``fit`` was given but the data.

    Attributes:
        optimizer, stop: as they were given.
        batch_size: examples an update; None is the full batch.
        shuffle: whether mini-batches were drawn anew each epoch; None where the orders were given.
        key: of the orders and of dropout.
        params, optimizer_state: where the run began.
        epochs: how many were asked for.
        continued: whether it went on from an earlier run.
    """

    optimizer: optax.GradientTransformation
    stop: Stop | None
    batch_size: int | None
    shuffle: bool | None
    key: Key
    params: Pytree
    optimizer_state: OptimizerState
    epochs: int
    continued: bool


def recipe_of(plan: FitPlan) -> TrainingRecipe:
    """Return the recipe of a run from its plan; nothing is copied."""
    _, optimizer, stop = plan.described
    rows = int(plan.data.train.rows)
    first = plan.state
    return TrainingRecipe(
        optimizer=optimizer,
        stop=stop,
        batch_size=None if plan.program.batch_size >= rows else plan.program.batch_size,
        shuffle=None if plan.orders is not None else plan.program.shuffled,
        key=plan.key,
        params=first.params,
        optimizer_state=OptimizerState(first.optimizer, first.epoch),
        epochs=plan.epochs,
        continued=int(first.epoch) > 0,
    )
