"""Split a description into what a program is compiled for and the numbers it is run with.

A learning rate, a momentum, a penalty or a dropout rate is a number inside a description: a field of a frozen
dataclass (``MLP``, ``Objective``), or a variable that a function of optax has closed over (``optax.sgd(0.1)`` is two
functions that remember 0.1). ``partition`` takes the numbers out, as a list, and leaves a hashable skeleton;
``combine`` puts numbers, or traced ones, back in; the words are equinox's. Two descriptions that differ only in their
numbers have equal skeletons, so one compiled program serves both, and a population is ``vmap`` over the numbers.

Only what jaxnet and optax themselves define is opened; a population opens what users define, too
(``own_numbers.py``). Everything else (an array with axes) is part of the skeleton and compared by what it computes
(``computing_key``).
"""

import dataclasses
import enum
import types
from collections.abc import Hashable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet import checks
from jaxnet.identity import computing_key
from jaxnet.training.own_numbers import own_parts, rebuilt

_NUMBER = "a number"
_NOTHING_MET = 2**31
_UNSET = object()
_OPENED = ("optax.", "jaxnet.")
_PLAIN = (str, bytes, bool, int, float, type(None))
# The names under which optax's functions remember what is a factor, an addend or a bound of floating-point numbers. A
# whole number there, optax.sgd(1), is converted to the gradient's dtype before anything is computed with it, so it can
# be handed over as the float that it equals. Nowhere else: x**2 is computed as x * x and x**2.0 is not (``power``,
# ``exponent``, ``decay_rate``), a count decides how long a loop or an array is, and a step compared with a count stays
# an integer. A name that is missing here costs a compilation for each whole number, never a wrong result.
_FACTORS = frozenset(
    {
        "alpha", "b1", "b2", "b3", "beta", "clipping", "decay", "end_value", "eps", "eps_root", "eta", "init_value",
        "learning_rate", "max_delta", "max_learning_rate", "max_norm", "momentum", "rho", "slow_step_size",
        "step_size", "threshold", "value", "weight_decay",
    }
)  # fmt: skip
_LARGEST = 2**31  # beyond, JAX would not take a whole number for an int32 either, and a float may not hold it


class Whole(enum.Enum):
    """What a whole number is in some place of a description."""

    STRUCTURE = "decides what is compiled: a count, an exponent, a size"
    FACTOR = "a number like any other, as good as the float that it equals"
    COUNT = "taken out as the integer that it is, for no shape depends on it"


class _Again(NamedTuple):
    """Stands for a function, or a variable of functions, that the walk has met before, as the so manyth."""

    met: int
    variable: bool


@dataclasses.dataclass(frozen=True)
class Skeleton:
    """A description without its numbers: what it is made of, and the skeletons of its parts."""

    kind: Hashable
    parts: tuple["Skeleton", ...] = ()
    origin: Any = dataclasses.field(default=None, compare=False)  # the value that it was made from, to build it again
    whole: bool = dataclasses.field(default=False, compare=False)  # a value that was not opened
    build: Any = dataclasses.field(default=None, compare=False)  # makes a user's from its parts
    kept: bool = dataclasses.field(default=False, compare=False)  # whether it stays ``origin``, having no number


def partition(description: Any, *, own: bool = False) -> tuple[Skeleton, list[float]]:
    """Return the skeleton of a description and its numbers, in a fixed order; with ``own`` also the floats in what
    users define.

    A number is every real one without axes, be it Python's, NumPy's or JAX's: a float wherever it stands, a whole
    number only where a float may stand as well (as a count or an exponent it is part of the skeleton).
    """
    walk = _Partition(own)
    return walk.skeleton(description), walk.numbers


def combine(skeleton: Skeleton, numbers: list[Any]) -> Any:
    """Build the description again, with these numbers (floats, or traced scalars) in place of those taken out."""
    return _Combination(iter(numbers)).value(skeleton)


def fixed(description: Any) -> Skeleton:
    """Return a skeleton that keeps its numbers: a program compiled for it serves these numbers only."""
    return Skeleton(_identity(description), origin=description, whole=True)


def refreshed(skeleton: Skeleton) -> Skeleton:
    """Return the skeleton that would be found now: functions of the user's may have changed what they hold, also by
    being called, as one that counts its calls.
    """
    if skeleton.whole:
        return fixed(skeleton.origin)
    if skeleton.build is not None:
        return partition(skeleton.origin, own=True)[0]
    return dataclasses.replace(skeleton, parts=tuple(map(refreshed, skeleton.parts)))


