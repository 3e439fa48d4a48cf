"""What a target may be for each kind of loss: refused when it is anything else, then made dense [N, K]."""

import enum
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet import checks
from jaxnet.types import ArrayLike


class Target(enum.Enum):
    """The kinds of target; the value says in words what is accepted for K outputs."""

    DISTRIBUTION = "integer labels of shape (N,) from 0 to K-1, or one-hot or probability rows of shape (N, K)"
    PROBABILITY = "0 or 1 or probabilities between, of shape (N, K), or (N,) for one output, or integer labels (N,)"
    REAL = "finite numbers of shape (N, K), or (N,) for one output"
    COUNT = "numbers of at least 0 of shape (N, K), or (N,) for one output"


def check_targets(kind: Target, targets: ArrayLike, examples: int, outputs: int, *, classes: bool) -> Any:
    """Return the targets as an array that ``dense_targets`` takes, [N] or [N, K] in their own dtype, for N =
    ``examples`` and K = ``outputs``.

    ``classes`` says whether outputs are classes, so that integer labels (N,) make sense for them. Raises ValueError
    for a wrong shape, a label out of range, a row that does not sum to 1, NaN; TypeError for a wrong dtype.
    """
    y: Any = checks.real_array("y", targets)
    labels = _are_labels(kind, y, outputs, classes)
    fits = y.shape == (examples, outputs) or (y.shape == (examples,) and (labels or outputs == 1))
    rows = f"{kind.value}, here N={examples} and K={outputs}"
    # what people have most often, said first: a column out of a table, and labels that were read as numbers
    if y.shape == (examples, 1) and outputs > 1 and (classes or kind is Target.DISTRIBUTION):
        checks.refuse("y", f"{rows}; a column of labels needs y.ravel()", y)
    if kind is Target.DISTRIBUTION and y.shape == (examples,) and not labels:
        checks.refuse("y", f"{rows}; whole numbers of a float dtype need y.astype(int)", y, TypeError)
    checks.require(fits, "y", rows, checks.beside(y, examples))
    if checks.concrete(y):
        checks.finite("y", y)
        _check_values(kind, np.asarray(y), outputs, labels)
    return y


def _are_labels(kind: Target, y: Any, outputs: int, classes: bool) -> bool:
    # for K real numbers (a regression) a whole number is a number; for classes it is the name of one
    integral = y.dtype.kind in "iub" and y.ndim == 1
    return integral and (kind is Target.DISTRIBUTION or (classes and outputs > 1))


def _check_values(kind: Target, y: np.ndarray, outputs: int, labels: bool) -> None:
    if labels:
        from_one = f"; y - 1 are labels from 0 to {outputs - 1}" if y.min() == 1 and y.max() == outputs else ""
        expected = f"labels from 0 to {outputs - 1} (the network has {outputs} outputs{from_one})"
        _within("y", y, 0, outputs - 1, expected=expected)
    elif kind is Target.COUNT:
        _within("y", y, 0, np.inf, expected="counts of at least 0")
    elif kind in (Target.PROBABILITY, Target.DISTRIBUTION):
        _within("y", y, 0, 1, expected="probabilities from 0 to 1")
        if kind is Target.DISTRIBUTION:
            _check_rows(y)


def _within(argument: str, y: np.ndarray, low: float, high: float, *, expected: str) -> None:
    outside = np.argwhere((y < low) | (y > high))
    if len(outside):
        first = tuple(int(i) for i in outside[0])
        checks.refuse(argument, expected, checks.Words(f"{y[first]} at index {list(first)}"))


def _check_rows(y: np.ndarray) -> None:
    sums = y.sum(axis=1, dtype=np.float64)
    # K rounded terms: a sum of probabilities is within K units of its dtype's rounding of 1
    unit = np.finfo(y.dtype).eps if y.dtype.kind == "f" else 0
    wrong = np.argwhere(np.abs(sums - 1) > y.shape[1] * unit)
    if len(wrong):
        row = int(wrong[0, 0])
        checks.refuse("y", "rows of probabilities that sum to 1", checks.Words(f"a sum of {sums[row]:g} in row {row}"))


def dense_targets(kind: Target, y: jax.Array, outputs: int, dtype: jax.typing.DTypeLike) -> jax.Array:
    """Return the targets as [N, K] of ``dtype``: labels become one-hot rows, (N,) for one output becomes (N, 1)."""
    if y.ndim == 2:
        return y.astype(dtype)
    if kind is Target.DISTRIBUTION or outputs > 1:
        rows: jax.Array = one_hot_targets(y, outputs, dtype)
        return rows
    return jnp.expand_dims(y, 1).astype(dtype)


def one_hot_targets(labels: Any, outputs: int, dtype: jax.typing.DTypeLike) -> Any:
    """Return labels [N] from 0 to K - 1 as rows [N, K] of ``dtype``, 1 in the label's column and else 0.

    NumPy labels give NumPy rows, JAX labels, traced ones too, JAX rows. The reference has a ``one_hot`` of its own,
    for it shares no line with what is held against it.
    """
    if isinstance(labels, np.ndarray):
        rows = np.zeros((len(labels), outputs), dtype)
        rows[np.arange(len(labels)), labels.astype(np.intp)] = 1
        return rows
    return jax.nn.one_hot(labels, outputs, dtype=dtype)
