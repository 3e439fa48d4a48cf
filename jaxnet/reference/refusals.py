"""Bad input is refused before any arithmetic, by ValueErrors that name the argument; good input comes back as float64.

Nothing is taken from ``jaxnet.checks``: the reference shares no line with what is held against it.
"""

import itertools
from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn

import numpy as np

from jaxnet.reference.losses import CANONICAL, LOSSES, OUTPUTS
from jaxnet.reference.operations import ACTIVATIONS, Array, Params


class ReferenceInput(NamedTuple):
    """All that a pass through a network needs besides its parameters."""

    activations: tuple[str, ...]  # one a hidden layer
    output: str
    loss: str
    l2: Any
    X: Array  # examples [N, D]
    T: Array  # targets [N, K], labels as one-hot rows
    weight: Array | None  # [N], how much each example counts; None is once each
    factors: tuple[Any, ...] | None = None  # what each layer's weights are multiplied by; None is 1

    def rows(self, index: np.ndarray) -> "ReferenceInput":
        """Return the problem of some of its examples, those at positions ``index`` [B]: a mini-batch."""
        weight = None if self.weight is None else self.weight[index]
        return self._replace(X=self.X[index], T=self.T[index], weight=weight)


def check_problem(net: Any, X: Any, y: Any, *, loss: str | None, l2: float, weight: Any = None) -> ReferenceInput:
    """Return everything but the parameters: X [N, D] and y as targets [N, K] in float64, names, and numbers.

    ``net`` is anything with ``sizes``, ``activations`` and ``output``. Raises ValueError, naming the argument.
    """
    check_network(net)
    name = CANONICAL[net.output] if loss is None else _known("loss", loss, LOSSES)
    fitting = LOSSES[name].outputs
    if fitting and net.output not in fitting:
        got = f"{name!r}, which fits output={' or '.join(map(repr, fitting))}"
        _refuse("loss", f"a loss for {net.output!r} outputs such as {CANONICAL[net.output]}", got)
    _require(_is_number(l2) and 0 <= l2 < np.inf, "l2", "a finite number of at least 0", repr(l2))
    X = check_examples(net, X)
    T = _targets(LOSSES[name].target, y, len(X), net)
    return ReferenceInput(
        tuple(net.activations), net.output, name, float(l2), X, T, _weight(weight, len(X)), factors_of(net)
    )


def check_network(net: Any) -> None:
    """Refuse what has no derivation here, by a ValueError: callables in place of names, dropout, which is random."""
    for name in net.activations:
        _known("activation", name, ACTIVATIONS)
    _known("output", net.output, OUTPUTS)
    rate = getattr(net, "dropout", 0)
    _require(rate == 0, "dropout", "0, because the reference draws no random numbers", f"{rate!r}")


def factors_of(net: Any) -> tuple[float, ...] | None:
    """Return what a network multiplies each layer's weights by; None where that is 1, or it says nothing of it."""
    factors = getattr(net, "factors", ())
    return tuple(factors) if any(factor != 1 for factor in factors) else None


def check_params(net: Any, params: Any) -> Params:
    """Return the parameters as float64 arrays: [{"w": [D, H], "b": [H]}, ...], one dict a layer of ``net.sizes``.

    Raises ValueError, naming the leaf, for another structure or shape and for NaN.
    """
    count = len(net.sizes) - 1
    whole = isinstance(params, list | tuple) and len(params) == count
    whole = whole and all(isinstance(layer, dict) and layer.keys() == {"w", "b"} for layer in params)
    expected = f"a list of {count} dicts of 'w' and 'b', one a layer of sizes {net.sizes}"
    _require(whole, "params", expected, _describe(params))
    checked = []
    for depth, (layer, shape) in enumerate(zip(params, itertools.pairwise(net.sizes), strict=True)):
        shapes = {"w": shape, "b": shape[1:]}
        checked.append({name: _array(f"params[{depth}][{name!r}]", layer[name], shapes[name]) for name in shapes})
    return checked


def check_examples(net: Any, X: Any) -> Array:
    """Return the examples [N, D] as float64, at least one; raises ValueError for anything else."""
    X = _array("X", X, (None, net.sizes[0]))
    _require(len(X) > 0, "X", "at least one example", "none")
    return X


