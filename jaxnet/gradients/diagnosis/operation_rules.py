"""What comes back through each operand of every operation of a traced function, in NumPy.

What comes back is computed for many backward passes at once: cotangents have an axis of passes [M, ...] in front. An
operation without a row here is left to JAX, which is slower and just as right.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jax.extend import core

from jaxnet.gradients.point import float64
from jaxnet.gradients.truth import tracing
from jaxnet.gradients.truth.operation_values import BINARY, UNARY, UNCHANGED, value_of

# what only puts numbers elsewhere, or writes them down otherwise
MOVES = {"broadcast_in_dim", "reshape", "squeeze", "transpose", "convert_element_type", "copy", "expand_dims", "slice"}
ELEMENTWISE = {*UNARY, *UNCHANGED, *BINARY, "select_n", "clamp", "is_finite", "not"}
INDEXED = {"gather", "dynamic_slice", "slice", "pad", "rev"}  # every entry of the result is one of the operand, or none


def slope_of(eqn: core.JaxprEqn, k: int, values: Sequence[np.ndarray], out: np.ndarray) -> np.ndarray | None:
    """The derivative of an elementwise operation by its operand k, entry by entry; None for any other operation."""
    name = eqn.primitive.name
    if name in UNARY:
        return UNARY[name][1](values[0], out, eqn.params)
    if name in UNCHANGED:
        return np.full(out.shape, 0.0 if name == "stop_gradient" else 1.0)
    if name in ("add", "add_any", "sub"):
        return np.full(out.shape, -1.0 if name == "sub" and k else 1.0)
    if name == "mul":
        return np.broadcast_to(values[1 - k], out.shape)
    if name == "div":
        return np.broadcast_to(-values[0] / values[1] ** 2 if k else 1 / values[1], out.shape)
    if name == "pow":
        x, y = values[0], values[1].astype(float)
        return np.broadcast_to(out * np.log(np.where(x > 0, x, 1)) if k else y * np.power(x, y - 1), out.shape)
    if name in ("max", "min"):
        mine, other = values[k], values[1 - k]
        larger = mine > other if name == "max" else mine < other
        # where both are equal the slope is that of the side where a number would be chosen: relu'(0) = 0
        tied = float(k == (name == "max")) if not isinstance(eqn.invars[1 - k], core.Literal) else float(name == "min")
        return np.broadcast_to(np.where(mine == other, tied, larger), out.shape)
    if name == "select_n" and k:
        return np.broadcast_to(np.asarray(values[0]) == (k - 1), out.shape).astype(float)
    if name == "clamp":
        low, x, high = values
        inside = (x > low) & (x < high)
        return np.broadcast_to({0: x < low, 1: inside, 2: x > high}[k], out.shape).astype(float)
    return None


def back_through(
    eqn: core.JaxprEqn, k: int, values: Sequence[np.ndarray], *, out: np.ndarray, ct: np.ndarray
) -> np.ndarray:
    """What comes back through operand k [M, ...] of an operation with one result, when ``ct`` [M, ...] comes back."""
    shape, passes, name, params = values[k].shape, len(ct), eqn.primitive.name, eqn.params
    slope = slope_of(eqn, k, values, out)
    if slope is not None:
        return _summed(ct * slope, shape)
    if name in ("reshape", "squeeze", "expand_dims"):
        return ct.reshape(passes, *shape)
    if name == "transpose":
        return ct.transpose(0, *(1 + np.argsort(params["permutation"])))
    if name == "broadcast_in_dim":
        return _unspread(eqn, ct, shape)
    if name in ("reduce_sum", "reduce_max", "reduce_min"):
        axes = tuple(params["axes"])
        wide = np.expand_dims(ct, tuple(1 + a for a in axes))
        if name == "reduce_sum":
            return np.broadcast_to(wide, (passes, *shape))
        hit = (values[k] == np.expand_dims(out, axes)).astype(float)
        return wide * hit / hit.sum(axes, keepdims=True)
    if name == "dot_general" and not any(params["dimension_numbers"][1]):
        return _product_back(params["dimension_numbers"][0], k, values, ct)
    if name == "concatenate":
        before = sum(v.shape[params["dimension"]] for v in values[:k])
        where = [slice(None)] * (1 + len(shape))
        where[1 + params["dimension"]] = slice(before, before + shape[params["dimension"]])
        return ct[tuple(where)]
    if name == "cumsum":
        axis = 1 + params["axis"]
        turned = ct if params["reverse"] else np.flip(ct, axis)
        summed = np.cumsum(turned, axis)
        return summed if params["reverse"] else np.flip(summed, axis)
    if name in INDEXED and k == 0:
        flat = np.zeros((passes, int(np.prod(shape)) + 1))
        places = source_indices(eqn, values).ravel()
        np.add.at(flat.T, places, ct.reshape(passes, -1).T)
        return flat[:, :-1].reshape(passes, *shape)
    return left_to_jax(eqn, k, values, [ct])


def _summed(ct: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sum over the entries that an entry of the operand was used for."""
    if ct.shape[1:] == shape:
        return ct
    if ct.ndim == 1 + len(shape):
        return ct.sum(axis=tuple(1 + i for i, n in enumerate(shape) if n == 1), keepdims=True)
    return ct.reshape(len(ct), -1).sum(1).reshape(len(ct), *shape)


