"""A randomized search whose candidates train as one population in every fold, with scikit-learn's results."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import _fit_context, clone, is_classifier
from sklearn.model_selection import ParameterSampler, RandomizedSearchCV, check_cv
from sklearn.model_selection._validation import _insert_error_scores, _score, _warn_or_raise_about_fit_failures
from sklearn.utils import indexable
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import _check_method_params

from jaxnet.estimators.callbacks import CallbackTask, fit_task, with_callbacks
from jaxnet.estimators.candidates import Candidate, FoldData, fold_data, last_step, prepare_candidates, train_candidates
from jaxnet.estimators.network_estimator import MatrixLike
from jaxnet.estimators.population import threads_of
from jaxnet.types import ArrayLike


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

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **RandomizedSearchCV._parameter_constraints,
        "dtype": [StrOptions({"float32"}), None],
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        n_iter: int = 10,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: bool | str | Callable[..., int] = True,
        cv: Any = None,
        verbose: int = 0,
        random_state: int | np.random.RandomState | None = None,
        error_score: float | str = np.nan,
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
    def fit(self, X: MatrixLike, y: ArrayLike | None = None, **params: Any) -> Self:
        """Train all candidates in all folds, and the best one on all of X [N, D], y [N].

        ``params`` go to ``fit`` of the estimator, to the splitter and to the scorer, as in ``RandomizedSearchCV``.
        Returns the search. Raises TypeError for an estimator of another package, before anything is trained.
        """
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
        folds = [fold_data(self.estimator, (X, y), split, routed) for split in splits]
        search = whole.within("search", max_subtasks=total, sequential_subtasks=False).begin()
        out = self._evaluated(candidates, folds, scorers, search=search)
        search.end()
        self._set_results(candidates, out, scorers, metric)
        if self.refit:
            self._refit((X, y), routed.estimator.fit, whole.within("refit-with-best-params"))
        whole.end(X=X, y=y)
        return self

    def _evaluated(
        self, candidates: list[dict[str, Any]], folds: list[FoldData], scorers: Any, *, search: CallbackTask
    ) -> list[dict[str, Any]]:
        """Return scikit-learn's record of every candidate in every fold, in its order."""
        began, count, threads = time.time(), len(candidates), threads_of(self.n_jobs)
        # scikit-learn lists the folds of a candidate together; here a fold trains its candidates together
        place = lambda fold, candidate: candidate * len(folds) + fold
        out: list[dict[str, Any]] = [{}] * (count * len(folds))
        tasks = [search.within("candidate-split-evaluation", task_id=number) for number in range(len(out))]

        def prepared() -> Iterator[list[Candidate]]:
            for number, fold in enumerate(folds):
                for candidate in range(count):
                    tasks[place(number, candidate)].begin(X=fold.train[0], y=fold.train[1])
                yield prepare_candidates(self.estimator, candidates, fold, self.error_score)

        for number, trained in train_candidates(prepared(), self.error_score, dtype=self.dtype, threads=threads):
            fold, at = folds[number // count], place(*divmod(number, count))
            out[at] = self._scored(trained, fold, scorers)
            tasks[at].end(X=fold.train[0], y=fold.train[1])
        # lanes of one program have no time of their own
        share = (time.time() - began - sum(result["score_time"] for result in out)) / len(out)
        return [result | {"fit_time": share} for result in out]

    def _scored(self, candidate: Candidate, fold: FoldData, scorers: Any) -> dict[str, Any]:
        began = time.time()
        result: dict[str, Any] = {"fit_error": candidate.error, "n_test_samples": len(fold.test[1])}
        parts = [("test_scores", fold.test, fold.score_params[1])]
        if self.return_train_score:
            parts.append(("train_scores", fold.train, fold.score_params[0]))
        names = getattr(scorers, "_scorers", None)
        failed = dict.fromkeys(names, self.error_score) if names else self.error_score
        for name, (X, y), params in parts:
            result[name] = (
                failed if candidate.error else _score(candidate.estimator, X, y, scorers, params, self.error_score)
            )
        return result | {"score_time": time.time() - began}

    def _set_results(
        self, candidates: list[dict[str, Any]], out: list[dict[str, Any]], scorers: Any, metric: Any
    ) -> None:
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

    def _refit(self, data: tuple[Any, Any], fit_params: dict[str, Any], task: CallbackTask) -> None:
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
