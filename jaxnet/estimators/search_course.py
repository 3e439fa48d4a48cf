"""How any of scikit-learn's searches runs where its candidates train side by side, with scikit-learn's results."""

import collections
import inspect
import itertools
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from sklearn.base import _fit_context, clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.model_selection._search import BaseSearchCV
from sklearn.model_selection._validation import (
    _fit_and_score,
    _insert_error_scores,
    _warn_or_raise_about_fit_failures,
)
from sklearn.utils import indexable
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.validation import _check_method_params, _num_samples

from jaxnet.estimators.callbacks import CallbackTask, search_task, with_callbacks
from jaxnet.estimators.candidates import (
    Arrival,
    Candidate,
    fold_data,
    prepare_candidates,
    train_candidates,
    why_alone,
)
from jaxnet.estimators.network_estimator import MatrixLike
from jaxnet.estimators.population import threads_of
from jaxnet.estimators.search_ensemble import ChosenEnsemble, HeldOutPredictions, classes_told_apart
from jaxnet.training.forked_processes import refuse_in_forks
from jaxnet.types import ArrayLike


class Round(NamedTuple):
    """What candidates are evaluated on at once: they, the rows of every fold, and what callbacks are told."""

    candidates: list[dict[str, Any]]
    splits: list[tuple[Any, Any]]
    tasks: list[Any]  # a callback context a candidate and fold, or none


class PopulationCourse(BaseSearchCV):
    """The course of a search over populations; a search of scikit-learn's says which candidates there are.

    Everything that is seen is scikit-learn's: its parameters, scores, messages, errors and attributes.
    """

    dtype: str | None
    ensemble: int

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: MatrixLike, y: ArrayLike | None = None, **params: Any) -> Self:
        """Train all candidates in all folds, and the best one on all of X [N, D], y [N].

        ``params`` go to ``fit`` of the estimator, to the splitter and to the scorer, as in scikit-learn. Returns the
        search. Warns once, where candidates can be no part of a population and are fitted one by one.
        """
        refuse_in_forks()
        scorers, metric = self._get_scorers()
        X, y = indexable(X, y)
        params = _check_method_params(X, params=params)
        routed = self._get_routed_params_for_fit(params)
        whole = search_task(self, params.get("sample_weight"), parts=1 + (self.refit is not False)).begin(X=X, y=y)
        self._checked_cv_orig = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        if hasattr(BaseSearchCV, "_check_input_parameters"):  # earlier, halving searches call it themselves
            self._check_input_parameters(X=X, y=y, split_params=routed.splitter.split)
        self.n_splits_ = self._checked_cv_orig.get_n_splits(X, y, **routed.splitter.split)
        asked = _Asked(self, (X, y), routed, scorers)
        takes_context = "callback_ctx" in inspect.signature(self._run_search).parameters
        self._run_search(asked.evaluate, **({"callback_ctx": whole.context} if takes_context else {}))
        self._set_results(asked, scorers, metric)
        if self.refit:
            self._refit((X, y), routed.estimator.fit, whole.within("refit-with-best-params"))
        if asked.held_out is not None:
            self.ensemble_selection_ = asked.held_out.selection(y, self.ensemble)
            fitted = asked.refitted([self.cv_results_["params"][number] for number in self.ensemble_selection_])
            weights = list(self.ensemble_selection_.values())
            self.ensemble_ = ChosenEnsemble(fitted, weights, classes_told_apart(self.estimator, y))
        whole.end(X=X, y=y)
        return self

    def _set_results(self, asked: "_Asked", scorers: Any, metric: Any) -> None:
        """Set scikit-learn's attributes."""
        self.cv_results_ = asked.results
        self.multimetric_ = isinstance(asked.out[0]["test_scores"], dict)
        self.scorer_ = getattr(scorers, "_scorers", scorers)
        if callable(self.scoring) and self.multimetric_:
            self._check_refit_for_multimetric(asked.out[0]["test_scores"])
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
            self.best_estimator_.fit(*([X] if y is None else [X, y]), **fit_params)
            self.refit_time_ = time.time() - began
        if hasattr(self.best_estimator_, "feature_names_in_"):
            self.feature_names_in_ = self.best_estimator_.feature_names_in_
        task.end(X=X, y=y)


