"""What can be drawn: arrays of the shape a figure needs; anything else is refused before drawing begins."""

from collections.abc import Mapping, Sequence

import numpy as np

from jaxnet import checks
from jaxnet.types import ArrayLike


def array(argument: str, value: ArrayLike, shape: tuple[int | str, ...], *, gaps: bool = False) -> np.ndarray:
    """Return ``value`` as float64 of the given shape; a letter in ``shape`` is any length above 0.

    ``gaps`` allows NaN and infinity, which are drawn as gaps: a diverged run is a result. Raises ValueError
    or TypeError naming ``argument``.
    """
    found = np.asarray(checks.real_array(argument, value))
    fits = found.ndim == len(shape) and found.size > 0
    fits = fits and all(isinstance(n, str) or n == m for n, m in zip(shape, found.shape, strict=True))
    words = f"an array of shape ({', '.join(map(str, shape))}{',' * (len(shape) == 1)})"
    checks.require(fits, argument, words, found)
    if not gaps:
        checks.finite(argument, found)
    return found.astype(np.float64)


def named_arrays(
    argument: str, value: Mapping[str, ArrayLike], shape: tuple[int | str, ...], *, gaps: bool = False
) -> dict[str, np.ndarray]:
    """Return a mapping from a name to an array of the given shape, each checked as ``array`` does."""
    checks.require(isinstance(value, Mapping), argument, "a mapping from names to arrays", value, TypeError)
    checks.require(len(value) > 0, argument, "at least one named array", value)
    return {str(name): array(f"{argument}[{name!r}]", each, shape, gaps=gaps) for name, each in value.items()}


def captions(value: Sequence[str], count: int) -> list[str]:
    """Return ``count`` captions, one for each tile."""
    words = f"one caption for each of the {count} tiles"
    checks.require(isinstance(value, Sequence) and not isinstance(value, str), "captions", words, value, TypeError)
    checks.require(len(value) == count, "captions", words, checks.Words(f"{len(value)} captions"))
    return [str(text) for text in value]
