"""A function of x1 and x2 that somebody types in: parsed by a list of what is allowed, never by ``eval``."""

import ast
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NoReturn

import numpy as np

from jaxnet import checks

MOST_LETTERS, MOST_NODES = 200, 80  # of a formula; beyond that it is no formula that somebody types
_VARIABLES, _CONSTANTS = ("x1", "x2"), {"pi": np.pi, "e": np.e}
_BINARY: Mapping[type, Callable[[Any, Any], Any]] = MappingProxyType(
    {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
     ast.Pow: np.power, ast.Mod: np.mod, ast.BitAnd: np.logical_and, ast.BitOr: np.logical_or}
)  # fmt: skip
_COMPARED: Mapping[type, Callable[[Any, Any], Any]] = MappingProxyType(
    {ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge}
)
_FUNCTIONS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {"sin": np.sin, "cos": np.cos, "tan": np.tan, "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "abs": np.abs,
     "tanh": np.tanh, "sign": np.sign, "floor": np.floor, "min": np.minimum, "max": np.maximum}
)  # fmt: skip
_Points = dict[str, np.ndarray]


def typed_function(text: str) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function of points [n, 2] from a formula such as "x2 > sin(3 * x1)" or "x1 * x2".

    It returns numbers [n], 0 and 1 for a comparison. Raises ValueError, naming what is not allowed: other names than
    x1, x2, pi and e, other functions than the usual ones, anything that is no arithmetic, and formulas too long.
    """
    expected = "a formula of x1 and x2 such as x2 > sin(3 * x1)"
    checks.require(isinstance(text, str) and text.strip(), "formula", expected, text)
    checks.require(
        len(text) <= MOST_LETTERS, "formula", f"at most {MOST_LETTERS} letters", checks.Words(f"{len(text)}")
    )
    try:
        tree = ast.parse(text.strip().replace("^", "**"), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        checks.refuse("formula", expected, text)
    nodes = sum(1 for _ in ast.walk(tree))
    checks.require(nodes <= MOST_NODES, "formula", f"at most {MOST_NODES} parts", checks.Words(f"{nodes}"))
    evaluate = _compiled_node(tree)

    def values(points: np.ndarray) -> np.ndarray:
        # float64 throughout: whole numbers to a power would take memory without end
        named = {"x1": points[:, 0].astype(np.float64), "x2": points[:, 1].astype(np.float64)}
        with np.errstate(all="ignore"):
            return np.broadcast_to(np.asarray(evaluate(named), np.float64), (len(points),))

    return values


def is_comparison(text: str) -> bool:
    """Whether a formula that ``typed_function`` takes says yes or no, so that its values are classes."""
    tree = ast.parse(text.strip().replace("^", "**"), mode="eval").body
    both = isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.BitAnd | ast.BitOr)
    return isinstance(tree, ast.Compare) or both


def _compiled_node(node: ast.AST) -> Callable[[_Points], Any]:
    """Turn a part of the formula into a function; ValueError for one that is not on the lists."""
    match node:
        case ast.Constant(value=bool()):  # a whole number to Python
            return _refused(node)
        case ast.Constant(value=int() | float() as value):
            number = np.float64(value) if abs(value) < 1e300 else np.float64(np.inf)
            return lambda points: number
        case ast.Name(id=name) if name in _VARIABLES:
            return lambda points: points[name]
        case ast.Name(id=name) if name in _CONSTANTS:
            return lambda points: np.float64(_CONSTANTS[name])
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            of = _compiled_node(inner)
            return lambda points: -_number(of(points))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _applied(_BINARY[type(op)], [left, right])
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARED:
            return _applied(_COMPARED[type(op)], [left, right])
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _FUNCTIONS:
            wanted = 2 if name in ("min", "max") else 1
            got = checks.Words(f"{len(arguments)}")
            checks.require(len(arguments) == wanted, "formula", f"{wanted} argument(s) of {name}", got)
            return _applied(_FUNCTIONS[name], arguments)
        case _:
            return _refused(node)


def _refused(node: ast.AST) -> NoReturn:
    allowed = f"x1, x2, numbers, + - * / ** %, < > & |, and {', '.join(_FUNCTIONS)}"
    checks.refuse("formula", allowed, checks.Words(ast.unparse(node)[:60]))


def _applied(function: Callable[..., Any], nodes: list[Any]) -> Callable[[_Points], Any]:
    parts = [_compiled_node(node) for node in nodes]
    return lambda points: function(*[_number(part(points)) for part in parts])


def _number(value: Any) -> Any:
    return np.asarray(value, np.float64)
