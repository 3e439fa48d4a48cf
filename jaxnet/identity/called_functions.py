"""A key for a function of the user's: equal where the same would be computed, other where it would not.

Python compares functions by being the same object. For a cache of compiled programs that is wrong in both directions:
a lambda that is written anew in every call is another object and compiles anew, and a function whose global variable
was changed is the same object and computes something else. ``computing_key`` looks at the code, at what it has closed
over, at its defaults, at the global variables that it names, and at the attributes of objects and of their classes, as
deep as they go.

What cannot be looked into is compared by being the same object; the key holds it, so its identity is not used again.
"""

import dataclasses
import functools
import os
import sys
import types
from collections.abc import Hashable, Iterator
from typing import Any

import jax
import numpy as np

from jaxnet.storage import digest

_TRUSTED = ("jax.", "jaxlib.", "numpy.", "optax.", "jaxnet.", "scipy.", "builtins.")  # whose functions do not change
_PLAIN = (str, bytes, bool, int, float, complex, type(None), types.EllipsisType, range)
_LIBRARIES = {"site-packages", "dist-packages"}  # folders of what is installed, whose classes do not change either
# what every class has, and what changes nothing that is computed
_NO_PARTS = {
    "__dict__", "__weakref__", "__doc__", "__module__", "__annotations__", "__dataclass_fields__", "_abc_impl",
    "__firstlineno__", "__static_attributes__",  # from Python 3.13 on: a class that moved in its file is no other
}  # fmt: skip
_DEEP = 12  # parts of parts that are looked into; a description is three or four deep


def computing_key(value: Any, *, across_processes: bool = False) -> Hashable:
    """Return a key of a callable, or of anything that one holds.

    With ``across_processes``, what can only be compared by being the same object counts by its type: such a key may
    be written down, but equal ones no longer mean the same.
    """
    return _Walk(across_processes).key(value, 0)


class _Walk:
    """One walk through what a function holds; what is met again is referred to by its number."""

    def __init__(self, across_processes: bool) -> None:
        self._across = across_processes
        self._met: dict[int, int] = {}
        self._alive: list[Any] = []

    def key(self, value: Any, depth: int) -> Hashable:
        if isinstance(value, float):
            return ("float", value.hex())  # so that -0.0 is not 0.0, and NaN is NaN
        if isinstance(value, _PLAIN):
            return (type(value).__name__, value)
        if isinstance(value, np.ndarray | np.generic):
            return self._array(value)
        if isinstance(value, jax.Array):
            return self._array(value) if self._across and _known(value) else self._object(value)  # never changes
        if id(value) in self._met:
            return ("again", self._met[id(value)])
        if depth > _DEEP or isinstance(value, types.ModuleType | types.BuiltinFunctionType):
            return self._object(value)
        if isinstance(value, type) and not _of_user(value):
            return self._object(value)
        if _of_library(value):
            return ("library", value.__module__, value.__qualname__, value.__code__.co_code)
        self._met[id(value)] = len(self._met)
        self._alive.append(value)  # a list that was made on the way would leave its id to the next
        return self._parts(value, depth + 1)

    def _parts(self, value: Any, depth: int) -> Hashable:
        inner = lambda parts: tuple(self.key(part, depth) for part in parts)
        if isinstance(value, type):
            return (self._object(value), *inner(_class_parts(value)))
        if isinstance(value, types.FunctionType):
            return self._function(value, depth)
        if isinstance(value, types.MethodType):
            return ("method", *inner((value.__func__, value.__self__)))
        if isinstance(value, functools.partial):
            return ("partial", *inner((value.func, value.args, value.keywords)))
        if isinstance(value, tuple | list):
            return (type(value).__name__, *inner(value))
        if isinstance(value, dict):
            return ("dict", *inner(value), *inner(value.values()))
        if isinstance(value, set | frozenset):
            return ("set", frozenset(inner(value)))
        if dataclasses.is_dataclass(value):
            return (*inner(getattr(value, field.name) for field in dataclasses.fields(value)), *inner([type(value)]))
        # an object of the user's: itself, and what its attributes are now, for they may be changed
        return (self._object(value), *inner([getattr(value, "__dict__", None), list(_slots(value)), type(value)]))

    def _function(self, value: types.FunctionType, depth: int) -> Hashable:
        cells = [_contents(cell) for cell in value.__closure__ or ()]
        names = global_names(value.__code__)
        used = sorted(names & value.__globals__.keys())
        looked_up = [self._of_module(value.__globals__[name], names) for name in used]
        held = (value.__defaults__, value.__kwdefaults__, value.__dict__, cells, looked_up)
        code = _code_text(value.__code__) if self._across else value.__code__
        return ("function", code, tuple(used), *(self.key(part, depth) for part in held))

    def _of_module(self, value: Any, names: set[str]) -> Any:
        """Return what a function may look up in a module of the user's (settings.rate), anything else as it is."""
        if not isinstance(value, types.ModuleType) or f"{value.__name__}.".startswith(_TRUSTED):
            return value
        return (value, [vars(value)[name] for name in sorted(names & vars(value).keys())])

    def _array(self, value: Any) -> Hashable:
        array = np.asarray(value)
        if array.dtype.hasobject:
            return self._object(value)
        return ("array", array.shape, str(array.dtype), digest(array))

    def _object(self, value: Any) -> Hashable:
        if self._across:
            return getattr(value, "__qualname__", type(value).__qualname__)
        try:
            hash(value)
        except TypeError:
            return Same(value)
        return (type(value), value)


