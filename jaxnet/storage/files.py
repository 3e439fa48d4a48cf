"""Write a file so that a crash at any moment leaves the old content or the new, never neither.

The content goes to a temporary name in the same folder and to the disk (fsync); one rename puts it in place; a second
fsync, of the folder, makes the rename itself last. What a killed process leaves behind is a temporary file, which the
next owner of the folder removes.
"""

import contextlib
import os
import re
import secrets
from pathlib import Path

from jaxnet.operating_system import NO_TRANSLATION, replace, sync_folder
from jaxnet.user_paths import file_path

SUFFIX = ".partial"
_MADE_HERE = re.compile(r"\..+\.[0-9a-f]{16}\.partial")


def write_atomically(path: str | os.PathLike, content: bytes) -> None:
    """Put ``content`` at ``path`` in one step.

    Raises what ``file_path`` raises, and OSError (disk full, no permission, no folder), with the path and the number of
    bytes in its words. The file is then as it was, or, where only the last sync of the folder failed, already the new
    one, which a crash of the machine may undo.
    """
    path = file_path("path", path)
    try:
        temporary = _write_beside(path, content)
        try:
            replace(temporary, path)
            sync_folder(path.parent)  # without it a crash may forget the rename
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        words = f"could not write {len(content)} bytes ({error.strerror})"
        raise OSError(error.errno, words, str(path)) from error


def remove_leftovers(folder: str | os.PathLike) -> None:
    """Remove the temporary files that a killed process left in a folder; only for the one who holds its lock."""
    # by the whole form of the names that are made here, for a browser's .film.iso.partial is somebody else's
    for leftover in Path(folder).glob(f".*{SUFFIX}"):
        if _MADE_HERE.fullmatch(leftover.name) and (leftover.is_symlink() or leftover.is_file()):
            leftover.unlink(missing_ok=True)


def temporary_name(path: Path) -> Path:
    """Return a name beside a file that nobody else has, and that ``remove_leftovers`` knows."""
    return path.parent / f".{path.name}.{secrets.token_hex(8)}{SUFFIX}"


def _write_beside(path: Path, content: bytes) -> Path:
    name = temporary_name(path)
    # O_EXCL: two writers never share a temporary file
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_TRANSLATION, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
    return name
