"""What an exported NumPy file does with its numbers: this source is copied into it, so it imports NumPy alone.

A layer is (w [D, H], b [H], function); a network is a list of layers, and a model has one or more networks.
"""

import base64
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def array_of_text(text: str, dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return the array whose bytes, the lowest first, ``text`` has in base 64."""
    return np.frombuffer(base64.b64decode(text), np.dtype(dtype).newbyteorder("<")).reshape(shape).astype(dtype)


def network_outputs(networks: Sequence[Sequence[tuple[np.ndarray, np.ndarray, Callable]]], X: Any) -> np.ndarray:
    """Return what the networks make of X [N, D], [N, K], the mean over them.

    Raises ValueError for another shape, NaN or infinity.
    """
    inputs, dtype = networks[0][0][0].shape[0], networks[0][0][0].dtype
    X = np.asarray(X, dtype)
    if X.ndim != 2 or X.shape[1] != inputs or not np.isfinite(X).all():
        raise ValueError(f"X: expected finite numbers of shape (N, {inputs}), got shape {X.shape}: {X}")
    each = []
    for layers in networks:
        a = X
        for w, b, function in layers:
            with np.errstate(all="ignore"):  # what is too large becomes infinite
                a = function(a @ w + b)
        each.append(a)
    return np.asarray(np.mean(each, axis=0), dtype)


def class_probabilities(outputs: np.ndarray, classes: Sequence | None) -> np.ndarray:
    """Return the probability of each class [N, K] from the outputs, of which there is one where there are two classes;
    without classes, that of each label."""
    return np.hstack([1 - outputs, outputs]) if classes and outputs.shape[1] == 1 else outputs


def class_labels(outputs: np.ndarray, classes: Sequence | None) -> np.ndarray:
    """Return the most likely class of each row [N]; without classes, 0 or 1 for each label [N, K]."""
    if not classes:
        return (outputs > 0.5).astype(int)
    index = (outputs[:, 0] > 0.5).astype(int) if outputs.shape[1] == 1 else outputs.argmax(axis=1)
    return np.array(classes)[index]
