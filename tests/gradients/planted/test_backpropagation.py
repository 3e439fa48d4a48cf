"""The gradients that mistakes are planted in are themselves right."""

import jax
import jax.numpy as jnp
import numpy as np


def test_the_planted_backpropagation_is_right_in_every_entry(problem, backpropagate):
    true = jax.jit(jax.grad(problem.objective))(jax.tree.map(jnp.asarray, problem.params), *problem.data)
    for mine, leaf in zip(jax.tree.leaves(backpropagate(problem)), jax.tree.leaves(true), strict=True):
        np.testing.assert_allclose(mine, leaf, rtol=0, atol=1e-14 * np.abs(leaf).max())


def test_a_mistake_makes_at_least_one_leaf_wrong(mistake):
    assert mistake.wrong_leaves()
