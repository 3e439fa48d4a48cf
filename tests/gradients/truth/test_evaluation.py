"""Functions carried out operation by operation in NumPy, against the same function run by JAX."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet.gradients.truth import evaluation
from jaxnet.gradients.truth.evaluation import Evaluated

X = np.random.default_rng(0).normal(size=(4, 3))
LOOPS = {
    "a loop": lambda x: jax.lax.scan(lambda c, row: (jnp.tanh(c + row), c * row), jnp.zeros(3), x),
    "a loop backwards": lambda x: jax.lax.scan(lambda c, row: (c * 0.5 + row, c), jnp.ones(3), x, reverse=True),
    "a loop of no turn": lambda x: jax.lax.scan(lambda c, row: (c + row, c), jnp.ones(3), x[:0]),
    "loops in loops": lambda x: jax.lax.scan(
        lambda c, row: (jax.lax.scan(lambda d, v: (d + v**2, d), c, row)[0], c), jnp.float64(0), x
    ),
    "a branch": lambda x: jax.lax.cond(x[0, 0] > 5, jnp.sin, jnp.cos, x),
    "a while loop": lambda x: jax.lax.while_loop(lambda v: v[0, 0] < 9, lambda v: v + 1, x),
}
FUNCTIONS = {
    **LOOPS,
    "parts": lambda x: jnp.concatenate([p * k for k, p in enumerate(jnp.split(x, 3, axis=1))]),
    "a border": lambda x: jnp.pad(x, ((1, 0), (2, 1)), constant_values=7.0),
    "a negative border": lambda x: jax.lax.pad(x, 0.0, ((-1, 0, 0), (0, 0, 1))),
    "in float32": lambda x: jnp.float32(x) * jnp.float32(1 / 3) + 0.1,
    "a sum of integers": lambda x: jnp.sum(jnp.int32(x * 10), axis=0) // 2,
    "a large product": lambda x: jnp.tile(x, (40, 40)) @ jnp.tile(x, (30, 20)),
    "rounded numbers": lambda x: jax.lax.reduce_precision(x, 5, 10),
    "functions of JAX": lambda x: jax.nn.softmax(jax.nn.gelu(x)) * jax.nn.relu(x) + jax.nn.log_sigmoid(x),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_numpy_computes_what_jax_does(name):
    mine, jaxs = (jax.tree.leaves(run(X)) for run in (Evaluated(FUNCTIONS[name]), FUNCTIONS[name]))
    for one, other in zip(mine, jaxs, strict=True):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        np.testing.assert_allclose(one, other, rtol=1e-13 if one.dtype == np.float64 else 1e-6, atol=1e-15)


def test_a_function_is_traced_once_for_every_form_of_its_arguments():
    forms = []
    traced = Evaluated(lambda x: forms.append(x.shape) or jnp.sum(x))
    assert [float(traced(np.ones(n))) for n in (3, 3, 2, 3)] == [3, 3, 2, 3]
    assert forms == [(3,), (2,)]


def test_loops_that_turn_often_and_keys_are_compiled():
    turns = lambda n: Evaluated(lambda x: jax.lax.fori_loop(0, n, lambda i, c: c * 0.9 + i, x)).operations(X)
    assert [evaluation.one_by_one(turns(n)) for n in (10, 10_000)] == [True, False]
    drawn = Evaluated(lambda key, x: x * jax.random.uniform(key, x.shape))
    assert not evaluation.one_by_one(drawn.operations(jax.random.key(0), X))
    np.testing.assert_array_equal(drawn(jax.random.key(0), X), X * jax.random.uniform(jax.random.key(0), X.shape))
