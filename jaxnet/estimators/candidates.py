"""The candidates of a search in its folds: brought to where their networks train, trained as one population."""

import pickle
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch, check_random_state
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.validation import _check_method_params

from jaxnet import checks
from jaxnet.estimators.base import BaseMLP
from jaxnet.estimators.callbacks import is_listened
from jaxnet.estimators.descent_plan import DescentChunk
from jaxnet.estimators.early_stopping import Monitor
from jaxnet.estimators.population import Member, train_population
from jaxnet.training.loop import Data


class FoldData(NamedTuple):
    """The data of one fold, X and y each, and parameters for ``fit`` and for the scorer."""

    train: tuple[Any, Any]
    test: tuple[Any, Any]
    fit_params: dict[str, Any]
    score_params: tuple[dict[str, Any], dict[str, Any]]  # of the training data, of the test data


class Candidate(NamedTuple):
    """One candidate in one fold.

    Attributes:
        estimator: a clone with the candidate's parameters; None where it could not be brought to its training.
        data: what the network, the estimator's last step, is to be trained with; None once it is fitted.
        random: what the network draws from.
        error: what went wrong, as a traceback.
    """

    estimator: BaseEstimator | None
    data: Data | None = None
    random: np.random.RandomState | None = None
    error: str | None = None


class Preprocessing(NamedTuple):
    """What comes before a network in one fold, once for all candidates that have it in common.

    Attributes:
        steps: of the pipeline, fitted.
        X: what they make of the fold's examples.
        fit_params: what is left of them for the network.
        checked: X, y and targets as the network's checks leave them.
        learned: the attributes that a network gets by these checks.
    """

    steps: list[tuple[str, Any]]
    X: Any
    fit_params: dict[str, Any]
    checked: tuple[Any, np.ndarray, np.ndarray]
    learned: dict[str, Any]


def last_step(estimator: Any) -> BaseMLP:
    """Return the network of an estimator: itself, or the last step of a pipeline; raises TypeError for others."""
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    expected = "an MLPClassifier or MLPRegressor of jaxnet.estimators, or a Pipeline that ends in one"
    checks.require(isinstance(last, BaseMLP), "estimator", expected, last, TypeError)
    network: BaseMLP = last
    return network


def fold_data(estimator: Any, data: tuple[Any, Any], split: tuple[np.ndarray, np.ndarray], routed: Bunch) -> FoldData:
    """Cut the data of one fold, given the rows to train and to test on and scikit-learn's routed parameters."""
    (X, y), (train, test) = data, split
    cut = lambda params, rows: _check_method_params(X, params=params, indices=rows)
    return FoldData(
        _safe_split(estimator, X, y, train),
        _safe_split(estimator, X, y, test, train),
        cut(routed.estimator.fit, train),
        (cut(routed.scorer.score, train), cut(routed.scorer.score, test)),
    )


def prepare_candidates(
    estimator: Any, candidates: list[dict[str, Any]], fold: FoldData, error_score: Any
) -> list[Candidate]:
    """Bring every candidate to where its network is to be trained; what comes before is shared where it agrees."""
    shared: dict[bytes, Preprocessing] = {}
    return [_guarded(error_score, _prepared, estimator, candidate, fold, shared) for candidate in candidates]


def _guarded(error_score: Any, function: Callable[..., Candidate], *arguments: Any) -> Candidate:
    """Turn an exception into a failed candidate, unless it is to be raised."""
    try:
        return function(*arguments)
    except Exception:
        if error_score == "raise":
            raise
        return Candidate(None, error=traceback.format_exc())


def _prepared(
    estimator: Any, parameters: Mapping[str, Any], fold: FoldData, shared: dict[bytes, Preprocessing]
) -> Candidate:
    chosen = clone(estimator).set_params(**clone(parameters, safe=False))
    mlp = last_step(chosen)
    mlp._validate_params()
    before = _preprocessing(chosen, parameters, fold, shared)
    if isinstance(chosen, Pipeline):
        chosen.steps = [*before.steps, chosen.steps[-1]]
    # what decides between epochs on the host cannot be a lane of a compiled tile
    adaptive = mlp.solver == "sgd" and mlp.learning_rate == "adaptive"
    if mlp.solver == "lbfgs" or adaptive or mlp._monitor() is Monitor.SCORER or is_listened(mlp):
        mlp.fit(before.X, fold.train[1], **before.fit_params)
        return Candidate(chosen)
    mlp.__dict__.update(before.learned)
    random = check_random_state(mlp.random_state)
    given = before.fit_params
    data, _ = mlp._fit_data(
        before.checked,
        given.get("sample_weight"),
        random,
        first=True,
        incremental=False,
        validation=(given.get("X_val"), given.get("y_val")),
    )
    return Candidate(chosen, data, random)


