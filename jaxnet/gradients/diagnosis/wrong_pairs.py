"""Two wrong lines whose changes add up, each any number of times: both numbers at once, for all pairs; and which of
many changes are the same."""

from typing import NamedTuple

import numpy as np

from jaxnet.gradients.diagnosis.backward_settings import Wrong, plain_extent
from jaxnet.gradients.diagnosis.tolerances import MOST_TRIED, NOTHING, SAME_PAIR


class Products(NamedTuple):
    """Of the changes of mutations: their squares [M], products with the error [M] and with one another [M, M]; and the
    square of the error."""

    size: np.ndarray
    along: np.ndarray
    gram: np.ndarray
    total: float


def both_free(singles: list[Wrong], products: Products, slack: float) -> list[list[Wrong]]:
    """Find the pairs of mutations of which some multiples are the error."""
    size, along, gram, total = products
    free = np.array([each.mutation.free for each in singles])
    determinant = size[:, None] * size - gram**2
    # where two changes are alike their shares cannot be told apart
    safe = np.where(determinant > 1e-9 * size[:, None] * size, determinant, np.inf)
    first = (along[:, None] * size - along * gram) / safe
    second = (along * size[:, None] - along[:, None] * gram) / safe
    miss = total - first * along[:, None] - second * along
    near = np.argwhere(np.triu((miss <= SAME_PAIR * total) & free[:, None] & free, 1))[:MOST_TRIED]
    extents = [(plain_extent(first[i, j], slack), plain_extent(second[i, j], slack)) for i, j in near]
    pairs = zip(near, extents, strict=True)
    return [[singles[i]._replace(extent=a), singles[j]._replace(extent=b)] for (i, j), (a, b) in pairs]


def told_apart(rows: np.ndarray) -> list[int]:
    """Rows that no earlier one is the same as, but for rounding."""
    seen: set[bytes] = set()
    kept = []
    size = np.maximum(np.abs(rows).max(axis=1, initial=0.0), NOTHING)
    for i, row in enumerate(rows):
        words = (np.round(row / size[i], 7) + 0.0).tobytes() + f"{size[i]:.6e}".encode()
        if words not in seen:
            seen.add(words)
            kept.append(i)
    return kept
