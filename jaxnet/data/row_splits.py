"""Which rows are for training and which are held out: at random, by class, by group, or by time.

All ways return indices of rows, each part in the order of the table. The same seed gives the same parts.
"""

import math
from typing import Any

import numpy as np

from jaxnet import checks


def split_rows(
    count: int,
    *shares: float,
    seed: int | None = 0,
    stratify: Any = None,
    group: Any = None,
    time: Any = None,
) -> tuple[np.ndarray, ...]:
    """Deal ``count`` rows out: one part for each share, and the rest as one part more; return the indices of each.

    Where the shares sum to 1 there is no rest: ``split_rows(N, 0.8, 0.2)`` and ``split_rows(N, 0.8)`` are the same.

    Args:
        count: the number of rows N.
        shares: fractions above 0 and below 1, or numbers of rows; ``split_rows(N, 0.8)`` gives two parts.
        seed: of the order in which rows are dealt (NumPy's ``default_rng``); None keeps them in order.
        stratify: labels [N]; every part has its share of each label, to within one row.
        group: names [N]; all rows of a group come into one part, so that none is on both sides.
        time: numbers, dates or texts in the order of time, [N]; earlier rows come into earlier parts, and rows of one
            time into one part. The seed has no say.

    Raises ValueError where a part would be empty, for values of another length, and for more than one way at once. A
    part is never empty for the rounding of its share of each label alone.

    >>> [part.tolist() for part in split_rows(6, 0.5, stratify=["a", "a", "b", "b", "b", "b"])]
    [[0, 2, 4], [1, 3, 5]]
    >>> [part.tolist() for part in split_rows(4, 0.5, time=[3, 1, 2, 4])]
    [[1, 2], [0, 3]]
    """
    checks.integer("count", count, minimum=1)
    checks.require(shares, "shares", "at least one share such as 0.8", shares)
    ways = {"stratify": stratify, "group": group, "time": time}
    given = [name for name, values in ways.items() if values is not None]
    checks.require(len(given) <= 1, "stratify, group, time", "one of them", checks.Words(" and ".join(given)))
    generator = None if seed is None else np.random.default_rng(checks.integer("seed", seed))
    fractions = [_fraction(share, count) for share in shares]
    if len(fractions) > 1 and math.isclose(sum(fractions), 1):
        fractions.pop()  # split_rows(N, 0.8, 0.2): the last share is the rest
    checks.require(
        sum(fractions) < 1 or math.isclose(sum(fractions), 1), "shares", "shares that sum to less than 1", fractions
    )
    if not given:
        parts = _dealt([np.arange(count)], fractions, generator)
    else:
        # the distinct values, in their order, and which of them each row has
        found, codes = _distinct(given[0], ways[given[0]], count)
        if given == ["stratify"]:
            # every label is dealt alike, so each part has its share of each label
            parts = _dealt([np.flatnonzero(codes == label) for label in range(found)], fractions, generator)
        else:
            few = checks.Words(f"{found} different value(s)")
            checks.require(found > len(fractions), given[0], f"at least {len(fractions) + 1}, one for each part", few)
            order = generator.permutation(found) if group is not None and generator is not None else np.arange(found)
            parts = _dealt_whole(codes, order, fractions)
    sizes = checks.Words(f"parts of {', '.join(str(len(part)) for part in parts)}")
    checks.require(all(map(len, parts)), "shares", f"shares of {count} examples that leave no part empty", sizes)
    return tuple(np.sort(part) for part in parts)


def balanced_weights(y: Any, *, by: Any = None) -> np.ndarray:
    """Return a weight for each of N labels, float64 [N]: M / (K * how often its label occurs among M, ``by``).

    ``by`` are the labels [M] that are counted, by default ``y`` itself: all labels then weigh alike, and the mean
    weight is 1, as scikit-learn's class_weight="balanced" has it. A label that does not occur there counts as one
    that occurs once. Raises ValueError or TypeError where ``y`` or ``by`` is not labels [N].

    >>> balanced_weights([0, 0, 0, 1]).tolist()
    [0.6666666666666666, 0.6666666666666666, 0.6666666666666666, 2.0]
    >>> balanced_weights([0, 1, 1], by=[0, 0, 0, 1]).tolist()
    [0.6666666666666666, 2.0, 2.0]
    """
    labels, counted = (np.asarray(values) for values in (y, y if by is None else by))
    for name, values in (("y", labels), ("by", counted)):
        fits = values.ndim == 1 and len(values) > 0 and values.dtype.kind in "iubUO"
        checks.require(fits, name, "labels (N,)", values)
    found, counts = np.unique(counted, return_counts=True)
    at = np.minimum(np.searchsorted(found, labels), len(found) - 1)
    often = np.where(found[at] == labels, counts[at], 1)
    return len(counted) / (len(found) * often)


def _fraction(share: Any, count: int) -> float:
    # 0.8, or a number of examples; True is an int, and no share
    if isinstance(share, int | np.integer) and not isinstance(share, bool):
        return checks.integer("shares", share, minimum=1, maximum=count - 1, note="some are left") / count
    return checks.number("shares", share, above=0, below=1)


def _distinct(name: str, values: Any, count: int) -> tuple[int, np.ndarray]:
    values = np.asarray(values)
    fits = values.shape == (count,)
    checks.require(fits, name, f"one value for each of the {count} rows", values)
    if values.dtype.kind in "fM":
        missing = np.isnan(values) if values.dtype.kind == "f" else np.isnat(values)
        checks.require(not missing.any(), name, "a value in every row", checks.Words(f"{missing.sum()} missing ones"))
    found, codes = np.unique(values, return_inverse=True)
    return len(found), codes


def _dealt(groups: list[np.ndarray], fractions: list[float], generator: np.random.Generator | None) -> list[np.ndarray]:
    orders = [rows if generator is None else generator.permutation(rows) for rows in groups]
    # cumulated before they are rounded, so that rounding errors do not add up in the last part
    ends = np.array([[round(end * len(rows)) for end in np.cumsum(fractions)] for rows in groups])
    counts = np.diff(ends, axis=1, prepend=0, append=[[len(rows)] for rows in groups])
    shares = [*fractions, 1 - sum(fractions)]
    for part in np.flatnonzero(counts.sum(axis=0) == 0):
        # many labels of few rows each may all be rounded away from a part that has rows to get
        if round(shares[part] * counts.sum()) > 0:
            label, most = np.unravel_index(np.argmax(counts), counts.shape)
            counts[label, most], counts[label, part] = counts[label, most] - 1, 1
    dealt = [np.split(order, np.cumsum(each)[:-1]) for order, each in zip(orders, counts, strict=True)]
    return [np.concatenate(rows) for rows in zip(*dealt, strict=True)]


def _dealt_whole(codes: np.ndarray, order: np.ndarray, fractions: list[float]) -> list[np.ndarray]:
    """Deal groups out whole, in the given order: a group belongs to the part in which its middle row would be, but
    each part has one at least."""
    counts = np.bincount(codes)[order]
    middles = (np.cumsum(counts) - counts / 2) / len(codes)
    found, ends = len(order), [0]
    for part, end in enumerate(np.cumsum(fractions)):
        ends.append(int(np.clip(np.searchsorted(middles, end), ends[-1] + 1, found - len(fractions) + part)))
    part_of = np.empty(found, np.int64)
    part_of[order] = np.repeat(np.arange(len(fractions) + 1), np.diff([*ends, found]))
    return [np.flatnonzero(part_of[codes] == part) for part in range(len(fractions) + 1)]
