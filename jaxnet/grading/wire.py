"""What goes between the grader and the process of a submission: numbers, arrays and plain containers, as JSON.

Nothing that is read can be run, as a pickle could: what comes back was written by a stranger's program.
"""

import base64
import importlib
import json
import os
import time
from collections import namedtuple
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from jaxnet.operating_system import readable

_HEADER = 8  # bytes that say how long a message is
_LONGEST = 2**28  # bytes of a message; a gradient of ten million parameters still fits
_KINDS = "fiub"  # of arrays that can be a gradient or data
_DEEPEST = 50  # containers in containers


class Unreadable(ValueError):
    """A message that is cut off, too long, or not what this module writes."""


def write_plain(value: Any, depth: int = 0) -> Any:
    """Write a value as what JSON has; what is neither number, text, array nor container becomes its type's name."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if depth > _DEEPEST:
        return {"other": "containers without end"}
    if hasattr(value, "detach"):
        return {"tensor": _encoded_array(value.detach().cpu().numpy())["array"]}
    if isinstance(value, dict):
        return {"dict": [[write_plain(key), write_plain(inner, depth + 1)] for key, inner in value.items()]}
    fields: Any = getattr(value, "_fields", None)
    if fields and isinstance(value, tuple):
        return {"named": [[name, write_plain(inner, depth + 1)] for name, inner in zip(fields, value, strict=True)]}
    if isinstance(value, list | tuple):
        return {type(value).__mro__[-2].__name__: [write_plain(inner, depth + 1) for inner in value]}
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return _encoded_array(value)
    if hasattr(value, "__dict__") and not callable(value):
        return {"object": [[name, write_plain(inner, depth + 1)] for name, inner in vars(value).items()]}
    return {"other": type(value).__name__}


def _encoded_array(value: Any) -> Any:
    array = np.asarray(value)
    if array.dtype.kind not in _KINDS:
        # bfloat16 and its like are numbers that NumPy has no letter for
        try:
            array = array.astype(np.float32)
        except (TypeError, ValueError):
            return {"other": f"array of {array.dtype}"}
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"array": [array.dtype.str, list(array.shape), data]}


def read_plain(value: Any) -> Any:
    """Read what ``write_plain`` wrote; an object comes back as its attributes, and a tensor of torch as one where torch
    is there. Raises Unreadable for anything else."""
    if not isinstance(value, dict):
        return value
    try:
        ((kind, inner),) = value.items()
        if kind == "array":
            return _decoded_array(*inner)
        if kind == "tensor":
            return importlib.import_module("torch").from_numpy(_decoded_array(*inner))
        if kind in ("list", "tuple"):
            return [read_plain(each) for each in inner] if kind == "list" else tuple(map(read_plain, inner))
        if kind in ("dict", "named", "object"):
            return _CONTAINERS[kind]({read_plain(key): read_plain(each) for key, each in inner})
        if kind == "other":
            return Other(str(inner))
    except (TypeError, ValueError, AttributeError) as error:
        raise Unreadable(f"a message that cannot be read: {error}") from error
    raise Unreadable(f"a message of kind {kind!r}")


def _named(pairs: dict[Any, Any]) -> Any:
    return namedtuple("Named", pairs)(**pairs)


_CONTAINERS: dict[str, Callable[[dict[Any, Any]], Any]] = {
    "dict": dict, "named": _named, "object": lambda pairs: SimpleNamespace(**pairs)
}  # fmt: skip


class Other:
    """What stands in the place of a value that is no number, text, array or container."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __repr__(self) -> str:
        return f"<{self.kind}>"


def _decoded_array(dtype: str, shape: list[int], data: str) -> np.ndarray:
    kind = np.dtype(dtype)
    if kind.kind not in _KINDS:
        raise Unreadable(f"an array of {kind}")
    return np.frombuffer(base64.b64decode(data), kind).reshape(shape).copy()


def arrays_in(value: Any) -> Iterator[np.ndarray]:
    """Go through the arrays of a value in one order, so that both sides can count them."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, dict | SimpleNamespace):
        for inner in (value if isinstance(value, dict) else vars(value)).values():
            yield from arrays_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from arrays_in(inner)


def write_message(descriptor: int, value: Any) -> None:
    """Write one message, its length first; raises OSError when nobody reads any more."""
    message = json.dumps(write_plain(value)).encode()
    view = memoryview(len(message).to_bytes(_HEADER, "big") + message)
    while view:
        view = view[os.write(descriptor, view) :]


def read_message(descriptor: int, deadline: float | None = None) -> Any:
    """Read one message; raises EOFError when the other side has ended, TimeoutError at ``deadline`` (monotonic)."""
    length = int.from_bytes(_read(descriptor, _HEADER, deadline), "big")
    if length > _LONGEST:
        raise Unreadable(f"a message of {length} bytes")
    try:
        return read_plain(json.loads(_read(descriptor, length, deadline)))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"a message that is no JSON: {error}") from error


def _read(descriptor: int, count: int, deadline: float | None) -> bytes:
    parts = []
    while count:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        if not readable(descriptor, left):
            raise TimeoutError
        part = os.read(descriptor, min(count, 2**20))
        if not part:
            raise EOFError
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
