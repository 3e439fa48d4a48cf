"""A digest of what a function computes: of its jaxpr with all constants, and not of its name.

``traced_program`` writes every operation down (primitive, parameters, inputs, literals, closed-over arrays) and
digests the text. Names of functions, variables and files have no part in it, so a function that was only renamed or
moved is the same; another number in a closure, another schedule or activation is another. Operations are also digested
by the line of the user's source that they come from, so that the first difference can be named.

What runs in Python while a program runs (``pure_callback``, ``io_callback``) is no part of a jaxpr: it is compared by
its code as far as that goes, and listed in ``host``, for what it does beside returning numbers cannot be known.
"""

import enum
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import optax

from jaxnet.identity.called_functions import computing_key
from jaxnet.random_keys import words_of
from jaxnet.storage import digest
from jaxnet.types import Pytree

_SHORT = 32  # hexadecimal digits of a digest, 128 bits: a manifest stays short
_BRIEF = 8  # of a line's operations, which only find a place
_MOST_LINES = 500  # stretches of operations that are told apart; a difference beyond them is found but not placed
_OURS = tuple(f"{Path(file).parent}{os.sep}" for file in (__file__, optax.__file__))  # frames that no user wrote
_JAXNET = f"{Path(__file__).parents[1]}{os.sep}"
# what derives a function, where the function itself is written out beside it; and what only people or devices read
_UNSEEN = {"jvp_jaxpr_fun", "fwd_jaxpr_thunk", "bwd", "name", "ctx_mesh", "debug_info", "compiler_options_kvs"}


class Traced(NamedTuple):
    """What a function computes.

    Attributes:
        digest: of all operations in their order.
        lines: stretches of operations that come from one place of the user's source: place ("loss.py:12", or "" for
            code that is not the user's), digest.
        host: what is called in Python while the program runs.
    """

    digest: str
    lines: list[list[str]]
    host: list[str]

    def as_json(self) -> dict[str, Any]:
        """Return it as values for a manifest; what is empty is left out."""
        own = any(place for place, _ in self.lines)
        return {
            "digest": self.digest,
            **({"lines": self.lines} if own else {}),
            **({"host": self.host} if self.host else {}),
        }


def traced_program(f: Callable, *arguments: Pytree) -> Traced:
    """Trace ``f`` with arguments of which only shapes and dtypes count; arrays or ``jax.ShapeDtypeStruct``.

    Raises what ``f`` raises when it is traced.
    """
    closed = jax.make_jaxpr(lambda *given: f(*given))(*arguments)  # anew: JAX would remember f as it was
    writer = _Writer()
    total, lines = hashlib.sha256(), list[list[str]]()
    stretch: Any = None
    for place, text in writer.operations(closed.jaxpr, closed.consts):
        total.update(text.encode())
        if not lines or lines[-1][0] != place:
            _end(lines, stretch)
            lines.append([place, ""])
            stretch = hashlib.sha256()
        stretch.update(text.encode())
    _end(lines, stretch)
    return Traced(total.hexdigest()[:_SHORT], lines[:_MOST_LINES], sorted(writer.host))


def _end(lines: list[list[str]], stretch: Any) -> None:
    if lines:
        lines[-1][1] = stretch.hexdigest()[:_BRIEF]


