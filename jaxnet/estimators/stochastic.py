"""How an estimator learns by a stochastic solver: what it asks of ``run_descent``, and what it makes of the answer,
with scikit-learn's attributes, messages and warnings."""

import inspect
import math
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from numbers import Integral
from typing import Any

import numpy as np
import optax
from sklearn.exceptions import ConvergenceWarning

from jaxnet import checks
from jaxnet.estimators import rules
from jaxnet.estimators.callbacks import Epochs
from jaxnet.estimators.descent_plan import Descent, DescentChunk
from jaxnet.estimators.drawing import Shuffles, advance
from jaxnet.estimators.early_stopping import HeldOut, Monitor, ScorerMonitor, ValidationScore
from jaxnet.estimators.network_estimator import NetworkEstimator
from jaxnet.estimators.rules import int32
from jaxnet.training.stopping import DIVERGED, Best, Stop
from jaxnet.types import Params, Pytree

_NOT_FINITE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and need to be preprocessed."
)
_NO_IMPROVEMENT = "%s did not improve more than tol=%f for %d consecutive epochs."
_NEVER = 2**31 - 1  # a patience that no run exhausts
_USUAL_BATCH = 200  # scikit-learn's "auto"
_LOWEST_RATE = 1e-6  # "adaptive" ends where its rate is no larger, as in scikit-learn
_LOWERING = 5  # what "adaptive" divides its rate by, as in scikit-learn


