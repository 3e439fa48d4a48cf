"""A loss written with NumPy, made one that JAX can trace: the same code with jax.numpy in NumPy's place.

Functions of the user's own are rebuilt from their code, and so are those that they call. Where one assigns to entries
or branches, its source is rewritten (``numpy_entries``, ``numpy_branches``); its lines and columns stay, so that they
can be quoted.
"""

import ast
import copy
import functools
import inspect
import os
import sysconfig
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet.gradients.numpy_branches import SCOPE, Branches
from jaxnet.gradients.numpy_entries import Assignments, Reads, entries_scope
from jaxnet.gradients.point import Point, copied, float64, split_arrays
from jaxnet.gradients.torch_losses import TORCH_SCOPE, TorchMethods, TorchOfJax
from jaxnet.gradients.truth.evaluation import Evaluated

_LIBRARIES = (
    sysconfig.get_paths()["stdlib"],
    sysconfig.get_paths()["purelib"],
    str(Path(__file__).parents[1]) + os.sep,
)
# what stands for entries that a mask does not choose, if nothing else will do: what adds nothing to a sum, or to a sum
# of logarithms
_BEYOND = (None, 0.0, 1.0)
# in what JAX says of an index that NumPy takes: a mask, a range
_OF_AN_INDEX = ("BooleanIndex", "'range'", "'list'", "non-tuple sequence")
_AGREE = 1e-9  # relative: the same sums, in another order


def traceable(f: Callable[..., Any], point: Point, *, torch: bool = False) -> tuple[Callable[..., Any], str]:
    """Return f, or the same with jax.numpy in NumPy's place if JAX can trace only that; and what is to be said of it.

    ``torch``: f takes tensors, and torch's methods are those of its arrays. Its values are compared with those of f
    first. f itself comes back where the substitute does not agree, or fails.
    """
    if _traces(f, point) is None:
        return f, ""
    library, reason = "torch" if torch else "NumPy", ""
    for beyond in _BEYOND:
        try:
            other = _Rebuilding(torch, beyond).function(f)
            failed = _traces(other, point)
            if failed is None and _same_values(f, other, point):
                said = f"it was traced with jax.numpy in {library}'s place, with the same values"
                return other, f"f is written with {library}: {said}"
            failed = failed or f"with jax.numpy in {library}'s place it has other values"
        except Exception as error:  # whatever rebuilding somebody's code may raise
            failed = _one_line(error)
        reason = reason or failed
        if not any(word in reason for word in _OF_AN_INDEX):
            break
    return f, f"f cannot be traced ({reason}): differences of its values judge, and no line of it can be quoted"


def _traces(f: Callable[..., Any], point: Point) -> str | None:
    """Why JAX cannot trace f, or None."""
    taken = split_arrays(point)
    try:
        with float64():
            jax.make_jaxpr(lambda arrays: f(*taken.joined(arrays)))(taken.arrays)
    except Exception as error:  # whatever f raises when it is given no numbers
        return _one_line(error)
    return None


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"[:160]


def _same_values(f: Callable[..., Any], other: Callable[..., Any], point: Point) -> bool:
    params, *data = point
    random = np.random.default_rng(0)
    moved = jax.tree.map(lambda leaf: leaf * (1 + 0.1 * random.normal(size=leaf.shape)), params)
    points = [(p, *data) for p in (params, moved)]
    taken = [split_arrays(copied(each)) for each in points]
    # as it was traced: where Python could decide, it may have taken another way
    traced = Evaluated(lambda arrays: other(*taken[0].joined(arrays)))
    pairs = [(float(f(*copied(p))), float(traced(each.arrays))) for p, each in zip(points, taken, strict=True)]
    return all(abs(a - b) <= _AGREE * max(abs(a), 1e-30) for a, b in pairs)


