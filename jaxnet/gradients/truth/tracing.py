"""Run a traced function one operation at a time, with a rule of one's own for each: what kinks and rounding build on.

JAX writes a function down as a list of operations (a jaxpr). ``walk`` goes through the list and hands every operation
to a rule, which may compute something else than the operation does; ``apply`` is what the operation itself does.
"""

import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

from jaxnet import checks

Value = TypeVar("Value")  # what a rule computes with: an array and what else it has to know of it
Rule = Callable[[core.JaxprEqn, list[Value]], Sequence[Value]]

# operations that only hold other operations, under the names of jax 0.10 to 0.12
_HOLDERS = {"jit", "pjit", "closed_call", "core_call", "checkpoint", "remat", "remat2"}
_TRUSTED = (os.path.dirname(jax.__file__), os.path.dirname(checks.__file__))  # rules here never change
CUSTOM = {"custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr"}


def trace(function: Callable[[list[jax.Array]], Any], arrays: Sequence[Any]) -> core.ClosedJaxpr:
    """Write down what ``function(arrays)`` does to arrays of these shapes and dtypes."""
    return jax.make_jaxpr(function)([jax.ShapeDtypeStruct(a.shape, a.dtype) for a in arrays])


def walk(
    closed: core.ClosedJaxpr, values: Sequence[Value], rule: Rule[Value], constant: Callable[[Any], Value]
) -> list[Value]:
    """Evaluate a jaxpr: ``rule`` computes each operation, ``constant`` turns a constant into a value."""
    jaxpr = closed.jaxpr
    known = dict(zip(jaxpr.constvars, map(constant, closed.consts), strict=True))
    known.update(zip(jaxpr.invars, values, strict=True))

    def read(atom: Any) -> Value:
        return constant(_literal(atom)) if isinstance(atom, core.Literal) else known[atom]

    for eqn in jaxpr.eqns:
        known.update(zip(eqn.outvars, rule(eqn, [read(atom) for atom in eqn.invars]), strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def _literal(atom: core.Literal) -> np.ndarray:
    # a bare Python number would make float64 of a float32 that NumPy computes with
    return np.asarray(atom.val, dtype(atom))


def apply(eqn: core.JaxprEqn, arrays: Sequence[jax.Array]) -> list[jax.Array]:
    """Do what the operation does, its derivative rules included."""
    bound = eqn.primitive.get_bind_params(eqn.params)
    functions, parameters = bound if isinstance(bound, tuple) else ((), bound)  # before and since jax 0.10
    result = eqn.primitive.bind(*functions, *arrays, **parameters)
    return list(result) if eqn.primitive.multiple_results else [result]


def inside(eqn: core.JaxprEqn, *, custom: bool) -> core.ClosedJaxpr | None:
    """Return the operations that this one only holds, or None; ``custom``: functions with rules of their own count."""
    name = eqn.primitive.name
    if name not in _HOLDERS and not (custom and name in CUSTOM):
        return None
    held = next((eqn.params[key] for key in ("jaxpr", "call_jaxpr", "fun_jaxpr") if key in eqn.params), None)
    return None if held is None else closed(held)


def closed(jaxpr: Any) -> core.ClosedJaxpr:
    """Return a jaxpr with its constants, of which one that is only a list of operations has none."""
    return jaxpr if isinstance(jaxpr, core.ClosedJaxpr) else core.ClosedJaxpr(jaxpr, ())


def loop_parts(eqn: core.JaxprEqn) -> tuple[core.ClosedJaxpr, int, int]:
    """Return the body of a ``scan`` and how many of its arguments are constants and carried.

    What is carried has the same axes inside and outside; what is stacked has one axis more outside.
    """
    body = closed(eqn.params["jaxpr"])
    carried = sum(len(shape(a)) == len(shape(b)) for a, b in zip(eqn.outvars, body.jaxpr.outvars, strict=True))
    stacked = sum(len(shape(a)) > len(shape(b)) for a, b in zip(eqn.invars, body.jaxpr.invars, strict=True))
    return body, len(eqn.invars) - carried - stacked, carried


def shape(atom: Any) -> tuple[int, ...]:
    """Return the shape of a variable or literal of a jaxpr."""
    return tuple(atom.aval.shape)


def dtype(atom: Any) -> Any:
    """Return the dtype of a variable or literal of a jaxpr."""
    return atom.aval.dtype


def holds_rules(jaxpr: Any) -> bool:
    """Whether a function calls what its operations do not show: derivative rules that are not JAX's own, callbacks."""
    for eqn in closed(jaxpr).jaxpr.eqns:
        if "callback" in eqn.primitive.name:
            return True
        inner = _held(eqn)
        own = eqn.primitive.name in CUSTOM and not any(map(_of_jax, inner))
        if own or any(map(holds_rules, inner)):
            return True
    return False


def names(jaxpr: Any) -> set[str]:
    """The names of all operations, in loops, branches and functions as well."""
    found = set()
    for eqn in closed(jaxpr).jaxpr.eqns:
        found |= {eqn.primitive.name}.union(*map(names, _held(eqn)))
    return found


def of_the_user(eqn: core.JaxprEqn) -> bool:
    """Whether the function that an operation calls, with or without a rule of its own, is not JAX's."""
    return bool(_held(eqn)) and not any(map(_of_jax, _held(eqn)))


def _held(eqn: core.JaxprEqn) -> list[Any]:
    """All jaxprs among the parameters of an operation."""
    return [each for each in jax.tree.leaves(eqn.params, is_leaf=_is_jaxpr) if _is_jaxpr(each)]


def _is_jaxpr(value: Any) -> bool:
    return isinstance(value, core.ClosedJaxpr | core.Jaxpr)


def _of_jax(jaxpr: Any) -> bool:
    source = str(getattr(closed(jaxpr).jaxpr.debug_info, "func_src_info", ""))
    return any(f"{place}{os.sep}" in source for place in _TRUSTED)


def floating(array: Any) -> bool:
    """Whether an array, a number or an operand of an operation holds floating-point numbers."""
    return jnp.issubdtype(jnp.result_type(getattr(array, "aval", array)), jnp.floating)
