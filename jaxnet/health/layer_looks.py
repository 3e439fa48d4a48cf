"""What the layers of a network show: units that are dead, saturated or the same, gradients that vanish or explode.

Looked at on some hundred rows, for the parameters that training began with and for those at its end.
"""

import dataclasses
import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet.accelerators import exact_products
from jaxnet.health.subject import NumpyRows, Subject
from jaxnet.losses import Objective
from jaxnet.prediction import all_layers
from jaxnet.types import Pytree

ROWS = 500  # that are looked at: enough to tell a unit that never fires from one that seldom does
BOUNDED = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}  # activations that can saturate, and between what
NEAR = 0.02  # of the range: so near to a bound the slope is below 8 % of its largest
SAME = 1e-5  # relative difference of the weights of two units below which they compute the same
CUT_OFF = ("relu",)  # activations with a half line on which nothing is learnt


@dataclasses.dataclass(frozen=True)
class LayerLook:
    """A hidden layer on some rows: activations [N, H], shares of its units that are dead (constant 0 of a relu),
    that are copies of another unit, and of all activations that are saturated."""

    name: str
    activation: str
    activations: np.ndarray
    dead: float
    saturated: float
    copies: float


class Look(NamedTuple):
    """All hidden layers, and the norms of the gradient at the activations before and after each, from the input to
    the last hidden layer [L]; None where they could not be computed."""

    layers: list[LayerLook]
    gradients: np.ndarray | None
    finite: bool

    @property
    def flow(self) -> float:
        """How much the hidden layers shrink or stretch the gradient on its way back to the input; 1 where there is
        none to tell of."""
        g = self.gradients
        if g is None or len(g) < 2 or not np.isfinite(g[-1]) or g[-1] == 0:
            return 1.0
        # what grew beyond all numbers on its way has grown
        return float(g[0] / g[-1]) if np.isfinite(g[0]) else np.inf

    def worst(self, what: str) -> float:
        """Return the highest share of ``dead``, ``saturated`` or ``copies`` in any layer, 0 without layers."""
        return max((getattr(layer, what) for layer in self.layers), default=0.0)


def look_at(subject: Subject, params: Pytree) -> Look:
    """Look at the hidden layers of a ``jn.MLP``, or at the matrices of any other parameters."""
    net = subject.network
    if net is None:
        leaves = jax.tree_util.tree_leaves_with_path(params)
        matrices = [(jax.tree_util.keystr(path), np.asarray(leaf)) for path, leaf in leaves if np.ndim(leaf) == 2]
        layers = [
            LayerLook(name, "", np.zeros((0, leaf.shape[1])), 0.0, 0.0, copies(leaf))
            # the last matrix leads to the outputs, which may well be the same
            for name, leaf in matrices[:-1]
        ]
        return Look(layers, None, _finite(params))
    rows = some_rows(subject.train)
    values = all_layers(net, params, np.asarray(rows.x))[:-1]
    layers = []
    for depth, ((_, a), name) in enumerate(zip(values, net.activations, strict=True)):
        called = name if isinstance(name, str) else getattr(name, "__name__", "callable")
        weights = np.concatenate([params[depth]["w"], np.asarray(params[depth]["b"])[None]])
        layers.append(
            LayerLook(f"hidden layer {depth + 1}", called, a, _dead(a, called), _saturated(a, called), copies(weights))
        )
    return Look(layers, _gradients(subject.plain(), params, [rows.x, *(a for _, a in values)], rows), _finite(params))


def some_rows(rows: NumpyRows) -> NumpyRows:
    """Return at most ROWS rows, evenly spread over all."""
    count = len(rows.x)
    at = np.unique(np.linspace(0, count - 1, min(count, ROWS)).round().astype(int))
    return rows.at(at)


def copies(weights: np.ndarray) -> float:
    """Return the share of columns [D, H] that are the same as an earlier one; 0 of a single column."""
    w = np.asarray(weights, np.float64).T
    if len(w) < 2 or not np.isfinite(w).all():
        return 0.0
    scale = np.abs(w).max() or 1.0
    keys = np.round(w / (scale * SAME)).astype(np.int64)
    return 1 - len(np.unique(keys, axis=0)) / len(w) if len(np.unique(keys, axis=0)) < len(w) else 0.0


def _dead(a: np.ndarray, activation: str) -> float:
    if activation not in CUT_OFF or not a.size:
        return 0.0
    return float(np.mean(np.max(a, axis=0) <= 0))


def _saturated(a: np.ndarray, activation: str) -> float:
    if activation not in BOUNDED or not a.size:
        return 0.0
    low, high = BOUNDED[activation]
    at = (a - low) / (high - low)
    return float(np.mean((at < NEAR) | (at > 1 - NEAR)))


def _gradients(plain: Any, params: Pytree, inputs: list, rows: NumpyRows) -> np.ndarray | None:
    """Return the norm [L] of the gradient of the loss at the input and at the activations of each hidden layer."""
    with exact_products():
        found = _norms(plain, params, [np.asarray(a, rows.x.dtype) for a in inputs], np.asarray(rows.y))
    return np.asarray(found, np.float64)


@functools.partial(jax.jit, static_argnums=0)
def _norms(plain: Objective, params: Pytree, inputs: list, y: jax.Array) -> list:
    net = plain.network
    norms = []
    for depth, a in enumerate(inputs):
        # what follows a layer is a network too, and the layer's activations are its input
        rest = dataclasses.replace(net, sizes=net.sizes[depth:], activation=tuple(net.activations[depth:]), dropout=0.0)
        inner = dataclasses.replace(plain, network=rest)
        gradient = jax.grad(lambda a, inner=inner, depth=depth: inner(params[depth:], a, y))(a)
        # by the largest, for squares of what is large are beyond float32 long before it is
        largest = jnp.maximum(jnp.max(jnp.abs(gradient)), jnp.finfo(gradient.dtype).tiny)
        norms.append(largest * jnp.linalg.norm(gradient / largest))
    return norms


def _finite(params: Pytree) -> bool:
    return all(np.isfinite(np.asarray(leaf)).all() for leaf in jax.tree.leaves(params))
