"""What an estimator remembers of its training: scikit-learn's attributes, messages and warnings."""

import math
import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from jaxnet.estimators.descent import Progress
from jaxnet.training.stopping import DIVERGED

NO_IMPROVEMENT = "%s did not improve more than tol=%f for %d consecutive epochs."


def begin(mlp: Any, *, first: bool, validated: bool) -> None:
    """Set what a fit starts from; one that goes on from earlier weights goes on with their record."""
    mlp.n_iter_ = 0
    if first or not hasattr(mlp, "loss_curve_"):
        mlp.t_, mlp.loss_curve_, mlp._no_improvement_count = 0, [], 0
        mlp.validation_scores_ = [] if mlp.early_stopping else None
        mlp.best_validation_score_ = -np.inf if mlp.early_stopping else None
        mlp.best_loss_ = None if mlp.early_stopping else np.inf
        mlp.validation_loss_curve_ = None
    if validated and mlp.validation_loss_curve_ is None:
        mlp.validation_loss_curve_ = []


def record(mlp: Any, progress: Progress, rows: int) -> None:
    """Take in the epochs of one chunk."""
    history = {name: [float(value) for value in values] for name, values in progress.history.items()}
    for i in range(len(history["loss"])):
        _record_epoch(mlp, {name: values[i] for name, values in history.items()}, rows)
    if progress.waited:
        _say_that_nothing_improves(mlp, progress)


def _record_epoch(mlp: Any, values: dict[str, float], rows: int) -> None:
    loss = values["loss"]
    mlp.n_iter_, mlp.t_, mlp.loss_ = mlp.n_iter_ + 1, mlp.t_ + rows, loss
    mlp.loss_curve_.append(loss)
    say(mlp, f"Iteration {mlp.n_iter_}, loss = {loss:.8f}")
    if "validation_loss" in values:
        mlp.validation_loss_curve_.append(values["validation_loss"])
    if not mlp.early_stopping:
        mlp.best_loss_ = loss if loss < mlp.best_loss_ else mlp.best_loss_
        return
    score = values["validation_score"] if "validation_score" in values else -values["validation_loss"]
    mlp.validation_scores_.append(score)
    mlp.best_validation_score_ = max(mlp.best_validation_score_, score)
    say(mlp, f"Validation score: {score:f}")


def _say_that_nothing_improves(mlp: Any, progress: Progress) -> None:
    what = "Validation score" if mlp.early_stopping else "Training loss"
    then = "Stopping." if progress.ended else f"Setting learning rate to {progress.rate:f}"
    if progress.ended and mlp.solver == "sgd" and mlp.learning_rate == "adaptive":
        then = "Learning rate too small. Stopping."
    say(mlp, f"{NO_IMPROVEMENT % (what, mlp.tol, mlp.n_iter_no_change)} {then}")


def say(mlp: Any, words: str) -> None:
    """Print what scikit-learn prints where an estimator is ``verbose``."""
    if mlp.verbose:
        print(words)


def finish(mlp: Any, progress: Progress, rows: int) -> None:
    """End a fit as scikit-learn ends it, with its warning where the last epoch allowed is reached.

    It does not notice divergence: all that it would have computed until the last epoch is NaN.
    """
    if int(progress.state.status) == DIVERGED:
        names = progress.history
        for _ in range(mlp.max_iter - mlp.n_iter_):
            _record_epoch(mlp, dict.fromkeys(names, math.nan), rows)
    if mlp.n_iter_ == mlp.max_iter and not progress.ended:
        warnings.warn(
            f"Stochastic Optimizer: Maximum iterations ({mlp.max_iter}) reached and the optimization hasn't "
            "converged yet.",
            ConvergenceWarning,
            stacklevel=2,
        )
