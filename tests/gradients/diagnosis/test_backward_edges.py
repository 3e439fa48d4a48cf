"""The gated backward pass: with gates open it is jax.grad, and each gate does what it says."""

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet.gradients.diagnosis.backward_edges import BackwardEdges

W, X = np.array([0.3, -0.7]), np.array([[1.0, 2.0], [0.5, -1.0], [2.0, 0.1]])


def f(w, X):
    return jnp.sum(jnp.tanh(X @ w)) + jnp.sum(w**3)


def test_open_gates_give_the_gradient_and_closed_ones_leave_their_path_out():
    edges = BackwardEdges(f, (W, X))
    cube = next(i for i, each in enumerate(edges.edges) if each.operation == "integer_pow")
    factors = np.ones((2, len(edges.edges)))
    factors[1, cube] = 0
    both, data_only = edges.gradients(factors, np.zeros((2, edges.slots)))
    slope = 1 - np.tanh(X @ W) ** 2
    np.testing.assert_allclose(both, X.T @ slope + 3 * W**2, rtol=1e-14)
    np.testing.assert_allclose(data_only, X.T @ slope, rtol=1e-14)
    assert not edges.edges[cube].of_data


def test_a_bypass_leaves_the_local_derivative_out():
    edges = BackwardEdges(f, (W, X))
    tanh = next(j for j in range(edges.slots) if edges.slot(j).operations == ("tanh",))
    (row,) = edges.gradients(np.ones((1, len(edges.edges))), np.eye(edges.slots)[[tanh]])
    np.testing.assert_allclose(row, X.sum(axis=0) + 3 * W**2, rtol=1e-14)


def test_a_function_that_is_jitted_as_a_whole_has_its_own_lines():
    places = {edge.place[-1].line for edge in BackwardEdges(jax.jit(f), (W, X)).edges}
    assert places == {f.__code__.co_firstlineno + 1}
