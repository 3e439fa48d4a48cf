"""IDX, the format of MNIST: two zeros, a type, the number of axes, their lengths, then numbers, most significant first.

Source: "The IDX file format", yann.lecun.com/exdb/mnist.
"""

import io
import math
import os
from pathlib import Path
from typing import Any

import numpy as np

from jaxnet.data.errors import fail
from jaxnet.data.file_bytes import GZIP_MARK, existing, opened, read_exactly, read_up_to, size_on_disk, within_limits
from jaxnet.data.stored_arrays import StoredArray, array_in_file

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MOST_AXES = 32  # as many as a NumPy array may have


def read_idx(path: str | os.PathLike, *, stored: bool = False) -> Any:
    """Read one array from an IDX file, gzipped or not, in its own shape and the type that its header names.

    With ``stored`` the numbers of a file that is not gzipped stay there: a ``StoredArray``.

    Raises DataError for a wrong first word, a header that declares more or less than the file holds, or damage;
    nothing is allocated before the header is found credible. Raises OSError where the file cannot be read.
    """
    path = existing(path)
    with opened(path) as file:
        dtype, shape = _header(path, file)
        if stored:
            return _stored(path, file.tell(), (shape, dtype))
        size = math.prod(shape) * dtype.itemsize
        within_limits(path, size, size_on_disk(path))
        content = read_exactly(path, file, size, f"numbers, {shape} of {dtype.name}")
        # a header that declares too little is as wrong as one that declares too much
        if read_up_to(path, file, 1):
            fail(path, f"goes on after the {size} bytes that its header declares, {shape} of {dtype.name}")
    return np.frombuffer(content, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def _stored(path: Path, offset: int, array: tuple[tuple[int, ...], np.dtype]) -> StoredArray:
    with path.open("rb") as file:
        if file.read(2) == GZIP_MARK:
            fail(path, "is gzipped, so that its rows cannot be read one by one: unpack it first, with gunzip")
        return array_in_file(file, offset, array)


def _header(path: Path, file: io.BufferedIOBase) -> tuple[np.dtype, tuple[int, ...]]:
    magic = read_exactly(path, file, 4, "first word")
    if magic[:2] != b"\0\0" or magic[2] not in _TYPES:
        fail(path, f"not an IDX file: expected it to begin with 00 00 and a type, got {magic.hex(' ')}")
    if not 1 <= magic[3] <= _MOST_AXES:
        fail(path, f"expected 1 to {_MOST_AXES} axes, got {magic[3]}")
    lengths = np.frombuffer(read_exactly(path, file, 4 * magic[3], "lengths"), ">u4")
    return np.dtype(_TYPES[magic[2]]), tuple(int(length) for length in lengths)
