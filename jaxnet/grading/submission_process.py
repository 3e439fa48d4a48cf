"""The process of one submission: load the author's file, call the gradient as often as asked, answer over a pipe.

``python -m jaxnet.grading.submission_process READ WRITE MEMORY SECONDS`` with two files (``hand_over``). It imports
neither JAX nor the rest of jaxnet, so that it starts at once and holds nothing that would help to answer.
"""

import importlib.util
import os
import sys
import traceback
from collections.abc import Callable
from types import FrameType, SimpleNamespace
from typing import Any

import numpy as np

from jaxnet.grading.containment import contain
from jaxnet.grading.wire import arrays_in, read_message, write_message
from jaxnet.near_names import nearest
from jaxnet.operating_system import taken_over


def serve(reading: int, writing: int) -> None:
    """Answer requests until nobody asks any more: ("load", file, name), then ("gradient", arguments, locals or not)."""
    function: Any = None
    write_message(writing, {"ready": True})  # from here on the author's time counts
    while True:
        try:
            kind, *request = read_message(reading)
        except EOFError:
            return
        try:
            if kind == "load":
                function = load_submission(*request)
                answer: dict[str, Any] = {"callable": callable(function)}
            else:
                answer = called(function, *request)
        except BaseException as error:  # SystemExit, too, is an answer
            answer = failure(error)
        write_message(writing, answer)


def load_submission(file: str, name: str) -> Any:
    """Import a file as a module of its own and look a dotted name up; raises what the file raises, or NameError."""
    spec = importlib.util.spec_from_file_location("submission", file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{os.path.basename(file)} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules["submission"] = module
    spec.loader.exec_module(module)
    value: Any = module
    for part in name.split("."):
        if not hasattr(value, part):
            known = [each for each in vars(value) if not each.startswith("_")]
            raise NameError(f"there is no {part} in {os.path.basename(file)}{nearest(part, known)}")
        value = getattr(value, part)
    return value


def called(function: Any, arguments: tuple[Any, ...], want_locals: bool) -> dict[str, Any]:
    """Call the gradient: what it returns, the arguments that it changed, and its own variables where wanted."""
    if not callable(function):
        return {"value": function, "changed": [], "locals": {}}
    before = [array.copy() for array in arrays_in(arguments)]
    first = arguments[0] if arguments else None
    held = set(vars(first)) if isinstance(first, SimpleNamespace) else set()
    value, own = with_locals(function, arguments) if want_locals else (function(*arguments), {})
    if value is None and held:  # left behind in attributes of the object, as self.dW
        value = {name: each for name, each in vars(first).items() if name not in held}
    after = list(arrays_in(arguments))
    changed = [
        [place, new]
        for place, (old, new) in enumerate(zip(before, after, strict=False))
        if not np.array_equal(old, new, equal_nan=old.dtype.kind == "f")
    ]
    return {"value": value, "changed": changed, "locals": own}


def with_locals(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Any, dict[str, Any]]:
    """Call a function and keep the arrays and numbers among its variables as it returns: its stages, by its names."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    own: dict[str, Any] = {}

    def look(frame: FrameType, event: str, _: Any) -> None:
        if event == "return" and frame.f_code is code:
            own.update(
                {n: v for n, v in frame.f_locals.items() if hasattr(v, "dtype") or isinstance(v, int | float | dict)}
            )

    sys.setprofile(look)
    try:
        return function(*arguments), own
    finally:
        sys.setprofile(None)


def failure(error: BaseException) -> dict[str, Any]:
    """Describe an error: its type, its words, and the last line of the author's own file that it went through."""
    places = traceback.extract_tb(error.__traceback__)
    own = [place for place in places if place.filename.startswith(os.getcwd() + os.sep)]
    where = f"{os.path.basename(own[-1].filename)}:{own[-1].lineno}: {own[-1].line}" if own else ""
    if isinstance(error, SyntaxError) and error.filename:
        where = f"{os.path.basename(error.filename)}:{error.lineno}: {(error.text or '').strip()}"
    return {"error": type(error).__name__, "message": str(error)[:500], "where": where[:300]}


if __name__ == "__main__":
    sys.path.append(os.getcwd())  # last, so that a file called random.py is nobody's random
    _read, _write, _memory, _seconds = sys.argv[1:5]
    # what the submission imports later, and threads of BLAS, come out of the same memory
    contain(int(_memory), float(_seconds))
    serve(taken_over(_read, os.O_RDONLY), taken_over(_write, os.O_WRONLY))
