"""What the rows show before anything is trained: scales, constant columns, rare classes, rows that stand on both
sides."""

from typing import Any, NamedTuple

import numpy as np

from jaxnet.health.subject import Subject
from jaxnet.losses import Objective
from jaxnet.prediction import predictions

LARGE, TINY = 4.0, 0.05  # root mean square of a column that is far from 1, about which initialisers are made
RARE = 0.2  # share of a class below which it is rare for a classifier that weighs all rows alike, times 2 / classes
COMMON_VALUE = 0.05  # share of the cells of other columns that hold a constant column's value where it is a filler
FEWEST_LEAKED, LEAKED = 2, 0.025  # rows, and share of the validation rows, above which repeated rows are a leak
WIDE = 20  # columns, from which on one of zeros is a matter of course: a pixel, a word


class Scale(NamedTuple):
    """Mean [D] and standard deviation [D] of columns, and whether they are far from 0 and 1."""

    mean: np.ndarray
    deviation: np.ndarray
    unscaled: bool
    sentence: str


def scale_of(columns: np.ndarray, name: str) -> Scale:
    """Return the scale of columns [N, D]; constant ones keep a deviation of 1, so that they can be divided by it."""
    x = np.asarray(columns, np.float64).reshape(len(columns), -1)
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    size = np.sqrt(np.mean(x**2, axis=0))
    varies = deviation > 1e-9 * np.maximum(size, 1e-300)
    deviation = np.where(varies, deviation, 1.0)
    if not varies.any():
        return Scale(mean, deviation, False, f"{name} do not vary")
    sizes = size[varies]
    large, small = float(sizes.max()), float(sizes.max())
    unscaled = large > LARGE or small < TINY
    at = int(np.flatnonzero(varies)[sizes.argmax()])
    words = f"{name} are far from 1: column {at} is {mean[at]:.3g} ± {deviation[at]:.3g}"
    return Scale(mean, deviation, bool(unscaled), words)


def constant_columns(X: np.ndarray) -> list[int]:
    """Return the columns of X [N, D] that hold one value in every row, and no mere filler: a value, such as 0, that
    other columns are full of as well is the border of an image or an absent word, and does no harm."""
    if X.ndim != 2 or len(X) < 2 or X.shape[1] < 2:
        return []
    constant = np.flatnonzero((X[:1] == X).all(axis=0))
    if X.shape[1] > WIDE:  # of a standardised image, the border is 0 where nothing else is
        constant = constant[X[0, constant] != 0]
    others = np.setdiff1d(np.arange(X.shape[1]), constant)
    filler = lambda value: len(others) and np.mean(X[:, others] == value) > COMMON_VALUE
    return [int(at) for at in constant if not filler(X[0, at])]


class Leak(NamedTuple):
    """How many validation rows stand among the training rows, of how many."""

    rows: int
    of: int


def leaked_rows(subject: Subject) -> Leak | None:
    """Return how many validation rows are training rows too, target and all; None where that is no more than rows
    repeat themselves inside of the training rows."""
    if subject.validation is None:
        return None
    train, held = (_as_bytes(rows.x, rows.y) for rows in (subject.train, subject.validation))
    known = set(train)
    count = sum(row in known for row in held)
    repeated = 1 - len(known) / len(train)
    # where few different rows are possible they meet by chance, on both sides alike; and a pair is no leak
    if count < FEWEST_LEAKED or count / len(held) <= max(LEAKED, 3 * repeated):
        return None
    return Leak(count, len(held))


def _as_bytes(x: np.ndarray, y: np.ndarray) -> list[bytes]:
    flat = np.ascontiguousarray(
        np.concatenate([x.reshape(len(x), -1), y.reshape(len(y), -1)], axis=1, dtype=np.float64)
    )
    return [row.tobytes() for row in flat]


class Classes(NamedTuple):
    """How many rows of each class got each answer [K, K], a row a class."""

    confusion: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """The rows of each class [K]."""
        return self.confusion.sum(axis=1)

    @property
    def right(self) -> np.ndarray:
        """How many rows of each class were answered rightly [K]."""
        return self.confusion.diagonal()

    @property
    def answers(self) -> np.ndarray:
        """How often each class was answered [K]."""
        return self.confusion.sum(axis=0)

    @property
    def recall(self) -> np.ndarray:
        """The share of each class that is recognised, NaN for a class without rows."""
        return self.right / np.where(self.counts, self.counts, np.nan)

    def recall_of(self, which: np.ndarray) -> float:
        """Return the mean share of some classes' rows that is recognised; ``which`` [any length] says of each class, by
        its number, whether it is meant. NaN where none of them has rows."""
        meant = which[: len(self.counts)]
        meant = np.flatnonzero(meant & (self.counts[: len(meant)] > 0))
        return float(self.recall[meant].mean()) if len(meant) else float("nan")

    @property
    def rare(self) -> np.ndarray:
        """Which classes [K] are rare."""
        present = self.counts > 0
        share = self.counts / self.counts.sum()
        return present & (share < RARE * 2 / max(2, present.sum()))


def classes_of(subject: Subject, params: Any, rows: Any) -> Classes | None:
    """Count rows and right answers by class; None where targets are no classes or the network cannot predict."""
    labels = subject.labels(rows)
    if labels is None or not isinstance(subject.f, Objective):
        return None
    found = predictions(subject.f.network, params, rows.x)
    boundary = 0.0 if subject.f.output == "identity" else 0.5
    answers = (found[:, 0] > boundary).astype(int) if found.shape[1] == 1 else found.argmax(axis=1)
    count = int(max(labels.max(), answers.max())) + 1
    return Classes(np.bincount(labels * count + answers, minlength=count**2).reshape(count, count))
