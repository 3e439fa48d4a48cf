"""A file of TOML that may come from anybody: what is no file of values, or would be read for hours, is refused."""

import re
import stat
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jaxnet import checks
from jaxnet.data import DataError

_MOST_BYTES = 2**20  # a plan has some hundreds
_MOST_PARTS = 64  # of a dotted key: Python's reader takes time that grows with their square
_PART = r"(?:[\w-]+|\"[^\"\n]*\"|'[^'\n]*')"
_LONG_KEY = re.compile(rf"{_PART}(?:[ \t]*\.[ \t]*{_PART}){{{_MOST_PARTS}}}")


def toml_bytes(path: Path) -> bytes:
    """Return what a file or a pipe holds, which gives its bytes only once.

    Raises DataError, with the path, for a device and for more than a megabyte; OSError for a file that is not there.
    """
    if stat.S_ISCHR(path.stat().st_mode):
        raise DataError(f"{path}: expected a file, got a device")  # which may go on for ever
    with path.open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise DataError(f"{path}: more than {_MOST_BYTES} bytes, which no plan has")
    return content


def read_toml(path: Path, content: bytes) -> dict[str, Any]:
    """Return the values of TOML that a file holds.

    Raises DataError, with the path, for text that is no TOML, and for values or keys that are nested too deeply.
    """
    try:
        text = content.decode().replace("\r\n", "\n")
        if _LONG_KEY.search(text):
            raise DataError(f"{path}: not a plan (its keys are nested too deeply)")
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a TOML file ({error})") from error
    except RecursionError as error:
        raise DataError(f"{path}: not a plan (its values are nested too deeply)") from error


def known_keys(
    prefix: str, table: Mapping[str, Any], names: Iterable[str], *, needed: tuple[str, ...] = ()
) -> list[tuple[str, Any]]:
    """Return the entries of a table after refusing a key that it may not have, and a table without one it must.

    Raises ValueError, naming the key behind its prefix, and the nearest known one.
    """
    known = [f"{prefix}{name}" for name in names]
    for name in table:
        checks.choice("key", f"{prefix}{name}", known)
    there = checks.Words(", ".join(table) or "none")
    checks.require(set(needed) <= set(table), prefix.removesuffix("."), " and ".join(needed), there)
    return list(table.items())


def typed(argument: str, value: Any, kind: type, words: str) -> None:
    """Refuse a value of another kind: TypeError, naming the argument."""
    checks.require(isinstance(value, kind), argument, words, value, TypeError)
