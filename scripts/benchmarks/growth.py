"""What one unit of work costs as the work grows, as a ratio to the smallest: flat where nothing grows faster.

Members of a population and rows of a fit are counted a model-epoch and a row-epoch; widths and depths an operation of
the products, for a wider network has more of them. A small network pays for each step and not for its operations, so
a ratio below 1 is what widths should show. The last line is the memory of a fit beyond the imports, over its data.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
import optax
from device import fastest
from sweeps import BATCH, examples, operations, population

import jaxnet as jn

AXES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {  # all, those of --quick
    "members": ((10, 100, 1_000, 10_000), (10, 1_000)),
    "rows": ((1_000, 10_000, 100_000, 1_000_000), (1_000, 10_000)),
    "width": ((8, 32, 128, 512, 2_048), (8, 128)),
    "depth": ((1, 2, 4, 8), (1, 4)),
}
TURNS = 3
PEAK = """
import resource, sys
import jax, numpy as np, optax, jaxnet as jn

def fit(X):
    net = jn.MLP((50, 32, 2), output="softmax")
    data = X, np.arange(len(X)) % 2
    jn.fit(jn.objective(net), net.init(jax.random.key(0)), data, optimizer=optax.sgd(.1), epochs=1, batch_size=128,
           key=jax.random.key(0))

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

fit(np.ones((256, 50), np.float32))
before = peak()
X = np.random.default_rng(0).standard_normal((int(sys.argv[1]), 50), np.float32)
fit(X)
print((peak() - before) * 1024 / X.nbytes)
"""  # Linux counts its maximum in KiB


def growth(quick: bool) -> Iterator[dict[str, Any]]:
    """Yield, for each axis and each size on it, the nanoseconds of a unit and their ratio to the smallest size's."""
    for axis, (every, few) in AXES.items():
        smallest = None
        for size in few if quick else every:
            seconds, units, unit = MEASURED[axis](size)
            cost = seconds / units * 1e9
            smallest = smallest or cost
            yield {axis: size, f"ns a {unit}": round(cost, 4), "ratio": round(cost / smallest, 2)}
    rows = 100_000 if quick else 1_000_000
    done = subprocess.run([sys.executable, "-c", PEAK, str(rows)], capture_output=True, text=True, check=True)
    yield {"peak memory of a fit, rows": rows, "ratio": round(float(done.stdout), 2)}


def _members(count: int) -> tuple[float, float, str]:
    epochs = max(1, 10_000 // count)
    work = population(examples(512, 8, 2), (8,), count, epochs)
    return fastest(work, TURNS), count * epochs, "model-epoch"


def _rows(count: int) -> tuple[float, float, str]:
    epochs = max(1, 200_000 // count)
    return _fit((20, 32, 32, 2), count, epochs), count * epochs, "row-epoch"


def _width(width: int) -> tuple[float, float, str]:
    sizes = (64, width, width, 10)
    return _fit(sizes, 4_096, 2), 2 * operations(sizes, 4_096), "operation"


def _depth(depth: int) -> tuple[float, float, str]:
    sizes = (64, *(64,) * depth, 10)
    return _fit(sizes, 4_096, 5), 5 * operations(sizes, 4_096), "operation"


def _fit(sizes: tuple[int, ...], rows: int, epochs: int) -> float:
    data = examples(rows, sizes[0], sizes[-1])
    net = jn.MLP(sizes, output="softmax")
    f, params = jn.objective(net), net.init(jax.random.key(0))
    options: dict[str, Any] = {"optimizer": optax.sgd(0.01), "epochs": epochs, "batch_size": BATCH}
    return fastest(lambda: np.asarray(jn.fit(f, params, data, key=jax.random.key(1), **options).params[0]["w"]), TURNS)


MEASURED: dict[str, Callable[[int], tuple[float, float, str]]] = {
    "members": _members,
    "rows": _rows,
    "width": _width,
    "depth": _depth,
}
