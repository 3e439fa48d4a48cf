"""Two wrong lines on different paths: their changes add up, each any number of times; which changes are the same."""

import numpy as np

from jaxnet.gradients.diagnosis.backward_settings import Wrong, plain_extent
from jaxnet.gradients.diagnosis.tolerances import MOST_TRIED, NOTHING, SAME_PAIR


def adding_up(singles: list[Wrong], changes: np.ndarray, off: np.ndarray, slack: float) -> list[list[Wrong]]:
    """Find the pairs whose changes [M, P] add up to an error [P]; one of them, or both, may be any factor.

    ``slack``: of a factor that is projected.
    """
    size, along, gram, total = (changes**2).sum(1), changes @ off, changes @ changes.T, float(off @ off)
    free, found = np.array([each.mutation.free for each in singles]), []
    for i, each in enumerate(singles):
        for extent in (1.0, 2.0, -1.0, 0.5) if free[i] else (1.0,):
            rest = total - 2 * extent * along[i] + extent**2 * size[i]
            inner = along - extent * gram[i]
            share = np.where(free, inner / np.maximum(size, NOTHING), 1.0)
            miss = rest - 2 * share * inner + share**2 * size
            found += [
                [each._replace(extent=extent), singles[j]._replace(extent=plain_extent(share[j], slack))]
                for j in np.flatnonzero(miss <= SAME_PAIR * total)
                if j != i
            ]
    # both at once, for all pairs; where two changes are alike their shares cannot be told apart
    determinant = size[:, None] * size - gram**2
    safe = np.where(determinant > 1e-9 * size[:, None] * size, determinant, np.inf)
    first = (along[:, None] * size - along * gram) / safe
    second = (along * size[:, None] - along[:, None] * gram) / safe
    miss = total - first * along[:, None] - second * along
    near = np.argwhere(np.triu((miss <= SAME_PAIR * total) & free[:, None] & free, 1))[:MOST_TRIED]
    made = lambda i, share: singles[i]._replace(extent=plain_extent(share, slack))
    return [*found, *([made(i, first[i, j]), made(j, second[i, j])] for i, j in near)]


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
