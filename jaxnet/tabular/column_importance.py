"""Permutation importance of each column of a table: what the score loses when the column says nothing any more."""

from collections.abc import Callable

import numpy as np

_MOST_ROWS = 2_000
_REPEATS = 5


def permutation_importance(
    X: np.ndarray, score: Callable[[np.ndarray, np.ndarray], float], columns: dict[str, list[int]], seed: int
) -> dict[str, float]:
    """Return, for each column by name, the mean loss of score when its features are dealt to other rows (Breiman 2001).

    ``X`` [N, D] are held-out rows, of which at most ``_MOST_ROWS`` are looked at; ``score(X, rows)`` scores features
    that stand in place of those ``rows``; ``columns`` names the features of each column. The most important is first.
    """
    generator = np.random.default_rng(seed)
    rows = np.sort(generator.permutation(len(X))[:_MOST_ROWS])
    seen = X[rows]
    whole = score(seen, rows)
    found = {}
    for name, features in columns.items():
        losses = []
        for _ in range(_REPEATS):
            changed = seen.copy()
            # all features of a column together, for a category is spread over several
            changed[:, features] = seen[generator.permutation(len(seen))][:, features]
            losses.append(whole - score(changed, rows))
        found[name] = float(np.mean(losses))
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))
