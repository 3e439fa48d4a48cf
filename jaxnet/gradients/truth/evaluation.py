"""A function of arrays, traced once and carried out operation by operation in NumPy: nothing is compiled.

Compiling costs a second for some hundred operations, which is more than all evaluations that a judgement needs. Only
where a loop of JAX turns often, is a compiled program worth it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jax.extend import core

from jaxnet.gradients.point import float64
from jaxnet.gradients.truth import tracing
from jaxnet.gradients.truth.operation_values import value_of

_TURNS = 1_000  # operations in loops, carried out one by one: beyond them a loop is compiled
QUICKLY = {"xla_backend_optimization_level": "0"}  # run a few times only: compiling is what costs


class Evaluated:
    """A function of (pytrees of) arrays in float64, traced anew for every form of its arguments."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self._names: dict[int, set[str]] = {}  # by what is kept beside it
        self._forms: dict[Any, tuple[core.ClosedJaxpr, Any, Any]] = {}

    def operations(self, *args: Any) -> core.ClosedJaxpr:
        """Write down what the function does to arguments of this form, a list of flat arrays to a list of them."""
        return self._form(args)[0]

    def names(self, *args: Any) -> set[str]:
        """The names of all operations."""
        closed = self.operations(*args)
        if id(closed) not in self._names:
            self._names[id(closed)] = tracing.names(closed)
        return self._names[id(closed)]

    def __call__(self, *args: Any) -> Any:
        """Compute the function: results are NumPy arrays."""
        closed, structure, run = self._form(args)
        leaves = jax.tree.leaves(args)
        with float64():
            results = run(leaves) if run else evaluate(closed, leaves)
        return jax.tree.unflatten(structure, [own(each) for each in results])

    def _form(self, args: Any) -> tuple[core.ClosedJaxpr, Any, Any]:
        leaves, tree = jax.tree.flatten(args)
        form = (tree, tuple((np.shape(a), str(getattr(a, "dtype", type(a)))) for a in leaves))
        if form not in self._forms:
            with float64():
                function = lambda *each: self.function(*jax.tree.unflatten(tree, each))
                closed, shape = jax.make_jaxpr(function, return_shape=True)(*map(own, leaves))
            operations = core.jaxpr_as_fun(closed)
            run = None if one_by_one(closed) else jax.jit(lambda arrays: operations(*arrays), compiler_options=QUICKLY)
            self._forms[form] = closed, jax.tree.structure(shape), run
        return self._forms[form]


def one_by_one(closed: core.ClosedJaxpr) -> bool:
    """Whether carrying out the operations one by one takes less than compiling them."""
    return _in_loops(closed) <= _TURNS


def _in_loops(closed: core.ClosedJaxpr, turns: int = 0) -> float:
    """Count the operations that are carried out in loops; a loop of no turn, and keys, are none of NumPy's."""
    total: float = turns * len(closed.jaxpr.eqns)
    for eqn in closed.jaxpr.eqns:
        held = tracing.inside(eqn, custom=True)
        if any(jax.dtypes.issubdtype(atom.aval.dtype, jax.dtypes.extended) for atom in (*eqn.invars, *eqn.outvars)):
            return np.inf
        if eqn.primitive.name == "scan":
            if not eqn.params["length"]:
                return np.inf
            total += _in_loops(tracing.closed(eqn.params["jaxpr"]), max(turns, 1) * eqn.params["length"])
        elif held is not None:
            total += _in_loops(held, turns)
    return total


def evaluate(closed: core.ClosedJaxpr, arrays: Sequence[Any]) -> list[Any]:
    """Carry out operations in NumPy."""
    with np.errstate(all="ignore"):
        return tracing.walk(closed, [own(a) for a in arrays], carried_out, own)


def carried_out(eqn: core.JaxprEqn, values: list[Any]) -> list[Any]:
    """Compute the results of one operation, of those that it holds, and of a loop in its turns."""
    held = tracing.inside(eqn, custom=True)
    if held is not None:
        return tracing.walk(held, values, carried_out, own)
    if eqn.primitive.name == "scan":
        walk = lambda body, each: tracing.walk(body, each, carried_out, own)
        return in_turns(eqn, values, walk, entry=lambda x, turn: x[turn], stack=np.stack)
    if eqn.primitive.name == "cond":
        branches = eqn.params["branches"]
        taken = tracing.closed(branches[int(np.clip(values[0], 0, len(branches) - 1))])
        return tracing.walk(taken, values[1:], carried_out, own)
    return value_of(eqn, values)


def in_turns(
    eqn: core.JaxprEqn,
    values: list[Any],
    walk: Callable[[core.ClosedJaxpr, list[Any]], list[Any]],
    *,
    entry: Callable[[Any, int], Any],
    stack: Callable[[list[Any]], Any],
) -> list[Any]:
    """Carry out a ``scan`` turn by turn: ``entry`` takes apart what is stacked, and ``stack`` puts it together."""
    body, constants, carried = tracing.loop_parts(eqn)
    fixed, carry, stacked = values[:constants], values[constants : constants + carried], values[constants + carried :]
    rows: list[list[Any]] = []
    order = range(eqn.params["length"])
    for turn in reversed(order) if eqn.params["reverse"] else order:
        results = walk(body, [*fixed, *carry, *(entry(x, turn) for x in stacked)])
        carry = results[:carried]
        rows.append(results[carried:])
    columns = zip(*(rows[::-1] if eqn.params["reverse"] else rows), strict=True)
    return [*carry, *(stack(list(column)) for column in columns)]


def own(array: Any) -> Any:
    """Return a NumPy array of it; keys, which NumPy has no dtype for, stay what they are."""
    return array if jax.dtypes.issubdtype(getattr(array, "dtype", None), jax.dtypes.extended) else np.asarray(array)
