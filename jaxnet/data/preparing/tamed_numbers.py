"""Numbers of a table made good inputs: outliers clipped smoothly, or each number a place between quantiles."""

from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.data.preparing.feature_taming import PiecewiseLinear, SmoothClip


def smooth_clip(X: Any, limit: float = 3.0) -> np.ndarray:
    """Return x / sqrt(1 + (x / limit)^2) for each number of X, of any shape: itself near 0, never beyond ± ``limit``.

    For numbers that are centred by their median and divided by the distance of their quartiles, as
    ``prepare(scale="robust")`` leaves them. NaN stays. Source: Holzmueller et al. 2024 (RealMLP), with limit 3. Raises
    ValueError for a limit that is not above 0.
    """
    limit = checks.number("limit", limit, above=0)
    X = np.asarray(X)
    return SmoothClip(limit)(X if X.dtype.kind == "f" else X.astype(np.float64))


def quantile_edges(X: Any, bins: int = 16) -> list[np.ndarray]:
    """Return for each column of X [N, D] the edges of up to ``bins`` bins of as many rows each, ascending and distinct.

    A column of fewer different values has fewer bins, a constant one none. Raises ValueError for other shapes, NaN and
    infinity.
    """
    bins = checks.integer("bins", bins, minimum=1)
    X = np.asarray(X, np.float64)
    checks.require(X.ndim == 2 and len(X), "X", "an array of shape (N, D), with rows", X)
    checks.require(np.isfinite(X).all(), "X", "finite numbers", checks.Words("NaN or infinity"))
    edges = [np.unique(np.quantile(column, np.linspace(0, 1, bins + 1))) for column in X.T]
    return [each if len(each) > 1 else each[:0] for each in edges]


def piecewise_linear(X: Any, edges: list[np.ndarray]) -> np.ndarray:
    """Return X [N, D] with each number spread over its column's bins: 1 in those below it, 0 in those above, in its own
    the share of the way through, [N, sum of bins] in the dtype of X.

    Below the first edge and above the last it goes on in a straight line. A network can then learn another slope in
    each bin, as a tree learns steps. Source: Gorishniy et al. 2022, "On Embeddings for Numerical Features in Tabular
    Deep Learning", equation 1. Raises ValueError where columns and edges are not as many.
    """
    X = np.asarray(X)
    X = X if X.dtype.kind == "f" else X.astype(np.float64)
    checks.require(X.ndim == 2 and X.shape[1] == len(edges), "X", f"an array of shape (N, {len(edges)})", X)
    return PiecewiseLinear(tuple(map(tuple, edges)))(X)
