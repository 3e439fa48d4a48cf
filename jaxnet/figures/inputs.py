"""What can be drawn: arrays of the shape a figure needs; anything else is refused before drawing begins."""

from collections.abc import Mapping, Sequence

import numpy as np

from jaxnet import checks
from jaxnet.types import ArrayLike

Shape = tuple[int | str, ...]  # a letter is any length, the same wherever it stands again


def array(argument: str, value: ArrayLike, shape: Shape, *, shortest: int = 1, gaps: bool = False) -> np.ndarray:
    """Return ``value`` as float64 of the given shape, whose letters are lengths of at least ``shortest``.

    ``gaps`` allows NaN and infinity, which are drawn as gaps: a diverged run is a result. Raises ValueError
    or TypeError naming ``argument``.
    """
    found = np.asarray(checks.real_array(argument, value))
    checks.require(_fits(found.shape, shape, shortest), argument, _words(shape, shortest), found)
    if not gaps:
        checks.finite(argument, found)
    return found.astype(np.float64)


def _fits(found: tuple[int, ...], shape: Shape, shortest: int) -> bool:
    if len(found) != len(shape):
        return False
    lengths = {letter: n for letter, n in zip(shape, found, strict=True) if isinstance(letter, str)}
    wanted = tuple(lengths[n] if isinstance(n, str) else n for n in shape)
    return found == wanted and min(lengths.values(), default=shortest) >= shortest


def _words(shape: Shape, shortest: int) -> str:
    letters = dict.fromkeys(n for n in shape if isinstance(n, str))
    bounds = f" with {' and '.join(letters)} of at least {shortest}" if letters else ""
    return f"an array of shape ({', '.join(map(str, shape))}{',' * (len(shape) == 1)}){bounds}"


def named_arrays(
    argument: str, value: Mapping[str, ArrayLike], shape: Shape, *, shortest: int = 1, gaps: bool = False
) -> dict[str, np.ndarray]:
    """Return a mapping from a name to an array of the given shape, each checked as ``array`` does."""
    checks.require(isinstance(value, Mapping), argument, "a mapping from names to arrays", value, TypeError)
    checks.require(len(value) > 0, argument, "at least one named array", value)
    return {
        str(name): array(f"{argument}[{name!r}]", each, shape, shortest=shortest, gaps=gaps)
        for name, each in value.items()
    }


def captions(value: Sequence[str], count: int) -> list[str]:
    """Return ``count`` captions, one for each tile."""
    words = f"one caption for each of the {count} tiles"
    checks.require(isinstance(value, Sequence) and not isinstance(value, str), "captions", words, value, TypeError)
    checks.require(len(value) == count, "captions", words, checks.Words(f"{len(value)} captions"))
    return [str(text) for text in value]
