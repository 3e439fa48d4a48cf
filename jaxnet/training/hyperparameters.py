"""Split a description into what a program is compiled for and the numbers it is run with.

A learning rate, a momentum, a penalty or a dropout rate is a number inside a description: a field of a frozen
dataclass (``MLP``, ``Objective``), or a variable that a function of optax has closed over (``optax.sgd(0.1)`` is two
functions that remember 0.1). ``partition`` takes the numbers out, as a list, and leaves a hashable skeleton;
``combine`` puts numbers, or traced ones, back in; the words are equinox's. Two descriptions that differ only in their
numbers have equal skeletons, so one compiled program serves both, and a population is ``vmap`` over the numbers.

Only what jaxnet and optax themselves define is opened. Everything else (a callable of the user's, an array) is part
of the skeleton and compared as Python compares it.
"""

import dataclasses
import types
from collections.abc import Hashable, Iterator
from typing import Any

import numpy as np

_NUMBER = "a number"
_UNSET = object()
_OPENED = ("optax.", "jaxnet.")


@dataclasses.dataclass(frozen=True)
class Skeleton:
    """A description without its numbers: what it is made of, and the skeletons of its parts."""

    kind: Hashable
    parts: tuple["Skeleton", ...] = ()
    origin: Any = dataclasses.field(default=None, compare=False)  # the value that it was made from, to build it again


def partition(description: Any) -> tuple[Skeleton, list[float]]:
    """Return the skeleton of a description and its numbers, in a fixed order."""
    found: list[float] = []
    return _skeleton(description, found), found


def combine(skeleton: Skeleton, numbers: list) -> Any:
    """Build the description again, with these numbers (floats, or traced scalars) in place of the lifted ones."""
    return _build(skeleton, iter(numbers))


def as_text(skeleton: Skeleton, numbers: list) -> str:
    """Write a description out, numbers and all: equal texts for equal descriptions, in any process."""
    return _text(skeleton, iter(numbers))


def fixed(description: Any) -> Skeleton:
    """Return a skeleton that keeps its numbers: a program compiled for it serves these numbers only."""
    return Skeleton(_identity(description), origin=description)


def _skeleton(value: Any, found: list[float]) -> Skeleton:
    if isinstance(value, float | np.floating):
        found.append(float(value))
        return Skeleton(_NUMBER)
    if isinstance(value, tuple | list):
        return Skeleton(type(value), tuple(_skeleton(part, found) for part in value), value)
    if isinstance(value, dict):
        return Skeleton((dict, tuple(value)), tuple(_skeleton(part, found) for part in value.values()), value)
    if _opens(value) and isinstance(value, types.FunctionType):
        code = (value.__code__, value.__module__, _identity(value.__defaults__))
        return Skeleton(code, tuple(_skeleton(part, found) for part in _closed_over(value)), value)
    if _opens(type(value)) and dataclasses.is_dataclass(value) and not isinstance(value, type):
        return Skeleton(type(value), tuple(_field(value, field, found) for field in dataclasses.fields(value)), value)
    return fixed(value)


def _field(value: Any, field: dataclasses.Field, found: list[float]) -> Skeleton:
    part = getattr(value, field.name)
    if field.metadata.get("traced"):  # a whole number that no shape depends on
        found.append(part)
        return Skeleton(_NUMBER)
    return _skeleton(part, found)


def _opens(value: Any) -> bool:
    return f"{getattr(value, '__module__', '')}.".startswith(_OPENED)


def _closed_over(function: types.FunctionType) -> list[Any]:
    """List what a function remembers; a variable that was never set stays so."""
    cells = function.__closure__ or ()
    return [_UNSET if cell == types.CellType() else cell.cell_contents for cell in cells]


def _identity(value: Any) -> Hashable:
    """Compare a value as Python does where it can be hashed, else by being the very same object."""
    try:
        hash(value)
    except TypeError:
        return ("the object", id(value))  # Skeleton.origin keeps it alive, so its id is not used again
    return (type(value), value)


def _text(skeleton: Skeleton, numbers: Iterator) -> str:
    if skeleton.kind == _NUMBER:
        return repr(next(numbers))
    origin = skeleton.origin
    if skeleton.parts or isinstance(origin, tuple | list | dict | types.FunctionType):
        name = origin.__qualname__ if isinstance(origin, types.FunctionType) else type(origin).__name__
        return f"{name}({', '.join(_text(part, numbers) for part in skeleton.parts)})"
    if origin is None or isinstance(origin, str | int):
        return repr(origin)
    return getattr(origin, "__qualname__", type(origin).__qualname__)


def _build(skeleton: Skeleton, numbers: Iterator) -> Any:
    if skeleton.kind == _NUMBER:
        return next(numbers)
    if not skeleton.parts:
        return skeleton.origin
    parts = [_build(part, numbers) for part in skeleton.parts]
    if isinstance(skeleton.origin, types.FunctionType):
        return _function(skeleton.origin, parts)
    if isinstance(skeleton.origin, dict):
        return dict(zip(skeleton.origin, parts, strict=True))
    if isinstance(skeleton.origin, tuple | list):
        return type(skeleton.origin)(*parts) if hasattr(skeleton.origin, "_fields") else type(skeleton.origin)(parts)
    return _dataclass(skeleton.origin, parts)


def _function(origin: types.FunctionType, closed_over: list) -> types.FunctionType:
    cells = tuple(types.CellType() if value is _UNSET else types.CellType(value) for value in closed_over)
    copy = types.FunctionType(origin.__code__, origin.__globals__, origin.__name__, origin.__defaults__, cells)
    copy.__kwdefaults__ = origin.__kwdefaults__
    return copy


def _dataclass(origin: Any, values: list) -> Any:
    """Build without __init__, whose checks were passed once and cannot look into a traced number."""
    copy = object.__new__(type(origin))
    for field, value in zip(dataclasses.fields(origin), values, strict=True):
        object.__setattr__(copy, field.name, value)
    return copy