def as_text(description: Any, *, whole: Whole = Whole.STRUCTURE, inside: tuple[int, ...] = ()) -> str:
    """Write a description out, numbers and all: equal texts for equal descriptions, in any process.

    ``whole`` says what a whole number is here, and ``inside`` what the description is a part of, so that one which
    holds itself comes to an end.
    """
    if (number := _number(description, whole)) is not None:
        # a whole number reads as it was given: run folders are told apart by this text
        return repr(int(number) if _is_whole(description) else number)
    parts = [] if id(description) in inside else parts_of(description) or []
    if parts or isinstance(description, tuple | list | dict | types.FunctionType):
        name = getattr(description, "__qualname__", type(description).__name__)
        within = (*inside, id(description))
        return f"{name}({', '.join(as_text(part, whole=each, inside=within) for part, each in parts)})"
    if description is None or isinstance(description, str | int):
        return repr(description)
    return getattr(description, "__qualname__", type(description).__qualname__)


def parts_of(value: Any) -> list[tuple[Any, Whole]] | None:
    """List what a value is made of, and what a whole number in each place is; None for what is not opened."""
    if isinstance(value, tuple | list):
        return [(part, Whole.STRUCTURE) for part in value]
    if isinstance(value, dict):
        return [(part, _whole_under(key)) for key, part in value.items()]
    if isinstance(value, types.FunctionType) and _opens(value):
        cells = zip(value.__code__.co_freevars, value.__closure__ or (), strict=True)
        return [(_contents(cell), _whole_under(name)) for name, cell in cells]
    if dataclasses.is_dataclass(value) and not isinstance(value, type) and _opens(type(value)):
        return [(getattr(value, field.name), _whole_in(field)) for field in dataclasses.fields(value)]
    return None


def _whole_under(name: Hashable) -> Whole:
    return Whole.FACTOR if name in _FACTORS else Whole.STRUCTURE


def _whole_in(field: dataclasses.Field[Any]) -> Whole:
    if field.metadata.get("traced"):
        return Whole.COUNT
    return Whole.FACTOR if field.type is float else Whole.STRUCTURE


class _Partition:
    """One walk through a description; functions and their variables are numbered in the order in which they are met.

    optax's init and update remember the same variables, and ``nonlocal`` may change one for both. So what is met again
    is referred to by its number, which keeps it one thing, and lets a function remember itself.
    """

    def __init__(self, own: bool) -> None:
        self.numbers: list[float] = []
        self._own = own
        self._met: dict[int, int] = {}  # id -> number; ids are safe while the description is alive
        self._inside: list[int] = []  # containers that are being walked through
        self._referred = _NOTHING_MET  # the earliest of what was met again in the container that is walked through

    def skeleton(self, value: Any, whole: Whole = Whole.STRUCTURE) -> Skeleton:
        if (number := _number(value, whole)) is not None:
            self.numbers.append(number)
            return Skeleton(_NUMBER)
        parts = parts_of(value)
        if parts is None and self._own and id(value) not in self._inside and (opened := own_parts(value)) is not None:
            return self._of_parts(value, opened.kind, [(part, Whole.STRUCTURE) for part in opened.parts], opened.build)
        if parts is None or id(value) in self._inside:  # a list that holds itself is compared by being the same object
            return fixed(value)
        if isinstance(value, types.FunctionType):
            return self._function(value, parts)
        kind: Any = (dict, tuple(value)) if isinstance(value, dict) else type(value)
        return self._of_parts(value, kind, parts, None)

    def _of_parts(self, value: Any, kind: Any, parts: list[tuple[Any, Whole]], build: Any) -> Skeleton:
        before, met, outside = len(self.numbers), len(self._met), self._referred
        self._inside.append(id(value))
        self._referred = _NOTHING_MET
        inner = tuple(self.skeleton(part, each) for part, each in parts)
        self._inside.pop()
        # what is met again may hold numbers that were taken out where it was met first, as update's are in init
        kept = self._own and len(self.numbers) == before and self._referred >= met
        self._referred = min(self._referred, outside)
        if kept:  # nothing of it is made again, so nothing of it is numbered
            self._met = dict(list(self._met.items())[:met])
        return Skeleton(kind, inner, value, build=build, kept=kept)

    def _function(self, value: types.FunctionType, parts: list[tuple[Any, Whole]]) -> Skeleton:
        if id(value) in self._met:
            return self._again(self._met[id(value)], variable=False)
        cells = value.__closure__ or ()
        met = [self._met.get(id(cell)) for cell in cells]
        for thing in (value, *cells):  # all of them before any is looked into, the order in which they can be made
            self._met.setdefault(id(thing), len(self._met))
        inner = tuple(
            self.skeleton(part, each) if number is None else self._again(number, variable=True)
            for number, (part, each) in zip(met, parts, strict=True)
        )
        named = tuple((name, _identity(default)) for name, default in (value.__kwdefaults__ or {}).items())
        return Skeleton((value.__code__, value.__module__, _identity(value.__defaults__), named), inner, value)

    def _again(self, number: int, *, variable: bool) -> Skeleton:
        self._referred = min(self._referred, number)
        return Skeleton(_Again(number, variable))


