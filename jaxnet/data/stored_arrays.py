"""``StoredArray``: numbers that stay in a file, of which rows are read when they are wanted.

Rows are read with ``pread`` and not through a mapping of the file: what a mapping has shown counts as memory of the
process, up to the whole file, and its addresses count towards a limit on them from the start.
"""

import math
import mmap
import os
import tempfile
import weakref
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from jaxnet import checks
from jaxnet.data.errors import fail
from jaxnet.data.file_bytes import existing
from jaxnet.data.row_blocks import Standard, standard_dtype, standard_of
from jaxnet.operating_system import read_at

_HEADERS: Any = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


class FileHold:
    """Keeps an open file for as long as it lives, also one without a name, and closes it then without a word."""

    def __init__(self, file: Any) -> None:
        self.name, self.descriptor = str(file.name), os.dup(file.fileno())
        weakref.finalize(self, os.close, self.descriptor)

    def __reduce__(self) -> tuple[Any, ...]:
        # a process of a sweep reads the file itself, by its name
        same = os.path.isfile(self.name) and os.path.samestat(os.stat(self.name), os.fstat(self.descriptor))
        checks.require(same, "data", "a file that other processes can open", checks.Words("a temporary file"))
        return _opened_again, (os.path.abspath(self.name),)


class StoredArray:
    """An array [N, ...] in a file, in C order; ``array[rows]`` reads some rows, ``np.asarray(array)`` all.

    ``jn.fit`` and sweeps leave it where it is and read the rows of a batch when their turn comes.
    """

    def __init__(self, file: FileHold, offset: int, shape: tuple[int, ...], dtype: Any) -> None:
        self._file, self._offset = file, offset  # the open file: of a temporary one it is all that there is
        self._stored = np.dtype(dtype)
        self.shape, self.dtype = tuple(shape), self._stored.newbyteorder("=")
        self._row = math.prod(self.shape[1:]) * self._stored.itemsize
        self._taken: np.ndarray | None = None  # rows of the file, where these are not all of them
        self._standards: tuple[Standard, ...] = ()  # by which rows are standardised when they are read
        self._found: dict[Hashable, Any] = {}

    def astype(self, dtype: Any) -> "StoredArray":
        """Return the same array in the file, whose rows are handed out in another dtype."""
        return self._like(self.shape, dtype, self._taken)

    def take(self, rows: np.ndarray) -> "StoredArray":
        """Return some rows, by their indices [n], which are all that is in memory."""
        taken = rows if self._taken is None else self._taken[rows]
        return self._like((len(rows), *self.shape[1:]), self.dtype, taken)

    def flat(self) -> "StoredArray":
        """Return the rows as vectors, [N, D]."""
        return self._like((len(self), math.prod(self.shape[1:])), self.dtype, self._taken)

    def standardised(self, by: "StoredArray | None" = None) -> "StoredArray":
        """Return (x - mean) / deviation, input by input, with the mean and deviation of ``by`` (itself by default).

        These are found in two passes over the file, and rows are standardised when they are read, so that none stay in
        memory; they have the bits of ``Dataset.standardised``. An input that is constant in ``by`` is only centred.
        Raises TypeError for a ``by`` that is no ``StoredArray``, ValueError where the inputs' shapes differ.
        """
        by = self if by is None else by
        checks.require(isinstance(by, StoredArray), "by", "a StoredArray", by, TypeError)
        checks.require(by.shape[1:] == self.shape[1:], "by", f"an array of inputs {self.shape[1:]}", by)
        other = self._like(self.shape, standard_dtype(self.dtype), self._taken)
        other._standards = (*self._standards, by.once("standard", lambda: standard_of(by)))
        return other

    def _like(self, shape: tuple[int, ...], dtype: Any, taken: np.ndarray | None) -> "StoredArray":
        other = StoredArray(self._file, self._offset, shape, self._stored)
        other.dtype, other._taken, other._standards = np.dtype(dtype), taken, self._standards
        return other

    def once(self, what: Hashable, find: Callable[[], Any]) -> Any:
        """Return what ``find()`` finds out by reading all rows: again only where the file was written to meanwhile."""
        now = os.fstat(self._file.descriptor)
        key = what, now.st_mtime_ns, now.st_size
        if key not in self._found:
            self._found[key] = find()
        return self._found[key]

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """The bytes of all numbers: as they are in the file, or as they are standardised."""
        return len(self) * (math.prod(self.shape[1:]) * 8 if self._standards else self._row)

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f"<StoredArray {self.shape} {self.dtype} in {self._file.name}>"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.read(np.arange(len(self))).astype(self.dtype if dtype is None else dtype, copy=False)

    def __getitem__(self, rows: Any) -> np.ndarray:
        first, *rest = rows if isinstance(rows, tuple) else (rows,)
        index = np.arange(*first.indices(len(self))) if isinstance(first, slice) else np.arange(len(self))[first]
        found = self.read(index)
        return found[(slice(None),) * (found.ndim - self.ndim + 1) + tuple(rest)] if rest else found

    def read(self, index: np.ndarray) -> np.ndarray:
        """Return the rows [..., *shape[1:]] of indices [...] from 0 to N - 1, in a new array.

        Raises DataError where the file has become shorter.
        """
        flat = np.asarray(index).reshape(-1)
        flat = flat if self._taken is None else self._taken[flat]
        found = np.empty((len(flat), *self.shape[1:]), self._stored)
        if found.nbytes:
            view, at = found.reshape(-1).view(np.uint8).data, 0
            # rows that stand one after the other are one read
            ends = np.flatnonzero(np.diff(flat) != 1) + 1
            for start, end in zip([0, *ends.tolist()], [*ends.tolist(), len(flat)], strict=True):
                size = (end - start) * self._row
                self._fill(view[at : at + size], self._offset + int(flat[start]) * self._row)
                at += size
        for standard in self._standards:
            found = standard.of(found)
        with np.errstate(over="ignore"):  # a number too large for the dtype becomes inf, and is refused as such
            return found.reshape(*np.shape(index), *self.shape[1:]).astype(self.dtype, copy=False)

    def _fill(self, view: memoryview, position: int) -> None:
        done = 0
        while done < len(view):  # one read hands over 2 GiB at most
            read = read_at(self._file.descriptor, view[done:], position + done)
            if not read:
                fail(self._file.name, "became shorter while it was read")
            done += read


