"""Branches of a loss in NumPy that a traced number decides: both are computed, and what they assign is chosen between.

``if margin > 0: loss += margin`` becomes, where nobody knows yet whether margin is positive, both values of loss and a
choice; so do ``continue``, ``a if test else b``, ``and``, ``or`` and ``not``. Where the test is known Python decides.
"""

import ast
import functools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp

_NOTHING = object()  # what a name holds that was not assigned
# what cannot be undone when the other branch turns out to be the one
_FINAL = (ast.Return, ast.Break, ast.Continue, ast.Raise, ast.Try, ast.With, ast.While, ast.Delete, ast.Yield,
          ast.YieldFrom, ast.Await, ast.Global, ast.Nonlocal, ast.Import, ast.ImportFrom, ast.NamedExpr)  # fmt: skip


class Branches(ast.NodeTransformer):
    """Rewrites the branches of a function; ``found`` says whether there were any."""

    def __init__(self) -> None:
        self.found = False
        self._count = 0

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Make what follows ``if test: return a`` the other branch."""
        node.body = _with_one_return(node.body)
        return self.generic_visit(node)

    def visit_For(self, node: ast.For) -> ast.AST:
        """Make what follows a ``continue`` the other branch."""
        node.body = _without_continue(node.body)
        return self.generic_visit(node)

    def visit_If(self, node: ast.If) -> Any:
        """Choose between what both branches assign, where the test is not known."""
        whole = [*node.body, *node.orelse]
        self.generic_visit(node)
        if any(not _can_be_undone(each) for each in whole):
            return node
        self.found, self._count = True, self._count + 1
        names = sorted({name for each in whole for name in _stored(each)})
        code = _TEMPLATE.format(n=self._count, names=names, targets="".join(f"{name}, " for name in names) or "_none_")
        made = ast.parse(code).body
        for each in [each for statement in made for each in ast.walk(statement)]:
            ast.copy_location(each, node.test)  # whose line is quoted, not those of the whole block
        test, decide = made
        if isinstance(test, ast.Assign) and isinstance(decide, ast.If):
            test.value = node.test
            decide.body = [part for each in decide.body for part in _put_in(each, node)]
            known = ast.If(ast.Name(f"_test{self._count}", ast.Load()), node.body, node.orelse)
            decide.orelse = [ast.copy_location(known, node)]
        return made

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        """Choose between two expressions."""
        self.generic_visit(node)
        return self._call("_either_", node, [node.test, _later(node.body), _later(node.orelse)])

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        """Combine tests that are not known."""
        self.generic_visit(node)
        return self._call("_both_" if isinstance(node.op, ast.And) else "_any_", node, list(map(_later, node.values)))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        """Negate a test that is not known."""
        self.generic_visit(node)
        return self._call("_not_", node, [node.operand]) if isinstance(node.op, ast.Not) else node

    def _call(self, name: str, node: ast.expr, arguments: list[ast.expr]) -> ast.AST:
        if any(isinstance(each, _FINAL) for each in ast.walk(node)):
            return node
        self.found = True
        return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), arguments, []), node)


_TEMPLATE = """
_test{n} = None
if _undecided_(_test{n}):
    _before{n} = _held_(locals(), {names})
    "then"
    _then{n} = _held_(locals(), {names})
    {targets} = _before{n}
    "otherwise"
    {targets} = _choice_(_test{n}, _then{n}, _held_(locals(), {names}))
"""


def _put_in(statement: ast.stmt, node: ast.If) -> list[ast.stmt]:
    """Put the branch of a user's ``if`` where the template has its word, ``"then"`` or ``"otherwise"``."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return node.body if statement.value.value == "then" else node.orelse
    return [statement]


def _later(value: ast.expr) -> ast.expr:
    nobody = ast.arguments([], [], None, [], [], None, [])
    return ast.copy_location(ast.Lambda(nobody, value), value)


def _stored(statement: ast.stmt) -> list[str]:
    return [n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


def _can_be_undone(statement: ast.stmt) -> bool:
    """Whether a statement only assigns to names: what it did to anything else would stay."""
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    kinds = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.If, ast.For, ast.Pass)
    stored = [each for each in ast.walk(statement) if isinstance(getattr(each, "ctx", None), ast.Store)]
    names = all(isinstance(each, ast.Name | ast.Tuple) for each in stored)
    return isinstance(statement, kinds) and names and not any(isinstance(each, _FINAL) for each in ast.walk(statement))


