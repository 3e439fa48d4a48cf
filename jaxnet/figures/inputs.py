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
    letters = dict.fromkeys(n for n in shape if isinstance(n, str))
    # what each letter would have to be; a letter that stands twice keeps its last length, which the first must equal
    lengths = dict(zip(shape, found.shape, strict=False))
    fits = found.shape == tuple(lengths.get(n) if isinstance(n, str) else n for n in shape)
    fits = fits and all(lengths[letter] >= shortest for letter in letters)
    bounds = f" with {' and '.join(letters)} of at least {shortest}" if letters else ""
    words = f"an array of shape ({', '.join(map(str, shape))}{',' * (len(shape) == 1)}){bounds}"
    checks.require(fits, argument, words, found)
    if not gaps:
        checks.finite(argument, found)
    return found.astype(np.float64)


def named_arrays(
    argument: str, value: Mapping[str, ArrayLike], shape: Shape, *, shortest: int = 1, gaps: bool = False
) -> dict[str, np.ndarray]:
    """Return a mapping from a name to an array of the given shape, each checked as ``array`` does.

    Raises ValueError for an empty mapping and what ``array`` refuses, TypeError for what is no mapping.
    """
    checks.require(isinstance(value, Mapping), argument, "a mapping from names to arrays", value, TypeError)
    checks.require(len(value) > 0, argument, "at least one named array", value)
    return {
        str(name): array(f"{argument}[{name!r}]", each, shape, shortest=shortest, gaps=gaps)
        for name, each in value.items()
    }


def captions(value: Sequence[str], count: int) -> list[str]:
    """Return ``count`` captions, one for each tile; TypeError for a string, ValueError for another number of them."""
    words = f"one caption for each of the {count} tiles"
    checks.require(isinstance(value, Sequence) and not isinstance(value, str), "captions", words, value, TypeError)
    checks.require(len(value) == count, "captions", words, checks.Words(f"{len(value)} captions"))
    return [str(text) for text in value]