def read_npy(path: str | os.PathLike) -> StoredArray:
    """Return the array of an .npy file, real numbers [N, ...], which stay in the file until rows are wanted.

    Raises DataError for what is no such file, an array of objects, text or complex numbers, one whose columns stand
    first (Fortran order), and a header that declares more than the file holds; OSError where it cannot be read.
    """
    path = existing(path)
    with path.open("rb") as file:
        try:
            version = np.lib.format.read_magic(file)
            shape, columns_first, dtype = _HEADERS.get(version, _unknown)(file)
        except ValueError as error:
            fail(path, f"not an .npy file ({error})", error)
        if dtype.kind not in "fiub":  # objects would have to be unpickled, which runs whatever the file says
            fail(path, f"holds {dtype}, expected real numbers")
        if columns_first and len(shape) > 1:
            fail(path, "holds columns one after the other: save np.ascontiguousarray(array), whose rows can be read")
        return array_in_file(file, file.tell(), (shape, dtype))


def array_in_file(file: Any, offset: int, array: tuple[tuple[int, ...], np.dtype]) -> StoredArray:
    """Return the array of a shape and a dtype that stands in an open file behind ``offset`` bytes; DataError where the
    file does not hold it."""
    shape, dtype = array
    held, declared = os.fstat(file.fileno()).st_size - offset, math.prod(shape) * dtype.itemsize
    if not shape or held != declared:
        fail(file.name, f"declares {shape} of {dtype}, which is {declared} bytes, and holds {held}")
    return StoredArray(FileHold(file), offset, shape, dtype)


def left_on_disk(array: Any) -> Any:
    """Return a memory map of NumPy's, of rows one after the other, as the ``StoredArray`` of the same bytes of its
    file; anything else as it is.

    A copy-on-write map stays, too, for its changes are in memory alone.
    """
    if not isinstance(array, np.memmap) or not array.ndim or array.mode == "c" or not array.flags.c_contiguous:
        return array
    mapped, name = getattr(array, "_mmap", None), array.filename
    if mapped is None or not isinstance(name, str | os.PathLike) or not Path(name).is_file():
        return array
    # a view has the offset of the whole map: where it stands is told by its address
    begins = array.offset - array.offset % mmap.ALLOCATIONGRANULARITY
    address = np.frombuffer(mapped, np.uint8).ctypes.data
    with Path(name).open("rb") as file:
        return StoredArray(FileHold(file), begins + array.ctypes.data - address, array.shape, array.dtype)


class Spool:
    """A temporary file that rows are written to, one part after the other, and then are an array."""

    def __init__(self) -> None:
        with tempfile.TemporaryFile(prefix="jaxnet-") as file:
            self._file = FileHold(file)
        self._rows = 0
        self._like: tuple[tuple[int, ...], np.dtype] | None = None

    def add(self, part: np.ndarray) -> None:
        """Write rows [n, ...] behind the others, all of the first ones' shape and dtype."""
        self._like = self._like or (part.shape[1:], part.dtype)
        view = np.ascontiguousarray(part).data.cast("B")
        while len(view):
            view = view[os.write(self._file.descriptor, view) :]
        self._rows += len(part)

    def array(self) -> StoredArray:
        """Return all rows, at least one."""
        shape, dtype = self._like or ((), np.dtype(np.float64))
        return StoredArray(self._file, 0, (self._rows, *shape), dtype)


def _opened_again(name: str) -> FileHold:
    with open(name, "rb") as file:
        return FileHold(file)


def _unknown(file: Any) -> NoReturn:
    raise ValueError("of another version than 1.0 and 2.0")
