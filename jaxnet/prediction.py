"""What a trained network says of new rows, in NumPy arrays: predictions, logits and hidden activations.

A small prediction is over long before a program for it would be compiled, or even called: so below ``MOST_IN_NUMPY``
operations, and for fewer than ``FEW_ROWS`` rows in any network, the layers are computed in NumPy, by the formulas of
the reference and without JAX. More than that, and networks whose functions are known to JAX alone, go through a
compiled program. The two agree to rounding.
"""

import functools
import itertools
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np

from jaxnet import checks
from jaxnet.network import MLP, OUTPUTS, LayerValues
from jaxnet.reference import OUTPUTS as FORMULAS
from jaxnet.reference.network import forward
from jaxnet.training.batches import FEWEST_ROWS, padded_size
from jaxnet.types import Array, ArrayLike, Params, Pytree

BLOCK_ROWS = 8192  # rows that are looked at together: enough to cost little each, and their layers fit into memory
MOST_IN_NUMPY = 1e9  # operations: .05 s or so of one core, where compiling takes .3 s and all cores take over after
FEW_ROWS = 1000  # fewer compile nothing in a network of any size: who asks for few rows does not come back with many


def predictions(network: Any, params: Pytree, X: ArrayLike) -> np.ndarray:
    """Predict for examples X [N, D]: identity, sigmoid, softmax or exp of the logits [N, K], in the dtype of params.

    ``network`` is an ``MLP`` or any hashable object with apply(params, x [D]) -> logits [K], whose ``output``, if it
    has one, is a name in ``OUTPUTS``. Raises ValueError or TypeError, naming the argument, for parameters of another
    network and for another shape of X.
    """
    if isinstance(network, MLP):
        network.check_params(params)
    dtype = np.dtype(checks.parameters("params", params))
    inputs = network.sizes[0] if isinstance(network, MLP) else None
    expected = f"an array of shape (N, {inputs or 'D'}), one row an example"
    array = np.asarray(checks.real_array("X", X))
    fits = array.ndim == 2 and array.shape[1] == inputs if inputs else array.ndim >= 1
    checks.require(fits, "X", expected, array)
    return _in_blocks(network, params, array, dtype)[-1][1]


def last_layer(network: MLP, params: Params, X: Any) -> tuple[np.ndarray, np.ndarray]:
    """Compute logits [N, K] and predictions [N, K], in the wider dtype of X and params; X [N, D] may be sparse."""
    return _in_blocks(network, params, X, np.result_type(X.dtype, params[0]["w"].dtype))[-1]


def all_layers(network: MLP, params: Params, X: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """Compute weighted sums [N, H] and activations [N, H] of every layer; X [N, D] may be sparse."""
    return _in_blocks(network, params, X, np.result_type(X.dtype, params[0]["w"].dtype), every=True)


def fits_numpy(network: Any, rows: int, dtype: np.dtype) -> bool:
    """Whether a prediction of so many rows is computed in NumPy: every function is known by name, the dtype is float32
    or float64, and there are few rows or few operations."""
    if not isinstance(network, MLP) or dtype.char not in "fd":
        return False
    weights = _weights_by_name(network)
    return 2 * rows * weights <= MOST_IN_NUMPY or (rows < FEW_ROWS and weights < math.inf)


@functools.lru_cache(maxsize=256)
def _weights_by_name(network: MLP) -> float:
    """Count the weights of a network whose activations all have names; any other has more than any that does."""
    named = all(isinstance(name, str) for name in network.activations)
    return sum(a * b for a, b in itertools.pairwise(network.sizes)) if named else math.inf


def _in_blocks(
    network: Any, params: Pytree, X: Any, dtype: np.dtype, *, every: bool = False
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Compute the layers (or with not ``every`` the last one only) as pairs of arrays, a block of rows at a time."""
    if isinstance(network, MLP):
        network, params = network.standard_form(params)
    if fits_numpy(network, X.shape[0], dtype):
        layers_of: Callable[..., Any] = partial(_by_formulas, network)
        # one by one: for a single row the detour over a pytree would be a tenth of the whole
        params = [{name: np.asarray(leaf, dtype) for name, leaf in layer.items()} for layer in params]
    else:
        layers_of = partial(_compiled, _every_layer if every else _last_layer, network)
    parts = []
    for start in range(0, max(1, X.shape[0]), BLOCK_ROWS):
        block = X[start : start + BLOCK_ROWS]
        block = block if isinstance(block, np.ndarray) else block.toarray()  # a block at a time, never all of X
        parts.append(layers_of(params, block.astype(dtype, copy=False))[None if every else -1 :])
    return parts[0] if len(parts) == 1 else jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)


def _by_formulas(network: MLP, params: Params, X: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    names: Any = network.activations
    # what is too large becomes infinite, and NaN stays NaN, as silently as in a compiled program
    with np.errstate(all="ignore"):
        hidden, Z = forward(params, names, X)
        return [*hidden, (Z, FORMULAS[network.output].forward(Z))]


def _compiled(program: Callable[..., Any], network: Any, params: Pytree, X: np.ndarray) -> Any:
    # written into zeros, so that numbers of rows share a program; there is no detour over the device
    padded = np.zeros((padded_size(len(X), FEWEST_ROWS), *X.shape[1:]), X.dtype)
    padded[: len(X)] = X
    with jax.enable_x64(X.dtype == np.float64):  # float64 is computed in float64, whatever JAX is switched to
        layers = program(network, jax.tree.map(lambda leaf: leaf.astype(X.dtype), params), padded)
        # cut the padding off, and copy, because what JAX lends cannot be written to
        return [tuple(np.asarray(leaf)[: len(X)].copy() for leaf in layer) for layer in layers]


@jax.jit(static_argnums=0)
def _last_layer(network: Any, params: Pytree, X: Array) -> list[LayerValues]:
    if isinstance(network, MLP):
        return _as_rows(network.columns(params, X.T)[-1:])
    z = jax.vmap(network.apply, (None, 0), 1)(params, X)
    return _as_rows([LayerValues(z, OUTPUTS[getattr(network, "output", "identity")](z))])


@jax.jit(static_argnums=0)
def _every_layer(network: MLP, params: Params, X: Array) -> list[LayerValues]:
    return _as_rows(network.columns(params, X.T))


def _as_rows(layers: list[LayerValues]) -> list[LayerValues]:
    return [LayerValues(z.T, a.T) for z, a in layers]
