"""From a network's outputs to answers, and what answers are worth: labels, their order, accuracy, R²."""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from jaxnet import checks

_MOST_CLASS_CHARACTERS = 10_000_000  # classes as one NumPy array take the longest's room each


def right_answers(predicted: np.ndarray, target: Any) -> float:
    """Return the share of rows predicted right; of several labels [N, K] all of a row's have to be.

    Raises ValueError for labels of another kind than the predicted ones, none of which could ever be right.
    """
    alike = (predicted.dtype.kind in "US") == (np.asarray(target).dtype.kind in "USO")
    examples = ", ".join(repr(label) for label in np.unique(predicted)[:2].tolist())
    checks.require(alike, "y", f"labels as predict returns them, such as {examples}", target)
    return float(np.mean((predicted == target).reshape(len(target), -1).all(axis=1)))


def most_likely(outputs: np.ndarray) -> np.ndarray:
    """Return the index of the most likely class of each row: of one sigmoid output, 1 above one half."""
    return (outputs[:, 0] > 0.5).astype(int) if outputs.shape[1] == 1 else outputs.argmax(axis=1)


def explained_variance(predicted: np.ndarray, target: np.ndarray) -> float:
    """Return R², 1 - residual / total sum of squares, the mean over outputs; of a target that never varies 1 where it
    is met exactly and else 0, as scikit-learn's ``r2_score`` has it."""
    predicted, target = (array.reshape(len(array), -1).astype(np.float64) for array in (predicted, target))
    residual = np.sum((target - predicted) ** 2, axis=0)
    total = np.sum((target - target.mean(axis=0)) ** 2, axis=0)
    constant = np.where(residual == 0, 1.0, 0.0)
    return float(np.mean(np.where(total > 0, 1 - residual / np.where(total > 0, total, 1), constant)))


def class_array(classes: Any, count: int) -> np.ndarray:
    """Return the labels as an array of text, numbers or booleans, each once; refuse anything else."""
    expected = f"{count} different labels, all text, all numbers or all booleans"
    listed = isinstance(classes, Sequence | np.ndarray) and not isinstance(classes, str)
    checks.require(listed, "classes", expected, classes, TypeError)
    values = classes.tolist() if isinstance(classes, np.ndarray) else list(classes)
    kinds = {bool if isinstance(v, bool) else float if isinstance(v, int | float) else type(v) for v in values}
    checks.require(len(kinds) == 1 and kinds <= {bool, float, str}, "classes", expected, classes, TypeError)
    checks.require(len(values) == count == len(set(values)), "classes", expected, classes)
    finite = kinds != {float} or all(map(math.isfinite, values))
    checks.require(finite, "classes", "finite numbers", classes)
    longest = max(map(len, values)) if kinds == {str} else 0
    checks.require(
        longest * count <= _MOST_CLASS_CHARACTERS, "classes", "shorter names", checks.Words(f"{longest} letters")
    )
    return np.array(values)


def checked_scores(scores: Any) -> Mapping[str, float]:
    """Return the scores as a mapping that does not change; refuse what is no finite number."""
    named = isinstance(scores, Mapping) and all(isinstance(name, str) for name in scores)
    checks.require(named, "scores", "a mapping of names to numbers", scores, TypeError)
    return MappingProxyType({name: checks.number(f"scores[{name!r}]", value) for name, value in scores.items()})
