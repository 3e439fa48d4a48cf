"""An ensemble of the best configurations of a search, chosen greedily on predictions for rows that were held out."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.metrics import accuracy_score, r2_score

from jaxnet import checks


def greedy_selection(predictions: np.ndarray, targets: np.ndarray, rounds: int) -> np.ndarray:
    """Return how much each of C candidates weighs in an ensemble, [C], a sum of 1.

    ``predictions`` [C, N, K] are of rows that the candidates were not trained on, ``targets`` [N, K] one-hot, or [N]
    or [N, K] numbers. Round by round the candidate is added (again, it may be) whose mean with those before it is best:
    by log-loss for one-hot targets of several classes, else by squared error. What is best after any round is kept, so
    that the ensemble is never worse on these rows than the best candidate. Source: Caruana et al. 2004. Raises
    ValueError for shapes that do not fit, and where no prediction is finite.
    """
    rounds = checks.integer("rounds", rounds, minimum=1)
    targets = targets.reshape(len(targets), -1)
    expected = f"an array of shape (C, {targets.shape[0]}, {targets.shape[1]})"
    checks.require(predictions.shape[1:] == targets.shape, "predictions", expected, predictions)
    sound = np.isfinite(predictions).all(axis=(1, 2))
    checks.require(sound.any(), "predictions", "a candidate of finite predictions", checks.Words("none"))
    one_hot = targets.shape[1] > 1 and bool(
        np.all((targets == 0) | (targets == 1)) and np.all(targets.sum(axis=1) == 1)
    )
    tiny = np.finfo(float).tiny

    def losses(means: np.ndarray) -> np.ndarray:  # [C, N, K] -> [C]
        if one_hot:
            return -np.log(np.maximum((means * targets).sum(axis=2), tiny)).mean(axis=1)
        return np.square(means - targets).mean(axis=(1, 2))

    counts, total = np.zeros(len(predictions), int), np.zeros(targets.shape)
    best, kept = np.inf, counts
    for number in range(1, rounds + 1):
        each = np.where(sound, losses((total + np.where(sound[:, None, None], predictions, 0)) / number), np.inf)
        added = int(each.argmin())
        counts[added] += 1
        total = total + predictions[added]
        if each[added] < best:
            best, kept = float(each[added]), counts.copy()
    return kept / kept.sum()


class HeldOutPredictions:
    """What the candidates of a search say of rows while they are held out."""

    def __init__(self, y: Any, classes: np.ndarray | None) -> None:
        self._rows, self._classes = len(y), classes
        self._outputs = 1 if np.ndim(y) == 1 else np.shape(y)[1]
        self._of: dict[int, np.ndarray] = {}  # candidate -> [N, K], NaN where it was not asked

    def add(self, candidate: int, fitted: Any, X: Any, rows: np.ndarray) -> None:
        """Ask a candidate that was fitted on other rows about these, X [n, D]."""
        said = answers(fitted, X, self._classes)
        of = self._of.setdefault(candidate, np.full((self._rows, said.shape[1]), np.nan))
        of[rows] = said

    def selection(self, y: Any, rounds: int) -> dict[int, float]:
        """Return the weights of those that are chosen, by their number. Raises ValueError where none can be."""
        asked = {number: np.isfinite(of).all(axis=1) for number, of in self._of.items()}
        most = max((known.sum() for known in asked.values()), default=0)
        checks.require(most > 0, "ensemble", "a candidate that can be fitted", checks.Words("none"))
        # of a halving search those of the last iteration, which were asked about the most rows
        last = [number for number, known in asked.items() if known.sum() == most]
        rows = np.logical_and.reduce([asked[number] for number in last])
        targets = np.asarray(y)[rows]
        if self._classes is not None:
            targets = (targets[:, None] == self._classes).astype(float)
        weights = greedy_selection(np.stack([self._of[number][rows] for number in last]), targets, rounds)
        return {number: float(weight) for number, weight in zip(last, weights, strict=True) if weight > 0}


def answers(fitted: Any, X: Any, classes: np.ndarray | None) -> np.ndarray:
    """Return an estimator's probabilities of ``classes`` (0 and 1 where it has labels only), or its values, [n, K]."""
    if classes is None:
        values = np.asarray(fitted.predict(X), float)
        return values.reshape(len(values), -1)
    if not hasattr(fitted, "predict_proba"):
        return (np.asarray(fitted.predict(X))[:, None] == classes).astype(float)
    said = np.asarray(fitted.predict_proba(X))
    all_of_them = np.zeros((len(said), len(classes)))
    all_of_them[:, np.searchsorted(classes, fitted.classes_)] = said  # a fold may lack a class
    return all_of_them


class ChosenEnsemble:
    """The chosen configurations of a search, refitted on all rows, and their weighted mean.

    Attributes:
        estimators_: the fitted estimators.
        weights_: their weights, which sum to 1.
        classes_: of a classifier.
    """

    def __init__(self, estimators: Sequence[Any], weights: Sequence[float], classes: np.ndarray | None) -> None:
        self.estimators_, self.weights_, self._classes = list(estimators), np.asarray(weights), classes
        if classes is not None:
            self.classes_ = classes

    def _mean(self, X: Any) -> np.ndarray:
        each = np.stack([answers(estimator, X, self._classes) for estimator in self.estimators_])
        mean: np.ndarray = np.tensordot(self.weights_, each, axes=1)
        return mean

    def predict(self, X: Any) -> np.ndarray:
        """Return the most likely class, or the mean value, of each row, [N] or [N, K]."""
        mean = self._mean(X)
        if self._classes is not None:
            return self._classes[mean.argmax(axis=1)]
        return mean[:, 0] if mean.shape[1] == 1 else mean

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the mean probability of each class, [N, K]; raises AttributeError for values."""
        if self._classes is None:
            raise AttributeError("an ensemble of regressors has no probabilities")
        return self._mean(X)

    def score(self, X: Any, y: Any) -> float:
        """Return the share of rows predicted right, or R²."""
        return float((r2_score if self._classes is None else accuracy_score)(y, self.predict(X)))


def classes_told_apart(estimator: Any, y: Any) -> np.ndarray | None:
    """Return the classes of a classifier's labels y [N], or None for values. Raises ValueError for several labels."""
    if not is_classifier(estimator):
        return None
    checks.require(np.ndim(y) == 1, "ensemble", "0 where a row has several labels", checks.Words("several labels"))
    classes: np.ndarray = np.unique(np.asarray(y))
    return classes