class Same:
    """Compares an object by being the very same, and keeps it alive, so that its id is not used again."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


def _of_library(value: Any) -> bool:
    """Whether a function is of a library and holds nothing of the user's, as a part of what optax returns does."""
    if not isinstance(value, types.FunctionType) or not f"{value.__module__}.".startswith(_TRUSTED):
        return False
    return not value.__closure__ and not hasattr(value, "__wrapped__")


def _of_user(cls: type) -> bool:
    """Whether a class is written by the user, who may change its attributes; those of libraries stay as they are."""
    module = cls.__module__
    if f"{module}.".startswith(_TRUSTED) or module.partition(".")[0] in sys.stdlib_module_names:
        return False
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    return not _LIBRARIES.intersection(file.split(os.sep))


def _class_parts(cls: type) -> Iterator[Any]:
    """Go through the attributes of a class and of the user's classes above it, methods as their functions."""
    for each in filter(_of_user, cls.__mro__):
        for name, part in vars(each).items():
            if isinstance(part, staticmethod | classmethod):
                part = part.__func__
            if name not in _NO_PARTS:
                yield (name, part.fget if isinstance(part, property) else part)


def _slots(value: Any) -> Iterator[Any]:
    """Go through the attributes of an object that are in no dictionary."""
    for each in filter(_of_user, type(value).__mro__):
        slots = vars(each).get("__slots__", ())
        for name in [slots] if isinstance(slots, str) else slots:
            private = name.startswith("__") and not name.endswith("__")
            yield (name, getattr(value, f"_{each.__name__.lstrip('_')}{name}" if private else name, "never set"))


def _known(value: Any) -> bool:
    return not isinstance(value, jax.core.Tracer) and not jax.numpy.issubdtype(value.dtype, jax.dtypes.extended)


def _contents(cell: types.CellType) -> Any:
    return cell.cell_contents if cell != types.CellType() else "a variable that was never set"


def defined_at(function: Any) -> str:
    """Say where a function of the user's is defined, as " (line 12 of loss.py)"; "" for anything else."""
    while isinstance(function, functools.partial | types.MethodType):
        function = function.func if isinstance(function, functools.partial) else function.__func__
    if not isinstance(function, types.FunctionType) or f"{function.__module__}.".startswith(_TRUSTED):
        return ""
    code = function.__code__
    return f" (line {code.co_firstlineno} of {os.path.basename(code.co_filename)})"


def global_names(code: types.CodeType) -> set[str]:
    """Return the names that a function, or one that it defines, looks up outside itself."""
    inner = [global_names(part) for part in code.co_consts if isinstance(part, types.CodeType)]
    return set(code.co_names).union(*inner)


def _code_text(code: types.CodeType) -> str:
    written = lambda part: repr(sorted(map(repr, part))) if isinstance(part, frozenset) else repr(part)
    parts = [_code_text(part) if isinstance(part, types.CodeType) else written(part) for part in code.co_consts]
    return f"{code.co_code.hex()} {code.co_names} {parts}"
