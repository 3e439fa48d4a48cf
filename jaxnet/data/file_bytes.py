"""The bytes of a file, plain or gzipped, of which no more is read than was agreed to.

A file of some kilobytes can unfold to gigabytes, so what a header declares is held against two limits before
anything is allocated.
"""

import contextlib
import gzip
import io
import os
import re
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jaxnet.data.errors import fail
from jaxnet.user_paths import file_path

_LIMIT = 4 * 2**30  # bytes of one array or text: more than any data set here, less than a machine has
# beyond so many bytes contents may not be more than _RATIO times their file's size: gzip reaches 1,000 on zeros alone
# and 5 on MNIST
_UNSUSPECTED, _RATIO = 64 * 2**20, 200
_PIECE = 2**20  # bytes
GZIP_MARK = b"\x1f\x8b"
_HEAD = 512  # bytes that tell what a file is
# how files begin that are often taken for a table of text, in small letters, and what to do with them
_OTHER_FORMATS = {
    (b"pk\x03\x04", b"\xd0\xcf\x11\xe0"): "an Excel workbook or another archive: save its sheet as CSV",
    (b"<!doctype html", b"<html"): "an HTML page: download the file itself",
    (b"par1",): "a Parquet file: read it as such",
    (b"%pdf",): "a PDF document",
}


def within_limits(path: Path, declared: int, packed: int) -> None:
    """Raise DataError for ``declared`` bytes of contents in a file that spends ``packed`` bytes on them, unless that
    is credible."""
    if declared > _LIMIT:
        fail(path, f"declares {declared} bytes of contents, more than the limit of {_LIMIT}")
    if declared > _UNSUSPECTED and declared > _RATIO * packed:
        fail(path, f"declares {declared} bytes of contents in {packed} bytes of file, more than {_RATIO} times as much")


def existing(path: str | os.PathLike) -> Path:
    """Return the path of a file that is there; FileNotFoundError or IsADirectoryError, with its name, otherwise, and
    what ``file_path`` raises."""
    if url := re.match(r"[A-Za-z][\w+.-]+://", str(path)):
        # Path would make one slash of two, and say of https:/ that there is no such file
        raise FileNotFoundError(f"path: expected a file, got an address ({url[0]}...): download {path} first")
    path = file_path("path", path)
    if path.is_dir():
        raise IsADirectoryError(f"{path}: expected a file, got a folder")
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file")
    return path


def refuse_what_is_no_text(path: Path, content: bytes) -> None:
    """Raise DataError for the contents of a file that people take for a table of text: a workbook, a page, Parquet."""
    for marks, what in _OTHER_FORMATS.items():
        if content[:_HEAD].lstrip().lower().startswith(marks):
            fail(path, f"expected a table of text such as CSV, got {what}")


@contextlib.contextmanager
def opened(path: Path) -> Iterator[io.BufferedIOBase]:
    """Hand over a file for reading; what begins as a gzip file does is unpacked, whatever its name.

    It is opened once and never again: a pipe gives its bytes only once. Raises DataError for a device.
    """
    if stat.S_ISCHR(path.stat().st_mode) and not _asks_somebody(path):
        fail(path, "expected a file, got a device")  # which may go on for ever
    with path.open("rb") as raw:
        # a pipe may have given one byte so far; two tell what it is
        head = raw.peek(2)[:2] if path.is_file() else raw.read(2)
        file: Any = raw if path.is_file() else _Behind(head, raw)
        if head != GZIP_MARK:
            yield file
            return
        with gzip.GzipFile(fileobj=file) as content:
            yield content


def _asks_somebody(path: Path) -> bool:
    with path.open("rb") as file:
        return os.isatty(file.fileno())


class _Behind(io.BufferedIOBase):
    """What was read of a pipe already, and then the rest of it."""

    def __init__(self, head: bytes, rest: io.BufferedIOBase) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            size = _LIMIT + 1
        part, self._head = self._head[:size], self._head[size:]
        return part + self._rest.read(size - len(part)) if size > len(part) else part


def size_on_disk(path: Path) -> int:
    """Return the bytes of a file; of a pipe, whose size nobody knows, as many as are read at most."""
    return path.stat().st_size if path.is_file() else _LIMIT


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
        # in pieces, for Python's gzip unpacks all that it is asked for beside what it returns: twice the memory
        while piece := file.read(min(_PIECE, size - content.tell())):
            content.write(piece)
        return content.getvalue()
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        fail(path, f"a damaged gzip file ({error})", error)


def read_all(path: Path) -> bytes:
    """Read a whole file, unpacked; DataError for one that unpacks to more than the limits allow."""
    packed = size_on_disk(path)
    most = min(_LIMIT, max(_UNSUSPECTED, _RATIO * packed))
    with opened(path) as file:
        # one byte more than is allowed tells a file that ends there from one that goes on
        content = read_up_to(path, file, most + 1)
    if len(content) > most:
        fail(path, f"unpacks to more than {most} bytes from {packed}, which is not believed")
    return content


def unpacked(name: str, content: bytes) -> bytes:
    """Return contents that came from a pipe or an open file, unpacked where they are gzipped, within the same limits.

    Raises DataError for damaged contents, and for those that unpack to more than is credible.
    """
    if not content.startswith(GZIP_MARK):
        return content
    most = min(_LIMIT, max(_UNSUSPECTED, _RATIO * len(content)))
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
        found = read_up_to(Path(name), file, most + 1)
    if len(found) > most:
        fail(name, f"unpacks to more than {most} bytes from {len(content)}, which is not believed")
    return found
