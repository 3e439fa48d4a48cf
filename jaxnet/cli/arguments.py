"""Arguments of the command line that argparse alone would refuse less helpfully."""

import argparse
from collections.abc import Callable, Iterable

from jaxnet.near_names import nearest


def one_of(names: Iterable[str]) -> Callable[[str], str]:
    """Return a type for argparse that accepts these names and says which one is nearest to another."""
    known = list(names)

    def name(text: str) -> str:
        if text not in known:
            raise argparse.ArgumentTypeError(f"no {text!r}{nearest(text, known)}; there is {', '.join(known)}")
        return text

    return name


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Return a type for argparse that accepts whole numbers from ``low`` to ``high``."""

    def number(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"expected a whole number from {low} to {high}, got {text!r}")
        return int(text)

    return number
