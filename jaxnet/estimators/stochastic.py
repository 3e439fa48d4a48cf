"""How an estimator learns by a stochastic solver: what it asks of ``descend``, and what it makes of the answer."""

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from numbers import Integral
from typing import Any

import optax

from jaxnet import checks
from jaxnet.estimators import rules
from jaxnet.estimators.callbacks import Epochs
from jaxnet.estimators.descent import Progress, Task, descend
from jaxnet.estimators.drawing import Shuffles, advance
from jaxnet.estimators.judging import Judge, ScorerJudge, first_best, judge_of, metrics_of, stop_of
from jaxnet.estimators.problem import Problem
from jaxnet.estimators.recording import begin, finish, record
from jaxnet.training.stopping import DIVERGED, Best
from jaxnet.types import Pytree

NOT_FINITE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and need to be preprocessed."
)
SMALLEST_RATE = 1e-6  # "adaptive" ends where its rate is no larger


def fit_stochastic(mlp: Any, problem: Problem, *, first: bool, incremental: bool, epochs: Epochs) -> None:
    """Train ``mlp`` from its present weights, for one epoch if ``incremental``."""
    task = prepare(mlp, problem, first=first, incremental=incremental)
    scorer = ScorerJudge(mlp, problem) if judge_of(mlp) is Judge.SCORER else None
    judge = scorer or ((lambda state, history: state) if epochs.listened else None)
    steps = descend(task, 1 if incremental else mlp.max_iter, judge)
    progress = follow(mlp, steps, epochs, len(problem.train.x))
    if progress is not None:
        conclude(mlp, problem, progress, scorer.best if scorer else progress.state.best, incremental=incremental)


def prepare(mlp: Any, problem: Problem, *, first: bool, incremental: bool = False) -> Task:
    """Set what a fit starts from, and say what there is to do."""
    begin(mlp, first=first, validated=problem.held is not None)
    return task_of(mlp, problem, incremental=incremental)


def conclude(mlp: Any, problem: Problem, progress: Progress, best: Best | None, *, incremental: bool = False) -> None:
    """End a fit as scikit-learn does: weights, warnings, ``random_state``; raises ValueError if it diverged."""
    rows = len(problem.train.x)
    keep(mlp, progress, best)
    if not incremental:
        finish(mlp, progress, rows)
    if mlp.shuffle and not isinstance(mlp.random_state, Integral):
        advance(problem.random, rows, mlp.n_iter_)
    if int(progress.state.status) == DIVERGED and not mlp.early_stopping:
        raise ValueError(NOT_FINITE)


def follow(mlp: Any, steps: Iterator[Progress], epochs: Epochs, rows: int) -> Progress | None:
    """Record a descent chunk by chunk until it ends, a callback ends it or the user interrupts it."""
    progress = None
    try:
        while progress is None or not progress.last:
            epochs.begin()
            progress = next(steps)
            record(mlp, progress, rows)
            if epochs.listened:
                mlp._hold(progress.state.params)
            if epochs.end():
                break
    except KeyboardInterrupt:
        warnings.warn("Training interrupted by user.", stacklevel=2)
    return progress


def keep(mlp: Any, progress: Progress, best: Any) -> None:
    """Keep the weights of a descent, the best ones where it stops early, and what continues it exactly."""
    mlp._hold(best.params if mlp.early_stopping else progress.state.params)
    mlp._no_improvement_count = 0 if progress.waited and not progress.ended else int(best.waited)
    mlp._optimizer_state = (mlp.solver, progress.state.optimizer)
    if mlp.solver == "sgd":
        scaled = mlp.learning_rate_init / (mlp.t_ + 1) ** mlp.power_t
        mlp.learning_rate_ = scaled if mlp.learning_rate == "invscaling" else progress.rate


def task_of(mlp: Any, problem: Problem, *, incremental: bool) -> Task:
    """Say what ``descend`` has to do for an estimator."""
    rows = len(problem.train.x)
    size = batch_size(mlp, rows)
    state = earlier_state(mlp) if incremental else None
    rate = float(mlp.learning_rate_init if state is None else getattr(mlp, "learning_rate_", mlp.learning_rate_init))
    stop = stop_of(mlp)
    seed = int(problem.random.randint(2**31)) if mlp.dropout else 0
    return Task(
        objective=problem.objective,
        params=problem.params,
        train=problem.train,
        validation=None if problem.held is None else problem.held.batch,
        batch_size=size,
        optimizer=optimizer_of(mlp, rows, -(-rows // size)),
        rate=rate,
        lowered=lowered if mlp.solver == "sgd" and mlp.learning_rate == "adaptive" else lambda rate: None,
        optimizer_state=state,
        stop=stop,
        best=first_best(mlp, stop, problem.params),
        metrics=metrics_of(mlp, problem),
        orders=Shuffles(problem.random, rows) if mlp.shuffle and size < rows else None,  # a full batch has no order
        seed=seed,
    )


def batch_size(mlp: Any, rows: int) -> int:
    """Return the examples an update, 200 by default, and all of them at most."""
    if mlp.batch_size == "auto":
        return min(200, rows)
    if mlp.batch_size > rows:
        words = "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped"
        warnings.warn(words, stacklevel=2)
    return min(int(mlp.batch_size), rows)


def earlier_state(mlp: Any) -> Pytree:
    """Return the state that an earlier call has left to this solver, if any."""
    solver, state = getattr(mlp, "_optimizer_state", (None, None))
    if solver is not mlp.solver and solver != mlp.solver:
        return None
    if isinstance(state, rules.Momentum):  # the epochs of this call are counted anew
        return state._replace(step=rules.int32(0), epoch=rules.int32(0))
    return state


def lowered(rate: float) -> float | None:
    """Return the rate that "adaptive" goes on with when nothing improves, or None to end."""
    return None if rate <= SMALLEST_RATE else rate / 5


def optimizer_of(mlp: Any, rows: int, steps: int) -> Callable[[float], optax.GradientTransformation]:
    """Return what makes the optimizer of a learning rate; an optimizer of the user's has its own rates."""
    if mlp.solver == "adam":
        return partial(rules.adam, beta_1=float(mlp.beta_1), beta_2=float(mlp.beta_2), epsilon=float(mlp.epsilon))
    if mlp.solver != "sgd":
        optimizer = mlp.solver if isinstance(mlp.solver, optax.GradientTransformation) else mlp.solver()
        expected = "an optax optimizer such as optax.sgd(0.1), or a function without arguments that makes one"
        made = checks.Words(f"a function that makes {optimizer!r}")
        checks.require(isinstance(optimizer, optax.GradientTransformation), "solver", expected, made, TypeError)
        return lambda rate: optimizer
    scaled = mlp.learning_rate == "invscaling"
    power, seen = float(mlp.power_t) if scaled else 0.0, float(mlp.t_)

    def sgd(rate: float) -> optax.GradientTransformation:
        initial = float(mlp.learning_rate_init) if scaled else rate
        schedule = rules.Rate(rate, initial, power, seen, float(rows), float(steps))
        return rules.sgd(schedule, momentum=float(mlp.momentum), nesterov=bool(mlp.nesterovs_momentum))

    return sgd
