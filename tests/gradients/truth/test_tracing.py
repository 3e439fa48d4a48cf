"""Going through a function one operation at a time."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet.gradients.truth import tracing


def walked(function, x):
    def rule(eqn, values):
        held = tracing.inside(eqn, custom=False)
        if held is not None:
            return tracing.walk(held, values, rule, lambda constant: constant)
        return tracing.apply(eqn, values)

    def run(x):
        return tracing.walk(tracing.trace(lambda xs: function(xs[0]), [x]), [x], rule, lambda constant: constant)[0]

    return run(x), jax.grad(run)(x)


CONSTANT = np.array([0.5, -1.0, 2.0])
FUNCTIONS = {
    "plain operations": lambda x: jnp.sum(jnp.exp(x) * CONSTANT),
    "an operand twice": lambda x: jnp.dot(x, x),
    "functions inside functions": lambda x: jnp.sum(jax.jit(lambda v: jnp.where(v > 0, v, 0.1 * v))(x)),
    "a derivative rule of its own": lambda x: jnp.sum(jax.nn.softplus(x)),
    "a checkpoint": lambda x: jnp.sum(jax.checkpoint(jnp.sin)(x)),
    "a loop": lambda x: jax.lax.scan(lambda carry, v: (jnp.sin(carry * v), None), 1.0, x)[0],
    "a branch": lambda x: jax.lax.cond(x[0] > 0, jnp.sum, jnp.prod, x),
    "a solution of equations": lambda x: jnp.sum(jnp.linalg.solve(jnp.eye(3) + jnp.outer(x, x), x)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_walking_computes_the_value_and_the_gradient_of_the_function(name):
    function, x = FUNCTIONS[name], jnp.array([0.3, -0.7, 1.1])
    value, gradient = walked(function, x)
    np.testing.assert_allclose(value, function(x), rtol=1e-15)
    np.testing.assert_allclose(gradient, jax.grad(function)(x), rtol=1e-15)


def test_a_rule_sees_into_functions_with_rules_of_their_own_only_when_asked():
    (eqn,) = tracing.trace(lambda xs: jax.nn.relu(xs[0]), [jnp.ones(2)]).jaxpr.eqns
    assert tracing.inside(eqn, custom=False) is None
    assert tracing.inside(eqn, custom=True) is not None