class _Asked:
    """Evaluates the candidates that a search asks for, and keeps what it was asked so far."""

    def __init__(self, search: PopulationCourse, data: tuple[Any, Any], routed: Any, scorers: Any) -> None:
        self._search, self._data, self._routed, self._scorers = search, data, routed, scorers
        self._candidates: list[dict[str, Any]] = []
        self._more: dict[str, list[Any]] = collections.defaultdict(list)
        self._said = False
        self.out: list[dict[str, Any]] = []  # scikit-learn's record of every candidate in every fold, in its order
        self.results: dict[str, Any] = {}
        self.held_out: HeldOutPredictions | None = None
        if search.ensemble:
            self.held_out = HeldOutPredictions(data[1], classes_told_apart(search.estimator, data[1]))

    def evaluate(
        self,
        candidate_params: Any,
        cv: Any = None,
        more_results: Mapping[str, Sequence[Any]] | None = None,
        callback_ctx: Any = None,
    ) -> dict[str, Any]:
        """Evaluate further candidates; return ``cv_results_`` of all so far. Raises ValueError as scikit-learn does."""
        search, (X, y), expected = self._search, self._data, self._search.n_splits_
        candidates = list(candidate_params)
        splits = list((cv or search._checked_cv_orig).split(X, y, **self._routed.splitter.split))
        if len(splits) != expected:
            raise ValueError(
                "cv.split and cv.get_n_splits return inconsistent results. "
                f"Expected {expected} splits, got {len(splits)}"
            )
        total = len(candidates) * len(splits)
        if search.verbose > 0:
            print(f"Fitting {len(splits)} folds for each of {len(candidates)} candidates, totalling {total} fits")
        within = lambda at: callback_ctx.subcontext(task_name="candidate-split-evaluation", task_id=at)
        tasks = [] if callback_ctx is None else [within(at) for at in range(total)]
        out = self._evaluated(Round(candidates, splits, tasks)) if total else []
        if not out:
            raise ValueError("No fits were performed. Was the CV iterator empty? Were there no candidates?")
        _warn_or_raise_about_fit_failures(out, search.error_score)
        if callable(search.scoring):  # only now is known which scores there are
            _insert_error_scores(out, search.error_score)
        self._candidates += candidates
        self.out += out
        for name, values in (more_results or {}).items():
            self._more[name].extend(values)
        self.results = search._format_results(self._candidates, expected, self.out, self._more)
        return self.results

    def _evaluated(self, asked: Round) -> list[dict[str, Any]]:
        """Return scikit-learn's record of every candidate in every fold, in its order."""
        search, (X, y), began, of_fit = self._search, self._data, time.time(), self._routed.estimator.fit
        candidates, splits, _ = asked
        # here, where an unknown parameter is an error and not a fit that fails
        chosen = [clone(search.estimator).set_params(**clone(each, safe=False)) for each in candidates]
        reasons = ["" if y is None else why_alone(estimator, of_fit) for estimator in chosen]
        self._say_once(reasons)
        out: list[dict[str, Any]] = [{}] * (len(candidates) * len(splits))
        joined = [at for at, reason in enumerate(reasons) if reason is None]

        def prepared() -> Iterator[list[Candidate]]:
            for train, _ in splits:
                fold = fold_data(search.estimator, (X, y), train, of_fit)
                ready = prepare_candidates([(chosen[at], candidates[at]) for at in joined], fold)
                error = next((each.error for each in ready if each.error), None)
                if error is not None and search.error_score == "raise":
                    raise error
                yield ready

        # scikit-learn lists the folds of a candidate together; here a fold trains its candidates together
        threads = threads_of(search.n_jobs)
        arrivals = train_candidates(prepared(), dtype=search.dtype, threads=threads, count=len(splits))
        places = []
        for number, arrival in arrivals if joined else ():
            fold, at = divmod(number, len(joined))
            places.append(joined[at] * len(splits) + fold)
            out[places[-1]] = self._scored(arrival, asked, joined[at], fold)
        # lanes of one program have no time of their own
        elapsed = time.time() - began - sum(out[place]["score_time"] for place in places)
        for place in places:
            out[place]["fit_time"] = elapsed / len(places)
        for at, fold in itertools.product(set(range(len(candidates))) - set(joined), range(len(splits))):
            out[at * len(splits) + fold] = self._scored(clone(search.estimator), asked, at, fold)
        return out

    def _scored(self, estimator: Any, asked: Round, candidate: int, fold: int) -> dict[str, Any]:
        """Let scikit-learn fit an estimator on the rows of a fold and score it."""
        search, (X, y), (train, test) = self._search, self._data, asked.splits[fold]
        told = {}
        if asked.tasks:
            told = {"caller": search, "callback_ctx": asked.tasks[candidate * len(asked.splits) + fold]}
        score: Callable[..., dict[str, Any]] = _fit_and_score
        found = score(
            estimator,
            X,
            y,
            scorer=self._scorers,
            train=train,
            test=test,
            verbose=search.verbose,
            parameters=asked.candidates[candidate],
            fit_params=self._routed.estimator.fit,
            score_params=self._routed.scorer.score,
            return_train_score=search.return_train_score,
            return_n_test_samples=True,
            return_times=True,
            split_progress=(fold, len(asked.splits)),
            candidate_progress=(candidate, len(asked.candidates)),
            error_score=search.error_score,
            **told,
        )
        if self.held_out is not None and found["fit_error"] is None:
            fitted = estimator.estimator if isinstance(estimator, Arrival) else estimator
            held = _safe_split(fitted, X, y, test, train)[0]
            self.held_out.add(len(self._candidates) + candidate, fitted, held, test)
        return found

    def refitted(self, parameters: Sequence[dict[str, Any]]) -> list[Any]:
        """Fit an estimator for each choice of parameters on all rows, in their dtype: as one population, or alone."""
        search, (X, y), of_fit = self._search, self._data, self._routed.estimator.fit
        chosen = [clone(search.estimator).set_params(**clone(each, safe=False)) for each in parameters]
        joined = [at for at, estimator in enumerate(chosen) if why_alone(estimator, of_fit) is None]
        rows = fold_data(search.estimator, (X, y), np.arange(_num_samples(X)), of_fit)
        ready = [prepare_candidates([(chosen[at], parameters[at]) for at in joined], rows)]
        arrivals = train_candidates(ready, dtype=None, threads=threads_of(search.n_jobs), count=1)
        for number, arrival in arrivals if joined else ():
            chosen[joined[number]] = arrival.set_params().fit(X, y)
        for at in set(range(len(chosen))) - set(joined):
            chosen[at].fit(X, y, **of_fit)
        return chosen

    def _say_once(self, reasons: Sequence[str | None]) -> None:
        """Warn of what is fitted one by one, unless that is documented or was said already."""
        named = sorted({reason for reason in reasons if reason})
        if not named or self._said:
            return
        self._said, name = True, type(self._search).__name__
        count = sum(bool(reason) for reason in reasons)
        warnings.warn(
            f"{name} fits {count} of {len(reasons)} candidates one by one, as scikit-learn does, for they cannot join "
            f"its population: {'; '.join(named)}",
            stacklevel=2,
        )