class StochasticSolver(NetworkEstimator):
    """An estimator that can learn by descent, epoch by epoch, and records it as scikit-learn's does."""

    validation_scores_: Any  # list[float]; None without early stopping, as is the next
    best_validation_score_: Any  # float
    best_loss_: Any  # float; None with early stopping
    validation_loss_curve_: Any  # list[float]; None where nothing is held out
    learning_rate_: float
    _no_improvement_count: int
    _optimizer_state: tuple[Any, Pytree]  # of which solver, and the state

    def _follow(
        self,
        chunks: Iterator[DescentChunk],
        random: np.random.RandomState,
        *,
        rows: int,
        scorer: ScorerMonitor | None,
        incremental: bool,
        epochs: Epochs,
    ) -> None:
        """Record a descent chunk by chunk until it ends, a callback ends it or the user interrupts it, and conclude.

        Raises ValueError if it diverged.
        """
        chunk = None
        try:
            while chunk is None or not chunk.last:
                epochs.begin()
                chunk = next(chunks)
                self._record(chunk, rows)
                if epochs.listened:
                    self._set_weights(chunk.state.params)
                if epochs.end():
                    break
        except KeyboardInterrupt:
            warnings.warn("Training interrupted by user.", stacklevel=2)
        if chunk is not None:
            best = scorer.best if scorer else chunk.state.best
            self._conclude(chunk, best, random, rows=rows, incremental=incremental)

    def _scorer_monitor(self, held: HeldOut | None, params: Params) -> ScorerMonitor | None:
        """Return what scores the held-out examples between epochs, where a scorer of scikit-learn's decides."""
        if held is None or self._monitor() is not Monitor.SCORER:
            return None
        stop = self._stop(outside=True)
        return ScorerMonitor(self, held, stop=stop, best=self._first_best(stop, params))

    def _begin_record(self, *, first: bool, validated: bool) -> None:
        """Set what a fit starts from; one that goes on from earlier weights goes on with their record.

        ``validated`` says whether examples are held out.
        """
        self.n_iter_ = 0
        if first or not hasattr(self, "loss_curve_"):
            self.t_, self.loss_curve_, self._no_improvement_count = 0, [], 0
            self.validation_scores_ = [] if self.early_stopping else None
            self.best_validation_score_ = -np.inf if self.early_stopping else None
            self.best_loss_ = None if self.early_stopping else np.inf
            self.validation_loss_curve_ = None
        if validated and self.validation_loss_curve_ is None:
            self.validation_loss_curve_ = []

    def _descent(
        self, params: Params, rows: int, random: np.random.RandomState, *, incremental: bool = False
    ) -> Descent:
        """Say what there is to do with so many ``rows``, from ``params`` and after what is recorded already."""
        size = _USUAL_BATCH if self.batch_size == "auto" else int(self.batch_size)
        if size > rows and self.batch_size != "auto":
            words = "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped"
            warnings.warn(words, stacklevel=2)
        size = min(size, rows)
        state = self._earlier_optimizer_state() if incremental else None
        rate = self.learning_rate_init if state is None else getattr(self, "learning_rate_", self.learning_rate_init)
        stop = self._stop()
        in_run = self._monitor() is Monitor.SCORE
        return Descent(
            objective=self._objective(),
            params=params,
            batch_size=size,
            optimizer=self._optimizer_of_rate(rows, -(-rows // size)),
            rate=float(rate),
            lowered=_lowered if self.solver == "sgd" and self.learning_rate == "adaptive" else _never_lowered,
            optimizer_state=state,
            stop=stop,
            best=self._first_best(stop, params),
            metrics=(ValidationScore(self._score_in_run()),) if in_run else (),
            # drawn before the shuffles, whose stream is copied here
            seed=int(random.randint(2**31)) if self.dropout else 0,
            orders=Shuffles(random, rows) if self.shuffle and size < rows else None,  # a full batch has no order
        )

    def _monitor(self) -> Monitor:
        """Say what decides: ``scoring`` where early stopping is on, else the training loss."""
        if not self.early_stopping:
            return Monitor.LOSS
        if self.scoring in (None, self._default_scoring):
            return Monitor.SCORE
        return Monitor.HELD_LOSS if self.scoring == "loss" else Monitor.SCORER

    def _stop(self, *, outside: bool = False) -> Stop:
        """Return the rule of the compiled run, or with ``outside`` the rule for a scorer between its epochs."""
        monitor, tolerance = self._monitor(), float(self.tol)
        if monitor is Monitor.SCORER and not outside:
            return Stop("loss", _NEVER, tolerance=tolerance, restore_best=False, ties=True)
        # scikit-learn waits for more epochs than n_iter_no_change, not for as many
        patience = _NEVER if math.isinf(self.n_iter_no_change) else int(self.n_iter_no_change) + 1
        goal = "max" if monitor in (Monitor.SCORE, Monitor.SCORER) else "min"
        best = self.early_stopping
        return Stop(monitor.value, patience, tolerance=tolerance, goal=goal, restore_best=best, ties=True)

    def _first_best(self, stop: Stop, params: Params) -> Best:
        """Return the best value of earlier calls, and how long it has been the best: anything beats none."""
        # a run lowers what it monitors, so a score stands there with its sign turned
        value = -self.best_validation_score_ if self.early_stopping else self.best_loss_
        best: Any = np.asarray(value, params[0]["w"].dtype)
        return Best(params if stop.restore_best else None, int32(0), best, int32(self._no_improvement_count))

    def _earlier_optimizer_state(self) -> Pytree:
        """Return the state that an earlier call has left to this solver, if any."""
        solver, state = getattr(self, "_optimizer_state", (None, None))
        if solver is not self.solver and solver != self.solver:
            return None
        if isinstance(state, rules.Momentum):  # the epochs of this call are counted anew
            return state._replace(step=int32(0), epoch=int32(0))
        return state

    def _optimizer_of_rate(self, rows: int, steps: int) -> Callable[[float], optax.GradientTransformation]:
        """Return what makes the optimizer of a learning rate; an optimizer of the user's has its own rates.

        ``rows`` and ``steps`` are the examples and the updates of an epoch. Raises TypeError for what is no optimizer.
        """
        if self.solver == "adam":
            numbers = {"beta_1": float(self.beta_1), "beta_2": float(self.beta_2), "epsilon": float(self.epsilon)}
            return partial(rules.adam_rule, **numbers)
        if not isinstance(self.solver, str):
            expected = "an optax optimizer such as optax.sgd(0.1), or a function without arguments that makes one"
            optimizer: Any = self.solver
            if not isinstance(optimizer, optax.GradientTransformation):
                asks = checks.Words(f"{self.solver!r}, which asks for arguments: call it, as optax.adam(1e-3)")
                checks.require(_takes_nothing(self.solver), "solver", expected, asks, TypeError)
                optimizer = self.solver()
            made = checks.Words(f"a function that makes {optimizer!r}")
            checks.require(isinstance(optimizer, optax.GradientTransformation), "solver", expected, made, TypeError)
            return lambda rate: optimizer
        scaled = self.learning_rate == "invscaling"
        power, seen = float(self.power_t) if scaled else 0.0, float(self.t_)

        def sgd_of(rate: float) -> optax.GradientTransformation:
            initial = float(self.learning_rate_init) if scaled else rate
            schedule = rules.RateSchedule(rate, initial, power, seen, float(rows), float(steps))
            return rules.sgd_rule(schedule, momentum=float(self.momentum), nesterov=bool(self.nesterovs_momentum))

        return sgd_of

    def _record(self, chunk: DescentChunk, rows: int) -> None:
        """Take in the epochs of one chunk, and say so where nothing has improved for long enough."""
        self._record_epochs({name: values.tolist() for name, values in chunk.history.items()}, rows)
        if not chunk.waited:
            return
        what = "Validation score" if self.early_stopping else "Training loss"
        then = "Stopping." if chunk.ended else f"Setting learning rate to {chunk.rate:f}"
        if chunk.ended and self.solver == "sgd" and self.learning_rate == "adaptive":
            then = "Learning rate too small. Stopping."
        self._say(f"{_NO_IMPROVEMENT % (what, self.tol, self.n_iter_no_change)} {then}")

    def _record_epochs(self, history: dict[str, list[float]], rows: int) -> None:
        for i, loss in enumerate(history["loss"]):
            self.n_iter_, self.t_, self.loss_ = self.n_iter_ + 1, self.t_ + rows, loss
            self.loss_curve_.append(loss)
            self._say(f"Iteration {self.n_iter_}, loss = {loss:.8f}")
            if "validation_loss" in history:
                self.validation_loss_curve_.append(history["validation_loss"][i])
            if not self.early_stopping:
                self.best_loss_ = loss if loss < self.best_loss_ else self.best_loss_
                continue
            scored = "validation_score" in history
            score = history["validation_score"][i] if scored else -history["validation_loss"][i]
            self.validation_scores_.append(score)
            self.best_validation_score_ = max(self.best_validation_score_, score)
            self._say(f"Validation score: {score:f}")

    def _conclude(
        self, chunk: DescentChunk, best: Any, random: np.random.RandomState, *, rows: int, incremental: bool = False
    ) -> None:
        """End a fit as scikit-learn does: weights (the best ones where it stops early), what continues it exactly,
        warnings, ``random_state``.

        Raises ValueError if it diverged.
        """
        self._set_weights(best.params if self.early_stopping else chunk.state.params)
        self._no_improvement_count = 0 if chunk.waited and not chunk.ended else int(best.waited)
        self._optimizer_state = (self.solver, chunk.state.optimizer)
        if self.solver == "sgd":
            scaled = self.learning_rate_init / (self.t_ + 1) ** self.power_t
            self.learning_rate_ = scaled if self.learning_rate == "invscaling" else chunk.rate
        diverged = int(chunk.state.status) == DIVERGED
        if diverged and not incremental:
            # scikit-learn does not notice: all that it computes until the last epoch is NaN
            left = self.max_iter - self.n_iter_
            self._record_epochs({name: [math.nan] * left for name in chunk.history}, rows)
            if self.early_stopping:
                kept = f"the weights of the best epoch before it, of score {self.best_validation_score_:g}, are kept"
                if not np.isfinite(self.best_validation_score_):
                    kept = "no epoch before it has a score, so the weights that it began with are kept"
                words = f"Training diverged in epoch {self.n_iter_ - left}; {kept}."
                warnings.warn(words, ConvergenceWarning, stacklevel=2)
        if self.n_iter_ == self.max_iter and not chunk.ended and not incremental:
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and the optimization hasn't "
                "converged yet.",
                ConvergenceWarning,
                stacklevel=2,
            )
        if self.shuffle and not isinstance(self.random_state, Integral):
            # a stream of the user's is left where scikit-learn leaves it: after one shuffle an epoch
            advance(random, rows, self.n_iter_)
        if diverged and not self.early_stopping:
            raise ValueError(_NOT_FINITE)


def _takes_nothing(function: Callable[..., Any]) -> bool:
    """Whether a function can be called without arguments, as far as it says."""
    try:
        inspect.signature(function).bind()
    except TypeError:
        return False
    except ValueError:  # written in C
        return True
    return True


def _lowered(rate: float) -> float | None:
    """Return the rate that "adaptive" goes on with when nothing improves, or None to end."""
    return None if rate <= _LOWEST_RATE else rate / _LOWERING


def _never_lowered(rate: float) -> None:
    return None
