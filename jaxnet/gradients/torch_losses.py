"""A loss written with torch, made one that JAX can trace: the functions of JAX under torch's names and arguments.

``torch.relu(x)`` and ``x.relu()`` are looked up here; whatever is not here is taken from jax.numpy by its name. Values
are compared with those of the loss itself before anything is believed.
"""

import ast
import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

_ARGUMENTS = {"dim": "axis", "keepdim": "keepdims", "input": "x", "other": "y"}
_ELSEWHERE = ("dtype", "device", "requires_grad")  # where numbers are kept: JAX decides that
_Of = Callable[..., Any]


class _Extreme(NamedTuple):
    """What ``x.max(dim)`` returns."""

    values: Any
    indices: Any


def _flat(sizes: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(sizes[0]) if len(sizes) == 1 and isinstance(sizes[0], tuple | list) else sizes


def _extreme(functions: tuple[_Of, _Of, _Of], x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    of, of_two, place = functions
    if axis is None or not isinstance(axis, int):
        return of(x) if axis is None else of_two(x, axis)
    return _Extreme(of(x, axis=axis, keepdims=keepdims), place(x, axis=axis, keepdims=keepdims))


def _spread(of: _Of, x: Any, axis: Any = None, *, unbiased: bool = True, keepdims: bool = False, **named: Any) -> Any:
    return of(x, axis=axis, ddof=named.get("correction", int(unbiased)), keepdims=keepdims)


def _reduced(each: Any, reduction: str) -> Any:
    return {"mean": jnp.mean, "sum": jnp.sum, "none": lambda a: a}[reduction](each)


def _nll(logp: Any, y: Any, reduction: str = "mean") -> Any:
    return _reduced(-jnp.take_along_axis(logp, y[:, None], 1)[:, 0], reduction)


def _cross_entropy(z: Any, y: Any, reduction: str = "mean", label_smoothing: float = 0.0) -> Any:
    logp = jax.nn.log_softmax(z, 1)
    if not label_smoothing and jnp.ndim(y) == 1:
        return _nll(logp, y, reduction)
    t = jax.nn.one_hot(y, z.shape[1], dtype=z.dtype) if jnp.ndim(y) == 1 else y
    t = (1 - label_smoothing) * t + label_smoothing / z.shape[1]
    return _reduced(-jnp.sum(t * logp, 1), reduction)


def _by_logits(z: Any, y: Any, reduction: str = "mean") -> Any:
    return _reduced(jax.nn.softplus(z) - z * y, reduction)


def _by_probabilities(p: Any, y: Any, reduction: str = "mean") -> Any:
    return _reduced(-y * jnp.log(p) - (1 - y) * jnp.log(1 - p), reduction)


def _norm(x: Any, p: Any = 2, **named: Any) -> Any:
    p = 2 if p == "fro" else p
    return jnp.linalg.norm(x, p, **named) if named else jnp.sum(jnp.abs(x) ** p) ** (1 / p)


def _sizes(x: Any, *shape: Any) -> list[int]:
    return [x.shape[i] if n < 0 else n for i, n in enumerate(_flat(shape))]  # -1 is the size that it has


def _layer_norm(x: Any, shape: Any, weight: Any = 1.0, bias: Any = 0.0, *, eps: float = 1e-5) -> Any:
    axes = tuple(range(-len(_flat((shape,))), 0))
    centred = x - x.mean(axes, keepdims=True)
    return weight * centred / jnp.sqrt((centred**2).mean(axes, keepdims=True) + eps) + bias


_FUNCTIONS: Mapping[str, _Of] = MappingProxyType(
    {
        "relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid, "softplus": jax.nn.softplus, "silu": jax.nn.silu,
        "elu": jax.nn.elu, "gelu": lambda x, approximate="none": jax.nn.gelu(x, approximate=approximate != "none"),
        "leaky_relu": lambda x, negative_slope=0.01: jax.nn.leaky_relu(x, negative_slope),
        "softmax": jax.nn.softmax, "log_softmax": jax.nn.log_softmax, "logsumexp": jax.nn.logsumexp,
        "logsigmoid": jax.nn.log_sigmoid, "one_hot": jax.nn.one_hot, "embedding": lambda ids, weight: weight[ids],
        "linear": lambda x, weight, bias=0.0: x @ weight.T + bias,
        "cross_entropy": _cross_entropy, "nll_loss": _nll, "binary_cross_entropy": _by_probabilities,
        "binary_cross_entropy_with_logits": _by_logits,
        "mse_loss": lambda x, y, reduction="mean": _reduced((x - y) ** 2, reduction),
        "l1_loss": lambda x, y, reduction="mean": _reduced(jnp.abs(x - y), reduction),
        "mm": jnp.matmul, "bmm": jnp.matmul, "mv": jnp.matmul, "cat": lambda xs, axis=0: jnp.concatenate(xs, axis),
        "pow": jnp.power, "mul": jnp.multiply, "div": jnp.divide, "sub": jnp.subtract, "rsqrt": jax.lax.rsqrt,
        "clamp": lambda x, min=None, max=None: jnp.clip(x, min, max), "norm": _norm,
        "t": jnp.transpose, "transpose": jnp.swapaxes, "permute": lambda x, *axes: jnp.transpose(x, _flat(axes)),
        **dict.fromkeys(("view", "reshape"), lambda x, *shape: jnp.reshape(x, _flat(shape))),
        "unsqueeze": jnp.expand_dims, "flatten": lambda x, start_dim=0: jnp.reshape(x, (*x.shape[:start_dim], -1)),
        "expand": lambda x, *shape: jnp.broadcast_to(x, _sizes(x, *shape)),
        "numel": jnp.size, "size": lambda x, axis=None: x.shape if axis is None else x.shape[axis], "dim": jnp.ndim,
        "var": functools.partial(_spread, jnp.var), "std": functools.partial(_spread, jnp.std),
        "max": functools.partial(_extreme, (jnp.max, jnp.maximum, jnp.argmax)),
        "min": functools.partial(_extreme, (jnp.min, jnp.minimum, jnp.argmin)),
        "masked_fill": lambda x, mask, value: jnp.where(mask, value, x), "layer_norm": _layer_norm, "repeat": jnp.tile,
        "gt": jnp.greater, "ge": jnp.greater_equal, "lt": jnp.less, "le": jnp.less_equal, "eq": jnp.equal,
        "neg": jnp.negative, "gather": lambda x, axis, index: jnp.take_along_axis(x, index, axis),
        "scatter": lambda x, axis, index, value: jnp.put_along_axis(x, index, value, axis, inplace=False),
        "fill": jnp.full_like, "zero": jnp.zeros_like,
        "zeros": lambda *size: jnp.zeros(_flat(size)), "ones": lambda *size: jnp.ones(_flat(size)),
        "tensor": jnp.asarray, "as_tensor": jnp.asarray, "detach": jax.lax.stop_gradient,
        **dict.fromkeys(("clone", "contiguous", "item", "to", "double", "float", "long", "bool"), lambda x, *_: x),
    }
)  # fmt: skip


def _translated(of: _Of) -> _Of:
    """Take torch's names of arguments."""
    return lambda *args, **named: of(
        *args, **{_ARGUMENTS.get(name, name): value for name, value in named.items() if name not in _ELSEWHERE}
    )


class TorchOfJax:
    """torch, torch.nn and torch.nn.functional, whose functions take arrays of JAX."""

    def __getattr__(self, name: str) -> Any:
        if name in ("nn", "functional", "special"):
            return self
        found = _FUNCTIONS.get(name) or getattr(jnp, name)
        return found if isinstance(found, type) or not callable(found) else _translated(found)


def _method(held: Any, name: str) -> Any:
    """What ``held.name`` calls: of an array torch's method of that name."""
    if not isinstance(held, np.ndarray | jax.Array):
        return getattr(held, name)
    own = None if name in _FUNCTIONS else getattr(held, name, None)
    return _translated(own or functools.partial(_FUNCTIONS.get(name) or getattr(jnp, name), held))


class TorchMethods(ast.NodeTransformer):
    """Rewrites the methods that a function calls; it always has something to do."""

    found = True

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        """``t.scatter_(...)``, which changes t in place, becomes t = scatter(t, ...)."""
        call, changed = node.value, ""
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            in_place = call.func.attr.endswith("_") and not call.func.attr.endswith("__")
            changed = call.func.value.id if in_place and isinstance(call.func.value, ast.Name) else ""
            call.func.attr = call.func.attr[:-1] if changed else call.func.attr
        self.generic_visit(node)
        return ast.copy_location(ast.Assign([ast.Name(changed, ast.Store())], node.value), node) if changed else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Look methods up by name."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute):
            looked_up = [node.func.value, ast.Constant(node.func.attr)]
            node.func = ast.copy_location(ast.Call(ast.Name("_method_", ast.Load()), looked_up, []), node.func)
        return node


TORCH_SCOPE: Mapping[str, Any] = MappingProxyType({"_method_": _method})
