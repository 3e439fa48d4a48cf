"""What a fitted network says of new rows: predictions, logits and hidden activations, in NumPy."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np
from scipy.sparse import spmatrix

from jaxnet.estimators.network_estimator import precision
from jaxnet.network import MLP, LayerValues
from jaxnet.training.batches import FEWEST_ROWS, padded_size
from jaxnet.types import Array, Params

BLOCK_ROWS = 8192  # rows that are looked at together: enough to cost little each, and their layers fit into memory


def last_layer(network: MLP, params: Params, X: np.ndarray | spmatrix) -> tuple[np.ndarray, np.ndarray]:
    """Compute logits [N, K] and predictions [N, K], in the wider dtype of X and params; X [N, D] may be sparse."""
    values: tuple[np.ndarray, np.ndarray] = _by_blocks(_last, network, params, X)
    return values


def all_layers(network: MLP, params: Params, X: np.ndarray | spmatrix) -> list[tuple[np.ndarray, np.ndarray]]:
    """Compute weighted sums [N, H] and activations [N, H] of every layer; X [N, D] may be sparse."""
    values: list[tuple[np.ndarray, np.ndarray]] = _by_blocks(_all, network, params, X)
    return values


def _by_blocks(compiled: Callable[..., Any], network: MLP, params: Params, X: np.ndarray | spmatrix) -> Any:
    dtype = np.result_type(X.dtype, params[0]["w"].dtype)
    params = [{name: leaf.astype(dtype, copy=False) for name, leaf in layer.items()} for layer in params]
    parts = []
    with precision(dtype):
        for start in range(0, X.shape[0], BLOCK_ROWS):
            block = X[start : start + BLOCK_ROWS]
            block = block if isinstance(block, np.ndarray) else block.toarray()  # a block at a time, never all of X
            # written into zeros, for a small prediction would notice the detour over ``pad_full_batch``
            padded = np.zeros((padded_size(len(block), FEWEST_ROWS), block.shape[1]), dtype)
            padded[: len(block)] = block
            values = compiled(network, params, padded)
            parts.append(jax.tree.map(partial(_own_rows, len(block)), values))
    return parts[0] if len(parts) == 1 else jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)


def _own_rows(rows: int, leaf: Array) -> np.ndarray:
    """Cut the padding off, and copy, because what JAX lends cannot be written to."""
    return np.asarray(leaf)[:rows].copy()


@jax.jit(static_argnums=0)
def _last(network: MLP, params: Params, X: Array) -> LayerValues:
    return _as_rows(network.columns(params, X.T)[-1])


@jax.jit(static_argnums=0)
def _all(network: MLP, params: Params, X: Array) -> list[LayerValues]:
    return [_as_rows(layer) for layer in network.columns(params, X.T)]


def _as_rows(layer: LayerValues) -> LayerValues:
    return LayerValues(layer.z.T, layer.a.T)
