"""Saturated losses: log(1 + exp(z)) with an error in its slope, for what a derivation by hand cannot see.

At z = -40 JAX differentiates softplus to exp(-40), correct to its last digit; p - y, which is the same, is 0 in any
arithmetic that has rounded p to y. Both are right. So the slope of softplus, which is at most 1, is disturbed by an
absolute error of one unit, and not only by a relative one: in whatever way it is written.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend import core

from jaxnet.gradients.truth import tracing


class _Value(NamedTuple):
    """An array; of exp(z) and of 1 + exp(z) also z."""

    array: Any
    constant: bool = False
    exponent: Any = None
    one_plus: Any = None


def tilted(function: Callable, arrays: Sequence[Any], tilt: Any) -> Any:
    """Compute ``function(arrays)`` -> scalar, with the slopes of all log(1 + exp(z)) off by ``tilt`` [T], used in turn.

    The value is that of the function, and with a tilt of 0 so is the gradient.
    """
    count = 0

    def lean(out: Any, z: Any) -> Any:
        nonlocal count
        count += 1
        size = int(jnp.size(z))
        errors = jnp.resize(jnp.roll(tilt, 7 * count), (size,)).reshape(jnp.shape(z))
        return out + errors * (z - jax.lax.stop_gradient(z))

    def rule(eqn: core.JaxprEqn, values: list[_Value]) -> list[_Value]:
        held = tracing.inside(eqn, custom=False)
        if held is not None:
            return tracing.walk(held, values, rule, lambda array: _Value(array, True))
        outputs = tracing.apply(eqn, [value.array for value in values])
        name = eqn.primitive.name
        if name == "exp":
            return [_Value(outputs[0], exponent=values[0].array)]
        if name == "add" and sum(value.constant for value in values) == 1:
            exponent = next((value.exponent for value in values if value.exponent is not None), None)
            return [_Value(outputs[0], one_plus=exponent)]
        for z in _saturating(eqn, values):
            outputs = [lean(outputs[0], z)]
        constant = all(value.constant for value in values)
        return [_Value(output, constant) for output in outputs]

    return tracing.walk(
        tracing.trace(function, arrays), [_Value(a) for a in arrays], rule, lambda array: _Value(array, True)
    )[0].array


def _saturating(eqn: core.JaxprEqn, values: list[_Value]) -> list[Any]:
    """Return the z of which the operation computes log(1 + exp(z)), or both of log(exp(x) + exp(y))."""
    name = eqn.primitive.name
    if name == "log1p" and values[0].exponent is not None:
        return [values[0].exponent]
    if name == "log" and values[0].one_plus is not None:
        return [values[0].one_plus]
    held = tracing.inside(eqn, custom=True)
    if held is None or len(values) != 2:
        return []
    inner = {operation.primitive.name for operation in held.jaxpr.eqns}
    shape = tracing.shape(eqn.outvars[0])
    logaddexp = {"max", "exp", "log1p"} <= inner
    return [v.array for v in values if logaddexp and not v.constant and jnp.shape(v.array) == shape]
