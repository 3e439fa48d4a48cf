"""Two-dimensional data that is drawn, by name: what a small network finds easy and what it does not."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from jaxnet import checks
from jaxnet.data import Dataset

_Drawn = tuple[np.ndarray, np.ndarray]  # points [n, 2] within -1..1, and labels or numbers [n]


def _circle(n: int, generator: np.random.Generator) -> _Drawn:
    inside = np.arange(n) % 2
    radius = np.where(inside, generator.uniform(0, 0.45, n), generator.uniform(0.65, 1, n))
    angle = generator.uniform(0, 2 * np.pi, n)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), inside


def _xor(n: int, generator: np.random.Generator) -> _Drawn:
    corner = generator.uniform(0.06, 1, (n, 2)) * generator.choice([-1, 1], (n, 2))
    return corner, (corner[:, 0] * corner[:, 1] > 0).astype(int)


def _clusters(n: int, generator: np.random.Generator) -> _Drawn:
    label = np.arange(n) % 2
    return (2 * label[:, None] - 1) * 0.4 + generator.normal(0, 0.16, (n, 2)), label


def _three_clusters(n: int, generator: np.random.Generator) -> _Drawn:
    label = np.arange(n) % 3
    middle = 0.6 * np.stack([np.sin(2 * np.pi * label / 3), np.cos(2 * np.pi * label / 3)], axis=1)
    return middle + generator.normal(0, 0.17, (n, 2)), label


def _spiral(n: int, generator: np.random.Generator) -> _Drawn:
    label, along = np.arange(n) % 2, generator.uniform(0.05, 1, n)
    angle = 1.75 * 2 * np.pi * along + np.pi * label
    return np.stack([along * np.sin(angle), along * np.cos(angle)], axis=1), label


def _moons(n: int, generator: np.random.Generator) -> _Drawn:
    label, angle = np.arange(n) % 2, generator.uniform(0, np.pi, n)
    upper = np.stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25], axis=1)
    return 0.6 * np.where(label[:, None], -upper, upper), label


def _hill(n: int, generator: np.random.Generator) -> _Drawn:
    points = generator.uniform(-1, 1, (n, 2))
    return points, np.exp(-4 * ((points + 0.4) ** 2).sum(1)) - np.exp(-4 * ((points - 0.4) ** 2).sum(1))


def _waves(n: int, generator: np.random.Generator) -> _Drawn:
    points = generator.uniform(-1, 1, (n, 2))
    return points, np.sin(3 * points[:, 0]) * np.cos(3 * points[:, 1])


TOYS: Mapping[str, Callable[[int, np.random.Generator], _Drawn]] = MappingProxyType(
    {
        "circle": _circle, "xor": _xor, "clusters": _clusters, "three_clusters": _three_clusters,
        "spiral": _spiral, "moons": _moons, "hill": _hill, "waves": _waves,
    }
)  # fmt: skip


def toy(name: str, rows: int = 400, *, noise: float = 0.0, seed: int = 0) -> Dataset:
    """Draw a two-dimensional data set: x float64 [rows, 2], mostly within -1..1, and y labels, or numbers of "hill"
    and "waves".

    Args:
        name: circle, xor, clusters, three_clusters, spiral, moons, hill or waves.
        rows: how many examples, 10 to 100,000.
        noise: from 0 to 1, the standard deviation of what is added to each coordinate.
        seed: of the draws.

    Raises ValueError or TypeError for anything else, naming the argument.
    """
    draw = TOYS[checks.choice("name", name, TOYS)]
    rows = checks.integer("rows", rows, minimum=10, maximum=100_000)
    noise = checks.number("noise", noise, minimum=0, maximum=1)
    generator = np.random.default_rng(checks.integer("seed", seed, maximum=2**31 - 1))
    points, y = draw(rows, generator)
    # drawn whatever the noise, so that more of it moves the same points further
    points = points + noise * generator.normal(size=points.shape)
    classes = () if y.dtype.kind == "f" else tuple(f"class {label + 1}" for label in range(int(y.max()) + 1))
    return Dataset(points, y, inputs=("x1", "x2"), classes=classes, source=f"the toy {name!r}")
