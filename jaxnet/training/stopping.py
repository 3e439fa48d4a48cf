"""How a run ends: after its epochs, because it no longer improves, or because it diverged."""

import dataclasses
import enum
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet import checks
from jaxnet.guidance import guided
from jaxnet.metrics import metric_goal
from jaxnet.training.batches import on_device
from jaxnet.types import Pytree


class Outcome(enum.Enum):
    """Why a run ended, as a sentence."""

    COMPLETED = "trained for the given number of epochs"
    CONVERGED = "stopped because the monitored value no longer improved"
    DIVERGED = "diverged: the loss or a parameter became infinite or NaN; the last finite parameters are kept"


RUNNING, CONVERGED, DIVERGED = 0, 1, 2  # what a compiled run carries in place of an Outcome


@guided(positional="Stop('validation_loss', patience, tolerance=0.001)", min_delta="give tolerance=", mode="give goal=")
@dataclasses.dataclass(frozen=True)
class Stop:
    """Stop a run when a value of its history has not improved for some epochs.

    Attributes:
        monitor: a name in the history: "loss" (convergence), "validation_loss" (early stopping), a metric.
        patience: epochs without improvement after which the run ends, at least 1.
        tolerance: by how much a value must beat the best one to count as an improvement, at least 0.
        goal: "min" for losses, "max" for scores; by default "max" for scores by name such as accuracy, else "min".
        restore_best: whether the run ends with the parameters of its best epoch; by default where the monitor is a
            validation value.
        ties: whether a value that is better by exactly ``tolerance`` ends the wait too, as in scikit-learn; so a
            tolerance of 0 never stops a run that stands still.
        latest: whether of epochs of the same best value the last one counts as the best, not the first: shares of few
            rows, such as an accuracy, tie often, and of those the run that has settled predicts best.

    Raises ValueError or TypeError for anything else. As in scikit-learn, any better value becomes the best one, and
    only one that is better by more than ``tolerance`` ends the wait.
    """

    monitor: str = "validation_loss"
    patience: int = dataclasses.field(default=10, metadata={"traced": True})
    tolerance: float = dataclasses.field(default=0.0, kw_only=True)
    goal: str | None = dataclasses.field(default=None, kw_only=True)
    restore_best: bool | None = dataclasses.field(default=None, kw_only=True)
    ties: bool = dataclasses.field(default=False, kw_only=True)
    latest: bool = dataclasses.field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        checks.require(isinstance(self.monitor, str), "monitor", "a name in the history", self.monitor, TypeError)
        checks.integer("patience", self.patience, minimum=1)
        checks.number("tolerance", self.tolerance, minimum=0)
        if self.goal is None:
            object.__setattr__(self, "goal", metric_goal(self.monitor))
        checks.choice("goal", self.goal, ("min", "max"))
        if self.restore_best is None:
            object.__setattr__(self, "restore_best", self.monitor.startswith("validation_"))


class Best(NamedTuple):
    """The best epoch so far: its parameters (None unless they are to be restored), number and value to be lowered."""

    params: Pytree
    epoch: jax.Array  # int32; 0 before the first
    value: jax.Array  # a scalar of the parameters' dtype, turned round where it is to be raised
    waited: jax.Array  # int32: epochs since the last improvement


def first_best(stop: Stop | None, params: Pytree, dtype: jax.typing.DTypeLike) -> Best | None:
    """Return what is known before the first epoch, with a value in ``dtype`` that any other is better than."""
    if stop is None:
        return None
    zero = on_device(0, np.int32)
    return Best(params if stop.restore_best else None, zero, on_device(np.inf, dtype), zero)


def watch(stop: Stop, best: Best, params: Pytree, *, epoch: jax.Array, value: jax.Array) -> Best:
    """Take the value, a scalar, of one more epoch into account; ``params`` are those behind it."""
    # scores are turned round, so that the best is always the lowest; NaN is never better than anything
    value = value if stop.goal == "min" else -value
    # not infinite: what it is compared with before the first epoch
    better = ((value <= best.value) & jnp.isfinite(value)) if stop.latest else value < best.value
    bar = best.value - stop.tolerance
    improved = value <= bar if stop.ties else value < bar
    # the best value follows any improvement, the wait ends only by one beyond the tolerance: scikit-learn's rule
    waited = jnp.where(improved, 0, best.waited + 1)
    kept = (
        jax.tree.map(lambda new, old: jnp.where(better, new, old), params, best.params) if stop.restore_best else None
    )
    return Best(kept, jnp.where(better, epoch, best.epoch), jnp.where(better, value, best.value), waited)
