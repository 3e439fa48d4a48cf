"""Functions with corners: the same function with any slope from 0 to 1 where relu, max or a condition is exactly tied.

At a corner every value between the slopes of the two sides is a subgradient, and people and libraries choose
differently: relu'(0) is 0 in JAX, 1 in some, 1/2 for maximum(z, 0) in JAX. ``evaluate`` leaves every value as it is and
makes the choice an argument.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax.extend import core

from jaxnet.gradients.truth import tracing

_GREATER, _LESS = {"gt", "ge"}, {"lt", "le"}


class _Value(NamedTuple):
    """An array, whether it is a constant, and for a comparison where it was tied and the weight of True there."""

    array: Any
    constant: bool = False
    tied: Any = None
    weight: Any = None


def evaluate(function: Callable, arrays: Sequence[Any], slope: Any) -> Any:
    """Compute ``function(arrays)`` -> scalar with ``slope`` for the derivative at exact ties; relu'(0) = slope.

    Functions with derivative rules of their own keep them, but for ``jax.nn.relu``; so do loops and branches.
    """

    def rule(eqn: core.JaxprEqn, values: list[_Value]) -> list[_Value]:
        held = _relu(eqn) or tracing.inside(eqn, custom=False)
        if held is not None:
            return tracing.walk(held, values, rule, constant)
        known = _RULES.get(eqn.primitive.name)
        if known is not None and tracing.floating(eqn.invars[-1]):
            return [known(eqn, values, slope)]
        fixed = all(value.constant for value in values)
        return [_Value(array, fixed) for array in tracing.apply(eqn, [value.array for value in values])]

    constant = lambda array: _Value(array, True)
    return tracing.walk(tracing.trace(function, arrays), [_Value(a) for a in arrays], rule, constant)[0].array


def _relu(eqn: core.JaxprEqn) -> core.ClosedJaxpr | None:
    """Look into ``jax.nn.relu`` and its like: a function with a rule of its own that is nothing but max(z, number)."""
    held = tracing.inside(eqn, custom=True) if eqn.primitive.name in tracing.CUSTOM else None
    innermost = held
    while innermost is not None and len(innermost.jaxpr.eqns) == 1:
        (only,) = innermost.jaxpr.eqns
        if only.primitive.name == "max" and isinstance(only.invars[1], core.Literal):
            return held
        innermost = tracing.inside(only, custom=True)
    return None


def _larger(eqn: core.JaxprEqn, values: list[_Value], slope: Any) -> _Value:
    left, right = values
    weight = 1 - slope if left.constant else slope  # max(0, z) has the corner of max(z, 0)
    if eqn.primitive.name == "min":
        weight = 1 - weight
    between = jnp.multiply(weight, left.array) + jnp.multiply(1 - weight, right.array)
    (result,) = tracing.apply(eqn, [left.array, right.array])
    return _Value(jnp.where(left.array == right.array, between, result))


def _absolute(eqn: core.JaxprEqn, values: list[_Value], slope: Any) -> _Value:
    x = values[0].array
    return _Value(jnp.where(x == 0, (2 * slope - 1) * x, jnp.abs(x)))


def _compare(eqn: core.JaxprEqn, values: list[_Value], slope: Any) -> _Value:
    left, right = values[0].array, values[1].array
    turned = (eqn.primitive.name in _LESS) != values[0].constant
    return _Value(tracing.apply(eqn, [left, right])[0], False, left == right, 1 - slope if turned else slope)


def _select(eqn: core.JaxprEqn, values: list[_Value], slope: Any) -> _Value:
    (result,) = tracing.apply(eqn, [value.array for value in values])
    condition, *branches = values
    if condition.tied is None or len(branches) != 2:
        return _Value(result)
    no, yes = (branch.array for branch in branches)
    corner = condition.tied & (no == yes)  # where the branches differ it is a jump, not a corner
    return _Value(jnp.where(corner, condition.weight * yes + (1 - condition.weight) * no, result))


_RULES: dict[str, Callable[[core.JaxprEqn, list[_Value], Any], _Value]] = {
    "max": _larger,
    "min": _larger,
    "abs": _absolute,
    "select_n": _select,
    **dict.fromkeys(_GREATER | _LESS, _compare),
}
