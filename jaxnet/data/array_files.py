"""Files of one array, npy and IDX: which they are, by their names, and their rows as vectors."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from jaxnet.data.errors import fail
from jaxnet.data.idx import read_idx
from jaxnet.data.stored_arrays import read_npy

_ENDINGS = (".npy", ".idx", "-ubyte", "-ubyte.gz")  # the last two as those of MNIST


def is_array_file(source: Any) -> bool:
    """Whether something is the path of a file of one array, by how its name ends."""
    return isinstance(source, str | os.PathLike) and os.fspath(source).endswith(_ENDINGS)


def array_rows(path: str | os.PathLike) -> np.ndarray:
    """Read the array of a file, [N] as it is and any other as vectors [N, D]; raises DataError for one without rows."""
    array = np.asarray(read_npy(path)) if Path(path).suffix == ".npy" else np.asarray(read_idx(path))
    if not array.size:
        fail(path, f"holds no rows of data, an array {array.shape}")
    return array if array.ndim == 1 else array.reshape(len(array), -1)
