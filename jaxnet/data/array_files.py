"""Files of one array, npy and IDX: which they are, by their names, and their rows as vectors."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from jaxnet.data.errors import fail
from jaxnet.data.file_bytes import existing
from jaxnet.data.idx import read_idx

_ENDINGS = (".npy", ".idx", "-ubyte", "-ubyte.gz")  # the last two as those of MNIST


def is_array_file(source: Any) -> bool:
    """Whether something is the path of a file of one array, by how its name ends."""
    return isinstance(source, str | os.PathLike) and os.fspath(source).endswith(_ENDINGS)


def array_rows(path: str | os.PathLike) -> np.ndarray:
    """Read the array of a file, numbers or text, [N] as it is and any other as vectors [N, D]; raises DataError for one
    without rows, and for any other file."""
    array = _of_npy(existing(path)) if Path(path).suffix == ".npy" else np.asarray(read_idx(path))
    if not array.size:
        fail(path, f"holds no rows of data, an array {array.shape}")
    return array if array.ndim == 1 else array.reshape(len(array), -1)


def _of_npy(path: Path) -> np.ndarray:
    try:
        # a map: a header that declares more than the file holds is found out before any memory is asked for
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        fail(path, f"not an .npy file of numbers or text ({error})", error)
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiubU":
        fail(path, f"holds {getattr(array, 'dtype', 'several arrays')}, expected numbers or text")
    return np.array(array)
