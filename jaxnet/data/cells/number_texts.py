"""Texts that are numbers: with a point or a comma, with thousands marks, a currency, a per-cent sign or a unit, if all
agree.

A style is found once, on the training rows, and from then on every cell is read by it: "1,500" never changes its
meaning from one row, or one file, to the next.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

_PLAIN = re.compile(r"[0-9+\-.eE\n]*")
# whoever writes 01234 or a number of 16 digits means a code: as a number it would lose digits
_CODE = re.compile(r"^[+-]?(?:0[0-9]|[0-9]{16,}$)", re.MULTILINE)
_BEFORE, _AFTER = ("$", "€", "£", "¥", "US$", "USD", "EUR", "GBP", "CHF", "JPY"), ("%", "€", "$", "£")
# a unit behind the number, the same in all cells: 12 kg, 3.5km/h, 20 °C
_UNIT = re.compile(r"(?<=[0-9.,]) ?([A-Za-zµμ°²³‰\"']{1,8}(?:/[A-Za-z0-9²³]{1,4})?)$")
_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2212": "-", "\u2019": "'"})
# (decimal mark, thousands mark); the first that reads all texts is taken
_STYLES = ((".", ""), (".", ","), (",", ""), (",", "."), (".", " "), (",", " "), (".", "'"), (",", "'"))


class NumberStyle(NamedTuple):
    """How the numbers of a column are written: the decimal and the thousands mark, a currency before, a sign or a unit
    after."""

    decimal: str = "."
    thousands: str = ""
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        marks = (
            {",": "decimal comma", ".": ""}[self.decimal],
            f"thousands mark {self.thousands!r}" * bool(self.thousands),
        )
        signs = [f"with {sign}" for sign in (self.before, self.after) if sign]
        return ", ".join(part for part in (*marks, *signs) if part)


def number_style(texts: Sequence[str], decimal: str | None = None) -> NumberStyle | None:
    """Return the one style in which all texts are numbers, or None; ``decimal`` allows styles of that mark only.

    A text with a leading zero, or of more than 15 digits, is a code and no number.

    >>> number_style(["1.500,25", "3"])
    NumberStyle(decimal=',', thousands='.', before='', after='')
    """
    if not texts:
        return None
    joined = "\n".join(texts)
    if _CODE.search(joined):
        return None
    if decimal != "," and _plain_numbers(texts, joined) is not None:
        return NumberStyle()
    texts, before, after = _without_signs(joined.translate(_SPACES).split("\n") if len(texts) > 1 else [joined])
    for mark, thousands in _STYLES:
        if decimal in (None, mark) and all(map(_pattern(mark, thousands).fullmatch, texts)):
            return NumberStyle(mark, thousands, before, after)
    return None


def read_numbers(texts: Sequence[str], style: NumberStyle) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers [L], float64, and which texts [L] are none, or too large for one, in this style."""
    if not style.before and not style.after and style.decimal == "." and not style.thousands:
        plain = _plain_numbers(texts, "\n".join(texts))
        if plain is not None:
            return plain, ~np.isfinite(plain)
    pattern = _pattern(style.decimal, style.thousands)
    values = np.full(len(texts), np.nan)
    for at, text in enumerate(texts):
        text = text.translate(_SPACES).removesuffix(style.after).removeprefix(style.before).strip()
        # the minus of -$5 stands before the sign
        if style.before and text.startswith(f"-{style.before}"):
            text = text.replace(style.before, "", 1)
        if pattern.fullmatch(text):
            text = text.replace(style.thousands, "") if style.thousands else text
            values[at] = float(text.replace(style.decimal, "."))
    return values, ~np.isfinite(values)


def _plain_numbers(texts: Sequence[str], joined: str) -> np.ndarray | None:
    # of these letters, Python reads as a number what everyone does: not 1_000, inf or digits of other scripts
    if not _PLAIN.fullmatch(joined) or joined.count("\n") >= max(len(texts), 1):
        return None
    try:
        return np.array([float(text) for text in texts], np.float64)
    except ValueError:
        return None


def _without_signs(texts: list[str]) -> tuple[list[str], str, str]:
    """Take away a currency before, or a sign or unit after, that every text has; return it as well."""
    before = next((sign for sign in _BEFORE if all(text.lstrip("+-").startswith(sign) for text in texts)), "")
    # a single cell has no unit that others could share: "2D" is a text
    unit = _UNIT.search(texts[0]) if len(texts) > 1 else None
    signs = (*_AFTER, unit[1]) if unit else _AFTER
    after = next((sign for sign in signs if all(text.endswith(sign) for text in texts)), "")
    if before:
        texts = [text.replace(before, "", 1).strip() for text in texts]
    if after:
        texts = [text.removesuffix(after).strip() for text in texts]
    return texts, before, after


def _pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    whole = "[0-9]+"
    if thousands:
        # groups of three, and no group begins with a zero: "0,125" has a decimal comma
        whole = rf"(?:[1-9][0-9]{{0,2}}(?:{re.escape(thousands)}[0-9]{{3}})+|[0-9]+)"
    mark = re.escape(decimal)
    return re.compile(rf"[+-]?(?:{whole}(?:{mark}[0-9]*)?|{mark}[0-9]+)(?:[eE][+-]?[0-9]+)?")
