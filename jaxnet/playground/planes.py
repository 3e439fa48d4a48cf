"""The plane over which every unit is drawn: two inputs, the others held where the chosen example has them.

An example that is a picture of many pixels has no two inputs that say much: its plane are the two directions in which
the training rows vary most, through their mean.
"""

from typing import NamedTuple

import numpy as np

from jaxnet import checks
from jaxnet.playground.shown_data import ShownData

SIDE = 60  # points of the plane along one side
_MARGIN = 0.08  # of the range of the data, added on each side
_FEW = 4  # inputs, up to which a picture's plane is of two of its pixels


class Plane(NamedTuple):
    """A rectangle in the space of the inputs: ``origin`` + u ``across`` + v ``up``, each [D]; ``low`` and ``high`` are
    the corners of (u, v)."""

    origin: np.ndarray
    across: np.ndarray
    up: np.ndarray
    low: tuple[float, float]
    high: tuple[float, float]
    names: tuple[str, str]
    inputs: tuple[int, int]  # which two span it; (-1, -1) for directions

    def grid(self) -> np.ndarray:
        """Return the points [SIDE * SIDE, D], row by row from the top left corner."""
        u, v = (np.linspace(a, b, SIDE) for a, b in zip(self.low, self.high, strict=True))
        across, up = np.meshgrid(u, v[::-1])
        points = self.origin + across.reshape(-1, 1) * self.across + up.reshape(-1, 1) * self.up
        return points.astype(np.float32)

    def place(self, X: np.ndarray) -> np.ndarray:
        """Return where rows [N, D] lie, (u, v) [N, 2]."""
        from_origin = X - self.origin
        if self.inputs == (-1, -1):
            return from_origin @ np.stack([self.across, self.up], axis=1)
        u, v = self.inputs
        across = X[:, u]
        return np.stack([across, X[:, v] if v >= 0 else np.zeros_like(across)], axis=1)


def input_ranges(data: ShownData) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and the highest value of each input, [D] and [D], with a margin; never an empty range."""
    both = np.concatenate([data.X, data.held_X])
    low, high = both.min(axis=0), both.max(axis=0)
    wide = np.where(high > low, high - low, 1.0)
    return low - _MARGIN * wide, high + _MARGIN * wide


def plane_of(data: ShownData, point: np.ndarray, inputs: tuple[int, int] | None = None) -> Plane:
    """Return the plane of two inputs through a point [D], or the usual one: of the first two, or the directions.

    Raises ValueError for inputs that are not there or not two.
    """
    count = data.X.shape[1]
    if inputs is None or inputs == (-1, -1):
        if data.image is not None and count > _FEW:
            return _directions(data)
        inputs = (0, 1 if count > 1 else -1)
    u, v = inputs
    checks.integer("plane", u, minimum=0, maximum=count - 1)
    checks.integer("plane", v, minimum=0 if count > 1 else -1, maximum=count - 1)
    checks.require(u != v, "plane", "two different inputs", list(inputs))
    low, high = input_ranges(data)
    along = np.eye(count, dtype=np.float32)
    up = along[v] if v >= 0 else np.zeros(count, np.float32)
    spanned = along[u] + up
    ranges = [(float(low[at]), float(high[at])) if at >= 0 else (-1.0, 1.0) for at in (u, v)]
    names = (data.inputs[u], data.inputs[v] if v >= 0 else "")
    (left, right), (bottom, top) = ranges
    return Plane(point * (1 - spanned), along[u], up, (left, bottom), (right, top), names, (u, v))


def _directions(data: ShownData) -> Plane:
    mean = data.X.mean(axis=0)
    across, up = np.linalg.svd(data.X - mean, full_matrices=False)[2][:2]
    names = ("first principal direction", "second principal direction")
    plane = Plane(mean, across, up, (0, 0), (0, 0), names, (-1, -1))
    places = plane.place(data.X)
    low, high = places.min(axis=0), places.max(axis=0)
    margin = _MARGIN * (high - low)
    (left, bottom), (right, top) = low - margin, high + margin
    return plane._replace(low=(float(left), float(bottom)), high=(float(right), float(top)))
