"""What predictions of held-out rows are worth: the score with its interval, and what shows the base rate beside it."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

_Z = 1.959964  # a normal value lies within it with 95 %
_DRAWS = 1_000  # of the rows, for an interval of R²
_MOST_VALUES = 2_000_000  # drawn at once


def class_scores(labels: np.ndarray, probabilities: np.ndarray) -> dict[str, Any]:
    """Score probabilities [N, K] of classes against labels [N]: accuracy with its 95 % interval (Wilson 1927),
    balanced accuracy and F1 over the classes that occur, and the cross-entropy."""
    predicted, count = probabilities.argmax(axis=1), len(labels)
    right = float(np.mean(predicted == labels))
    found = np.unique(labels)
    recalls = [np.mean(predicted[labels == each] == each) for each in found]
    f1 = [2 * np.sum((predicted == k) & (labels == k)) / (np.sum(predicted == k) + np.sum(labels == k)) for k in found]
    own = probabilities[np.arange(count), labels].astype(np.float64)
    return {
        "accuracy": right,
        "interval": _wilson(right, count),
        "balanced_accuracy": float(np.mean(recalls)),
        "f1": float(np.mean(f1)),
        "cross_entropy": float(-np.mean(np.log(np.maximum(own, np.finfo(np.float32).tiny)))),
    }


def value_scores(values: np.ndarray, predicted: np.ndarray, seed: int = 0) -> dict[str, Any]:
    """Score predicted numbers [N] against values [N]: R² with its 95 % interval (percentiles of ``_DRAWS`` draws of the
    rows), the mean absolute and the root mean squared error, in the units of the values."""
    error = predicted - values
    generator = np.random.default_rng(seed)
    draws = min(_DRAWS, max(100, _MOST_VALUES // max(len(values), 1)))
    drawn = [
        r_squared(values[rows], predicted[rows]) for rows in generator.integers(0, len(values), (draws, len(values)))
    ]
    drawn = [each for each in drawn if not math.isnan(each)]
    low, high = np.quantile(drawn, (0.025, 0.975)) if drawn else (math.nan, math.nan)
    return {
        "r2": r_squared(values, predicted),
        "interval": [float(low), float(high)],
        "mean_absolute_error": float(np.mean(np.abs(error))),
        "root_mean_squared_error": float(np.sqrt(np.mean(error**2))),
    }


def r_squared(values: np.ndarray, predicted: np.ndarray) -> float:
    """Compute 1 - residual / total sum of squares; NaN where the values do not vary."""
    total = np.sum((values - np.mean(values)) ** 2)
    return float(1 - np.sum((values - predicted) ** 2) / total) if total > 0 else math.nan


def main_score(scores: Mapping[str, Any]) -> str:
    """Return the name of the score that stands first: "accuracy" or "r2"."""
    return next(iter(scores))


def confusion(labels: np.ndarray, predicted: np.ndarray, classes: int) -> list[list[int]]:
    """Count the rows of each class (down) that were predicted as each class (across), [K, K]."""
    counted = np.bincount(labels * classes + predicted, minlength=classes * classes)
    return [[int(each) for each in row] for row in counted.reshape(classes, classes)]


def residuals(values: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Return five quantiles of value - predicted, by name."""
    names = ("lowest", "lower quartile", "median", "upper quartile", "highest")
    return dict(zip(names, np.quantile(values - predicted, (0, 0.25, 0.5, 0.75, 1)).tolist(), strict=True))


def _wilson(share: float, count: int) -> list[float]:
    middle = share + _Z**2 / (2 * count)
    half = _Z * math.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    return [(middle - half) / (1 + _Z**2 / count), (middle + half) / (1 + _Z**2 / count)]