def _without_continue(body: list[ast.stmt]) -> list[ast.stmt]:
    """``if test: a; continue`` and what follows it, as ``if test: a`` and what follows it otherwise."""
    for i, each in enumerate(body):
        if isinstance(each, ast.If) and isinstance(each.body[-1], ast.Continue):
            rest = _without_continue([*each.orelse, *body[i + 1 :]])
            kept = each.body[:-1] or [ast.copy_location(ast.Pass(), each.body[-1])]
            return [*body[:i], ast.copy_location(ast.If(each.test, kept, rest), each)]
    return body


def _with_one_return(body: list[ast.stmt]) -> list[ast.stmt]:
    """``if test: return a`` and ``return b`` after it, as two assignments and one return."""
    for i, each in enumerate(body):
        if isinstance(each, ast.If) and _returns(each.body):
            rest = _with_one_return([*each.orelse, *body[i + 1 :]])
            if not _returns(rest):
                return body
            chosen = ast.copy_location(ast.If(each.test, _as_result(each.body), _as_result(rest)), each)
            return [*body[:i], chosen, ast.copy_location(ast.Return(ast.Name("_result_", ast.Load())), each)]
    return body


def _returns(body: list[ast.stmt]) -> bool:
    """Whether a block ends by returning something, and nowhere before."""
    found = [each for statement in body for each in ast.walk(statement) if isinstance(each, ast.Return)]
    return bool(body) and isinstance(body[-1], ast.Return) and found == [body[-1]] and body[-1].value is not None


def _as_result(body: list[ast.stmt]) -> list[ast.stmt]:
    *before, last = body
    target: list[ast.expr] = [ast.Name("_result_", ast.Store())]
    if not isinstance(last, ast.Return) or last.value is None:
        return body
    return [*before, ast.copy_location(ast.Assign(target, last.value), last)]


def _undecided(test: Any) -> bool:
    return isinstance(test, jax.core.Tracer) and jnp.size(test) == 1


def _held(scope: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
    return [scope.get(name, _NOTHING) for name in names]


def _choice(test: Any, then: Sequence[Any], otherwise: Sequence[Any]) -> list[Any]:
    """Of every name what it holds after the branch that the test decides for."""
    return [_chosen(test, a, b) for a, b in zip(then, otherwise, strict=True)]


def _chosen(test: Any, one: Any, other: Any) -> Any:
    if one is other or other is _NOTHING:
        return one
    if one is _NOTHING:
        return other
    return jax.tree.map(functools.partial(jnp.where, jnp.reshape(test, ())), one, other)


def _either(test: Any, one: Callable[[], Any], other: Callable[[], Any]) -> Any:
    if _undecided(test):
        return _chosen(test, one(), other())
    return one() if test else other()


def _combined(ends: bool, both: Callable[[Any, Any], Any], *parts: Callable[[], Any]) -> Any:
    """``and`` and ``or``: the first known value that ``ends`` it is the answer, what is not known is kept."""
    value: Any = not ends
    for part in parts:
        if not _undecided(value) and bool(value) is ends:
            return value
        other = part()
        value = both(value, other) if _undecided(value) or _undecided(other) else other
    return value


def _extreme(plain: Callable[..., Any], two: Callable[[Any, Any], Any], *values: Any, **named: Any) -> Any:
    """Python's max and min, of traced numbers as well."""
    flat = values if len(values) > 1 else tuple(values[0])
    return functools.reduce(two, flat) if any(map(_undecided, flat)) else plain(*values, **named)


SCOPE: Mapping[str, Any] = MappingProxyType(
    {
        "_undecided_": _undecided,
        "_held_": _held,
        "_choice_": _choice,
        "_either_": _either,
        "_both_": functools.partial(_combined, False, jnp.logical_and),
        "_any_": functools.partial(_combined, True, jnp.logical_or),
        "_not_": lambda test: jnp.logical_not(test) if _undecided(test) else not test,
        "max": functools.partial(_extreme, max, jnp.maximum),
        "min": functools.partial(_extreme, min, jnp.minimum),
    }
)
