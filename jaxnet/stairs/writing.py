"""Numbers written as the article writes them: without the zero before the point, sums spelled out."""

import re
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

Numbers: TypeAlias = Sequence[float] | np.ndarray


def decimal(value: float, digits: int = 4) -> str:
    """Write a number with ``digits`` decimals and no zero before the point: 0.25 is .2500, -0.5 is -.5000, 0 is 0."""
    text = f"{value:.{digits}f}"
    if float(text):
        return _without_zero(text)
    # what rounds to nothing has no sign, never -.0000; without decimals or for nothing at all a point says nothing
    return f".{'0' * digits}" if digits and value else "0"


def coefficient(value: float) -> str:
    """Write a weight as short as it is exact: .0019, -3, 0."""
    return _without_zero(f"{value + 0.0:.10g}")  # -0 + 0 is 0: zero has no sign


def _without_zero(text: str) -> str:
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text


def formula(weights: Numbers, bias: float, names: Sequence[str]) -> str:
    """Write w.x + b with the inputs' names, terms of weight 0 left out: ``-.0019 x1 + .0020 x3 - 1``."""
    terms = [(w, f" {name}") for w, name in zip(weights, names, strict=True) if w]
    return _signed_sum(terms + ([(bias, "")] if bias else []))


def filled(weights: Numbers, bias: float, values: Numbers, digits: int = 0) -> str:
    """Write w.x + b with the inputs' values filled in: ``-.0019·252 + .0020·155 + .0003``.

    Values are written with ``digits`` decimals, or as short as they are exact.
    """
    write = lambda value: decimal(value, digits) if digits else coefficient(value)
    terms = [(w, f"·{write(value)}") for w, value in zip(weights, values, strict=True) if w]
    return _signed_sum(terms + ([(bias, "")] if bias else []))


def _signed_sum(terms: list[tuple[float, str]]) -> str:
    # each term with its sign before it, for a minus stands between terms and a plus not before the first
    text = "".join(f" {'-' if w < 0 else '+'} {coefficient(abs(w))}{of}" for w, of in terms)
    text = re.sub(r"(?<= )1 (?=\w)", "", text)  # 1 x is x
    return text.removeprefix(" + ") if text.startswith(" + ") else text.replace(" - ", "-", 1)


def products(left: Numbers, right: Numbers, limit: int = 5, digits: int = 4) -> str:
    """Write the terms of one cell of a matrix product: ``(-.0047·1) + (-.0026·252) + ...``, the first ``limit``."""
    write = lambda value: coefficient(value) if float(value).is_integer() else decimal(value, digits)
    pairs = list(zip(left, right, strict=True))
    terms = [f"({write(a)}·{write(b)})" for a, b in pairs[:limit]]
    return " + ".join([*terms, "..."] if len(pairs) > limit else terms)


def matrix(name: str, values: np.ndarray, digits: int = 4, rows: int | None = None) -> list[str]:
    """Write a matrix below its name and shape; only the first ``rows`` rows when given."""
    shown = values if rows is None else values[:rows]
    cells = [[decimal(value, digits) for value in row] for row in shown]
    width = max(len(cell) for row in cells for cell in row)
    lines = [f"{name}  {' x '.join(map(str, values.shape))}"]
    lines += ["   " + "  ".join(cell.rjust(width) for cell in row) for row in cells]
    return lines + (["   ..."] if len(shown) < len(values) else [])
