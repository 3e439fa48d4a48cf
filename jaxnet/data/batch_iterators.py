"""``Batches``: data that come as an iterator of batches, written once to a temporary file.

There they are rows like any others: every epoch takes them in a new order, a sweep reads them as often as it needs,
and what is trained has the bits of a training from memory.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.data.stored_arrays import Spool, StoredArray

# of an iterator that does not say its end: beyond these it is asked how many batches it has
_MOST_BATCHES, _MOST_BYTES = 10**5, 4 * 2**30


@dataclasses.dataclass(frozen=True)
class Batches:
    """Examples that come in batches (X [B, ...], y [B, ...]) or (X, y, weight [B]), of any sizes B.

    Attributes:
        source: an iterable of batches, such as a generator or a loader, or a function that returns one.
        count: how many batches are taken; None takes all, and asks for it where there are more than 100,000, or
            more than 4 GiB.

    ``jn.fit`` and sweeps go through it once, before they train, and keep its rows in a temporary file.
    """

    source: Any
    count: int | None = None

    def __post_init__(self) -> None:
        if self.count is not None:
            checks.integer("Batches.count", self.count, minimum=1)

    def written(self, argument: str = "data") -> tuple[StoredArray, ...]:
        """Return X [N, ...], y [N, ...] and, where the batches have one, weight [N], on disk.

        Raises ValueError or TypeError, naming the batch, for an iterator without a batch or with fewer than ``count``,
        for what is no batch, and for one of another shape or dtype than the first.
        """
        spools: list[Spool] = []
        like: list[tuple[tuple[int, ...], np.dtype]] = []
        taken = size = 0
        for taken, batch in enumerate(_taken(self._iterator(argument), self.count), 1):
            parts = _parts(f"{argument}, batch {taken - 1}", batch)
            kinds = [(part.shape[1:], part.dtype) for part in parts]
            like = like or kinds
            _check_alike(f"{argument}, batch {taken - 1}", kinds, like)
            spools = spools or [Spool() for _ in parts]
            for spool, part in zip(spools, parts, strict=True):
                spool.add(part)
            size += sum(part.nbytes for part in parts)
            ends = self.count is not None or (taken <= _MOST_BATCHES and size <= _MOST_BYTES)
            got = checks.Words(f"{taken} so far, {size} bytes")
            checks.require(ends, argument, "how many batches, as jn.Batches(source, count=1000)", got)
        few = checks.Words(f"an iterator that ended after {taken}" if taken else "an iterator without one")
        checks.require(taken >= (self.count or 1), argument, f"{self.count or 'at least 1'} batch(es)", few)
        return tuple(spool.array() for spool in spools)

    def _iterator(self, argument: str) -> Iterator[Any]:
        source = self.source() if callable(self.source) else self.source
        expected = "an iterable of batches (X, y), or a function that returns one"
        fits = isinstance(source, Iterable) and not isinstance(source, str | bytes | Mapping | np.ndarray)
        checks.require(fits, argument, expected, checks.Words(type(source).__name__), TypeError)
        return iter(source)


def batches_or_none(data: Any) -> Batches | None:
    """Return data that come in batches as ``Batches``: also an iterator, a function without arguments, and a loader,
    which has a length and goes through batches; None for anything else."""
    if isinstance(data, Batches):
        return data
    examples = isinstance(data, tuple | list | Mapping | str) or hasattr(data, "shape") or hasattr(data, "columns")
    if examples or (hasattr(data, "x") and hasattr(data, "y")):
        return None
    loader = hasattr(type(data), "__iter__") and hasattr(data, "batch_size")
    return Batches(data) if isinstance(data, Iterator) or callable(data) or loader else None


def _taken(batches: Iterator[Any], count: int | None) -> Iterator[Any]:
    """Take ``count`` batches, and not one more: it would be lost to whoever goes on with the iterator."""
    taken = 0
    while count is None or taken < count:
        try:
            yield next(batches)
        except StopIteration:
            return
        taken += 1


def _parts(name: str, batch: Any) -> list[np.ndarray]:
    fits = isinstance(batch, tuple | list) and len(batch) in (2, 3)
    got = checks.Words(f"{type(batch).__name__}{f' of {len(batch)}' if isinstance(batch, tuple | list) else ''}")
    checks.require(fits, name, "(X, y) or (X, y, weight)", got, TypeError)
    parts = [np.asarray(checks.real_array(name, part)) for part in batch]
    lengths = [len(part) if part.ndim else 0 for part in parts]
    checks.require(min(lengths) > 0, name, "arrays of at least one example", checks.Words(f"lengths {lengths}"))
    checks.require(len(set(lengths)) == 1, name, "as many targets as examples", checks.Words(f"lengths {lengths}"))
    return parts


def _check_alike(name: str, kinds: list[Any], like: list[Any]) -> None:
    said = lambda kinds: checks.Words(" and ".join(f"(B{''.join(f', {n}' for n in shape)}) {t}" for shape, t in kinds))
    checks.require(kinds == like, name, f"arrays of {said(like)}, as in batch 0", said(kinds))
