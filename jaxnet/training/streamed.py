"""Examples that stay on disk: the compiled program asks for the rows of a batch when their turn comes.

The program, the orders and all numbers are those of a training from memory; only where a batch comes from differs. It
names the rows of the next batch along with those of this one, which a thread then reads while this one is trained on.
"""

import collections
import dataclasses
import itertools
import threading
import weakref
from collections.abc import Hashable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import jax
import numpy as np

from jaxnet import checks
from jaxnet.data import StoredArray, batches_or_none, blocks, left_on_disk
from jaxnet.storage import digest
from jaxnet.types import Array, Batch

_AHEAD = 16  # batches that may be read ahead: several devices train at a time, each with an order of its own


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Streamed:
    """Stands for the M rows, padding included, of x, y and weight in a program; ``number`` says whose they are."""

    number: Array  # int32
    length: int = dataclasses.field(metadata={"static": True})
    kinds: tuple[tuple[tuple[int, ...], str], ...] = dataclasses.field(metadata={"static": True})

    @property
    def source(self) -> "RowSource":
        """Who reads the rows."""
        return _sources[int(self.number)]

    def __len__(self) -> int:
        return self.length

    def of_rows(self, count: int) -> Batch:
        """Return shapes and dtypes of a batch of ``count`` rows."""
        parts: Any = [jax.ShapeDtypeStruct((count, *shape), dtype) for shape, dtype in self.kinds]
        return Batch(*parts)

    def batch(self, index: Array, upcoming: Array) -> Batch:
        """Return the rows of ``index`` [B] (int32), within a compiled program; those of ``upcoming`` are read ahead."""
        shapes = tuple(self.of_rows(len(index)))[: len(self.kinds)]
        # pure: the rows follow from the number and the index alone, however often they are asked for
        return Batch(*jax.pure_callback(_fetch, shapes, self.number, index, upcoming))


class RowSource:
    """Reads rows of x, y and weight, arrays in memory or ``StoredArray``; rows behind the last are zeros."""

    def __init__(self, batch: Batch, length: int) -> None:
        self._parts = [part for part in batch if part is not None]
        self._rows, self.length = len(batch.x), length
        self._ahead: collections.OrderedDict[bytes, Future[list[np.ndarray]]] = collections.OrderedDict()
        self._lock, self.number = threading.Lock(), next(_numbers)
        _sources[self.number] = self

    def fetch(self, index: np.ndarray, upcoming: np.ndarray) -> list[np.ndarray]:
        """Return the rows of ``index`` [B], and let those of ``upcoming`` be read."""
        with self._lock:
            found = self._ahead.pop(index.tobytes(), None)
        rows = self._read(index) if found is None else found.result()
        key = upcoming.tobytes()
        with self._lock:
            if key not in self._ahead and upcoming[0] < self._rows and key != index.tobytes():
                self._ahead[key] = _reader().submit(self._read, upcoming)
            while len(self._ahead) > _AHEAD:
                self._ahead.popitem(last=False)
        return rows

    @property
    def kinds(self) -> tuple[tuple[tuple[int, ...], str], ...]:
        """The shape of a row, and the dtype, of x, y and weight."""
        return tuple((part.shape[1:], str(part.dtype)) for part in self._parts)

    def digest(self) -> str:
        """Digest all rows, shapes and dtypes, some of them in memory at a time."""
        each = (part.once("digests", lambda part=part: _digests(part)) if isinstance(part, StoredArray)
                else _digests(part) for part in self._parts)  # fmt: skip
        return digest(*itertools.chain.from_iterable(each))

    def _read(self, index: np.ndarray) -> list[np.ndarray]:
        outside = index >= self._rows
        found = [_rows_of(part, np.where(outside, 0, index)) for part in self._parts]
        for part in found if outside.any() else ():
            part[outside] = 0
        return found


