"""Who trains which tiles: this process all of them, or each process of ``jax.distributed`` a share.

Processes do not talk while they train. Each trains its share of a group's tiles up to the next rung on its own
devices; then all give each other what they have, so that each holds the whole record and comes to the same decisions.
The first one alone opens the folder. A member's bits do not depend on any of this. What is exchanged are bytes, for a
sum over processes would turn -0.0 into 0.0.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np
from jax.experimental import multihost_utils

from jaxnet import checks
from jaxnet.storage import digest

WORDS = 2048  # bytes of a message


class Processes(NamedTuple):
    """The processes that train a sweep, and which of them this one is."""

    rank: int = 0
    size: int = 1

    def exchange(self, arrays: Sequence[np.ndarray], shares: Sequence[np.ndarray]) -> None:
        """Fill in, in every process, the rows of arrays [P, ...] that belong to the shares of the others."""
        if self.size == 1:
            return
        mine = shares[self.rank]
        told = self.gather([array[mine] for array in arrays], [len(share) for share in shares])
        for rows, parts in zip(shares, told, strict=True):
            for array, part in zip(arrays, parts, strict=True):
                array[rows] = part

    def gather(self, mine: Sequence[np.ndarray], counts: Sequence[int]) -> list[list[np.ndarray]]:
        """Return the arrays [n, ...] of every process, of which each has as many rows as ``counts`` says of it."""
        widths = [math.prod(array.shape[1:]) * array.dtype.itemsize for array in mine]
        buffer = np.zeros((max(counts), sum(widths)), np.uint8)
        buffer[: counts[self.rank]] = np.concatenate([_bytes(array) for array in mine], axis=1)
        found = []
        for rows, count in zip(multihost_utils.process_allgather(buffer), counts, strict=True):
            parts = zip(mine, np.split(rows[:count], np.cumsum(widths)[:-1], axis=1), strict=True)
            cut = lambda like, part: np.ascontiguousarray(part).view(like.dtype).reshape(len(part), *like.shape[1:])
            found.append([cut(like, part) for like, part in parts])
        return found

    def give(self, arrays: Sequence[np.ndarray]) -> None:
        """Fill in, in every process, what the first one has of arrays [P, ...]."""
        everything, none = np.arange(len(arrays[0])), np.zeros(0, np.int64)
        self.exchange(arrays, [everything, *[none] * (self.size - 1)])

    def same(self, text: str, what: str) -> None:
        """Refuse, in every process, what is not the same in all of them."""
        digests = self._tell(digest(text))
        other = next((rank for rank, each in enumerate(digests) if each != digests[0]), 0)
        checks.require(not other, what, "the same in every process", checks.Words(f"another in process {other}"))

    def agree(self, trouble: str = "") -> None:
        """Tell the others of a trouble, or hear of theirs; raises RuntimeError for what the others have."""
        for rank, words in enumerate(self._tell(trouble)):
            if words and rank != self.rank:
                raise RuntimeError(f"process {rank}: {words}")

    def _tell(self, words: str) -> list[str]:
        if self.size == 1:
            return [words]
        buffer = np.zeros(WORDS, np.uint8)
        message = words.encode()[:WORDS]
        buffer[: len(message)] = np.frombuffer(message, np.uint8)
        told = multihost_utils.process_allgather(buffer)
        return [row.tobytes().rstrip(b"\0").decode(errors="replace") for row in told]


ALONE = Processes()


def join() -> Processes:
    """Return the processes that ``jax.distributed`` has brought together; raises ValueError where that is one."""
    expected = "'local', or first jax.distributed.initialize(...) in each of several processes"
    checks.require(jax.process_count() > 1, "executor", expected, "distributed")
    return Processes(jax.process_index(), jax.process_count())


def _bytes(rows: np.ndarray) -> np.ndarray:
    size = math.prod(rows.shape[1:]) * rows.dtype.itemsize  # of one, as there may be none
    return np.ascontiguousarray(rows).reshape(-1).view(np.uint8).reshape(len(rows), size)
