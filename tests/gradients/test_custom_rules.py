"""JAX's own rules, checked by the values of the functions they belong to."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.gradients.custom_rules import forward_mode

X = np.linspace(-1, 2, 5)


def powers(factor):
    @jax.custom_vjp
    def cube(x):
        return x**3

    cube.defvjp(lambda x: (x**3, x), lambda x, g: (g * factor * x**2,))
    return cube


@jax.custom_jvp
def log_one_plus_exp(x):
    return jnp.log1p(jnp.exp(x))


log_one_plus_exp.defjvps(lambda tangent, ans, x: tangent * jax.nn.sigmoid(x))

RIGHT = {
    "a custom_vjp": (lambda x: jnp.sum(powers(3)(x)), "no forward mode (custom_vjp)"),
    "a custom_jvp": (lambda x: jnp.sum(log_one_plus_exp(x)), "forward mode (jax.jvp) agrees"),
    "arrays": (log_one_plus_exp, "a random weighted sum of all its outputs"),
    "a gradient of a gradient": (jax.grad(lambda x: jnp.sum(jnp.sin(x) * x)), "weighted sum"),
    "a Jacobian-vector product": (lambda x: jax.jvp(jnp.tanh, (x,), (x**2,))[1], "weighted sum"),
    "a dict of arrays": (lambda x: {"a": x**2, "b": jnp.sum(x)}, "weighted sum"),
    "a relu at its corner": (lambda x: jnp.sum(jax.nn.relu(x - x[0])), "agrees"),
    "a loop": (lambda x: jax.lax.scan(lambda c, v: (jnp.sin(c * v), c), 1.0, x)[0], "agrees"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_rule_is_right_and_what_was_checked_is_said(name):
    f, words = RIGHT[name]
    report = jn.check_gradient(f, X)
    assert report.ok, str(report)
    assert words in str(report)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: jnp.sum(powers(2)(x)),
        powers(2),
        lambda x: jnp.sum(x * jax.lax.stop_gradient(x)),
        lambda x: jnp.sum(x + jax.lax.stop_gradient(jnp.round(x) - x)),
    ],
)
def test_a_wrong_rule_is_found(f):
    report = jn.check_gradient(f, X)
    assert not report.ok
    assert report.wrong == ("",)


def test_a_constant_factor_in_a_rule_is_told():
    assert jn.check_gradient(lambda x: jnp.sum(powers(2)(x)), X).leaves[""].factor == pytest.approx(2 / 3)


def test_forward_and_reverse_mode_that_differ_are_told():
    f, noise = lambda x: jnp.sum(x**2), {"": np.full(5, 1e-12)}
    assert forward_mode(f, (X,), {"": 2 * X}, noise) == ((), ("forward mode (jax.jvp) agrees with reverse mode.",))
    (cause,), _ = forward_mode(f, (X,), {"": 3 * X}, noise)
    assert cause.kind == "modes_differ"
    assert cause.sentence.startswith("forward mode gives")


def test_a_function_of_several_leaves_and_data_is_checked_by_its_parameters():
    params = [{"w": np.ones((2, 2)), "b": np.zeros(2)}]
    report = jn.check_gradient(lambda p, x: jnp.sum(jnp.tanh(x @ p[0]["w"] + p[0]["b"])), params, np.ones(2))
    assert report.ok
    assert list(report.leaves) == ["[0]['b']", "[0]['w']"]


def test_a_function_that_returns_nothing_is_refused():
    with pytest.raises(TypeError, match="f: expected a function that returns arrays, got"):
        jn.check_gradient(lambda x: None, X)
