"""What tells an estimator that nothing improves any more: its loss, a score inside the run, or a scorer outside it."""

import copy
import enum
import functools
import math
from typing import Any

import jax
import numpy as np
from sklearn.metrics import check_scoring

from jaxnet.estimators.problem import Problem
from jaxnet.estimators.rules import int32
from jaxnet.estimators.scores import ValidationScore
from jaxnet.training import stopping
from jaxnet.training.hyperparameters import Skeleton, combine, partition
from jaxnet.training.loop import State
from jaxnet.training.stopping import Best, Stop, watch
from jaxnet.types import Params

NEVER = 2**31 - 1  # a patience that no run exhausts


class Judge(enum.Enum):
    """What is watched; the value is its name in a run's history."""

    LOSS = "loss"
    SCORE = "validation_score"
    HELD_LOSS = "validation_loss"
    SCORER = "a scorer of scikit-learn's, between epochs"


def judge_of(mlp: Any) -> Judge:
    """Say what decides: ``scoring`` where early stopping is on, else the training loss."""
    if not mlp.early_stopping:
        return Judge.LOSS
    if mlp.scoring in (None, mlp._default_scoring):
        return Judge.SCORE
    return Judge.HELD_LOSS if mlp.scoring == "loss" else Judge.SCORER


def stop_of(mlp: Any, *, outside: bool = False) -> Stop:
    """Return the rule of the compiled run, or with ``outside`` the rule for a scorer between its epochs."""
    judge = judge_of(mlp)
    patience = NEVER if math.isinf(mlp.n_iter_no_change) else int(mlp.n_iter_no_change) + 1
    if judge is Judge.SCORER and not outside:
        return Stop("loss", NEVER, tolerance=float(mlp.tol), restore_best=False, ties=True)
    goal = "max" if judge in (Judge.SCORE, Judge.SCORER) else "min"
    return Stop(judge.value, patience, tolerance=float(mlp.tol), goal=goal, restore_best=mlp.early_stopping, ties=True)


def first_best(mlp: Any, stop: Stop, params: Params) -> Best:
    """Return the best value of earlier calls, and how long it has been the best: anything beats none."""
    value = -mlp.best_validation_score_ if mlp.early_stopping else mlp.best_loss_
    best: Any = np.asarray(value, params[0]["w"].dtype)
    return Best(params if stop.restore_best else None, int32(0), best, int32(mlp._no_improvement_count))


def metrics_of(mlp: Any, problem: Problem) -> tuple[ValidationScore, ...]:
    """Return what the compiled run computes of the examples that are held out."""
    if judge_of(mlp) is not Judge.SCORE:
        return ()
    return (ValidationScore(problem.network, mlp._score_in_run()),)


@functools.partial(jax.jit, static_argnames="skeleton")
def _watch(skeleton: Skeleton, numbers: list, best: Best, epoch: tuple) -> Best:
    """Take an epoch, (params, its number, its value), into account in one program, which serves every tolerance."""
    return watch(combine(skeleton, numbers), best, *epoch)


class ScorerJudge:
    """A scorer that looks at the estimator after every epoch, and remembers the best weights."""

    def __init__(self, mlp: Any, problem: Problem) -> None:
        self._mlp: Any = mlp
        self._held: Any = problem.held
        self._scorer = check_scoring(mlp, mlp.scoring)
        self._stop = stop_of(mlp, outside=True)
        self._lifted = partition(self._stop)
        self.best = first_best(mlp, self._stop, problem.params)

    def __call__(self, state: State, history: dict[str, np.ndarray]) -> State:
        """Score the weights of an epoch and add the score to its history; the state says whether to go on."""
        looked_at = copy.copy(self._mlp)
        looked_at.__dict__.pop("feature_names_in_", None)  # what is held out is a plain array by now
        looked_at._hold(state.params)
        weight = {} if self._held.weight is None else {"sample_weight": self._held.weight}
        score: Any = np.asarray(self._scorer(looked_at, self._held.X, self._held.y, **weight), np.float64)
        history["validation_score"] = score.reshape(1)
        skeleton, numbers = self._lifted
        self.best = _watch(skeleton, numbers, self.best, (state.params, state.epoch, score))
        if int(state.status) != stopping.RUNNING or int(self.best.waited) < self._stop.patience:
            return state
        self.best = self.best._replace(waited=int32(0))  # where a lower rate goes on, a new wait begins
        return state._replace(status=int32(stopping.CONVERGED))
