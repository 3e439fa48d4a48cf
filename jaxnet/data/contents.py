"""The bytes of a file, plain or gzipped, of which no more is read than was agreed to.

A file of some kilobytes can unfold to gigabytes, so what a header declares is held against two limits before
anything is allocated.
"""

import gzip
import io
import os
import zlib
from pathlib import Path

from jaxnet.data.errors import fail

LIMIT = 4 * 2**30  # bytes of one array or text
SMALL, RATIO = 64 * 2**20, 200  # bytes beyond which contents may not be more than RATIO times their file's size
PIECE = 2**20  # bytes
GZIP = b"\x1f\x8b"


def within_limits(path: Path, declared: int, packed: int) -> None:
    """Refuse ``declared`` bytes of contents from a file that spends ``packed`` bytes on them, unless credible."""
    if declared > LIMIT:
        fail(path, f"declares {declared} bytes of contents, more than the limit of {LIMIT}")
    if declared > SMALL and declared > RATIO * packed:
        fail(path, f"declares {declared} bytes of contents in {packed} bytes of file, more than {RATIO} times as much")


def existing(path: str | os.PathLike) -> Path:
    """Return the path of a file that is there; FileNotFoundError or IsADirectoryError, with its name, otherwise."""
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path}: expected a file, got a folder")
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file")
    return path


def opened(path: Path) -> io.BufferedIOBase:
    """Open a file for reading; what begins as a gzip file does is unpacked, whatever its name."""
    with path.open("rb") as file:
        packed = file.read(2) == GZIP
    return gzip.open(path, "rb") if packed else path.open("rb")


def read_exactly(path: Path, file: io.BufferedIOBase, size: int, what: str) -> bytes:
    """Read ``size`` bytes; DataError where the file ends earlier or is damaged."""
    content = read_up_to(path, file, size)
    if len(content) < size:
        fail(path, f"ends after {len(content)} of the {size} bytes of its {what}")
    return content


def read_up_to(path: Path, file: io.BufferedIOBase, size: int) -> bytes:
    """Read at most ``size`` bytes; DataError where a gzip file is damaged."""
    content = io.BytesIO()
    try:
        # in pieces, for Python's gzip unpacks all that it is asked for beside what it returns
        while piece := file.read(min(PIECE, size - content.tell())):
            content.write(piece)
        return content.getvalue()
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        fail(path, f"a damaged gzip file ({error})", error)


def read_all(path: Path) -> bytes:
    """Read a whole file, unpacked, within the limits."""
    packed = path.stat().st_size
    most = min(LIMIT, max(SMALL, RATIO * packed))
    with opened(path) as file:
        content = read_up_to(path, file, most + 1)
    if len(content) > most:
        fail(path, f"unpacks to more than {most} bytes from {packed}, which is not believed")
    return content
