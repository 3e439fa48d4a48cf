"""A randomized search whose candidates train as one population in every fold, with scikit-learn's results."""

import time
from typing import Any, ClassVar

import numpy as np
from sklearn.base import _fit_context, clone, is_classifier
from sklearn.model_selection import ParameterSampler, RandomizedSearchCV, check_cv
from sklearn.model_selection._validation import _insert_error_scores, _score, _warn_or_raise_about_fit_failures
from sklearn.utils import indexable
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import _check_method_params

from jaxnet.estimators.candidates import Fit, Fold, fits_of, fold_of, last_step, trained


class PopulationSearchCV(RandomizedSearchCV):
    """``RandomizedSearchCV`` for this package's estimators, many times faster: candidates train side by side.

    The candidates are those of scikit-learn's search with the same ``random_state``, and each is fitted as its own
    ``fit`` would, up to the rounding of ``dtype``. Candidates that differ in numbers only (``alpha``,
    ``learning_rate_init``, momenta, ``tol``, ``max_iter`` and so on) are lanes of one compiled program; others are
    compiled apart. Solver "lbfgs", an "adaptive" rate and a scorer that decides between epochs are fitted one by one.

    Args:
        estimator: an ``MLPClassifier`` or ``MLPRegressor`` of this package, or a ``Pipeline`` that ends in one, whose
            other steps are fitted once a fold for all candidates that have them in common.
        param_distributions, n_iter, scoring, refit, cv, verbose, random_state, error_score, return_train_score: as in
            ``RandomizedSearchCV``; all cores train the population.
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
            refit=refit,
            cv=cv,
            verbose=verbose,
            random_state=random_state,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.dtype = dtype

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
        fits = trained(fits, self.error_score, self.dtype)
        share = (time.time() - began) / len(fits)
        scored = [self._scored(fit, folds[i // len(candidates)], scorers) for i, fit in enumerate(fits)]
        by_candidate = [scored[i :: len(candidates)] for i in range(len(candidates))]
        return [result | {"fit_time": share} for results in by_candidate for result in results]

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

    def _refit(self, X: Any, y: Any, fit_params: dict) -> None:
        self.best_estimator_ = clone(self.estimator).set_params(**clone(self.best_params_, safe=False))
        began = time.time()
        self.best_estimator_.fit(X, y, **fit_params)
        self.refit_time_ = time.time() - began
        if hasattr(self.best_estimator_, "feature_names_in_"):
            self.feature_names_in_ = self.best_estimator_.feature_names_in_
