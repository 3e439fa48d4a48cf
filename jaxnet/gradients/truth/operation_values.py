"""Every operation of a traced function in NumPy: its value, as JAX computes it.

An operation without a row here is left to JAX, which compiles it by itself: slower, and just as right.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jax.extend import core

from jaxnet.gradients.point import float64
from jaxnet.gradients.truth import tracing

_sigmoid = lambda x: np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))

# name -> its value at x, and its slope there, y being the value
UNARY: dict[str, tuple[Callable[..., np.ndarray], Callable[[np.ndarray, np.ndarray, Any], np.ndarray]]] = {
    "tanh": (lambda x, p: np.tanh(x), lambda x, y, p: 1 - y**2),
    "logistic": (lambda x, p: _sigmoid(x), lambda x, y, p: y * (1 - y)),
    "exp": (lambda x, p: np.exp(x), lambda x, y, p: y),
    "exp2": (lambda x, p: np.exp2(x), lambda x, y, p: np.log(2) * y),
    "expm1": (lambda x, p: np.expm1(x), lambda x, y, p: y + 1),
    "log": (lambda x, p: np.log(x), lambda x, y, p: 1 / x),
    "log1p": (lambda x, p: np.log1p(x), lambda x, y, p: 1 / (1 + x)),
    "sqrt": (lambda x, p: np.sqrt(x), lambda x, y, p: 0.5 / y),
    "rsqrt": (lambda x, p: 1 / np.sqrt(x), lambda x, y, p: -0.5 * y / x),
    "neg": (lambda x, p: -x, lambda x, y, p: -np.ones_like(x)),
    "abs": (lambda x, p: np.abs(x), lambda x, y, p: np.sign(x)),
    "sin": (lambda x, p: np.sin(x), lambda x, y, p: np.cos(x)),
    "cos": (lambda x, p: np.cos(x), lambda x, y, p: -np.sin(x)),
    "square": (lambda x, p: np.square(x), lambda x, y, p: 2 * x),
    "integer_pow": (lambda x, p: x ** float(p["y"]), lambda x, y, p: p["y"] * x ** float(p["y"] - 1)),
    "sign": (lambda x, p: np.sign(x), lambda x, y, p: 0 * x),
}
UNCHANGED = {"copy", "copy_p", "convert_element_type", "stop_gradient", "reduce_precision", "optimization_barrier"}
BINARY: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "add": np.add, "add_any": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "max": np.maximum,
    "min": np.minimum, "pow": np.power, "gt": np.greater, "ge": np.greater_equal, "lt": np.less, "le": np.less_equal,
    "eq": np.equal, "ne": np.not_equal, "and": np.logical_and, "or": np.logical_or,
}  # fmt: skip
# multiplications: for more, NumPy wakes threads, which wait by spinning and cost most of a loaded machine
_ALONE = 2**18
_REDUCTIONS: dict[str, Callable[..., Any]] = {"reduce_sum": np.sum, "reduce_max": np.max, "reduce_min": np.min}


def value_of(eqn: core.JaxprEqn, values: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Compute the results of an operation."""
    name, params = eqn.primitive.name, eqn.params
    floats = all(v.dtype.kind in "fb" for v in values)
    if name in UNARY and floats:
        return [np.asarray(UNARY[name][0](values[0], params))]
    if name in BINARY and (floats or name not in ("div", "pow", "and", "or")):
        return [np.asarray(BINARY[name](*values))]
    if name in UNCHANGED and len(values) == 1 and name != "reduce_precision":
        return [values[0].astype(tracing.dtype(eqn.outvars[0]))]
    if name in ("reshape", "squeeze", "expand_dims") and len(values) == 1:
        return [values[0].reshape(tracing.shape(eqn.outvars[0]))]
    if name == "transpose":
        return [values[0].transpose(params["permutation"])]
    if name == "broadcast_in_dim" and len(values) == 1:
        return [np.broadcast_to(spread(eqn, values[0]), params["shape"])]
    if name == "select_n" and len(values) == 3:
        return [np.where(values[0], values[2], values[1])]
    if name in ("reduce_sum", "reduce_max", "reduce_min") and values[0].size:
        return [np.asarray(_REDUCTIONS[name](values[0], axis=tuple(params["axes"])))]
    if name == "dot_general" and not any(params["dimension_numbers"][1]) and _multiplied(params, values) <= _ALONE:
        (left, right), _ = params["dimension_numbers"]
        return [np.tensordot(values[0], values[1], (left, right))]
    if name == "concatenate":
        return [np.concatenate(values, params["dimension"])]
    if name == "slice":
        steps = params["strides"] or (1,) * values[0].ndim
        ends = zip(params["start_indices"], params["limit_indices"], steps, strict=True)
        return [values[0][tuple(slice(*each) for each in ends)]]
    if name == "split":
        return np.split(values[0], np.cumsum(params["sizes"])[:-1], params["axis"])
    if name == "pad" and all(low >= 0 <= high and not inner for low, high, inner in params["padding_config"]):
        widths = [(low, high) for low, high, _ in params["padding_config"]]
        return [np.pad(values[0], widths, constant_values=values[1])]
    if name == "iota":
        lines = np.arange(params["shape"][params["dimension"]], dtype=params["dtype"])
        axes = [1 if i != params["dimension"] else -1 for i in range(len(params["shape"]))]
        return [np.broadcast_to(lines.reshape(axes), params["shape"])]
    with float64():  # whatever the surrounding program has set
        return [np.asarray(result) for result in tracing.apply(eqn, [jax.numpy.asarray(v) for v in values])]


def _multiplied(params: Any, values: Sequence[np.ndarray]) -> int:
    summed = int(np.prod([values[0].shape[axis] for axis in params["dimension_numbers"][0][0]]))
    return values[0].size * values[1].size // max(summed, 1)


def spread(eqn: core.JaxprEqn, x: np.ndarray) -> np.ndarray:
    """Put the axes of an operand where a broadcast has them, the others being of length 1."""
    into, shape = eqn.params["broadcast_dimensions"], eqn.params["shape"]
    return x.reshape([x.shape[into.index(i)] if i in into else 1 for i in range(len(shape))])
