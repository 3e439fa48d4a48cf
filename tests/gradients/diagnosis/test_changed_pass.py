"""A backward pass in NumPy: unchanged it is jax.grad, whatever f is made of, and each change does what it says."""

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet.gradients.diagnosis.changed_pass import Change, Changes, changed_gradients
from jaxnet.gradients.diagnosis.recorded_pass import RecordedPass

RANDOM = np.random.default_rng(0)
W, X, IDS = RANDOM.normal(size=(4, 3)), RANDOM.normal(size=(5, 4)), np.array([0, 2, 2])


def everything(W, X, ids):
    """Products, normalisations, indices, loops, branches, maxima, orders: an operation of every sort."""
    h = X @ W
    normal = (h - h.mean(0, keepdims=True)) / jnp.sqrt(h.var(0, ddof=1, keepdims=True) + 1e-5)
    likelihood = jax.nn.log_softmax(jax.nn.relu(normal), axis=1)[:3, ids].sum() + jax.scipy.special.logsumexp(h)
    state, sums = jax.lax.scan(lambda s, x: (jnp.tanh(s @ W[:3] + x), jnp.sum(s * x)), jnp.zeros(3), X[:, :3])
    branch = jax.lax.cond(likelihood > 0, jnp.sin, jnp.cos, likelihood)
    indexed = jnp.sum(W[ids] ** 2) + jnp.sum(jnp.where(W > 0, W, W**2)) + jnp.clip(h[0, 0], -1, 1) + W[:, ::-1][1, 2]
    ordered = jnp.sort(W.ravel())[3] + jnp.cumsum(W[0])[1] ** 2 + jnp.prod(W[1]) + jnp.max(h)
    return branch + jnp.sum(sums**2) + state.sum() + indexed + ordered + jnp.abs(W).sum() + jax.nn.gelu(h).sum()


def test_the_unchanged_pass_is_the_gradient():
    (mine,) = changed_gradients(RecordedPass(everything, (W, X, IDS)), [()])
    np.testing.assert_allclose(mine.reshape(W.shape), jax.grad(everything)(W, X, IDS), rtol=1e-12)


def test_the_value_of_the_last_operation_is_that_of_f():
    recorded = RecordedPass(everything, (W, X, IDS))
    assert float(recorded.values[recorded.output]) == float(everything(W, X, IDS))


def test_a_change_is_made_where_it_is_said_and_as_far_as_it_is_said():
    f = lambda w: jnp.sum(w**2) + jnp.sum(jnp.sin(w))
    recorded, w = RecordedPass(f, (W,)), W.ravel()
    sine = next(i for i, op in enumerate(recorded.operations) if op.name == "sin")
    left_out = Changes((Change(sine, 0, lambda ct, right: 0 * right),))
    rows = changed_gradients(recorded, [(), (left_out,), (left_out._replace(extent=2.0),)])
    np.testing.assert_allclose(rows, [2 * w + np.cos(w), 2 * w, 2 * w - np.cos(w)], rtol=1e-14)


def test_turns_of_a_loop_are_one_site_whether_jax_or_python_makes_them():
    def by_python(w):
        for _ in range(3):
            w = jnp.tanh(w)
            w = w + 1
        return w.sum()

    by_jax = lambda w: jax.lax.scan(lambda c, _: (jnp.tanh(c) + 1, None), w, None, length=3)[0].sum()
    for f in (by_python, by_jax):
        sites = [op.site for op in RecordedPass(f, (W,)).operations if op.name == "tanh"]
        assert len(sites) == 3
        assert len(set(sites)) == 1


def test_a_function_that_is_jitted_as_a_whole_has_its_own_lines():
    def inner(w):
        return jnp.sum(jnp.sin(w))

    lines = {op.place[-1].line for op in RecordedPass(jax.jit(inner), (W,)).operations}
    assert lines == {inner.__code__.co_firstlineno + 1}