def odd_programs(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return the names of the programs that differ; both are name -> ``Traced.as_json()``."""
    digest_in = lambda programs, name: programs.get(name, {}).get("digest")
    return [name for name in dict.fromkeys([*before, *now]) if digest_in(before, name) != digest_in(now, name)]


def different(before: dict[str, Any], now: dict[str, Any]) -> str:
    """Say where two programs differ first, as " (line 12 of loss.py)"; "" where that is no line of the user's."""
    lines, others = now.get("lines", []), before.get("lines", [])
    for at, (place, brief) in enumerate(lines):
        if at >= len(others) or others[at][1] != brief:
            # an operation that is gone or new stands between two others: the nearest line of the user's is named
            near = place or next((line for line, _ in reversed(lines[:at]) if line), "")
            file, _, line = near.rpartition(":")
            return f" (line {line} of {file})" if near else ""
    return ""


def digest_arrays(tree: Pytree) -> str:
    """Digest the arrays of a pytree, each behind its shape and dtype: equal bytes may be other numbers."""
    arrays = [np.asarray(words_of(leaf)) for leaf in jax.tree.leaves(tree)]
    return digest(*(part for array in arrays for part in (f"{array.shape}{array.dtype}", array)))


class _Writer:
    """Writes operations as text; variables are numbered in the order in which they appear."""

    def __init__(self) -> None:
        self.host: set[str] = set()

    def operations(self, jaxpr: Any, consts: Any) -> Iterator[tuple[str, str]]:
        """Yield place and text of every operation, and of what comes in and goes out."""
        names: dict[Any, str] = {}
        for variable, value in zip(jaxpr.constvars, consts, strict=True):
            names[variable] = self._value(value)
        for variable in jaxpr.invars:
            names[variable] = f"v{len(names)}"
        yield "", f"in {[str(variable.aval) for variable in jaxpr.invars]}\n"
        for equation in jaxpr.eqns:
            if equation.primitive.name.startswith("debug_"):  # shows numbers and makes none
                names |= dict.fromkeys(equation.outvars, "shown")
                continue
            given = [self._operand(variable, names) for variable in equation.invars]
            for variable in equation.outvars:
                names[variable] = f"v{len(names)}"
            settings = [
                f"{name}={self._value(value)}" for name, value in sorted(equation.params.items()) if name not in _UNSEEN
            ]
            made = [f"{names[variable]}:{variable.aval}" for variable in equation.outvars]
            place = _place(equation)
            if "callback" in equation.params:
                self.host.add(f"{_called(equation.params['callback'])}{f' at {place}' if place else ''}")
            yield place, f"{made}={equation.primitive.name}({given},{settings})\n"
        yield "", f"out {[self._operand(variable, names) for variable in jaxpr.outvars]}\n"

    def _operand(self, variable: Any, names: dict[Any, str]) -> str:
        return names[variable] if not hasattr(variable, "val") else f"{self._value(variable.val)}:{variable.aval}"

    def _value(self, value: Any) -> str:
        """Write a parameter of an operation: equal texts, in any process, for what computes the same."""
        if hasattr(value, "eqns"):
            return "".join(text for _, text in self.operations(value, [np.zeros(0)] * len(value.constvars)))
        if hasattr(value, "jaxpr") and hasattr(value, "consts"):
            return "".join(text for _, text in self.operations(value.jaxpr, value.consts))
        if isinstance(value, jax.Array | np.ndarray | np.generic):
            array = np.asarray(words_of(value))
            return f"array {array.shape}{array.dtype}{digest(array)[:_SHORT]}"
        if isinstance(value, float):
            return value.hex()  # so that -0.0 is not 0.0
        if isinstance(value, enum.Enum) or value is None or isinstance(value, str | int | complex | bytes | np.dtype):
            return repr(value)
        if isinstance(value, dict):
            return str([(str(key), self._value(part)) for key, part in value.items()])
        if isinstance(value, set | frozenset):
            return str(sorted(self._value(part) for part in value))
        if isinstance(value, tuple | list):
            return str([self._value(part) for part in value])
        if isinstance(value, type):
            return value.__qualname__
        if callable(value):
            return digest(repr(computing_key(_inner(value), across_processes=True)))[:_SHORT]
        text = repr(value)
        return type(value).__qualname__ if " at 0x" in text else text


def _inner(callback: Any) -> Any:
    return getattr(callback, "callback_func", callback)  # JAX wraps what the user gave


def _called(callback: Any) -> str:
    inner = _inner(callback)
    return getattr(inner, "__qualname__", type(inner).__qualname__)


def _place(equation: Any) -> str:
    """Name file and line of the user's source that an operation comes from; "" where jaxnet or optax wrote it."""
    try:
        from jax._src import source_info_util  # positions have no public home; without them no line is named

        frames = source_info_util.user_frames(equation.source_info.traceback)
        for frame in frames:  # innermost first; from the tracing on, frames are those of whoever called fit
            if frame.file_name.startswith(_OURS[0]):
                return ""
            if not frame.file_name.startswith((_JAXNET, *_OURS)):
                return f"{os.path.basename(frame.file_name)}:{frame.start_line}"
    except (ImportError, AttributeError, TypeError):
        return ""
    return ""
