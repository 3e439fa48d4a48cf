"""``Dataset``: examples and their targets, which nothing can change any more, and what is done to them before training.

``jn.fit`` takes a ``Dataset`` as it is. Whatever is estimated from data (means and deviations) is estimated from the
data that you name, so that nothing leaks from a test set.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.data.row_blocks import standard_of
from jaxnet.data.row_splits import split_rows
from jaxnet.targets import one_hot_targets


@dataclasses.dataclass(frozen=True, eq=False)
class Dataset:
    """N examples and their targets.

    Attributes:
        x: [N, ...] real numbers, mostly [N, D]; read-only.
        y: [N] integer labels or numbers, or [N, K]; read-only.
        inputs: names of the D inputs, or ().
        classes: what the labels 0..K-1 stand for, or ().
        train_count: where the source has a training and a test set: the first is ``x[:train_count]``.
        source: where the examples come from, in words.

    Raises ValueError or TypeError when lengths differ, for no example, for text, NaN, infinity, a label without a
    class, or names that are not one an input. ``dataclasses.replace(data, x=data.x / 255)`` changes a field.
    """

    x: np.ndarray
    y: np.ndarray
    _: dataclasses.KW_ONLY
    inputs: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    train_count: int | None = None
    source: str = ""

    def __post_init__(self) -> None:
        x, y = (_frozen(name, getattr(self, name)) for name in ("x", "y"))
        checks.require(x.ndim >= 1 and len(x) > 0, "x", "at least one example, the examples on the first axis", x)
        checks.require(y.ndim in (1, 2) and len(y) == len(x), "y", f"one target for each of the {len(x)} examples", y)
        inputs, classes = tuple(map(str, self.inputs)), tuple(map(str, self.classes))
        named = not inputs or (x.ndim == 2 and len(inputs) == x.shape[1])
        checks.require(named, "inputs", f"one name for each input of x {x.shape}", inputs)
        _check_labels(y, classes)
        if self.train_count is not None:
            checks.integer("train_count", self.train_count, minimum=1, maximum=len(x) - 1, note="some are for testing")
        # the only way into a frozen dataclass, which is frozen for everyone else
        for name, value in {"x": x, "y": y, "inputs": inputs, "classes": classes}.items():
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        source = f"{self.source}: " if self.source else ""
        classes = f", {len(self.classes)} classes" if self.classes else ""
        return f"<Dataset {source}x {self.x.shape} {self.x.dtype}, y {self.y.shape} {self.y.dtype}{classes}>"

    @property
    def train(self) -> "Dataset":
        """The source's training set, its first ``train_count`` examples; ValueError where it has none."""
        return self.take(np.arange(self._published_split()))

    @property
    def test(self) -> "Dataset":
        """The source's test set, all other examples; ValueError where it has none (use ``split``)."""
        return self.take(np.arange(self._published_split(), len(self)))

    def _published_split(self) -> int:
        expected = "a dataset whose source has a training and a test set (this one needs split)"
        checks.require(self.train_count is not None, "train_count", expected, self.train_count)
        return int(self.train_count or 0)

    def take(self, rows: Any) -> "Dataset":
        """Return the examples of the given rows: indices [M], which may repeat, or a mask [N]; else ValueError."""
        rows = np.asarray(rows)
        mask = rows.dtype == bool and rows.shape == (len(self),)
        fits = mask or (rows.ndim == 1 and rows.dtype.kind in "iu" and np.all((rows >= 0) & (rows < len(self))))
        checks.require(fits, "rows", f"indices from 0 to {len(self) - 1}, or {len(self)} booleans", rows)
        return dataclasses.replace(self, x=self.x[rows], y=self.y[rows], train_count=None)

    def split(self, *shares: float, seed: int | None = 0, stratify: bool = False) -> tuple["Dataset", ...]:
        """Deal the examples out: one part for each share, and the rest as one part more; none is left where
        the shares sum to 1, so ``split(0.8)`` and ``split(0.8, 0.2)`` are the same.

        Args:
            shares: fractions of N above 0 and below 1, or numbers of examples; ``split(0.8)`` gives two parts.
            seed: of the order in which they are dealt (NumPy's ``default_rng``); None keeps them in order.
            stratify: whether every part has its share of each label (integer labels [N] only).

        Each part keeps its examples in the order in which they were. Raises ValueError where a part, or the rest,
        would be empty.
        """
        if stratify:
            labels = self.y.ndim == 1 and self.y.dtype.kind in "iub"
            checks.require(labels, "stratify", "integer labels (N,) to stratify by", self.y)
        parts = split_rows(len(self), *shares, seed=seed, stratify=self.y if stratify else None)
        return tuple(self.take(part) for part in parts)

    def standardised(self, by: "Dataset | None" = None) -> "Dataset":
        """Return (x - mean) / deviation, input by input, with the mean and deviation of ``by`` (itself by default).

        ``test.standardised(by=train)`` uses the training set's. An input that is constant in ``by`` is only centred.
        Computed in float64; float32 inputs stay float32. Raises ValueError where the inputs' shapes differ.
        """
        by = self if by is None else by
        checks.require(isinstance(by, Dataset), "by", "a Dataset", by, TypeError)
        fits = by.x.shape[1:] == self.x.shape[1:]
        checks.require(fits, "by", f"a dataset of inputs {self.x.shape[1:]}", by.x)
        return dataclasses.replace(self, x=standard_of(by.x).of(self.x))

    def one_hot(self) -> "Dataset":
        """Return targets [N, K], float64: row i has a 1 in column ``y[i]``; K is the number of classes or labels.

        Raises ValueError where ``y`` is not integer labels [N] from 0.
        """
        labels = self.y.ndim == 1 and self.y.dtype.kind in "iub" and self.y.min() >= 0
        checks.require(labels, "y", "integer labels (N,) from 0", self.y)
        count = len(self.classes) or int(self.y.max()) + 1
        return dataclasses.replace(self, y=one_hot_targets(self.y, count, np.float64))


def _frozen(name: str, value: Any) -> np.ndarray:
    # a view, so that the caller's own array can still be written
    array = np.asarray(checks.real_array(name, value)).view()
    checks.finite(name, array)
    array.flags.writeable = False
    return array


def _check_labels(y: np.ndarray, classes: Sequence[str]) -> None:
    if not classes or y.ndim == 2:
        fits = not classes or len(classes) == y.shape[1]
        checks.require(fits, "classes", f"one name for each of the {y.shape[-1]} columns of y", classes)
        return
    checks.require(y.dtype.kind in "iub", "y", f"integer labels of the {len(classes)} classes", y, TypeError)
    inside = (y >= 0) & (y < len(classes))
    if not inside.all():
        first = int(np.argmin(inside))
        checks.refuse("y", f"labels from 0 to {len(classes) - 1}", checks.Words(f"{y[first]} at index {first}"))
