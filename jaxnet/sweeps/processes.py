"""Who trains which tiles: this process all of them, or each process of ``jax.distributed`` a share.

Processes do not talk while they train. Each trains its share of a group's tiles up to the next rung on its own
devices; then all give each other their curves, so that each holds the whole record and comes to the same decisions.
States go from the process that has them to the one that wants them, and to no other. The first one alone opens the
folder. A member's bits do not depend on any of this. What is exchanged are bytes, for a sum over processes would turn
-0.0 into 0.0.
"""

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxnet import checks
from jaxnet.storage import digest

WORDS = 2048  # bytes of a message
Pair: TypeAlias = tuple[int, int]  # the process that sends, and the one that is sent to
_AXIS = "processes"


class Processes(NamedTuple):
    """The processes that train a sweep, and which of them this one is."""

    rank: int = 0
    size: int = 1

    def exchange(self, arrays: Sequence[np.ndarray], shares: Sequence[np.ndarray]) -> None:
        """Fill in, in every process, the rows of arrays [P, ...] that belong to the shares of the others."""
        if self.size == 1:
            return
        mine = [array[shares[self.rank]] for array in arrays]
        told = multihost_utils.process_allgather(_packed(mine, max(map(len, shares))))
        for rows, buffer in zip(shares, told, strict=True):
            for array, part in zip(arrays, _unpacked(buffer[: len(rows)], mine), strict=True):
                array[rows] = part

    def hand(self, mine: Sequence[np.ndarray], counts: Mapping[Pair, int]) -> list[np.ndarray] | None:
        """Send arrays [n, ...] from the first to the second process of each pair, as many rows as ``counts`` says;
        return what this one was sent, or None. A process stands once at most on each side of the pairs."""
        room = 1 << (max(counts.values()) - 1).bit_length()  # a shape: few of them compile
        received = handed(_packed(mine, room), tuple(sorted(counts)))
        own = [count for (_, to), count in counts.items() if to == self.rank]
        return _unpacked(received[: own[0]], mine) if own else None

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


def handed(buffer: np.ndarray, pairs: tuple[Pair, ...]) -> np.ndarray:
    """Send bytes [n, W] from the first to the second process of each pair; return what this one was sent, zeros where
    that is nothing. All processes call it alike."""
    mesh, hand = _handing(pairs)
    alike = NamedSharding(mesh, PartitionSpec(_AXIS))
    here = jax.device_put(buffer[None], mesh.devices[jax.process_index()])
    everywhere = jax.make_array_from_single_device_arrays((mesh.size, *buffer.shape), alike, [here])
    received: np.ndarray = np.asarray(hand(everywhere).addressable_shards[0].data)[0]
    return received


@functools.lru_cache(maxsize=4096)
def _handing(pairs: tuple[Pair, ...]) -> tuple[Mesh, Any]:
    """Return a device a process, and the program that sends from one to the other of each pair."""
    first = {device.process_index: device for device in reversed(jax.devices())}
    mesh = Mesh(np.array([first[process] for process in sorted(first)]), (_AXIS,))
    send = lambda rows: jax.lax.ppermute(rows, _AXIS, pairs)
    return mesh, jax.jit(jax.shard_map(send, mesh=mesh, in_specs=PartitionSpec(_AXIS), out_specs=PartitionSpec(_AXIS)))


def _packed(arrays: Sequence[np.ndarray], room: int) -> np.ndarray:
    """Return the bytes [room, W] of arrays [n, ...], a row behind the other."""
    rows = np.concatenate([_bytes(array) for array in arrays], axis=1)
    buffer = np.zeros((room, rows.shape[1]), np.uint8)
    buffer[: len(rows)] = rows
    return buffer


def _unpacked(rows: np.ndarray, like: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Cut bytes [n, W] into arrays [n, ...] like those that were packed."""
    widths = [math.prod(array.shape[1:]) * array.dtype.itemsize for array in like]
    parts = np.split(rows, np.cumsum(widths)[:-1], axis=1)
    cut = lambda each, part: np.ascontiguousarray(part).view(each.dtype).reshape(len(part), *each.shape[1:])
    return [cut(each, part) for each, part in zip(like, parts, strict=True)]


def _bytes(rows: np.ndarray) -> np.ndarray:
    size = math.prod(rows.shape[1:]) * rows.dtype.itemsize  # of one, as there may be none
    return np.ascontiguousarray(rows).reshape(-1).view(np.uint8).reshape(len(rows), size)
