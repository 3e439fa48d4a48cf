"""A randomized search whose candidates train as one population in every fold, with scikit-learn's results."""

import time
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from sklearn.base import _fit_context, clone, is_classifier
from sklearn.model_selection import ParameterSampler, RandomizedSearchCV, check_cv
from sklearn.model_selection._validation import _insert_error_scores, _score, _warn_or_raise_about_fit_failures
from sklearn.utils import indexable
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import _check_method_params

from jaxnet.estimators.callbacks import Task, fit_task, with_callbacks
from jaxnet.estimators.candidates import Fit, Fold, fits_of, fold_of, last_step, trained
from jaxnet.estimators.population import threads_of


class PopulationSearchCV(RandomizedSearchCV):
    """``RandomizedSearchCV`` for this package's estimators, many times faster: candidates train side by side.

    The candidates are those of scikit-learn's search with the same ``random_state``, and each is fitted as its own
    ``fit`` would, up to the rounding of ``dtype``. Candidates that differ in numbers only (``alpha``,
    ``learning_rate_init``, momenta, ``tol``, ``max_iter`` and so on) are lanes of one compiled program; others are
    compiled apart. Solver "lbfgs", an "adaptive" rate, a scorer that decides between epochs and an estimator with
    callbacks of its own are fitted one by one. Callbacks of the search are told of its tasks (every candidate in every
    fold, and the refit, whose epochs they see), as from scikit-learn's searches.

    Args:
        estimator: an ``MLPClassifier`` or ``MLPRegressor`` of this package, or a ``Pipeline`` that ends in one, whose
            other steps are fitted once a fold for all candidates that have them in common.
        param_distributions, n_iter, scoring, refit, cv, verbose, random_state, error_score, return_train_score: as in
            ``RandomizedSearchCV``.
        n_jobs: threads that train the population, by default one a core; they share memory, and this thread prepares
            and scores meanwhile.
        dtype: what candidates are trained in: "float32", which ranks them up to the noise of training, or None for
            the dtype of X, which takes about twice as long. The best one is refitted in the dtype of X.

    After ``fit`` it has all attributes of ``RandomizedSearchCV``. ``mean_fit_time`` is a candidate's share of the time
    of its population. Raises TypeError for any other estimator.
    """

    _parameter_constraints: ClassVar[dict] = {
        **RandomizedSearchCV._parameter_constraints,
        "dtype": [StrOptions({"float32"}), None],
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
        n_iter: int = 10,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        random_state: Any = None,
        error_score: Any = np.nan,
        return_train_score: bool = False,
        dtype: str | None = "float32",
    ) -> None:
        super().__init__(
            estimator,
            param_distributions,
            n_iter=n_iter,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            random_state=random_state,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.dtype = dtype

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, **params: Any) -> "PopulationSearchCV":
        """Train all candidates in all folds, and the best one on all of X [N, D], y [N]."""
        last_step(self.estimator)
        scorers, metric = self._get_scorers()
        X, y = indexable(X, y)
        params = _check_method_params(X, params=params)
        routed = self._get_routed_params_for_fit(params)
        whole = fit_task(self, params.get("sample_weight"), parts=1 + (self.refit is not False)).begin(X=X, y=y)
        cv = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        splits = list(cv.split(X, y, **routed.splitter.split))
        candidates = list(ParameterSampler(self.param_distributions, self.n_iter, random_state=self.random_state))
        self.n_splits_, total = len(splits), len(candidates) * len(splits)
        if self.verbose > 0:
            print(f"Fitting {len(splits)} folds for each of {len(candidates)} candidates, totalling {total} fits")
        folds = [fold_of(self.estimator, (X, y), split, routed) for split in splits]
        search = whole.within("search", max_subtasks=total, sequential_subtasks=False).begin()
        out = self._evaluated(candidates, folds, scorers, search)
        search.end()
        self._conclude(candidates, out, scorers, metric)
        if self.refit:
            self._refit((X, y), routed.estimator.fit, whole.within("refit-with-best-params"))
        whole.end(X=X, y=y)
        return self

    def _evaluated(self, candidates: list[dict], folds: list[Fold], scorers: Any, search: Task) -> list[dict]:
        """Return scikit-learn's record of every candidate in every fold, in its order."""
        began = time.time()
        count = len(candidates)
        place = lambda fold, candidate: candidate * len(folds) + fold
        out: list[dict] = [{}] * (count * len(folds))
        tasks = [search.within("candidate-split-evaluation", task_id=number) for number in range(len(out))]

        def prepared() -> Iterator[list[Fit]]:
            for number, fold in enumerate(folds):
                for candidate in range(count):
                    tasks[place(number, candidate)].begin(X=fold.train[0], y=fold.train[1])
                yield fits_of(self.estimator, candidates, fold, self.error_score)

        for number, fit in trained(prepared(), self.error_score, dtype=self.dtype, threads=threads_of(self.n_jobs)):
            fold, at = folds[number // count], place(*divmod(number, count))
            out[at] = self._scored(fit, fold, scorers)
            tasks[at].end(X=fold.train[0], y=fold.train[1])
        share = (time.time() - began - sum(result["score_time"] for result in out)) / len(out)
        return [result | {"fit_time": share} for result in out]

    def _scored(self, fit: Fit, fold: Fold, scorers: Any) -> dict:
        began = time.time()
        result: dict[str, Any] = {"fit_error": fit.error, "n_test_samples": len(fold.test[1])}
        parts = [("test_scores", fold.test, fold.score_params[1])]
        if self.return_train_score:
            parts.append(("train_scores", fold.train, fold.score_params[0]))
        names = getattr(scorers, "_scorers", None)
        failed = dict.fromkeys(names, self.error_score) if names else self.error_score
        for name, (X, y), params in parts:
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

    def _refit(self, data: tuple, fit_params: dict, task: Task) -> None:
        X, y = data
        self.best_estimator_ = clone(self.estimator).set_params(**clone(self.best_params_, safe=False))
        with task.handed_on(self.best_estimator_):
            task.begin(X=X, y=y)
            began = time.time()
            self.best_estimator_.fit(X, y, **fit_params)
            self.refit_time_ = time.time() - began
        if hasattr(self.best_estimator_, "feature_names_in_"):
            self.feature_names_in_ = self.best_estimator_.feature_names_in_
        task.end(X=X, y=y)
