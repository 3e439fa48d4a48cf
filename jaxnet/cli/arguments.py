"""Arguments of the command line that argparse alone would refuse less helpfully."""

import argparse
import errno
import math
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from jaxnet.near_names import nearest


def one_of(names: Iterable[str]) -> Callable[[str], str]:
    """Return a type for argparse that accepts these names and says which one is nearest to another."""
    known = list(names)

    def name(text: str) -> str:
        if text not in known:
            raise argparse.ArgumentTypeError(f"no {text!r}{nearest(text, known)}; there is {', '.join(known)}")
        return text

    return name


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add the options of how a table is read, for those that are guessed wrong."""
    parser.add_argument("--delimiter", metavar="C", help="between cells, or tab, where it is guessed wrong")
    parser.add_argument("--decimal", choices=(".", ","), help="the decimal mark, where it is guessed wrong")
    parser.add_argument("--encoding", metavar="NAME", help="of the file, where it is guessed wrong")
    parser.add_argument("--header", choices=("yes", "no"), help="does the first row hold names? where guessed wrong")
    parser.add_argument("--index", metavar="COLUMN", help="names the rows and is left out; no keeps a first one, too")


def reading(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what ``add_reading`` was given, as ``jn.data.read_table`` takes it."""
    names = ("delimiter", "decimal", "encoding", "header", "index")
    asked = {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}
    words = {("header", "yes"): True, ("header", "no"): False, ("index", "no"): False, ("delimiter", "tab"): "\t"}
    return {name: words.get((name, value), value) for name, value in asked.items()}


def any_path(text: str) -> Path:
    """Take a path. Raises ArgumentTypeError for none, which would be the current folder, and for one too long for any
    file: the library would refuse it, too, but by the name of its own argument."""
    if not text:
        raise argparse.ArgumentTypeError("expected a path, got ''")
    try:
        os.lstat(text)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise argparse.ArgumentTypeError(f"expected a path, got one too long ({len(text)} characters)") from error
    return Path(text)


def new_file(text: str) -> Path:
    """Take the path of a file to be written. Raises ArgumentTypeError unless its folder is there."""
    path = Path(text)
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"expected a file in a folder that is there, got {text!r}")
    return path


def positive_number(text: str) -> float:
    """Take a finite number above 0. Raises ArgumentTypeError for anything else."""
    return _finite(text, "above 0", lambda number: number > 0)


def size(text: str) -> float:
    """Take a finite number from 0. Raises ArgumentTypeError for anything else."""
    return _finite(text, "from 0", lambda number: number >= 0)


def _finite(text: str, bounds: str, within: Callable[[float], bool]) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and within(number)):
        raise argparse.ArgumentTypeError(f"expected a finite number {bounds}, got {text!r}")
    return number


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Return a type for argparse that accepts whole numbers from ``low`` to ``high``."""

    def number(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"expected a whole number from {low} to {high}, got {text!r}")
        return int(text)

    return number