def _unspread(eqn: core.JaxprEqn, ct: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    into = eqn.params["broadcast_dimensions"]
    new = tuple(1 + i for i in range(ct.ndim - 1) if i not in into)
    summed = ct.sum(axis=new)
    stretched = tuple(1 + i for i, length in enumerate(shape) if length == 1 != summed.shape[1 + i])
    return summed.sum(axis=stretched, keepdims=True)


def _product_back(axes: Any, k: int, values: Sequence[np.ndarray], ct: np.ndarray) -> np.ndarray:
    mine, other = (list(axes[k]), list(axes[1 - k]))
    ranks = [v.ndim for v in values]
    free = [[a for a in range(ranks[i]) if a not in axes[i]] for i in (0, 1)]
    of_other = list(range(1 + len(free[0]), ct.ndim)) if k == 0 else list(range(1, 1 + len(free[0])))
    result = np.tensordot(ct, values[1 - k], (of_other, free[1 - k]))  # [M, free axes of mine, contracted of other]
    order = [*free[k], *(mine[other.index(a)] for a in sorted(other))]
    return result.transpose(0, *(1 + np.argsort(order)))


def source_indices(eqn: core.JaxprEqn, values: Sequence[np.ndarray]) -> np.ndarray:
    """For every entry of the result the flat index of the entry of the first operand that it is; the size for none."""
    size = values[0].size
    numbers = np.arange(size, dtype=float).reshape(values[0].shape)
    rest = [np.asarray(-1.0) if v.dtype.kind == "f" else v for v in values[1:]]  # a pad's filling is nobody's entry
    found = value_of(eqn, [numbers, *rest])[0]
    return np.where(np.isfinite(found) & (found >= 0), found, size).astype(int)


def chosen_among(eqn: core.JaxprEqn, shape: tuple[int, ...]) -> np.ndarray | None:
    """The flat indices of the entries [*results, C] that every result of a maximum or minimum is chosen among.

    The size of the operand stands for none, beyond its border. None for any other operation.
    """
    name, params, size = eqn.primitive.name, eqn.params, int(np.prod(shape))
    numbers = np.arange(size).reshape(shape)
    if name in ("reduce_max", "reduce_min"):
        axes, ends = tuple(params["axes"]), tuple(range(-len(params["axes"]), 0))
        moved = np.moveaxis(numbers, axes, ends)
        return moved.reshape(*moved.shape[: len(shape) - len(axes)], -1)
    if name not in ("reduce_window_max", "reduce_window_min") or set(params["base_dilation"]) != {1}:
        return None
    apart = params["window_dilation"]
    spread = [(n - 1) * step + 1 for n, step in zip(params["window_dimensions"], apart, strict=True)]
    padded = np.pad(numbers, params["padding"], constant_values=size)
    windows = np.lib.stride_tricks.sliding_window_view(padded, spread)
    steps = (slice(None, None, step) for step in (*params["window_strides"], *apart))
    return windows[tuple(steps)].reshape(*tracing.shape(eqn.outvars[0]), -1)


def to_chosen(among: np.ndarray, shares: np.ndarray, ct: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Give what comes back to maxima, [M, *results], to the entries [M, *shape] by ``shares`` [*results, C]."""
    flat = np.zeros((len(ct), int(np.prod(shape)) + 1))
    np.add.at(flat.T, among.ravel(), (ct[..., None] * shares).reshape(len(ct), -1).T)
    return flat[:, :-1].reshape(len(ct), *shape)


def left_to_jax(
    eqn: core.JaxprEqn, k: int, values: Sequence[np.ndarray], cts: Sequence[np.ndarray | None]
) -> np.ndarray:
    """The same for any operation, and for one with several results, by JAX's own rule."""
    passes = max(len(ct) for ct in cts if ct is not None)
    results = [
        np.zeros((passes, *tracing.shape(v))) if ct is None else ct for v, ct in zip(eqn.outvars, cts, strict=True)
    ]
    if eqn.primitive.name == "split":
        return np.concatenate(results, 1 + eqn.params["axis"])
    back = _compiled(_Key(eqn), k, tuple((v.shape, str(v.dtype)) for v in values))
    with float64():  # whatever the surrounding program has set
        return np.asarray(back(list(values), results))


class _Key:
    """An operation as a key: two that do the same to the same shapes are equal."""

    def __init__(self, eqn: core.JaxprEqn) -> None:
        self.eqn = eqn
        self.words = f"{eqn.primitive} {eqn.params} {[v.aval for v in (*eqn.invars, *eqn.outvars)]}"

    def __hash__(self) -> int:
        return hash(self.words)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.words == self.words


@functools.lru_cache(maxsize=256)
def _compiled(key: _Key, k: int, shapes: Any) -> Callable[..., Any]:
    eqn = key.eqn

    def back(values: list[Any], cts: list[Any]) -> Any:
        one = lambda x: [out for out in tracing.apply(eqn, [*values[:k], x, *values[k + 1 :]]) if tracing.floating(out)]
        floating = [ct for ct, v in zip(cts, eqn.outvars, strict=True) if tracing.floating(v)]
        _, pull = jax.vjp(one, values[k])
        return jax.vmap(lambda *each: pull(list(each))[0])(*floating)

    return jax.jit(back)
