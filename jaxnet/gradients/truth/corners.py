"""Where a gradient is not one number: corners of f, and losses so saturated that their slope is a rounding error.

At a corner every value between the slopes of the two sides is a subgradient, and people and libraries choose
differently: relu'(0) is 0 in JAX, 1 in some, 1/2 for maximum(z, 0) in JAX. ``with_slope_at_ties`` leaves every value as
it is and makes the choice an argument.

At z = -40 JAX differentiates softplus to exp(-40), correct to its last digit; p - y, which is the same, is 0 in any
arithmetic that has rounded p to y. Both are right. So the slope of softplus, which is at most 1, is disturbed by an
absolute error of one unit (``tilted``), and not only by a relative one: in whatever way it is written.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend import core
from jax.typing import ArrayLike

from jaxnet.gradients.truth import tracing

_Scalar = Callable[[list[jax.Array]], jax.Array]  # arrays -> one number
_Slope = float | jax.Array  # at an exact tie: 0 is that of the lower side, 1 that of the upper
_GREATER, _LESS = {"gt", "ge"}, {"lt", "le"}


TIED = {"max", "min", "abs", "select_n"}  # without any of these no slope at a tie is asked for
SATURATING = {"log", "log1p"}  # nor, without these, the slope of a logarithm of 1 + exp(z)


class _Tie(NamedTuple):
    """An array, whether it is a constant, and for a comparison where it was tied and the weight of True there."""

    array: jax.Array
    constant: bool = False
    tied: jax.Array | None = None
    weight: ArrayLike = 0.0


def with_slope_at_ties(function: _Scalar, arrays: Sequence[Any], slope: _Slope) -> jax.Array:
    """Compute ``function(arrays)`` -> scalar with ``slope`` for the derivative at exact ties; relu'(0) = slope.

    Functions with derivative rules of their own keep them, but for ``jax.nn.relu``; so do loops and branches.
    """

    def rule(eqn: core.JaxprEqn, values: list[_Tie]) -> list[_Tie]:
        held = _relu(eqn) or tracing.inside(eqn, custom=False)
        if held is not None:
            return tracing.walk(held, values, rule, constant)
        known = _RULES.get(eqn.primitive.name)
        if known is not None and tracing.floating(eqn.invars[-1]):
            return [known(eqn, values, slope)]
        fixed = all(value.constant for value in values)
        return [_Tie(array, fixed) for array in tracing.apply(eqn, [value.array for value in values])]

    constant = lambda array: _Tie(array, True)
    return tracing.walk(tracing.trace(function, arrays), [_Tie(a) for a in arrays], rule, constant)[0].array


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


def _larger(eqn: core.JaxprEqn, values: list[_Tie], slope: _Slope) -> _Tie:
    left, right = values
    weight = 1 - slope if left.constant else slope  # max(0, z) has the corner of max(z, 0)
    if eqn.primitive.name == "min":
        weight = 1 - weight
    # the value is the same for any weight, since both sides are equal; only the derivative is shared out
    between = jnp.multiply(weight, left.array) + jnp.multiply(1 - weight, right.array)
    (result,) = tracing.apply(eqn, [left.array, right.array])
    return _Tie(jnp.where(left.array == right.array, between, result))


def _absolute(eqn: core.JaxprEqn, values: list[_Tie], slope: _Slope) -> _Tie:
    x = values[0].array
    return _Tie(jnp.where(x == 0, (2 * slope - 1) * x, jnp.abs(x)))


def _compare(eqn: core.JaxprEqn, values: list[_Tie], slope: _Slope) -> _Tie:
    left, right = values[0].array, values[1].array
    # c < x asks what x > c does, and so does not (x < c): the side of the constant counts
    turned = (eqn.primitive.name in _LESS) != values[0].constant
    return _Tie(tracing.apply(eqn, [left, right])[0], False, left == right, 1 - slope if turned else slope)


def _select(eqn: core.JaxprEqn, values: list[_Tie], slope: _Slope) -> _Tie:
    (result,) = tracing.apply(eqn, [value.array for value in values])
    condition, *branches = values
    if condition.tied is None or len(branches) != 2:
        return _Tie(result)
    no, yes = (branch.array for branch in branches)
    corner = condition.tied & (no == yes)  # where the branches differ it is a jump, not a corner
    return _Tie(jnp.where(corner, condition.weight * yes + (1 - condition.weight) * no, result))


_RULES: dict[str, Callable[[core.JaxprEqn, list[_Tie], _Slope], _Tie]] = {
    "max": _larger,
    "min": _larger,
    "abs": _absolute,
    "select_n": _select,
    **dict.fromkeys(_GREATER | _LESS, _compare),
}


class _Exponential(NamedTuple):
    """An array; of exp(z) and of 1 + exp(z) also z."""

    array: jax.Array
    constant: bool = False
    exponent: jax.Array | None = None
    one_plus: jax.Array | None = None


def tilted(function: _Scalar, arrays: Sequence[Any], tilt: jax.Array) -> jax.Array:
    """Compute ``function(arrays)`` -> scalar, with the slopes of all log(1 + exp(z)) off by ``tilt`` [T], used in turn.

    The value is that of the function, and with a tilt of 0 so is the gradient.
    """
    count = 0

    def lean(out: jax.Array, z: jax.Array) -> jax.Array:
        nonlocal count
        count += 1
        size = int(jnp.size(z))
        # z - stop_gradient(z) is 0 with slope 1; 7 and T have no common factor, so each use starts elsewhere
        errors = jnp.resize(jnp.roll(tilt, 7 * count), (size,)).reshape(jnp.shape(z))
        return out + errors * (z - jax.lax.stop_gradient(z))

    def rule(eqn: core.JaxprEqn, values: list[_Exponential]) -> list[_Exponential]:
        held = tracing.inside(eqn, custom=False)
        if held is not None:
            return tracing.walk(held, values, rule, constant)
        outputs = tracing.apply(eqn, [value.array for value in values])
        name = eqn.primitive.name
        if name == "exp":
            return [_Exponential(outputs[0], exponent=values[0].array)]
        if name == "add" and sum(value.constant for value in values) == 1:
            exponent = next((value.exponent for value in values if value.exponent is not None), None)
            return [_Exponential(outputs[0], one_plus=exponent)]
        for z in _saturating(eqn, values):
            outputs = [lean(outputs[0], z)]
        fixed = all(value.constant for value in values)
        return [_Exponential(output, fixed) for output in outputs]

    constant = lambda array: _Exponential(array, True)
    return tracing.walk(tracing.trace(function, arrays), [_Exponential(a) for a in arrays], rule, constant)[0].array


def _saturating(eqn: core.JaxprEqn, values: list[_Exponential]) -> list[jax.Array]:
    """Return the z of which the operation computes log(1 + exp(z)), or both of log(exp(x) + exp(y))."""
    name = eqn.primitive.name
    if name == "log1p" and values[0].exponent is not None:
        return [values[0].exponent]
    if name == "log" and values[0].one_plus is not None:
        return [values[0].one_plus]
    held = tracing.inside(eqn, custom=True)
    if held is None or len(values) != 2:
        return []
    # logaddexp has a derivative rule of its own, so it is known by what it holds
    inner = {operation.primitive.name for operation in held.jaxpr.eqns}
    shape = tracing.shape(eqn.outvars[0])
    logaddexp = {"max", "exp", "log1p"} <= inner
    return [v.array for v in values if logaddexp and not v.constant and jnp.shape(v.array) == shape]