def _preprocessing(
    chosen: Any, parameters: Mapping[str, Any], fold: FoldData, shared: dict[bytes, Preprocessing]
) -> Preprocessing:
    """Return what comes before a network, from an earlier candidate that had the same before it."""
    name = f"{chosen.steps[-1][0]}__" if isinstance(chosen, Pipeline) else ""
    others = sorted((key, value) for key, value in parameters.items() if not key.startswith(name))
    try:
        known = pickle.dumps(others)
    except Exception:  # what cannot be compared is shared with no one
        return _fitted_preprocessing(chosen, name, fold)
    if known not in shared:
        shared[known] = _fitted_preprocessing(chosen, name, fold)
    return shared[known]


def _fitted_preprocessing(chosen: Any, name: str, fold: FoldData) -> Preprocessing:
    """Fit the steps before a network, whose parameters of ``fit`` begin with ``name``, and check what they make."""
    of_last = {key: value for key, value in fold.fit_params.items() if key.startswith(name)}
    mlp, X, steps = last_step(chosen), fold.train[0], []
    if isinstance(chosen, Pipeline) and len(chosen.steps) > 1:
        before = chosen[:-1]
        rest = {key: value for key, value in fold.fit_params.items() if key not in of_last}
        X, steps = before.fit_transform(*fold.train, **rest), before.steps
    # the checks also set attributes (n_features_in_, classes_, ...), which every other candidate gets without them
    unchecked = set(vars(mlp))
    checked = mlp._validate_input(X, fold.train[1], first=True, incremental=False)
    learned = {key: value for key, value in vars(mlp).items() if key not in unchecked}
    return Preprocessing(steps, X, {key.removeprefix(name): value for key, value in of_last.items()}, checked, learned)


def train_candidates(
    folds: Iterable[list[Candidate]], error_score: Any, *, dtype: str | None, threads: int
) -> Iterator[tuple[int, Candidate]]:
    """Train the candidates of all folds, each fold as a population, while the next are brought there.

    Yields the place of each in the folds, one after the other, and how it ended, once it has.
    """
    cast = casting(dtype)
    candidates: list[Candidate] = []
    waiting: list[int] = []  # the place of each member of the population

    def populations() -> Iterator[list[Member]]:
        for fold in folds:
            members = []
            for place, candidate in enumerate(fold, len(candidates)):
                if candidate.data is not None and candidate.random is not None:
                    mlp, data = last_step(candidate.estimator), cast(candidate.data)
                    mlp._begin_record(first=True, validated=data.validation is not None)
                    params = mlp._params(data.train.x.dtype)
                    descent = mlp._descent(params, len(data.train.x), candidate.random)
                    members.append(Member(descent, data, mlp.max_iter))
                    waiting.append(place)
            candidates.extend(fold)
            yield members

    for number, chunk in train_population(populations(), threads):
        place = waiting[number]
        yield place, _guarded(error_score, _concluded, candidates[place], chunk)
    yield from ((place, candidate) for place, candidate in enumerate(candidates) if candidate.data is None)


def _concluded(candidate: Candidate, chunk: DescentChunk) -> Candidate:
    data: Any = candidate.data
    random: Any = candidate.random
    mlp, rows = last_step(candidate.estimator), len(data.train.x)
    mlp._record(chunk, rows)
    mlp._conclude(chunk, chunk.state.best, random, rows=rows)
    return Candidate(candidate.estimator)


def casting(dtype: str | None) -> Callable[[Data], Data]:
    """Return what brings examples to another dtype, an array that they share once; None leaves them as they are."""
    if dtype is None:
        return lambda data: data
    known: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def cast(leaf: np.ndarray) -> np.ndarray:
        if leaf.dtype.kind != "f":  # how many rows there are
            return leaf
        if id(leaf) not in known:
            known[id(leaf)] = leaf, np.asarray(leaf, dtype)  # keeps the leaf alive, so its id is not used again
        return known[id(leaf)][1]

    return lambda data: jax.tree.map(cast, data)
