"""The examples that early stopping looks at: a share of the data, split off as scikit-learn does, or the user's own."""

from typing import Any

import jax
import numpy as np
from scipy.sparse import issparse
from sklearn.base import is_classifier
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import validate_data

from jaxnet.estimators.problem import Held
from jaxnet.types import Batch


def hold_out(
    mlp: Any, data: tuple, validation: tuple, *, random: np.random.RandomState, dtype: np.dtype
) -> tuple[Batch, Held | None]:
    """Return the examples to train on and those held out, given X, targets [N, K] and weights or None."""
    if validation[0] is not None:
        X, y = validation
        X = validate_data(mlp, X, accept_sparse=["csr", "csc"], dtype=(np.float64, np.float32), reset=False)
        X = X.toarray() if issparse(X) else X
        return _batch(data, dtype), _held(mlp, (X, mlp._held_targets(y, len(X)), None), dtype)
    if not mlp.early_stopping or mlp.solver == "lbfgs":
        return _batch(data, dtype), None
    train, held = _split(mlp, data, random)
    return _batch(train, dtype), _held(mlp, held, dtype)


def _split(mlp: Any, data: tuple, random: np.random.RandomState) -> tuple[tuple, tuple]:
    X, targets, weight = data
    stratify = targets if is_classifier(mlp) and mlp.n_outputs_ == 1 else None
    arrays = [X, targets] if weight is None else [X, targets, weight]
    parts = train_test_split(*arrays, random_state=random, test_size=mlp.validation_fraction, stratify=stratify)
    train, held = [*parts[0::2], None][:3], [*parts[1::2], None][:3]
    if len(held[0]) < 2:
        raise ValueError("The validation set is too small. Increase 'validation_fraction' or the size of your dataset.")
    return tuple(train), tuple(held)


def _held(mlp: Any, held: tuple, dtype: np.dtype) -> Held:
    X, targets, weight = held
    return Held(_batch(held, dtype), X, mlp._labels(targets), weight)


def _batch(data: tuple, dtype: np.dtype) -> Batch:
    weight: Any = np.ones(len(data[0])) if data[2] is None else data[2]
    return jax.tree.map(lambda array: np.asarray(array, dtype), Batch(data[0], data[1], weight))
