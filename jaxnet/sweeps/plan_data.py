"""The examples that a sweep looks at: arrays as they are given, or a table's rows as its preparation makes them."""

from typing import Any

import jax
import numpy as np

from jaxnet import checks
from jaxnet.data import Preparation, StoredArray, balanced_weights
from jaxnet.sweeps.configuration import are_labels
from jaxnet.sweeps.folds import FoldPart, Folds
from jaxnet.sweeps.varied_rows import VariedRows
from jaxnet.training.preparation import unpack
from jaxnet.training.streamed import stored_data
from jaxnet.types import Batch

_DTYPES = ("float32", "float64")


def plan_examples(
    data: Any, validation: Any, *, preparation: Preparation | None, class_weights: str | None
) -> tuple[Batch, Batch | None]:
    """Return the examples to train on and those to validate by, or None, each with a weight where classes weigh alike.

    Raises ValueError, TypeError or DataError for what is no data, or not that of the preparation.
    """
    if preparation is not None:
        fits = isinstance(preparation, Preparation) and preparation.target_code is not None
        checks.require(fits, "preparation", "what jn.data.prepare returns for a target", preparation, TypeError)
        data, validation = (table_examples(preparation, each) for each in (data, validation))
    batch = arrays_of(stored_data(data, "data"), "data", stored=True)
    held_out = None if validation is None else arrays_like(batch, stored_data(validation, "validation"), "validation")
    if preparation is not None:
        features = f"the preparation's {preparation.inputs} features, or a table"
        checks.require(batch.x.shape[1:] == (preparation.inputs,), "data", features, batch.x)
    if class_weights is None:
        return batch, held_out
    checks.choice("class_weights", class_weights, ("balanced",))
    labels = np.asarray(batch.y)
    checks.require(are_labels(labels), "class_weights", "None, for targets that are no labels", class_weights)
    # both by the classes of the training part: what is chosen is what training lowers
    return _weighed(batch, labels), None if held_out is None else _weighed(held_out, labels)


def table_examples(preparation: Preparation | None, data: Any) -> Any:
    """Return the rows of a table that have a target as a ``Dataset``; whatever is prepared already as it is."""
    if preparation is None or data is None or isinstance(data, tuple) or (hasattr(data, "x") and hasattr(data, "y")):
        return data
    return preparation.dataset(data)


def arrays_of(data: Any, argument: str, *, stored: bool = False) -> Batch:
    """Return (X [N, D], y [N] or [N, K]), (X, y, weight [N]) or an object with x and y as NumPy arrays; with ``stored``
    an X on disk stays there.

    Raises TypeError for anything else; ValueError for other shapes and for numbers that are not finite.
    """
    given = [part for part in unpack(data, argument) if part is not None]
    held = given if not stored or not isinstance(given[0], StoredArray) else given[1:]
    parts: list[Any] = given[: len(given) - len(held)]
    parts += [np.asarray(checks.real_array(f"{argument}[{i}]", part)) for i, part in enumerate(held, len(parts))]
    x, y, *_ = parts
    checks.require(x.ndim >= 2 and len(x) > 0, argument, "examples of shape (N, D)", x)
    checks.require(y.ndim in (1, 2) and len(y) == len(x), argument, f"one target for each of {len(x)} examples", y)
    for part in parts[len(given) - len(held) :]:  # what stays on disk is looked at with its objective
        checks.finite(argument, part)
    return Batch(*parts)


def arrays_like(data: Batch, other: Any, argument: str) -> Batch:
    """Return further examples as NumPy arrays; raises ValueError for those of another shape than the data's."""
    batch = arrays_of(other, argument, stored=isinstance(data.x, StoredArray))
    expected = f"examples of shape (N, {', '.join(map(str, data.x.shape[1:]))}), as in data"
    checks.require(batch.x.shape[1:] == data.x.shape[1:], argument, expected, batch.x)
    return batch


def _dealt(
    batch: Batch, folds: Folds | None, root: int, held_out: Batch | None
) -> tuple[tuple[FoldPart, ...] | None, int]:
    """Return the rows of every fold, None without folds, and how many examples one run trains on at most."""
    expected = "no validation data with fold=jn.Folds(...), which holds out a part of the data"
    checks.require(held_out is None or folds is None, "validation", expected, checks.Words("both"))
    if folds is None:
        return None, len(batch.y)
    dealt = folds.deal(np.asarray(batch.y), root)
    return dealt, max(len(fold.train) for fold in dealt)


def check_dtype(dtype: str) -> np.dtype:
    """Return the dtype of a name; raises ValueError for float64 that JAX has not enabled."""
    found = np.dtype(checks.choice("dtype", dtype, _DTYPES))
    enabled = found.itemsize < 8 or jax.config.values["jax_enable_x64"]
    checks.require(enabled, "dtype", 'float32, or first jax.config.update("jax_enable_x64", True)', dtype)
    return found


def plan_rows(
    given: tuple[Any, Any], table: tuple[Preparation | None, str | None], folds: Folds | None, root: int
) -> tuple[Batch, Batch | None, tuple[FoldPart, ...] | None, int]:
    """Return the examples to train on, those to validate by, the rows of every fold, and how many examples one run
    trains on at most; ``table`` are the preparation and the class weights. Raises what ``plan_examples`` does."""
    batch, held_out = plan_examples(*given, preparation=table[0], class_weights=table[1])
    return batch, held_out, *_dealt(batch, folds, root, held_out)


def varied_rows(
    batch: Batch, own: tuple[Any, Any], folds: tuple[FoldPart, ...] | None, **how: Any
) -> tuple[Batch, VariedRows | None]:
    """Return the examples, with a weight each where configurations weigh them, and what these make of the rows.

    ``own`` are weight= and targets=, or None. Raises TypeError for what is no function, ValueError for data on disk.
    """
    varied = VariedRows(own, batch, folds, **how)
    if not varied.some:
        return batch, None
    held = not isinstance(batch.x, StoredArray)
    name = next(iter(varied.own), "rows and label_noise")
    checks.require(held, name, "data in memory, np.asarray(X)", checks.Words("data on disk"))
    ones: Any = np.ones(len(batch.x), how["dtype"])
    return batch._replace(weight=ones) if varied.weighs and batch.weight is None else batch, varied


def _weighed(batch: Batch, by: np.ndarray) -> Batch:
    weight: Any = balanced_weights(batch.y, by=by)
    return batch._replace(weight=weight if batch.weight is None else weight * batch.weight)
