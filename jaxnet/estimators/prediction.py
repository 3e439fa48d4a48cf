"""What a fitted network says of new rows: predictions, logits and hidden activations, in NumPy."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from jaxnet.estimators.precision import precision
from jaxnet.network import MLP, LayerValues
from jaxnet.training.batches import FEWEST_ROWS, lengthen, padded_size
from jaxnet.types import Params

ROWS = 8192  # rows that are looked at together


def last_layer(network: MLP, params: Params, X: Any) -> LayerValues:
    """Compute logits [N, K] and predictions [N, K], in the wider dtype of X and params; X may be sparse."""
    return _concatenated(_last, network, params, X)


def all_layers(network: MLP, params: Params, X: Any) -> list[LayerValues]:
    """Compute weighted sums [N, H] and activations [N, H] of every layer."""
    return _concatenated(_all, network, params, X)


def _concatenated(function: Callable, network: MLP, params: Params, X: Any) -> Any:
    dtype = np.result_type(X.dtype, params[0]["w"].dtype)
    params = [{name: leaf.astype(dtype, copy=False) for name, leaf in layer.items()} for layer in params]
    with precision(dtype):
        parts = [_block(function, network, params, block.astype(dtype, copy=False)) for block in _blocks(X)]
    return parts[0] if len(parts) == 1 else jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)


def _blocks(X: Any) -> Iterator[np.ndarray]:
    for start in range(0, X.shape[0], ROWS):
        block = X[start : start + ROWS]
        yield block if isinstance(block, np.ndarray) else block.toarray()


def _block(function: Callable, network: MLP, params: Params, X: np.ndarray) -> Any:
    values = function(network, params, lengthen(X, padded_size(len(X), FEWEST_ROWS)))
    return jax.tree.map(lambda leaf: np.asarray(leaf)[: len(X)].copy(), values)  # what JAX lends cannot be written to


@jax.jit(static_argnums=0)
def _last(network: MLP, params: Params, X: jax.Array) -> LayerValues:
    return _rows(network.columns(params, X.T)[-1:])[0]


@jax.jit(static_argnums=0)
def _all(network: MLP, params: Params, X: jax.Array) -> list[LayerValues]:
    return _rows(network.columns(params, X.T))


def _rows(layers: list[LayerValues]) -> list[LayerValues]:
    return [LayerValues(z.T, a.T) for z, a in layers]
