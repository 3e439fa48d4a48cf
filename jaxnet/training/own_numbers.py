"""Numbers inside what users define themselves: frozen dataclasses, closures, default arguments, ``functools.partial``,
bound methods and registered pytrees.

jaxnet's and optax's own descriptions are opened everywhere. A user's is opened where a population is to share one
program: an objective with a number of its configuration in its closure is then one program for all configurations.
What is opened must come to the same when it is built again, so nothing is whose meaning could have changed without it
(a dataclass with attributes beyond its fields, a function of another library), and whatever holds no number stays the
very object that it was.
"""

import dataclasses
import functools
import sys
import types
from collections.abc import Callable, Hashable, Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnet.identity import computing_key, global_names

# their functions are not looked into, for they may compare what they remember by its identity
_LIBRARIES = frozenset({"jax", "jaxlib", "numpy", "scipy", "torch", "jaxnet", "optax"}) | sys.stdlib_module_names


class OwnParts(NamedTuple):
    """A value opened: the parts, how it is built again from others, and what else tells it from other values."""

    parts: list[Any]
    build: Callable[[list[Any]], Any]
    kind: Hashable


def own_parts(value: Any) -> OwnParts | None:
    """Open what a user may have made; None for what is not opened."""
    if isinstance(value, types.FunctionType):
        return _function_parts(value) if _is_users(value) else None
    if isinstance(value, types.MethodType):
        function = value.__func__
        return OwnParts([value.__self__], lambda parts: types.MethodType(function, parts[0]), computing_key(function))
    if type(value) is functools.partial:
        build = lambda parts: functools.partial(parts[0], *parts[1], **parts[2])
        return OwnParts([value.func, value.args, value.keywords], build, functools.partial)
    if value is None or isinstance(value, type | tuple | list | dict | str | int | np.ndarray | jax.Array):
        return None
    if dataclasses.is_dataclass(value):
        return _dataclass_parts(value)
    if type(value).__module__.startswith("optax."):  # MultiSteps, and the schedules of inject_hyperparams
        return _object_parts(value)
    return _pytree_parts(value)


def _is_users(function: types.FunctionType) -> bool:
    return str(function.__globals__.get("__name__", "")).split(".")[0] not in _LIBRARIES


def _function_parts(value: types.FunctionType) -> OwnParts:
    """Open the variables that a function has closed over, and its default arguments."""
    cells = value.__closure__ or ()
    empty = types.CellType()
    unset = [cell == empty for cell in cells]
    contents = [None if missing else cell.cell_contents for cell, missing in zip(cells, unset, strict=True)]

    def build(parts: list[Any]) -> types.FunctionType:
        *inner, defaults, named = parts
        made = [
            cell if missing else types.CellType(part) for cell, missing, part in zip(cells, unset, inner, strict=True)
        ]
        copy = types.FunctionType(value.__code__, value.__globals__, value.__name__, defaults, tuple(made))
        copy.__kwdefaults__ = named
        copy.__dict__.update(value.__dict__)
        return copy

    kind = (value.__code__, value.__module__, tuple(unset), tuple(_global_identities(value)))
    return OwnParts([*contents, value.__defaults__, value.__kwdefaults__], build, kind)


def _global_identities(value: types.FunctionType) -> Iterator[tuple[str, Hashable]]:
    """Name the global variables that a function may read: in a notebook they change while its code stays."""
    for name in sorted(global_names(value.__code__) & value.__globals__.keys()):
        yield name, computing_key(value.__globals__[name])


def _dataclass_parts(value: Any) -> OwnParts | None:
    fields = [field.name for field in dataclasses.fields(value)]
    frozen = type(value).__dataclass_params__.frozen
    # an attribute beyond the fields may have been computed from them
    if not frozen or not fields or set(getattr(value, "__dict__", fields)) != set(fields):
        return None

    build = functools.partial(rebuilt, value)
    return OwnParts([getattr(value, name) for name in fields], build, ("a dataclass", type(value)))


def _object_parts(value: Any) -> OwnParts:
    """Open an object that is all in its attributes."""
    names = tuple(vars(value))

    def build(parts: list[Any]) -> Any:
        copy = object.__new__(type(value))
        vars(copy).update(zip(names, parts, strict=True))
        return copy

    return OwnParts(list(vars(value).values()), build, ("an object", type(value), names))


def rebuilt(origin: Any, values: list[Any]) -> Any:
    """Build a dataclass with other values of its fields, and without __init__, whose checks were passed once and cannot
    look into a traced number."""
    copy = object.__new__(type(origin))
    for field, value in zip(dataclasses.fields(origin), values, strict=True):
        object.__setattr__(copy, field.name, value)
    return copy


def _pytree_parts(value: Any) -> OwnParts | None:
    """Open an object of a class that is registered as a pytree, one level of it."""
    flattened: tuple[list[Any], Any] = jax.tree.flatten(value, is_leaf=lambda part: part is not value)
    leaves, structure = flattened
    if jax.tree_util.treedef_is_leaf(structure):
        return None
    try:  # what the class keeps beside its leaves is compared, too
        hash(structure)
    except TypeError:
        return None
    return OwnParts(leaves, structure.unflatten, structure)