def together(sources: Sequence[RowSource], *, stacked: bool = True) -> Streamed:
    """Return what stands for the rows of sources of one length in a program, ``number`` [n] being whose they are, and
    keeps them alive; without ``stacked`` of a single one, ``number`` without axes."""
    numbers = np.array([source.number for source in sources], np.int32)
    stands = Streamed(jax.device_put(numbers if stacked else numbers[0]), sources[0].length, sources[0].kinds)
    object.__setattr__(stands, "_sources", sources)  # beside the fields: no program depends on which ones they are
    return stands


def stored_data(data: Any, argument: str) -> Any:
    """Return data that come in batches, or lie in a memory map, as arrays on disk; anything else as it is.

    Raises ValueError or TypeError for batches that are none.
    """
    batches = batches_or_none(data)
    if batches is not None:
        return batches.written(argument)
    if isinstance(data, tuple | list):
        return type(data)(map(left_on_disk, data))
    return data


def in_memory(data: Any) -> Any:
    """Return data with every array on disk read into memory."""
    if not isinstance(data, tuple | list):
        return data
    return type(data)(np.asarray(part) if isinstance(part, StoredArray) else part for part in data)


def checked_in_blocks(check: Any, x: Any, y: Any, *, of_x: Hashable) -> tuple[Any, Any]:
    """Return x and y in the dtypes that ``check(x, y)`` returns, which is given some of their rows at a time.

    ``of_x`` is what it looks for in x, which is read once for it however often the groups of a sweep ask. Raises what
    ``check`` does, and says of which rows.
    """
    y = y if isinstance(y, StoredArray) else checks.real_array("y", y)
    checks.require(len(x) > 0, "X", "at least one example", x)
    fits = y.ndim >= 1 and len(y) == len(x)
    checks.require(fits, "y", f"one target for each of the {len(x)} examples", checks.beside(y, len(x)))
    again = True

    def all_rows() -> list[Any]:
        nonlocal again
        again = False
        return _checked(check, x, y)

    dtypes = x.once(of_x, all_rows)
    if again:  # of the targets alone, which may have changed in memory
        dtypes = _checked(check, _Zeros(x), y)
    with np.errstate(over="ignore"):  # what does not fit was refused above, in words
        return x.astype(dtypes[0]), y.astype(dtypes[1]) if isinstance(y, StoredArray) else np.asarray(y, dtypes[1])


class _Zeros:
    """Stands for an array that was read before: rows of its shape that hold nothing wrong."""

    def __init__(self, like: StoredArray) -> None:
        self._like, self.nbytes = like, like.nbytes

    def __len__(self) -> int:
        return len(self._like)

    def __getitem__(self, rows: slice) -> np.ndarray:
        count = len(range(*rows.indices(len(self))))
        return np.broadcast_to(np.zeros((), self._like.dtype), (count, *self._like.shape[1:]))


def _checked(check: Any, x: Any, y: Any) -> list[Any]:
    """Check some rows at a time; return the dtypes that they shall have."""
    for rows in _blocks(x):
        try:
            found = check(x[rows], y[rows])
        except (ValueError, TypeError) as error:
            raise type(error)(f"{error} (among the rows {rows.start} to {rows.stop - 1})") from error
    return [part.dtype for part in found]


def _digests(array: Any) -> list[str]:
    return [digest(f"{array.shape}{array.dtype}"), *(digest(array[rows]) for rows in _blocks(array))]


def _blocks(array: Any) -> Any:
    return blocks(len(array), array.nbytes // max(1, len(array)))


def _rows_of(part: Any, index: np.ndarray) -> np.ndarray:
    rows: np.ndarray = part.read(index) if isinstance(part, StoredArray) else part[index]
    return rows


def _fetch(number: Any, index: Any, upcoming: Any) -> tuple[np.ndarray, ...]:
    return tuple(_sources[int(number)].fetch(np.asarray(index), np.asarray(upcoming)))


_sources: "weakref.WeakValueDictionary[int, RowSource]" = weakref.WeakValueDictionary()
_numbers = itertools.count()
_readers: list[ThreadPoolExecutor] = []


def _reader() -> ThreadPoolExecutor:
    if not _readers:
        _readers.append(ThreadPoolExecutor(1, "jaxnet-rows"))
    return _readers[0]
