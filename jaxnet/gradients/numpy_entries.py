"""Entries that a loss in NumPy assigns to in place, and reads: ``a[i] = v`` becomes ``a = put(a, i, v)``.

Of a mask i all of an array is computed and what it chooses put in place, for how many entries that are JAX cannot know.
"""

import ast
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

_PUT, _TAKE, _AT, _READ = "_put_", "_take_", "_at_", "_read_"


def entries_scope(beyond: float | None) -> dict[str, Any]:
    """What the rewritten code calls; ``beyond`` stands for entries that a mask does not choose."""
    return {_PUT: _put, _TAKE: _take, _AT: np.s_, _READ: functools.partial(_read, beyond)}


class Assignments(ast.NodeTransformer):
    """a[i] = v becomes a = put(a, i, v), and a[i] += v becomes a = put(a, i, a[i] + v)."""

    def __init__(self) -> None:
        self.found = False

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        """Replace an assignment to entries of a name."""
        (target, *more) = node.targets
        return node if more else self._put(node, target, node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        """Replace an augmented assignment to entries of a name."""
        if not isinstance(node.target, ast.Subscript):
            return node
        old = ast.copy_location(ast.Subscript(node.target.value, node.target.slice, ast.Load()), node)
        return self._put(node, node.target, ast.copy_location(ast.BinOp(old, node.op, node.value), node))

    def _put(self, node: ast.stmt, target: ast.expr, value: ast.expr) -> ast.AST:
        if not isinstance(target, ast.Subscript) or not isinstance(target.value, ast.Name):
            return node
        self.found = True
        name, value = target.value.id, _Taking(ast.dump(target.slice)).visit(value)
        put = _call(_PUT, node, ast.Name(name, ast.Load()), target.slice, value)
        return ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], put), node)


def _call(name: str, node: ast.AST, held: ast.expr, index: ast.expr, *more: ast.expr) -> ast.expr:
    """The call of a function with what is held, an index of it, and perhaps a value."""
    at = ast.Subscript(ast.Name(_AT, ast.Load()), index, ast.Load())
    return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), [held, at, *more], []), node)


class _Taking(ast.NodeTransformer):
    """b[i] becomes take(b, i) in what is assigned to the same entries, a[i] = 2 * b[i]."""

    def __init__(self, index: str) -> None:
        self.index = index

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """Replace the entries at the index that is assigned to."""
        self.generic_visit(node)
        return _call(_TAKE, node, node.value, node.slice) if ast.dump(node.slice) == self.index else node


class Reads(ast.NodeTransformer):
    """b[i] becomes read(b, i) wherever entries are read; it always has something to do."""

    found = True

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """Read entries of arrays, lists and dicts."""
        self.generic_visit(node)
        ours = isinstance(node.value, ast.Name) and node.value.id == _AT
        return _call(_READ, node, node.value, node.slice) if isinstance(node.ctx, ast.Load) and not ours else node


def _read(beyond: float | None, held: Any, index: Any) -> Any:
    """Entries, at ranges and lists as well, which torch takes for indices; of a mask all of them, others ``beyond``."""
    if beyond is not None and _is_mask(held, index) and isinstance(index, jax.core.Tracer):
        return _put(jnp.full_like(held, beyond), index, held)
    arrays = isinstance(held, np.ndarray | jax.Array)
    as_array = lambda i: jnp.asarray(list(i)) if arrays and isinstance(i, range | list) else i
    return held[tuple(map(as_array, index)) if isinstance(index, tuple) else as_array(index)]


def _is_mask(held: Any, index: Any) -> bool:
    """Whether an index chooses entries of an array by true and false."""
    return (
        isinstance(held, np.ndarray | jax.Array) and str(getattr(index, "dtype", "")) == "bool" and np.ndim(index) > 0
    )


def _take(held: Any, index: Any) -> Any:
    """Entries; where a mask chooses them, all of them, of which ``_put`` takes those."""
    return held if _is_mask(held, index) else held[index]


def _put(held: Any, index: Any, value: Any) -> Any:
    """Assign to entries: of an array in a new one, of a list or a dict in place."""
    if _is_mask(held, index):
        mask = index.reshape(index.shape + (1,) * (np.ndim(held) - np.ndim(index)))
        return jnp.where(mask, value, held)
    if isinstance(held, np.ndarray | jax.Array):
        return jnp.asarray(held).at[index].set(value)
    held[index] = value
    return held
