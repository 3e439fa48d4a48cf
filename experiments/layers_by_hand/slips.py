"""A layer derived by hand, and slips made in its derivation: a wrong line in the place of the right one.

A slip is written as the wrong line alone; the right one is the line of the backward pass that assigns to the same name.
So the gradients under test are made of the text of the right one, and nothing else in them differs.
"""

import ast
import inspect
import linecache
import re
import textwrap
from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np


class Slip(NamedTuple):
    """One wrong line.

    Attributes:
        name: what whoever wrote it did.
        line: the wrong line, which replaces the one that assigns to the same name.
        kinds: the kinds of cause that say so, any of them.
        at: the names whose lines in the forward pass may be quoted for it.
    """

    name: str
    line: str
    kinds: str
    at: str


class Layer(NamedTuple):
    """A function of a course, its gradient by hand, a point, and slips.

    Attributes:
        loss: (params, *data) -> scalar, in jax.numpy, in functions that NumPy has too.
        backward: (params, *data) -> gradient like params, in NumPy: the derivation.
    """

    name: str
    loss: Callable[..., Any]
    backward: Callable[..., Any]
    params: Any
    data: tuple[Any, ...]
    slips: tuple[Slip, ...]

    @property
    def loss_in_numpy(self) -> Callable[..., Any]:
        """The same forward pass with NumPy in the place of jax.numpy."""
        return _rewritten(self.loss, _source(self.loss).replace("jnp.", "np."), "in NumPy")

    def with_slip(self, slip: Slip) -> Callable[..., Any]:
        """Return the backward pass with the wrong line in it; raises ValueError unless it replaces just one."""
        lines = _source(self.backward).splitlines()
        fits = [at for at, line in enumerate(lines) if _target(line) == _target(slip.line)]
        if len(fits) != 1:
            raise ValueError(f"{self.name}, {slip.name}: {len(fits)} lines assign to {_target(slip.line)}")
        indent = re.match(r"\s*", lines[fits[0]]).group()
        lines[fits[0]] = indent + slip.line
        return _rewritten(self.backward, "\n".join(lines) + "\n", slip.name)

    def right_line(self, slip: Slip) -> str:
        """The line of the derivation that a slip replaces, without its comment."""
        lines = _source(self.backward).splitlines()
        return next(each for each in lines if _target(each) == _target(slip.line)).partition("  #")[0].strip()

    def lines_of(self, names: str) -> set[int]:
        """The numbers of the lines of the forward pass that assign to these names, or return."""
        lines, first = inspect.getsourcelines(self.loss)
        wanted = names.split()
        return {
            first + at
            for at, line in enumerate(lines)
            if _target(line) in wanted or ("return" in wanted and line.strip().startswith("return"))
        }


def _source(function: Callable[..., Any]) -> str:
    return textwrap.dedent(inspect.getsource(function))


def _target(line: str) -> str:
    """What a line assigns to, whatever the places in it: dw[] for dw[i, j] = ...; "" for other lines."""
    try:
        (statement,) = ast.parse(line.strip()).body
    except (SyntaxError, ValueError):
        return ""
    if not isinstance(statement, ast.Assign | ast.AugAssign):
        return ""
    target = statement.target if isinstance(statement, ast.AugAssign) else statement.targets[0]
    if isinstance(target, ast.Subscript) and not isinstance(target.slice, ast.Constant):
        return f"{ast.unparse(target.value)}[]"
    return ast.unparse(target)


def _rewritten(function: Callable[..., Any], source: str, what: str) -> Callable[..., Any]:
    """Define the function anew by another text, which tracebacks and reports can still quote."""
    place = f"<{function.__name__}, {what}>"
    linecache.cache[place] = (len(source), None, source.splitlines(keepends=True), place)
    names = {**function.__globals__, "np": np, "jnp": jnp}
    exec(compile(source, place, "exec"), names)
    return names[function.__name__]


def drawn(seed: int, **shapes: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Draw arrays of these shapes from the normal distribution."""
    random = np.random.default_rng(seed)
    return {name: random.normal(size=shape) for name, shape in shapes.items()}


def one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    """Labels [N] as rows [N, K] of zeros and a one."""
    return np.eye(classes)[labels]
