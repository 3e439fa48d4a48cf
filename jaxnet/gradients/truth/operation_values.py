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
_OF_FLOATS = {"div", "pow", "and", "or"}  # as NumPy computes them; of integers and bits they are something else
# multiplications: for more, NumPy wakes threads, which wait by spinning and cost most of a loaded machine
_ALONE = 2**18
_REDUCTIONS: dict[str, Callable[..., Any]] = {"reduce_sum": np.sum, "reduce_max": np.max, "reduce_min": np.min}


def value_of(eqn: core.JaxprEqn, values: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Compute the results of an operation."""
    rule = _RULES.get(eqn.primitive.name)
    found = rule(eqn, values) if rule is not None else None
    if found is not None:
        return found if isinstance(found, list) else [np.asarray(found)]
    with float64():  # whatever the surrounding program has set
        return [np.asarray(result) for result in tracing.apply(eqn, [jax.numpy.asarray(v) for v in values])]


_Rule = Callable[[core.JaxprEqn, Sequence[np.ndarray]], Any]  # the result, a list of several, or None: left to JAX


def _unary(eqn: core.JaxprEqn, values: Sequence[np.ndarray]) -> Any:
    return UNARY[eqn.primitive.name][0](values[0], eqn.params) if values[0].dtype.kind in "fb" else None


def _binary(eqn: core.JaxprEqn, values: Sequence[np.ndarray]) -> Any:
    one, other = values
    floats = one.dtype.kind in "fb" and other.dtype.kind in "fb"
    return BINARY[eqn.primitive.name](one, other) if floats or eqn.primitive.name not in _OF_FLOATS else None


def _reduced(eqn: core.JaxprEqn, values: Sequence[np.ndarray]) -> Any:
    reduction = _REDUCTIONS[eqn.primitive.name]
    return reduction(values[0], axis=tuple(eqn.params["axes"])) if values[0].size else None


def _product(eqn: core.JaxprEqn, values: Sequence[np.ndarray]) -> Any:
    (summed, batch), (one, other) = eqn.params["dimension_numbers"], values
    length = max(int(np.prod([one.shape[axis] for axis in summed[0]])), 1)
    few = not any(batch) and one.size * other.size // length <= _ALONE
    return np.tensordot(one, other, summed) if few else None


def _part(eqn: core.JaxprEqn, values: Sequence[np.ndarray]) -> np.ndarray:
    params, (x,) = eqn.params, values
    steps = params["strides"] or (1,) * x.ndim
    ends = zip(params["start_indices"], params["limit_indices"], steps, strict=True)
    return x[tuple(slice(*each) for each in ends)]


def _padded(eqn: core.JaxprEqn, values: Sequence[np.ndarray]) -> np.ndarray | None:
    widths = eqn.params["padding_config"]
    plain = all(low >= 0 <= high and not inner for low, high, inner in widths)
    return np.pad(values[0], [each[:2] for each in widths], constant_values=values[1]) if plain else None


def _counted(eqn: core.JaxprEqn, values: Sequence[np.ndarray]) -> np.ndarray:
    shape, along = eqn.params["shape"], eqn.params["dimension"]
    lines = np.arange(shape[along], dtype=eqn.params["dtype"])
    return np.broadcast_to(lines.reshape([1 if i != along else -1 for i in range(len(shape))]), shape)


# a shape that is only known when it runs comes as a further operand, which NumPy has no use for
_alone = lambda of: lambda e, v: of(e, v[0]) if len(v) == 1 else None
_reshaped = _alone(lambda e, x: x.reshape(tracing.shape(e.outvars[0])))
_RULES: dict[str, _Rule] = {
    **dict.fromkeys(UNARY, _unary),
    **dict.fromkeys(BINARY, _binary),
    **dict.fromkeys(UNCHANGED - {"reduce_precision"}, _alone(lambda e, x: x.astype(tracing.dtype(e.outvars[0])))),
    **dict.fromkeys(("reshape", "squeeze", "expand_dims"), _reshaped),
    **dict.fromkeys(_REDUCTIONS, _reduced),
    "transpose": lambda e, v: v[0].transpose(e.params["permutation"]),
    "broadcast_in_dim": _alone(lambda e, x: np.broadcast_to(spread(e, x), e.params["shape"])),
    "select_n": lambda e, v: np.where(v[0], v[2], v[1]) if len(v) == 3 else None,
    "dot_general": _product,
    "concatenate": lambda e, v: np.concatenate(v, e.params["dimension"]),
    "slice": _part,
    "split": lambda e, v: np.split(v[0], np.cumsum(e.params["sizes"])[:-1], e.params["axis"]),
    "pad": _padded,
    "iota": _counted,
}


def spread(eqn: core.JaxprEqn, x: np.ndarray) -> np.ndarray:
    """Put the axes of an operand where a broadcast has them, the others being of length 1."""
    into, shape = eqn.params["broadcast_dimensions"], eqn.params["shape"]
    return x.reshape([x.shape[into.index(i)] if i in into else 1 for i in range(len(shape))])