class _Combination:
    """The same walk through a skeleton, which makes each function and variable once."""

    def __init__(self, numbers: Iterator[Any]) -> None:
        self._numbers = numbers
        self._made: list[Any] = []

    def value(self, skeleton: Skeleton) -> Any:
        origin = skeleton.origin
        if skeleton.kind == _NUMBER:
            return next(self._numbers)
        if skeleton.kept:
            return origin
        if skeleton.build is not None:
            return skeleton.build([self.value(part) for part in skeleton.parts])
        if isinstance(skeleton.kind, _Again):
            return self._made[skeleton.kind.met]
        if isinstance(origin, types.FunctionType) and _opens(origin):
            return self._function(origin, skeleton.parts)
        if not skeleton.parts:
            return origin
        parts = [self.value(part) for part in skeleton.parts]
        if isinstance(origin, dict):
            return dict(zip(origin, parts, strict=True))
        if isinstance(origin, tuple | list):
            return type(origin)(*parts) if hasattr(origin, "_fields") else type(origin)(parts)
        return rebuilt(origin, parts)

    def _function(self, origin: types.FunctionType, parts: tuple[Skeleton, ...]) -> types.FunctionType:
        if not parts:
            self._made.append(origin)
            return origin
        place = len(self._made)
        self._made.append(None)
        cells, unfilled = [], []
        for part in parts:
            if isinstance(part.kind, _Again) and part.kind.variable:
                cells.append(self._made[part.kind.met])
            else:
                cells.append(types.CellType())
                self._made.append(cells[-1])
                unfilled.append((cells[-1], part))
        copy = types.FunctionType(
            origin.__code__, origin.__globals__, origin.__name__, origin.__defaults__, tuple(cells)
        )
        copy.__kwdefaults__ = origin.__kwdefaults__
        self._made[place] = copy  # before its variables are filled, for one of them may hold it
        for cell, part in unfilled:
            if (value := self.value(part)) is not _UNSET:
                cell.cell_contents = value
        return copy


def _number(value: Any, whole: Whole) -> float | None:
    """Return a value as a Python number where it is one to be taken out."""
    if isinstance(value, float | np.floating):
        return float(value)
    if getattr(value, "ndim", None) == 0:  # asked first: isinstance is slow for jax.Array, and this is asked everywhere
        scalar = _scalar(value)
        return None if scalar is None else _number(scalar, whole)
    if whole is Whole.STRUCTURE or not _is_whole(value):
        return None
    if whole is Whole.COUNT:
        return int(value)
    return float(value) if abs(value) < _LARGEST else None


def _scalar(value: Any) -> Any:
    """Return what an array without axes holds, as Python's; None for any other, and for one that is being traced."""
    if not isinstance(value, np.ndarray | np.generic | jax.Array) or value.ndim or not checks.concrete(value):
        return None
    return None if jnp.issubdtype(value.dtype, jax.dtypes.extended) else value.item()


def _is_whole(value: Any) -> bool:
    if getattr(value, "ndim", None) == 0:
        value = _scalar(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _opens(value: Any) -> bool:
    return f"{getattr(value, '__module__', '')}.".startswith(_OPENED)


def _contents(cell: types.CellType) -> Any:
    """Return what a variable holds; one that was never set stays so."""
    return _UNSET if cell == types.CellType() else cell.cell_contents


def _identity(value: Any) -> Hashable:
    """Compare a function by what it computes, anything else by being the very same, as it was when it was looked at."""
    if isinstance(value, _PLAIN):
        return (type(value), value)
    if callable(value) and not isinstance(value, type):
        return computing_key(value)
    try:
        hash(value)
    except TypeError:
        if (scalar := _scalar(value)) is not None:
            return (type(value), value.dtype, scalar)
        # Skeleton.origin keeps it alive, so its id is not used again
        return ("the object", id(value), computing_key(value))
    return (type(value), value, computing_key(value))
