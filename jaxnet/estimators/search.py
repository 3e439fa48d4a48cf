"""A randomized search whose candidates train as one population in every fold, with scikit-learn's results."""

import time
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple

import joblib
from sklearn.base import _fit_context, clone, is_classifier
from sklearn.model_selection import ParameterSampler, RandomizedSearchCV, check_cv
from sklearn.model_selection._validation import _insert_error_scores, _score, _warn_or_raise_about_fit_failures
from sklearn.pipeline import Pipeline
from sklearn.utils import indexable
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


class PopulationSearchCV(RandomizedSearchCV):
    """``RandomizedSearchCV`` for this package's estimators, many times faster: candidates train side by side.

    The candidates are those of scikit-learn's search with the same ``random_state``, and each is fitted as its own
    ``fit`` would, to rounding. Candidates that differ in numbers only (``alpha``, ``learning_rate_init``, momenta,
    ``tol``, ``max_iter`` and so on) are lanes of one compiled program; others are compiled apart. Solver "lbfgs", an
    "adaptive" rate and a scorer that decides between epochs are fitted one by one.

    Args:
        estimator: an ``MLPClassifier`` or ``MLPRegressor`` of this package, or a ``Pipeline`` that ends in one, whose
            other steps are fitted once a fold for all candidates that have them in common.
        param_distributions, n_iter, scoring, refit, cv, verbose, random_state, error_score, return_train_score: as in
            ``RandomizedSearchCV``. ``n_jobs`` is left to scikit-learn's refit: all cores train the population.

    After ``fit`` it has all attributes of ``RandomizedSearchCV``. ``mean_fit_time`` is a candidate's share of the time
    of its population. Raises TypeError for any other estimator.
    """

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, **params: Any) -> "PopulationSearchCV":
        """Train all candidates in all folds, and the best one on all of X [N, D], y [N]."""
        last_step(self.estimator)
        scorers, metric = self._get_scorers()
        X, y = indexable(X, y)
        routed = self._get_routed_params_for_fit(_check_method_params(X, params=params))
        cv = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        splits = list(cv.split(X, y, **routed.splitter.split))
        candidates = list(ParameterSampler(self.param_distributions, self.n_iter, random_state=self.random_state))
        self.n_splits_ = len(splits)
        if self.verbose > 0:
            total = len(candidates) * len(splits)
            print(f"Fitting {len(splits)} folds for each of {len(candidates)} candidates, totalling {total} fits")
        folds = [fold_of(self.estimator, (X, y), split, routed) for split in splits]
        out = self._evaluated(candidates, folds, scorers)
        self._conclude(candidates, out, scorers, metric)
        if self.refit:
            self._refit(X, y, routed.estimator.fit)
        return self

    def _evaluated(self, candidates: list[dict], folds: list[Fold], scorers: Any) -> list[dict]:
        """Return scikit-learn's record of every candidate in every fold."""
        began = time.time()
        fits = [fit for fold in folds for fit in fits_of(self.estimator, candidates, fold, self.error_score)]
        fits = trained(fits, self.error_score)
        share = (time.time() - began) / len(fits)
        by_fold = [
            self._scored(fit, folds[i // len(candidates)], scorers) | {"fit_time": share} for i, fit in enumerate(fits)
        ]
        return [by_fold[fold * len(candidates) + i] for i in range(len(candidates)) for fold in range(len(folds))]

    def _scored(self, fit: Fit, fold: Fold, scorers: Any) -> dict:
        began = time.time()
        result: dict[str, Any] = {"fit_error": fit.error, "n_test_samples": len(fold.test[1])}
        parts = [("test_scores", fold.test, fold.score_params[1])]
        if self.return_train_score:
            parts.append(("train_scores", fold.train, fold.score_params[0]))
        for name, (X, y), params in parts:
            failed = (
                self.error_score
                if not hasattr(scorers, "_scorers")
                else dict.fromkeys(scorers._scorers, self.error_score)
            )
            result[name] = failed if fit.error else _score(fit.estimator, X, y, scorers, params, self.error_score)
        return result | {"score_time": time.time() - began}

    def _conclude(self, candidates: list[dict], out: list[dict], scorers: Any, metric: str) -> None:
        """Set scikit-learn's attributes."""
        _warn_or_raise_about_fit_failures(out, self.error_score)
        if callable(self.scoring):
            _insert_error_scores(out, self.error_score)
        self.cv_results_ = self._format_results(candidates, self.n_splits_, out)
        self.multimetric_ = isinstance(out[0]["test_scores"], dict)
        self.scorer_ = getattr(scorers, "_scorers", scorers)
        if callable(self.scoring) and self.multimetric_:
            self._check_refit_for_multimetric(out[0]["test_scores"])
            metric = self.refit
        if self.refit or not self.multimetric_:
            self.best_index_ = self._select_best_index(self.refit, metric, self.cv_results_)
            if not callable(self.refit):
                self.best_score_ = self.cv_results_[f"mean_test_{metric}"][self.best_index_]
            self.best_params_ = self.cv_results_["params"][self.best_index_]

    def _refit(self, X: Any, y: Any, fit_params: dict) -> None:
        self.best_estimator_ = clone(self.estimator).set_params(**clone(self.best_params_, safe=False))
        began = time.time()
        self.best_estimator_.fit(X, y, **fit_params)
        self.refit_time_ = time.time() - began
        if hasattr(self.best_estimator_, "feature_names_in_"):
            self.feature_names_in_ = self.best_estimator_.feature_names_in_


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
    heads: dict[str, tuple] = {}
    return [_guarded(error_score, _fit_of, estimator, candidate, fold, heads) for candidate in candidates]


def _guarded(error_score: Any, function: Callable[..., Fit], *arguments: Any) -> Fit:
    """Turn an exception into a failed fit, unless it is to be raised."""
    try:
        return function(*arguments)
    except Exception:
        if error_score == "raise":
            raise
        return Fit(None, None, traceback.format_exc())


def _fit_of(estimator: Any, candidate: dict, fold: Fold, heads: dict[str, tuple]) -> Fit:
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


def _through_head(pipeline: Pipeline, candidate: dict, fold: Fold, heads: dict[str, tuple]) -> tuple[Any, dict]:
    """Put the fitted steps before the last in place; return what they make of X, and the last step's parameters."""
    name = pipeline.steps[-1][0]
    others = {key: value for key, value in candidate.items() if not key.startswith(f"{name}__")}
    mine = {
        key.removeprefix(f"{name}__"): value for key, value in fold.fit_params.items() if key.startswith(f"{name}__")
    }
    if len(pipeline.steps) == 1:
        return fold.train[0], mine
    known = joblib.hash(others)
    if known not in heads:
        rest = {key: value for key, value in fold.fit_params.items() if not key.startswith(f"{name}__")}
        head = pipeline[:-1]
        heads[known] = head, head.fit_transform(*fold.train, **rest)
    head, X = heads[known]
    pipeline.steps = [*head.steps, pipeline.steps[-1]]
    return X, mine


def _in_population(mlp: BaseMLP) -> bool:
    adaptive = mlp.solver == "sgd" and mlp.learning_rate == "adaptive"
    return mlp.solver != "lbfgs" and not adaptive and judge_of(mlp) is not Judge.SCORER


def trained(fits: list[Fit], error_score: Any) -> list[Fit]:
    """Train those that wait for it, as one population."""
    waiting = [(i, last_step(fit.estimator), fit.problem) for i, fit in enumerate(fits) if fit.problem is not None]
    members = [Member(prepare(mlp, problem, first=True), mlp.max_iter) for _, mlp, problem in waiting]
    done = list(fits)
    for (i, mlp, problem), progress in zip(waiting, train_population(members), strict=True):
        done[i] = _guarded(error_score, _ended, fits[i].estimator, mlp, problem, progress)
    return done


def _ended(estimator: Any, mlp: BaseMLP, problem: Problem, progress: Progress) -> Fit:
    record(mlp, progress, len(problem.train.x))
    conclude(mlp, problem, progress, progress.state.best)
    return Fit(estimator, None)
