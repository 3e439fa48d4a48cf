"""``.npz``: arrays by name in a zip file, read without unpickling anything and without trusting what is declared."""

import io
import math
import os
import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from jaxnet import checks
from jaxnet.data.dataset import Dataset
from jaxnet.data.errors import DataError, fail
from jaxnet.data.file_bytes import existing, read_all, within_limits

# what zipfile, zlib and NumPy were seen to raise; OSError is a seek to where a file cannot reach
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError, KeyError)
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_npz(path: str | os.PathLike, *, x: str = "x", y: str = "y") -> Dataset:
    """Read the arrays called ``x``, examples [N, ...], and ``y``, their targets [N] or [N, K], from an .npz file.

    Raises DataError for a missing name (saying which there are), a damaged or encrypted file, an array of objects,
    text or complex numbers, and a header that declares more or less than is there; nothing is allocated before the
    sizes are found credible. Raises OSError where the file cannot be read, and what ``Dataset`` raises.
    """
    path = existing(path)
    # a pipe is read whole first, for the list of a zip file's members stands at its end
    with path.open("rb") if path.is_file() else io.BytesIO(read_all(path)) as file:
        try:
            arrays = _arrays(path, file, (x, y))
        except DataError:
            raise
        except _DAMAGE as error:
            fail(path, f"a damaged .npz file ({error})", error)
    return Dataset(*arrays, source=str(path))


def _arrays(path: Path, file: IO[bytes], names: tuple[str, str]) -> list[np.ndarray]:
    with zipfile.ZipFile(file) as archive:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        # a zip file may hold one name twice, and whoever reads it takes the one or the other
        if len(members) < len(archive.infolist()):
            fail(path, "holds two arrays of one name")
        for name in names:
            if name not in members:
                fail(path, f"holds no array {name!r}, but {checks.listed(sorted(members)) or 'none'}")
        return [_array(path, archive, members[name]) for name in names]


def _array(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    within_limits(path, info.file_size, info.compress_size)
    with archive.open(info) as file:
        version = np.lib.format.read_magic(file)
        if version not in _HEADERS:
            fail(path, f"{info.filename} is of .npy version {version}, expected 1.0 or 2.0")
        shape, columns_first, dtype = _HEADERS[version](file)
        # objects would have to be unpickled, which runs whatever the file says
        if dtype.kind not in "fiub":
            fail(path, f"{info.filename} holds {dtype}, expected real numbers")
        # the header is believed only where it declares exactly what the zip file holds
        size, held = math.prod(shape) * dtype.itemsize, info.file_size - file.tell()
        if size != held:
            fail(path, f"{info.filename} declares {shape} of {dtype}, which is {size} bytes, and holds {held}")
        content = file.read()  # no more than file_size; checked against the CRC at its end
    array = np.frombuffer(content, dtype)
    return array.reshape(shape, order="F" if columns_first else "C").astype(dtype.newbyteorder("="), copy=False)
