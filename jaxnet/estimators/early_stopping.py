"""What a fit monitors to find that nothing improves any more: its loss, a score inside the compiled run, or a scorer
of scikit-learn's outside it."""

import copy
import dataclasses
import enum
import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.metrics import check_scoring

from jaxnet import metrics
from jaxnet.estimators.network_estimator import NetworkEstimator, Score
from jaxnet.estimators.rules import int32
from jaxnet.losses import weighted_mean
from jaxnet.network import MLP
from jaxnet.training import stopping
from jaxnet.training.hyperparameters import Skeleton, combine, partition
from jaxnet.training.loop import State
from jaxnet.training.stopping import Best, Stop, watch
from jaxnet.types import Array, Pytree


class HeldOut(NamedTuple):
    """Examples that are held out, as a scorer wants them."""

    X: np.ndarray  # [N, D]
    y: np.ndarray  # labels or targets, [N] or [N, K]
    weight: np.ndarray | None  # [N]


class Monitor(enum.Enum):
    """What is watched; the value is its name in a run's history."""

    LOSS = "loss"
    SCORE = "validation_score"
    HELD_LOSS = "validation_loss"
    SCORER = "a scorer of scikit-learn's, between epochs"


@dataclasses.dataclass(frozen=True)
class ValidationScore:
    """A metric of the validation data: ``of(predictions [N, K], targets [N, K], weight [N])``."""

    of: Score

    __name__ = "validation_score"  # in a run's history

    def __call__(self, params: Pytree, X: Array, y: Array, *, weight: Array, network: MLP) -> Array:
        """Compute the score; NaN where a prediction is not finite, as scikit-learn's scores of NaN are refused."""
        predictions = network.columns(params, X.T)[-1].a.T
        finite = jnp.all(jnp.isfinite(predictions))
        return jnp.where(finite, self.of(predictions, y, weight), jnp.nan)


def subset_accuracy(predictions: Array, targets: Array, weight: Array) -> Array:
    """Compute the share of examples all of whose labels are right; one label is a yes-no question."""
    right = jnp.all((predictions > 0.5) == (targets > 0.5), axis=1)
    return weighted_mean(right.astype(weight.dtype), weight)


def finite_r2(predictions: Array, targets: Array, weight: Array) -> Array:
    """Compute R², averaged over outputs; a target that does not vary scores 1 if it is met exactly, else 0."""
    return metrics.r2(predictions, targets, weight, force_finite=True)


class ScorerMonitor:
    """A scorer that looks at the estimator after every epoch, and remembers the best weights."""

    def __init__(self, mlp: NetworkEstimator, held: HeldOut, *, stop: Stop, best: Best) -> None:
        self._mlp, self._held, self._stop = mlp, held, stop
        self._scorer = check_scoring(mlp, mlp.scoring)
        self._skeleton, self._numbers = partition(stop)
        self.best = best

    def __call__(self, state: State, history: dict[str, np.ndarray]) -> State:
        """Score the weights of an epoch and add the score to its history; the state says whether to go on."""
        # a copy, because a scorer sees the weights of this epoch and the estimator takes over those of its end
        looked_at = copy.copy(self._mlp)
        looked_at.__dict__.pop("feature_names_in_", None)  # what is held out is a plain array by now
        looked_at._set_weights(state.params)
        X, y, weight = self._held
        weights = {} if weight is None else {"sample_weight": weight}  # not every scorer takes them
        score: Any = np.asarray(self._scorer(looked_at, X, y, **weights), np.float64)
        history["validation_score"] = score.reshape(1)
        self.best = _watch(self._skeleton, self._numbers, self.best, (state.params, state.epoch, score))
        if int(state.status) != stopping.RUNNING or int(self.best.waited) < self._stop.patience:
            return state
        self.best = self.best._replace(waited=int32(0))  # where a lower rate goes on, a new wait begins
        return state._replace(status=int32(stopping.CONVERGED))


@functools.partial(jax.jit, static_argnames="skeleton")
def _watch(skeleton: Skeleton, numbers: list[float], best: Best, epoch: tuple[Pytree, Array, Array]) -> Best:
    """Take an epoch, (params, its number, its value), into account in one program, which serves every tolerance."""
    params, number, value = epoch
    return watch(combine(skeleton, numbers), best, params, epoch=number, value=value)
