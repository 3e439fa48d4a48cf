"""``DataError``: what is wrong with a file or a table, and where."""

import os
from pathlib import Path
from typing import NamedTuple, NoReturn

from jaxnet.checks import printable


class DataError(ValueError):
    """Data that cannot be read as what it claims to be: the words are ``file:line:column: fault``."""


class Place(NamedTuple):
    """Where something was found: a file (or the name of a table), and a line and a column, counted from 1."""

    source: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in self if part is not None)


def fail(place: Place | str | os.PathLike, fault: str, cause: Exception | None = None) -> NoReturn:
    """Raise ``DataError`` for a fault at a place."""
    # a text stands as it is: it may be the name of a data frame, which no path would leave alone
    where = place if isinstance(place, Place | str) else Path(place)
    raise DataError(printable(f"{where}: {fault}")) from cause