def positive(argument: str, value: Any) -> float:
    """Return a finite number above 0; raises ValueError for anything else."""
    _require(_is_number(value) and 0 < value < np.inf, argument, "a finite number above 0", repr(value))
    return float(value)


def fraction(argument: str, value: Any) -> float:
    """Return a number from 0 to below 1; raises ValueError for anything else."""
    _require(_is_number(value) and 0 <= value < 1, argument, "a number from 0 to below 1", repr(value))
    return float(value)


def _targets(kind: str, y: Any, count: int, net: Any) -> Array:
    outputs = net.sizes[-1]
    y = _numbers("y", y)
    classes = kind == "distribution" or ((net.output != "identity" or kind == "probability") and outputs > 1)
    if classes and y.ndim == 1 and y.dtype.kind in "iub":
        _array("y", y, (count,))
        given = f"labels from {y.min()} to {y.max()}"
        _require(y.min() >= 0 and y.max() < outputs, "y", f"labels from 0 to {outputs - 1}, one an output", given)
        return one_hot(y, outputs)
    column = y.ndim == 1 and outputs == 1 and kind != "distribution"
    T = _array("y", y[:, None] if column else y, (count, outputs))
    low, high = {"real": (-np.inf, np.inf), "count": (0, np.inf)}.get(kind, (0, 1))
    inside = T.min() >= low and T.max() <= high
    _require(inside, "y", f"numbers from {low} to {high}", f"numbers from {T.min():g} to {T.max():g}")
    if kind == "distribution":
        _check_rows(T, y.dtype)
    return T


def one_hot(labels: Array, outputs: int) -> Array:
    """Return labels [N] from 0 to K - 1 as float64 rows [N, K], 1 in the label's column and else 0."""
    return np.eye(outputs)[labels.astype(int)]


def _check_rows(T: Array, dtype: np.dtype) -> None:
    # K rounded terms, in the dtype in which they were given: a row of float32 need not sum to 1 in float64
    unit = np.finfo(dtype).eps if dtype.kind == "f" else 0
    off = np.abs(T.sum(axis=1) - 1).max()
    _require(off <= T.shape[1] * unit, "y", "rows of probabilities that sum to 1", f"a row that is off by {off:g}")


def _weight(weight: Any, count: int) -> Array | None:
    if weight is None:
        return None
    weight = _array("weight", weight, (count,))
    given = f"a smallest of {weight.min():g} and a sum of {weight.sum():g}"
    _require(weight.min() >= 0 and weight.sum() > 0, "weight", "numbers of at least 0, not all 0", given)
    return weight


def _array(argument: str, value: Any, shape: tuple[int | None, ...]) -> Array:
    array = _numbers(argument, value)
    fits = array.ndim == len(shape) and all(n in (None, m) for n, m in zip(shape, array.shape, strict=True))
    _require(fits, argument, f"an array of shape {str(shape).replace('None', 'N')}", f"shape {array.shape}")
    array = array.astype(float)
    _require(np.isfinite(array).all(), argument, "finite numbers", f"{(~np.isfinite(array)).sum()} that are not")
    return array


def _numbers(argument: str, value: Any) -> Array:
    try:
        array = np.asarray(value)
    except ValueError:
        _refuse(argument, "an array", "rows of different lengths")
    _require(array.dtype.kind in "fiub", argument, "real numbers", f"dtype {array.dtype}")
    return array


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def _known(argument: str, name: Any, table: Mapping[str, Any]) -> str:
    if not (isinstance(name, str) and name in table):
        _refuse(argument, f"one of {', '.join(table)} (only these have a derivation here)", repr(name))
    return name


def _describe(value: Any) -> str:
    return f"{type(value).__name__} of length {len(value)}" if hasattr(value, "__len__") else repr(value)


def _require(condition: Any, argument: str, expected: str, got: str) -> None:
    if not condition:
        _refuse(argument, expected, got)


def _refuse(argument: str, expected: str, got: str) -> NoReturn:
    raise ValueError(f"{argument}: expected {expected}, got {got}")
