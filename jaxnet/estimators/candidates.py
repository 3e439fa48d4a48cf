"""The candidates of a search in its folds: brought to where their networks train, trained as one population."""

import pickle
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.validation import _check_method_params

from jaxnet.estimators.base import BaseMLP
from jaxnet.estimators.descent_plan import DescentChunk
from jaxnet.estimators.population import Member, casting, train_population
from jaxnet.estimators.shared_shapes import SharedShapes, in_own_shape
from jaxnet.network import MLP
from jaxnet.training.loop import Data

# how a network is fitted, as it was at import: a subclass, an instance or a patch may do it in another way
_OURS = {name: getattr(BaseMLP, name) for name in ("fit", "_fit", "_follow")}
_GIVEN = {"sample_weight", "X_val", "y_val"}  # what a network takes beside X and y


class FoldData(NamedTuple):
    """What one fold trains on, X and y, and the parameters for ``fit``."""

    train: tuple[Any, Any]
    fit_params: dict[str, Any]


class Candidate(NamedTuple):
    """One candidate in one fold.

    Attributes:
        estimator: a clone with the candidate's parameters.
        data: what the network, the estimator's last step, is to be trained with; None where it failed before.
        random: what the network draws from.
        error: what went wrong.
    """

    estimator: BaseEstimator
    data: Data | None = None
    random: np.random.RandomState | None = None
    error: Exception | None = None


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


def why_alone(estimator: Any, fit_params: Mapping[str, Any]) -> str | None:
    """Return why an estimator can be no part of a population, or None where it can.

    An empty text stands for what is documented: a solver or a scorer that decides between epochs, callbacks, and an
    ensemble, which is a population of its own.
    """
    mlp, given, name = estimator, set(fit_params), type(estimator).__name__
    if isinstance(estimator, Pipeline):
        mlp = estimator.steps[-1][1]
        if type(estimator) is not Pipeline or "fit" in vars(estimator) or getattr(estimator, "transform_input", None):
            return (
                f"a {name} of {type(estimator).__module__.partition('.')[0]} that is more than scikit-learn's plain one"
            )
        name = f"{getattr(mlp, '__name__', None) or type(mlp).__name__} as the last step"
        given = {key.removeprefix(f"{estimator.steps[-1][0]}__") for key in given}
        given -= {key for key in given for step, _ in estimator.steps[:-1] if key.startswith(f"{step}__")}
    if not isinstance(mlp, BaseMLP):
        return name
    own = _method_of_its_own(mlp, _OURS)
    if own is not None:
        return f"{type(mlp).__name__}, which has a {own} of its own"
    if given - _GIVEN:  # an error, and whoever is fitted says it best
        return f"fit with {', '.join(sorted(given - _GIVEN))}"
    more = mlp.n_members != 1 or mlp.bootstrap or mlp.folds is not None or mlp.calibration is not None
    return "" if more or mlp._decides_between_epochs() else None


def _method_of_its_own(estimator: Any, ours: Mapping[str, Any]) -> str | None:
    """Return the first method that is not ours, by a subclass, on the instance or patched; None where all are."""
    other = lambda name: name in vars(estimator) or getattr(type(estimator), name) is not ours[name]
    return next(filter(other, ours), None)


def last_step(estimator: Any) -> BaseMLP:
    """Return the network of an estimator that can be a part of a population: itself, or the last step of a pipeline."""
    network: BaseMLP = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    return network


def fold_data(estimator: Any, data: tuple[Any, Any], rows: np.ndarray, fit_params: dict[str, Any]) -> FoldData:
    """Cut what one fold trains on, given its rows and scikit-learn's routed parameters."""
    return FoldData(_safe_split(estimator, *data, rows), _check_method_params(data[0], params=fit_params, indices=rows))


def prepare_candidates(chosen: Iterable[tuple[Any, dict[str, Any]]], fold: FoldData) -> list[Candidate]:
    """Bring every candidate, an estimator and what was chosen for it, to where its network is to be trained.

    What comes before the network is shared where it agrees.
    """
    shared: dict[bytes, Preprocessing] = {}
    return [_prepared(clone(estimator), parameters, fold, shared) for estimator, parameters in chosen]


def _prepared(
    chosen: Any, parameters: Mapping[str, Any], fold: FoldData, shared: dict[bytes, Preprocessing]
) -> Candidate:
    mlp = last_step(chosen)
    try:
        mlp._validate_params()
        before = _preprocessing(chosen, parameters, fold, shared)
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
    except Exception as error:  # raised again where scikit-learn expects a fit to fail
        return Candidate(chosen, error=error)
    if isinstance(chosen, Pipeline):
        chosen.steps = [*before.steps, chosen.steps[-1]]
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
    folds: Iterable[list[Candidate]], *, dtype: str | None, threads: int, count: int
) -> Iterator[tuple[int, "Arrival"]]:
    """Train the candidates of all folds, ``count`` of them, each as a population, while the next are brought there.

    Yields the place of each in the folds, one after the other, and how it arrived, once it has.
    """
    cast = casting(dtype)
    candidates: list[Candidate] = []
    waiting: list[tuple[int, MLP]] = []  # the place of each member of the population, and what it is trained as

    def populations() -> Iterator[list[Member]]:
        shapes = None
        for fold in folds:
            members = []
            for place, candidate in enumerate(fold, len(candidates)):
                if candidate.data is not None and candidate.random is not None:
                    mlp, data = last_step(candidate.estimator), cast(candidate.data)
                    mlp._begin_record(first=True, validated=data.validation is not None)
                    params = mlp._params(data.train.x.dtype)
                    descent = mlp._descent(params, len(data.train.x), candidate.random)
                    members.append((place, Member(descent, data, mlp.max_iter)))
            if shapes is None:  # as the first fold says, so that all of them share programs
                shapes = SharedShapes([(m.descent, len(m.data.train.x), count * m.epochs) for _, m in members])
            padded = [each._replace(descent=shapes.padded(each.descent, len(each.data.train.x))) for _, each in members]
            waiting.extend((at, m.descent.objective.network) for (at, _), m in zip(members, padded, strict=True))
            candidates.extend(fold)
            yield padded

    for number, chunk in train_population(populations(), threads, count):
        place, network = waiting[number]
        yield place, Arrival(candidates[place], in_own_shape(chunk, network))
    for place, candidate in enumerate(candidates):
        if candidate.data is None:
            yield place, Arrival(candidate, None)


class Arrival:
    """A candidate whose network is trained, as an estimator that scikit-learn fits and scores: its fit is there."""

    def __init__(self, candidate: Candidate, chunk: DescentChunk | None) -> None:
        self._candidate, self._chunk = candidate, chunk

    @property
    def estimator(self) -> Any:
        """The estimator itself."""
        return self._candidate.estimator

    def set_params(self, **parameters: Any) -> Any:
        """Return the estimator, which has its parameters already; its next ``fit``, and no other, ends the training."""
        vars(self._candidate.estimator)["fit"] = self._fit
        return self._candidate.estimator

    def _fit(self, X: Any, y: Any, **fit_params: Any) -> BaseEstimator:
        """Conclude the training as the estimator's own fit would; raises what went wrong before or in it."""
        candidate: Any = self._candidate  # with data, for it was trained where there is no error
        estimator, data, random, error = candidate
        del vars(estimator)["fit"]
        if error is not None:
            raise error
        chunk: Any = self._chunk
        mlp, rows = last_step(estimator), len(data.train.x)
        mlp._record(chunk, rows)
        mlp._conclude(chunk, chunk.state.best, random, rows=rows)
        return estimator
