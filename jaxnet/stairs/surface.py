"""A loss over two weights, and the paths that descent takes over it: plain, with momentum, with too big a step.

The model has one weight for the two upper pixels and one for the two lower ones and no bias, so that its whole loss
can be drawn. Pixels are divided by 255.
"""

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxnet.losses import objective
from jaxnet.stairs.images import DARKEST, load
from jaxnet.training import fit
from jaxnet.types import Array, Key

START = (2.0, 4.0)
STEPS = 60
_RUNS: Mapping[str, tuple[float, float]] = {  # step and momentum
    "plain, step 1": (1.0, 0.0),
    "momentum .8, step 1": (1.0, 0.8),
    "too big a step, 7": (7.0, 0.0),
}
_GRID = 81  # points a side: enough that the contours are smooth
_TOP, _BOTTOM = (-10.0, 3.0), (-4.0, 8.0)  # wide enough for START, the best weights and the jumps between


class TwoRows(NamedTuple):
    """A network without a bias: the sum of each row of pixels, times its weight."""

    def init(self, key: Key) -> Array:
        """Start far from the best weights: [2]."""
        return jnp.array(START)

    def apply(self, params: Array, x: Array) -> Array:
        """Return the logit [1] of one example [2]."""
        return jnp.expand_dims(x @ params, 0)


def top(params: Array, X: Array, y: Array) -> Array:
    """The weight of the upper row, as a metric: so a run's history is its path."""
    return params[0]


def bottom(params: Array, X: Array, y: Array) -> Array:
    """The weight of the lower row."""
    return params[1]


class Surface(NamedTuple):
    """The loss [G, G] at (x[j], y[i]) in row i, column j, and each run's weights [T, 2] step by step."""

    x: np.ndarray
    y: np.ndarray
    losses: np.ndarray
    paths: dict[str, np.ndarray]


def surface() -> Surface:
    """Compute the loss on a grid of weights, and three runs from the same start."""
    train, _ = load()
    data = np.stack([train.x[:, :2].sum(axis=1), train.x[:, 2:].sum(axis=1)], axis=1) / DARKEST, train.y
    f = objective(TwoRows(), loss="binary_cross_entropy")
    paths = {}
    for name, (step, momentum) in _RUNS.items():
        optimizer = optax.sgd(step, momentum=momentum)
        run = fit(f, jnp.array(START), data, optimizer=optimizer, epochs=STEPS, metrics=(top, bottom))
        # the history begins after the first step
        paths[name] = np.vstack([START, np.stack([run.history["top"], run.history["bottom"]], axis=1)])
    x, y = np.linspace(*_TOP, _GRID), np.linspace(*_BOTTOM, _GRID)
    weights = jnp.asarray(np.stack(np.meshgrid(x, y), axis=-1), float)
    losses = jax.jit(jax.vmap(jax.vmap(lambda params: f(params, *data))))(weights)
    return Surface(x, y, np.asarray(losses), paths)