class _Rebuilding:
    """Functions of the user's and what they refer to, each rebuilt once."""

    def __init__(self, torch: bool, beyond: float | None) -> None:
        self.torch, self.beyond = torch, beyond
        self.done: dict[int, Any] = {}
        self.kept: list[Any] = []  # ids stay unique for as long as their objects live

    def function(self, value: Any) -> Any:
        """What stands for a value: jax.numpy for NumPy, a rebuilt function for one of the user's, else itself."""
        if isinstance(value, types.ModuleType) and value.__name__.split(".")[0] in ("numpy", "scipy", "math"):
            return _module(value)
        if isinstance(value, types.ModuleType) and value.__name__.split(".")[0] == "torch":
            return TorchOfJax()
        if isinstance(value, functools.partial):
            return functools.partial(self.function(value.func), *map(self.function, value.args), **value.keywords)
        if isinstance(value, types.MethodType):
            return types.MethodType(self.function(value.__func__), self.function(value.__self__))
        if _is_users(value):
            return self._own(value)
        if _is_users_object(value):
            return self._object(value)
        of_numpy = str(getattr(value, "__module__", "")).startswith(("numpy", "math")) or isinstance(value, np.ufunc)
        imported = callable(value) and not isinstance(value, type) and of_numpy
        if callable(value) and str(getattr(value, "__module__", "")).startswith("torch"):
            return getattr(TorchOfJax(), value.__name__, value)
        return getattr(jnp, getattr(value, "__name__", ""), value) if imported else value

    def _own(self, value: types.FunctionType) -> Any:
        if id(value) not in self.done:
            self.kept.append(value)
            # a stand-in first, for functions that call one another
            self.done[id(value)] = lambda *args, **named: made(*args, **named)
            made: Any = self._made(value)
            self.done[id(value)] = made
        return self.done[id(value)]

    def _object(self, value: Any) -> Any:
        """A copy whose methods are rebuilt: a loss asks its own object for the forward pass."""
        if id(value) not in self.done:
            self.kept.append(value)
            self.done[id(value)] = other = copy.copy(value)
            methods = {name: getattr(type(value), name) for name in dir(type(value))}
            rebuilt = {name: self.function(m) for name, m in methods.items() if _is_users(m)}
            other.__class__ = type(type(value).__name__, (type(value),), rebuilt)
        return self.done[id(value)]

    def _made(self, value: types.FunctionType) -> Any:
        names = {*_names(value.__code__)}
        around = {name: self.function(held) for name, held in value.__globals__.items() if name in names}
        cells = zip(value.__code__.co_freevars, value.__closure__ or (), strict=True)
        inside = {name: self.function(cell.cell_contents) for name, cell in cells}
        scope = {"float": _number, **SCOPE, **TORCH_SCOPE, **value.__globals__, **around}
        tree = _rewritten(value, [TorchMethods()] * self.torch + [Reads()] * (self.torch or self.beyond is not None))
        if tree is None:
            closure = tuple(types.CellType(inside[name]) for name in value.__code__.co_freevars)
            made = types.FunctionType(value.__code__, scope, value.__name__, value.__defaults__, closure)
            made.__kwdefaults__ = value.__kwdefaults__
            return made
        scope |= {**inside, **entries_scope(self.beyond)}
        exec(compile(tree, value.__code__.co_filename, "exec"), scope)  # the user's own source, which has run already
        made = scope[value.__name__]
        made.__defaults__, made.__kwdefaults__ = value.__defaults__, value.__kwdefaults__
        return made


def _is_users_object(value: Any) -> bool:
    """Whether the class of an object has methods that are written in the user's own files."""
    return hasattr(value, "__dict__") and any(map(_is_users, vars(type(value)).values()))


def _is_users(value: Any) -> bool:
    return isinstance(value, types.FunctionType) and not value.__code__.co_filename.startswith(_LIBRARIES)


def _names(code: types.CodeType) -> list[str]:
    """The names that a function and those within it refer to."""
    inner = [name for each in code.co_consts if isinstance(each, types.CodeType) for name in _names(each)]
    return [*code.co_names, *inner]


def _module(value: types.ModuleType) -> Any:
    found = {"numpy": jnp, "math": jnp, "numpy.linalg": jnp.linalg, "scipy.special": jax.scipy.special}.get(
        value.__name__
    )
    if value.__name__ == "scipy":
        return jax.scipy
    return _NumPyOrJax(found) if found is jnp else found or value


class _NumPyOrJax:
    """jax.numpy, with NumPy behind it for what JAX lacks, and NumPy's own way of casting: np.float64(x), np.random."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        own = name in ("random", "float64", "float32", "newaxis") or not hasattr(self._module, name)
        return getattr(np if own else self._module, name)


def _rewritten(value: types.FunctionType, more: list[Any]) -> ast.Module | None:
    """The source of a function that assigns to entries or has branches, with calls in their place; None for others."""
    try:
        source, first = inspect.getsourcelines(value)
    except (OSError, TypeError):
        return None
    indented = source[0][:1].isspace()  # kept, so that columns stay what they are in the file
    tree = ast.parse(("if True:\n" if indented else "") + "".join(source))
    ast.increment_lineno(tree, first - 1 - indented)
    body = tree.body[0].body if indented and isinstance(tree.body[0], ast.If) else tree.body
    if len(body) != 1 or not isinstance(body[0], ast.FunctionDef):
        return None
    body[0].decorator_list = []
    changes = [Assignments(), Branches(), *more]
    made = functools.reduce(lambda tree, change: change.visit(tree), changes, body[0])
    return ast.fix_missing_locations(ast.Module([made], [])) if any(each.found for each in changes) else None


def _number(value: Any = 0.0) -> Any:
    """float(cost), which many losses end with, when the cost is being traced."""
    return value if isinstance(value, jax.core.Tracer) else float(value)
