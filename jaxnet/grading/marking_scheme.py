"""A teacher's own backward pass as a marking scheme: every name that it assigns is a stage of the derivation.

A stage is judged with the learner's own values of all stages before it, so that one mistake is paid once: what follows
from it by right lines is right.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Collection, Iterator, Mapping
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

from jaxnet import checks
from jaxnet.gradients.evidence import Gradient
from jaxnet.gradients.point import Point, copied
from jaxnet.gradients.submission import receive

_STEP = 2.0**-40  # by which the values before a stage are moved, to see how much rounding it passes on
_ROUNDINGS = 2.0**10  # of the values before a stage, and of its own: room for another order of the operations


class Marks(NamedTuple):
    """Which stages and which leaves are right, given the learner's own values before them."""

    stages: dict[str, bool]
    leaves: dict[str, bool]


class MarkingScheme:
    """The statements of a solution, run one after another.

    ``solution``: a Python function (params, *data) -> gradient, in NumPy, whose last statement is its only return.
    ``only``: the names that count as stages, by default all. Raises ValueError for any other function and for a name
    that it does not assign, TypeError for what has no source.
    """

    def __init__(self, solution: Callable[..., Any], only: Collection[str] = ()) -> None:
        body = _body(solution)
        *self._statements, last = body
        expected = "a function that ends with its only return"
        returns = [node for each in self._statements for node in ast.walk(each) if isinstance(node, ast.Return)]
        if not isinstance(last, ast.Return) or last.value is None or returns:
            checks.refuse("stages", expected, solution)
        self._solution = solution
        self._code = [compile(ast.Module([each], []), "<solution>", "exec") for each in self._statements]
        self._result: CodeType = compile(ast.Expression(last.value), "<solution>", "eval")
        every = {name: place for place, each in enumerate(self._statements) for name in _touched(each)}
        for name in only:
            checks.choice("stage", name, every)
        self._last, self._only = every, set(only or every)

    def marks(self, point: Point, own: Mapping[str, Any], yours: Gradient) -> Marks:
        """Judge the learner's variables ``own`` and gradient ``yours`` at (params, *data).

        Only names that the solution assigns floating-point numbers to are stages; names that are returned are leaves.
        """
        values, leaves = self._run(point, {}, None)
        returned = {id(leaf) for leaf in leaves.values()}
        stages = {n: v for n, v in own.items() if n in self._only and _floating(values.get(n)) and _number(v)}
        stages = {n: v for n, v in stages.items() if id(values[n]) not in returned}
        expected, leaves = self._run(point, stages, None)
        moved, moved_leaves = self._run(point, stages, np.random.default_rng(0))
        right = {name: _same(own[name], expected[name], moved[name]) for name in self._last if name in stages}
        return Marks(right, {p: p in yours and _same(yours[p], leaf, moved_leaves[p]) for p, leaf in leaves.items()})

    def _run(
        self, point: Point, own: Mapping[str, Any], random: np.random.Generator | None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Run the statements, putting the learner's value in the place of every stage once it is complete.

        Returns what the stages were before that, and the gradient; ``random`` moves all that comes in by a little.
        """
        arguments = inspect.signature(self._solution).bind(*(_moved(each, random) for each in copied(point)))
        arguments.apply_defaults()
        outside = inspect.getclosurevars(self._solution).nonlocals
        names = {**self._solution.__globals__, **outside, **arguments.arguments}
        found = {}
        for place, code in enumerate(self._code):
            exec(code, names)
            for name in [each for each, last in self._last.items() if last == place and each in names]:
                found[name] = names[name]
                if name in own:
                    names[name] = _moved(np.array(own[name], float), random)
        return found, receive(point[0], eval(self._result, names)).leaves


def _body(solution: Callable[..., Any]) -> list[ast.stmt]:
    checks.require(inspect.isfunction(solution), "stages", "a Python function", solution, TypeError)
    try:
        (function,) = ast.parse(textwrap.dedent(inspect.getsource(solution))).body
    except (OSError, SyntaxError, ValueError):
        checks.refuse("stages", "a function whose source can be read", solution, TypeError)
    if not isinstance(function, ast.FunctionDef):
        checks.refuse("stages", "a function defined by def", solution, TypeError)
    return function.body[ast.get_docstring(function) is not None :]


def _touched(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement assigns to or may change: dW in dW = ..., dW[i] += ..., np.add.at(dW, ...)."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            base: ast.expr = node
            while isinstance(base, ast.Subscript):
                base = base.value
            if isinstance(base, ast.Name):
                yield base.id
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield from (arg.id for arg in node.value.args if isinstance(arg, ast.Name))


def _floating(value: Any) -> bool:
    return isinstance(value, float) or getattr(getattr(value, "dtype", None), "kind", "") == "f"


def _number(value: Any) -> bool:
    return isinstance(value, int | float) or getattr(getattr(value, "dtype", None), "kind", "") in "fiub"


def _moved(value: Any, random: np.random.Generator | None) -> Any:
    if random is None or not isinstance(value, np.ndarray | dict | list | tuple):
        return value
    if isinstance(value, np.ndarray):
        return value * (1 + _STEP * random.choice([-1.0, 1.0], value.shape)) if value.dtype.kind == "f" else value
    if isinstance(value, dict):
        return {key: _moved(inner, random) for key, inner in value.items()}
    return type(value)(_moved(inner, random) for inner in value)


def _same(yours: Any, expected: Any, moved: Any) -> bool:
    """Whether two values differ by no more than the rounding that comes in with what they are computed from."""
    mine = np.asarray(yours)
    if mine.shape != np.shape(expected) or not np.isfinite(mine).all():
        return False
    eps = float(np.finfo(mine.dtype).eps) / 2 if mine.dtype.kind == "f" else 2.0**-53
    noise = np.abs(np.asarray(moved) - expected) / _STEP + np.abs(expected)
    # entries that cancel pass on the rounding of the others
    return bool((np.abs(mine - expected) <= _ROUNDINGS * eps * (noise + np.max(noise, initial=0.0) * 2.0**-10)).all())
