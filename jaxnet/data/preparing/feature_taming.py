"""What is done to all features of a table at last: outliers clipped smoothly, or each number spread over bins.

An exported NumPy file takes this source as it stands, so it needs NumPy alone.
"""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class SmoothClip:
    """x / sqrt(1 + (x / limit)²): a number itself near 0, never beyond ± ``limit`` (Holzmueller et al. 2024)."""

    limit: float

    def names(self, features: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Return what each feature becomes, by name: itself."""
        return [(name,) for name in features]

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Return the numbers of X, of any shape and a dtype of floating point, clipped; NaN stays."""
        far = 1e9 * self.limit  # whose square any dtype holds; from there on the curve is at its end
        near = np.clip(X, -far, far)
        clipped: np.ndarray = (near / np.sqrt(1 + np.square(near / self.limit))).astype(X.dtype, copy=False)
        return clipped


@dataclasses.dataclass(frozen=True)
class PiecewiseLinear:
    """Each feature spread over its bins: 1 in those below it, 0 in those above, in its own the share of the way through
    (Gorishniy et al. 2022); ``edges`` ascend, a feature of one value has none and goes."""

    edges: tuple[tuple[float, ...], ...]

    def names(self, features: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Return what each feature becomes, by name: a number a bin, that of a single bin under the feature's name."""
        one = lambda name, count: (name,) * count if count < 2 else tuple(f"{name}/{at}" for at in range(count))
        return [one(name, max(0, len(each) - 1)) for name, each in zip(features, self.edges, strict=True)]

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Return X [N, D] of a dtype of floating point as [N, sum of bins]; first and last bins go on in a line."""
        parts = []
        for column, each in zip(X.T, map(np.array, self.edges), strict=True):
            if not len(each):
                continue
            share = (column[:, None] - each[:-1]) / np.diff(each)
            low, high = np.zeros(share.shape[1]), np.ones(share.shape[1])
            low[0], high[-1] = -np.inf, np.inf
            parts.append(np.clip(share, low, high))
        return np.hstack(parts).astype(X.dtype) if parts else np.zeros((len(X), 0), X.dtype)


Taming = SmoothClip | PiecewiseLinear
