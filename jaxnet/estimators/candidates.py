"""The candidates of a search in its folds: brought to where their networks train, trained as one population."""

import pickle
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.validation import _check_method_params

from jaxnet import checks
from jaxnet.estimators.base import BaseMLP
from jaxnet.estimators.descent import Progress
from jaxnet.estimators.judging import Judge, judge_of
from jaxnet.estimators.population import Member, train_population
from jaxnet.estimators.problem import Problem
from jaxnet.estimators.recording import record
from jaxnet.estimators.stochastic import conclude, prepare


class Fit(NamedTuple):
    """One candidate in one fold: the estimator, what its last step is to solve (None once fitted), what went wrong."""

    estimator: Any
    problem: Problem | None
    error: str | None = None


class Fold(NamedTuple):
    """The data of one fold, and parameters for ``fit`` and for the scorer."""

    train: tuple
    test: tuple
    fit_params: dict
    score_params: tuple[dict, dict]  # of the training data, of the test data


def last_step(estimator: Any) -> BaseMLP:
    """Return the network of an estimator: itself, or the last step of a pipeline; raises TypeError for others."""
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    expected = "an MLPClassifier or MLPRegressor of jaxnet.estimators, or a Pipeline that ends in one"
    checks.require(isinstance(last, BaseMLP), "estimator", expected, last, TypeError)
    return last


def fold_of(estimator: Any, data: tuple, split: tuple, routed: Any) -> Fold:
    """Cut the data of one fold."""
    (X, y), (train, test) = data, split
    cut = lambda params, rows: _check_method_params(X, params=params, indices=rows)
    return Fold(
        _safe_split(estimator, X, y, train),
        _safe_split(estimator, X, y, test, train),
        cut(routed.estimator.fit, train),
        (cut(routed.scorer.score, train), cut(routed.scorer.score, test)),
    )


def fits_of(estimator: Any, candidates: list[dict], fold: Fold, error_score: Any) -> list[Fit]:
    """Bring every candidate to where its network is to be trained; the steps before are shared where they agree."""
    heads: dict[bytes, tuple] = {}
    return [_guarded(error_score, _fit_of, estimator, candidate, fold, heads) for candidate in candidates]


def _guarded(error_score: Any, function: Callable[..., Fit], *arguments: Any) -> Fit:
    """Turn an exception into a failed fit, unless it is to be raised."""
    try:
        return function(*arguments)
    except Exception:
        if error_score == "raise":
            raise
        return Fit(None, None, traceback.format_exc())


def _fit_of(estimator: Any, candidate: dict, fold: Fold, heads: dict[bytes, tuple]) -> Fit:
    chosen = clone(estimator).set_params(**clone(candidate, safe=False))
    X, fit_params = fold.train[0], fold.fit_params
    if isinstance(chosen, Pipeline):
        X, fit_params = _through_head(chosen, candidate, fold, heads)
    mlp = last_step(chosen)
    if not _in_population(mlp):
        mlp.fit(X, fold.train[1], **fit_params)
        return Fit(chosen, None)
    mlp._validate_params()
    validation = (fit_params.get("X_val"), fit_params.get("y_val"))
    weight = fit_params.get("sample_weight")
    return Fit(chosen, mlp._prepared(X, fold.train[1], weight, first=True, incremental=False, validation=validation))


def _through_head(pipeline: Pipeline, candidate: dict, fold: Fold, heads: dict[bytes, tuple]) -> tuple[Any, dict]:
    """Put the fitted steps before the last in place; return what they make of X, and the last step's parameters."""
    name = pipeline.steps[-1][0]
    others = {key: value for key, value in candidate.items() if not key.startswith(f"{name}__")}
    of_last = {key for key in fold.fit_params if key.startswith(f"{name}__")}
    mine = {key.removeprefix(f"{name}__"): fold.fit_params[key] for key in of_last}
    if len(pipeline.steps) == 1:
        return fold.train[0], mine
    known = pickle.dumps(sorted(others.items()))
    if known not in heads:
        rest = {key: value for key, value in fold.fit_params.items() if key not in of_last}
        head = pipeline[:-1]
        heads[known] = head, head.fit_transform(*fold.train, **rest)
    head, X = heads[known]
    pipeline.steps = [*head.steps, pipeline.steps[-1]]
    return X, mine


def _in_population(mlp: BaseMLP) -> bool:
    adaptive = mlp.solver == "sgd" and mlp.learning_rate == "adaptive"
    return mlp.solver != "lbfgs" and not adaptive and judge_of(mlp) is not Judge.SCORER


def trained(fits: list[Fit], error_score: Any, dtype: str | None) -> list[Fit]:
    """Train those that wait for it, as one population."""
    cast = casting(dtype)
    waiting = [(i, last_step(fit.estimator), cast(fit.problem)) for i, fit in enumerate(fits) if fit.problem]
    members = [Member(prepare(mlp, problem, first=True), mlp.max_iter) for _, mlp, problem in waiting]
    done = list(fits)
    for (i, mlp, problem), progress in zip(waiting, train_population(members), strict=True):
        done[i] = _guarded(error_score, _ended, fits[i].estimator, mlp, problem, progress)
    return done


def casting(dtype: str | None) -> Callable[[Problem], Problem]:
    """Return what brings problems to another dtype, an array that they share once; None leaves them as they are."""
    if dtype is None:
        return lambda problem: problem
    known: dict[int, tuple] = {}

    def cast(leaf: np.ndarray) -> np.ndarray:
        if id(leaf) not in known:
            known[id(leaf)] = leaf, np.asarray(leaf, dtype)  # keeps the leaf alive, so its id is not used again
        return known[id(leaf)][1]

    def in_dtype(problem: Problem) -> Problem:
        held = problem.held and problem.held._replace(batch=jax.tree.map(cast, problem.held.batch))
        params = jax.tree.map(lambda leaf: leaf.astype(dtype), problem.params)
        return problem._replace(params=params, train=jax.tree.map(cast, problem.train), held=held)

    return in_dtype


def _ended(estimator: Any, mlp: BaseMLP, problem: Problem, progress: Progress) -> Fit:
    record(mlp, progress, len(problem.train.x))
    conclude(mlp, problem, progress, progress.state.best)
    return Fit(estimator, None)
