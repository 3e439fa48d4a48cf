"""The candidates of a search in its folds: brought to where their networks train, trained as one population."""

import pickle
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import jax
import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.validation import _check_method_params

from jaxnet import checks
from jaxnet.estimators.base import BaseMLP
from jaxnet.estimators.callbacks import is_listened
from jaxnet.estimators.descent import Progress
from jaxnet.estimators.judging import Judge, judge_of
from jaxnet.estimators.population import Member, train_population
from jaxnet.estimators.problem import Problem
from jaxnet.estimators.recording import record
from jaxnet.estimators.stochastic import conclude, prepare


class Fit(NamedTuple):
    """One candidate in one fold: the estimator, what its last step is to solve (None once fitted), what went wrong."""

    estimator: Any
    problem: Any  # a Problem
    error: str | None = None


class Fold(NamedTuple):
    """The data of one fold, and parameters for ``fit`` and for the scorer."""

    train: tuple
    test: tuple
    fit_params: dict
    score_params: tuple[dict, dict]  # of the training data, of the test data


class Head(NamedTuple):
    """What comes before a network in one fold, once for all candidates that have it in common.

    Attributes:
        steps: of the pipeline, fitted.
        X: what they make of the fold's examples.
        fit_params: what is left of them for the network.
        checked: X, y and targets as the network's checks leave them.
        learned: the attributes that a network gets by these checks.
    """

    steps: list
    X: Any
    fit_params: dict
    checked: tuple
    learned: dict


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
    """Bring every candidate to where its network is to be trained; what comes before is shared where it agrees."""
    heads: dict[bytes, Head] = {}
    return [_guarded(error_score, _fit_of, estimator, candidate, fold, heads) for candidate in candidates]


def _guarded(error_score: Any, function: Callable[..., Fit], *arguments: Any) -> Fit:
    """Turn an exception into a failed fit, unless it is to be raised."""
    try:
        return function(*arguments)
    except Exception:
        if error_score == "raise":
            raise
        return Fit(None, None, traceback.format_exc())


def _fit_of(estimator: Any, candidate: dict, fold: Fold, heads: dict[bytes, Head]) -> Fit:
    chosen = clone(estimator).set_params(**clone(candidate, safe=False))
    mlp = last_step(chosen)
    mlp._validate_params()
    head = _head_of(chosen, candidate, fold, heads)
    if isinstance(chosen, Pipeline):
        chosen.steps = [*head.steps, chosen.steps[-1]]
    if not _in_population(mlp):
        mlp.fit(head.X, fold.train[1], **head.fit_params)
        return Fit(chosen, None)
    for key, value in head.learned.items():
        setattr(mlp, key, value)
    validation = (head.fit_params.get("X_val"), head.fit_params.get("y_val"))
    weight = head.fit_params.get("sample_weight")
    return Fit(chosen, mlp._posed(head.checked, weight, first=True, incremental=False, validation=validation))


def _head_of(chosen: Any, candidate: dict, fold: Fold, heads: dict[bytes, Head]) -> Head:
    """Return what comes before a network, from an earlier candidate that had the same before it."""
    name = f"{chosen.steps[-1][0]}__" if isinstance(chosen, Pipeline) else ""
    others = sorted((key, value) for key, value in candidate.items() if not key.startswith(name))
    try:
        known = pickle.dumps(others)
    except Exception:  # what cannot be compared is shared with no one
        return _fitted_head(chosen, name, fold)
    if known not in heads:
        heads[known] = _fitted_head(chosen, name, fold)
    return heads[known]


def _fitted_head(chosen: Any, name: str, fold: Fold) -> Head:
    of_last = {key: value for key, value in fold.fit_params.items() if key.startswith(name)}
    mlp, X, steps = last_step(chosen), fold.train[0], []
    if isinstance(chosen, Pipeline) and len(chosen.steps) > 1:
        before = chosen[:-1]
        rest = {key: value for key, value in fold.fit_params.items() if key not in of_last}
        X, steps = before.fit_transform(*fold.train, **rest), before.steps
    unchecked = set(vars(mlp))
    checked = mlp._validate_input(X, fold.train[1], first=True, incremental=False)
    learned = {key: value for key, value in vars(mlp).items() if key not in unchecked}
    return Head(steps, X, {key.removeprefix(name): value for key, value in of_last.items()}, checked, learned)


def _in_population(mlp: BaseMLP) -> bool:
    adaptive = mlp.solver == "sgd" and mlp.learning_rate == "adaptive"
    looked_at = judge_of(mlp) is Judge.SCORER or is_listened(mlp)
    return mlp.solver != "lbfgs" and not adaptive and not looked_at


def trained(
    folds: Iterable[list[Fit]], error_score: Any, *, dtype: str | None, threads: int
) -> Iterator[tuple[int, Fit]]:
    """Train the fits of all folds, each fold as a population, while the next are brought there.

    Yields the place of each in the folds, one after the other, and how it ended, once it has.
    """
    cast = casting(dtype)
    fits: list[Fit] = []
    waiting: list[int] = []

    def populations() -> Iterator[list[Member]]:
        for fold in folds:
            cut = [fit._replace(problem=fit.problem and cast(fit.problem)) for fit in fold]
            waiting.extend(place for place, fit in enumerate(cut, len(fits)) if fit.problem)
            fits.extend(cut)
            yield [_member(fit) for fit in cut if fit.problem]

    for number, progress in train_population(populations(), threads):
        yield waiting[number], _guarded(error_score, _ended, fits[waiting[number]], progress)
    yield from ((place, fit) for place, fit in enumerate(fits) if not fit.problem)


def _member(fit: Fit) -> Member:
    mlp: Any = last_step(fit.estimator)
    return Member(prepare(mlp, fit.problem, first=True), mlp.max_iter)


def _ended(fit: Fit, progress: Progress) -> Fit:
    mlp, problem = last_step(fit.estimator), fit.problem
    record(mlp, progress, len(problem.train.x))
    conclude(mlp, problem, progress, progress.state.best)
    return Fit(fit.estimator, None)


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
