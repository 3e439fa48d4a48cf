"""Paths that a user hands in: what no file system can have is refused at once, in words that name the argument.

Python's own words for it, "embedded null byte", name nothing, and an empty text would be the folder one stands in.
"""

import errno
import os
from pathlib import Path
from typing import Any

from jaxnet import checks

_NO_SUCH_NAME = {errno.ENAMETOOLONG, errno.EINVAL}  # Windows says the second of a:b and a?b


def file_path(argument: str, value: Any, expected: str = "the path of a file") -> Path:
    """Return ``value`` as a path, a ``~`` in front as the home folder, whether or not something is there.

    Raises TypeError for what is no text and no path, ValueError for an empty text and for a name that no file can have:
    with a NUL character, or longer than the file system takes.
    """
    checks.require(isinstance(value, str | os.PathLike), argument, expected, value, TypeError)
    text = os.fspath(value)
    checks.require(isinstance(text, str), argument, expected, value, TypeError)
    checks.require(text, argument, expected, value)
    try:
        path = Path(text).expanduser()
        os.lstat(path)
    except (ValueError, RuntimeError) as error:  # a NUL or half a character; a home folder of nobody
        checks.refuse(argument, expected, checks.Words(f"{checks.describe(text)} ({error})"))
    except OSError as error:
        if error.errno in _NO_SUCH_NAME:
            checks.refuse(argument, expected, checks.Words(f"{checks.describe(text)} ({error.strerror})"))
    return path


def folder_path(argument: str, value: Any) -> Path:
    """Return ``value`` as the path of a folder that is there or can be made.

    Raises as ``file_path``; FileExistsError for a file in its place, NotADirectoryError for one on the way there, and
    FileNotFoundError for a link on the way that leads nowhere.
    """
    folder = file_path(argument, value, "the path of a folder")
    for place in (folder, *folder.parents):
        if place.is_dir():
            break
        if place.exists():
            error = FileExistsError if place == folder else NotADirectoryError
            raise error(f"{argument}: expected a folder, got the file {place}")
        if place.is_symlink():
            raise FileNotFoundError(f"{argument}: expected a folder, got {place}, a link to what is not there")
    return folder
