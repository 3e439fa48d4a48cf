"""Searches whose candidates train as one population in every fold: scikit-learn's four, with its results."""

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.model_selection._search_successive_halving import HalvingGridSearchCV, HalvingRandomSearchCV
from sklearn.utils._param_validation import Interval, StrOptions

from jaxnet.estimators.search_course import PopulationCourse

Scores = str | Callable[..., Any] | Sequence[str] | Mapping[str, Any] | None
Refit = bool | str | Callable[..., int]
_OURS: dict[str, list[Any]] = {
    "dtype": [StrOptions({"float32"}), None],
    "ensemble": [Interval(Integral, 0, None, closed="left")],
}


def _of_scikit_learn(given: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of scikit-learn's constructor out of the local variables of one of these."""
    return {name: value for name, value in given.items() if name not in ("self", "__class__", *_OURS)}


class PopulationSearchCV(RandomizedSearchCV, PopulationCourse):
    """``RandomizedSearchCV`` for this package's estimators, many times faster: candidates train side by side.

    The candidates are those of scikit-learn's search with the same ``random_state``, and each is fitted as its own
    ``fit`` would, up to the rounding of ``dtype``. Candidates that differ in numbers only (``alpha``,
    ``learning_rate_init``, momenta, ``tol``, ``max_iter`` and so on) are lanes of one compiled program. So are
    candidates of other ``hidden_layer_sizes`` with solver "adam" or "sgd" and without dropout, where padding them to
    one shape takes less time than compiling a program for each; others are compiled apart. Solver "lbfgs", an
    "adaptive" rate, a scorer that decides between epochs and an estimator with callbacks of its own are fitted one by
    one. So is whatever is no network of this package or a plain ``Pipeline`` that ends in one (a subclass with a
    ``fit`` of its own, imbalanced-learn's pipelines, another estimator, wrappers, pipelines in pipelines); a warning
    says so, once. Callbacks of the search are told of its tasks, as from scikit-learn's searches.

    Args:
        estimator: an ``MLPClassifier`` or ``MLPRegressor`` of this package, or a ``Pipeline`` that ends in one, whose
            other steps are fitted once a fold for all candidates that have them in common; or anything else.
        param_distributions, n_iter, scoring, refit, cv, verbose, random_state, error_score, return_train_score: as in
            ``RandomizedSearchCV``; ``pre_dispatch`` is accepted and has nothing to dispatch.
        n_jobs: threads that train the population, by default one a core; they share memory, and this thread prepares
            and scores meanwhile.
        dtype: what candidates are trained in: "float32", which ranks them up to the noise of training, or None for
            the dtype of X, which takes about twice as long. The best one is refitted in the dtype of X.
        ensemble: rounds in which configurations are chosen greedily, on what they say of rows while these are held
            out, for ``ensemble_``: their weighted mean, refitted on all rows. 0 for none.

    After ``fit`` it has all attributes of ``RandomizedSearchCV``. ``mean_fit_time`` is a candidate's share of the time
    of its population. With ``ensemble`` also ``ensemble_`` (with ``predict``, ``predict_proba``, ``score``) and
    ``ensemble_selection_``, {number of a candidate: its weight}.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {**RandomizedSearchCV._parameter_constraints, **_OURS}

    def __init__(
        self,
        estimator: Any,
        param_distributions: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        n_iter: int = 10,
        scoring: Scores = None,
        n_jobs: int | None = None,
        refit: Refit = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        random_state: int | np.random.RandomState | None = None,
        error_score: float | str = np.nan,
        return_train_score: bool = False,
        dtype: str | None = "float32",
        ensemble: int = 0,
    ) -> None:
        super().__init__(**_of_scikit_learn(locals()))
        self.dtype, self.ensemble = dtype, ensemble


class PopulationGridSearchCV(GridSearchCV, PopulationCourse):
    """``GridSearchCV`` whose candidates train side by side, as those of ``PopulationSearchCV`` do.

    Args:
        estimator, n_jobs, dtype, ensemble: as in ``PopulationSearchCV``.
        param_grid, scoring, refit, cv, verbose, pre_dispatch, error_score, return_train_score: as in ``GridSearchCV``.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {**GridSearchCV._parameter_constraints, **_OURS}

    def __init__(
        self,
        estimator: Any,
        param_grid: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        scoring: Scores = None,
        n_jobs: int | None = None,
        refit: Refit = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        error_score: float | str = np.nan,
        return_train_score: bool = False,
        dtype: str | None = "float32",
        ensemble: int = 0,
    ) -> None:
        super().__init__(**_of_scikit_learn(locals()))
        self.dtype, self.ensemble = dtype, ensemble


class PopulationHalvingRandomSearchCV(HalvingRandomSearchCV, PopulationCourse):
    """``HalvingRandomSearchCV`` whose candidates of an iteration train side by side; nothing has to be enabled for it.

    Args:
        estimator, n_jobs, dtype, ensemble: as in ``PopulationSearchCV``.
        param_distributions and all others: as in ``HalvingRandomSearchCV``; resource "n_samples" or a number of the
            estimator's, such as "max_iter".
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {**HalvingRandomSearchCV._parameter_constraints, **_OURS}

    def __init__(
        self,
        estimator: Any,
        param_distributions: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        n_candidates: int | str = "exhaust",
        factor: float = 3,
        resource: str = "n_samples",
        max_resources: int | str = "auto",
        min_resources: int | str = "smallest",
        aggressive_elimination: bool = False,
        cv: Any = 5,
        scoring: Scores = None,
        refit: bool = True,
        error_score: float | str = np.nan,
        return_train_score: bool = True,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
        verbose: int = 0,
        dtype: str | None = "float32",
        ensemble: int = 0,
    ) -> None:
        super().__init__(**_of_scikit_learn(locals()))
        self.dtype, self.ensemble = dtype, ensemble


class PopulationHalvingGridSearchCV(HalvingGridSearchCV, PopulationCourse):
    """``HalvingGridSearchCV`` whose candidates of an iteration train side by side; nothing has to be enabled for it.

    Args:
        estimator, n_jobs, dtype, ensemble: as in ``PopulationSearchCV``.
        param_grid and all others: as in ``HalvingGridSearchCV``.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {**HalvingGridSearchCV._parameter_constraints, **_OURS}

    def __init__(
        self,
        estimator: Any,
        param_grid: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        factor: float = 3,
        resource: str = "n_samples",
        max_resources: int | str = "auto",
        min_resources: int | str = "exhaust",
        aggressive_elimination: bool = False,
        cv: Any = 5,
        scoring: Scores = None,
        refit: bool = True,
        error_score: float | str = np.nan,
        return_train_score: bool = True,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
        verbose: int = 0,
        dtype: str | None = "float32",
        ensemble: int = 0,
    ) -> None:
        super().__init__(**_of_scikit_learn(locals()))
        self.dtype, self.ensemble = dtype, ensemble
