"""Cross-validation as an axis of a population: how the examples are dealt out to the folds that hold them out."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnet import checks

_WAYS = ("group", "time", "of")


class FoldPart(NamedTuple):
    """The rows that one fold trains on and those that it holds out, as indices."""

    train: np.ndarray
    held: np.ndarray


@dataclasses.dataclass(frozen=True)
class Folds:
    """Validate every configuration on each of ``count`` parts of the data and train on others, paired.

    Rows are dealt out by lot, each class evenly where targets are labels, so that each part is held out once.

    Attributes:
        count: of folds, at least 2; with ``of`` it is what that says.
        stratify: False deals rows out whatever their class; labels [N] of another kind are dealt out evenly instead.
        group: names [N]: the rows of a group are held out together, so that none is on both sides; parts are as equal
            as whole groups allow.
        time: numbers, dates or texts in the order of time [N]: part k + 1 of count + 1 is held out of a run on all
            parts before it, rows of one time in one part (as scikit-learn's TimeSeriesSplit).
        of: folds of one's own: a fold an example [N], -1 for one that every run trains on; or pairs of row indices,
            (train, held out), as scikit-learn's splitters give them.

    Raises ValueError or TypeError for two ways at once; whether they fit the data is seen when a plan is made.
    """

    count: int | None = None
    stratify: Any = dataclasses.field(default=None, kw_only=True, compare=False)
    group: Any = dataclasses.field(default=None, kw_only=True, compare=False)
    time: Any = dataclasses.field(default=None, kw_only=True, compare=False)
    of: Any = dataclasses.field(default=None, kw_only=True, compare=False)

    def __post_init__(self) -> None:
        given = [name for name in _WAYS if getattr(self, name) is not None]
        given += ["stratify"] if self.stratify is not None and self.stratify is not False else []
        ways = "one of stratify, group, time and of"
        checks.require(len(given) <= 1, "Folds", ways, checks.Words(" and ".join(given)))
        if self.of is None:
            checks.integer("Folds.count", self.count, minimum=2)
            return
        if isinstance(self.of, Iterator):  # what scikit-learn's splitters give
            object.__setattr__(self, "of", list(self.of))
        checks.require(self.count is None, "Folds.count", "none beside of=, which says how many there are", self.count)
        object.__setattr__(self, "count", len(self._pairs()) if self._paired() else int(self._numbers().max()) + 1)
        checks.integer("Folds.of", self.count, minimum=2, note="folds")

    @property
    def plain(self) -> bool:
        """Whether the count alone says how rows are dealt out."""
        return self.stratify is None and all(getattr(self, name) is None for name in _WAYS)

    def deal(self, y: np.ndarray, root: int) -> tuple[FoldPart, ...]:
        """Return the rows of each fold, for targets [N] or [N, K]; lots are drawn from ``root``.

        Raises ValueError for values of another length than N, and where a part would be empty.
        """
        if self._paired():
            return tuple(_checked_pair(pair, len(y)) for pair in self._pairs())
        if self.time is not None:
            return _by_time(_a_row("Folds.time", self.time, y), self.parts)
        if self.of is not None:
            numbers = _a_row("Folds.of", self._numbers(), y)
        elif self.group is not None:
            numbers = _by_group(_a_row("Folds.group", self.group, y), self.parts, root)
        else:
            wanted = self.stratify is not None and self.stratify is not False
            labels = _a_row("Folds.stratify", self.stratify, y) if wanted else y
            numbers = assign_folds(labels, self.parts, root, stratify=wanted or self.stratify is None)
        held = [np.flatnonzero(numbers == fold) for fold in range(self.parts)]
        empty = checks.Words(f"none of fold {next((fold for fold, rows in enumerate(held) if not len(rows)), 0)}")
        checks.require(all(map(len, held)), "Folds.of", "an example of each fold", empty)
        return tuple(FoldPart(np.flatnonzero(numbers != fold), rows) for fold, rows in enumerate(held))

    @property
    def parts(self) -> int:
        """How many folds there are."""
        return self.count or 0

    def _paired(self) -> bool:
        """Whether folds of one's own are pairs of rows: a list whose entries are no single numbers."""
        return isinstance(self.of, Sequence) and len(self.of) > 0 and all(np.ndim(_first(each)) for each in self.of)

    def _pairs(self) -> list[Any]:
        return list(self.of)

    def _numbers(self) -> np.ndarray:
        numbers = np.asarray(self.of)
        whole = numbers.ndim == 1 and len(numbers) > 0 and numbers.dtype.kind in "iu" and numbers.min() >= -1
        checks.require(
            whole, "Folds.of", "a fold from 0 on an example (N,), or pairs (train, held out) of rows", self.of
        )
        return numbers


def assign_folds(y: Any, count: int, root: int, *, stratify: bool = True) -> np.ndarray:
    """Deal the examples out to folds [N], by lot; with ``stratify`` each class evenly where targets are labels."""
    targets = np.asarray(y)
    count = checks.integer("fold", count, minimum=2, maximum=len(targets), note="the examples")
    shuffled = np.random.default_rng(root).permutation(len(targets))
    labels = stratify and targets.ndim == 1 and targets.dtype.kind in "iubUO"
    dealt = shuffled[np.argsort(targets[shuffled], kind="stable")] if labels else shuffled
    folds = np.empty(len(targets), np.int64)
    folds[dealt] = np.arange(len(targets)) % count
    return folds


def _by_group(names: np.ndarray, count: int, root: int) -> np.ndarray:
    """Deal groups out whole, the largest first, each to the part that has the fewest rows so far."""
    found, codes, sizes = np.unique(names, return_inverse=True, return_counts=True)
    few = checks.Words(f"{len(found)} different value(s)")
    checks.require(len(found) >= count, "Folds.group", f"at least {count} groups, one a fold", few)
    part, filled = np.empty(len(found), np.int64), np.zeros(count, np.int64)
    lots = np.random.default_rng(root).permutation(len(found))  # among groups of one size
    for group in lots[np.argsort(-sizes[lots], kind="stable")]:
        part[group] = np.argmin(filled)
        filled[part[group]] += sizes[group]
    folds: np.ndarray = part[codes]
    return folds


def _by_time(times: np.ndarray, count: int) -> tuple[FoldPart, ...]:
    """Cut the rows into count + 1 parts by time, as equal as rows of one time allow."""
    found, codes, sizes = np.unique(times, return_inverse=True, return_counts=True)
    few = checks.Words(f"{len(found)} different value(s)")
    checks.require(len(found) > count, "Folds.time", f"at least {count + 1} times, one a part", few)
    middles = (np.cumsum(sizes) - sizes / 2) * (count + 1) / len(codes)
    # a time belongs to the part of its middle row, but no part is empty: the earliest and the latest have bounds
    place = np.arange(len(found))
    part = np.clip(middles.astype(np.int64), np.maximum(0, place - len(found) + count + 1), np.minimum(place, count))
    for at in range(1, len(part)):
        part[at] = min(part[at], part[at - 1] + 1)
    rows = part[codes]
    return tuple(FoldPart(np.flatnonzero(rows < k), np.flatnonzero(rows == k)) for k in range(1, count + 1))


def _checked_pair(pair: Any, count: int) -> FoldPart:
    expected = "pairs (train, held out) of row indices"
    checks.require(len(pair) == 2, "Folds.of", expected, checks.Words(f"{len(pair)} parts"))
    train, held = (np.asarray(rows) for rows in pair)
    for rows in (train, held):
        fits = rows.ndim == 1 and len(rows) > 0 and rows.dtype.kind in "iu"
        checks.require(fits, "Folds.of", expected, rows)
        inside = rows.min() >= 0 and rows.max() < count
        checks.require(inside, "Folds.of", f"rows from 0 to {count - 1}", checks.Words(f"{rows.min()} to {rows.max()}"))
    both = np.intersect1d(train, held)
    checks.require(not len(both), "Folds.of", "no row on both sides of a fold", checks.Words(f"row {both[:1]} on both"))
    return FoldPart(train, held)


def _a_row(argument: str, values: Any, y: np.ndarray) -> np.ndarray:
    found = np.asarray(values)
    checks.require(found.shape == (len(y),), argument, f"one value for each of the {len(y)} examples", found)
    missing = found.dtype.kind in "fM" and (np.isnan(found) if found.dtype.kind == "f" else np.isnat(found)).any()
    checks.require(not missing, argument, "a value for each example", checks.Words("missing ones"))
    return found


def _first(each: Any) -> Any:
    return each[0] if isinstance(each, Sequence) and len(each) else each
