"""Trees laid side by side: nothing is lost, changed or moved to another dtype."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet.training.flat import flatten, layout_of, unflatten

TREE = {
    "w": np.arange(12, dtype=np.float32).reshape(2, 3, 2),
    "b": np.array([[7.0], [8.0]], np.float32),
    "count": np.array([3, 4], np.int32),
    "empty": np.zeros((2, 0), np.float32),
}


def test_flat_arrays_are_one_a_dtype_in_the_order_of_the_leaves():
    flat = flatten(layout_of(TREE, 1), TREE)
    assert [part.dtype for part in flat] == [np.float32, np.int32]
    np.testing.assert_array_equal(flat[0], [[7, 0, 1, 2, 3, 4, 5], [8, 6, 7, 8, 9, 10, 11]])
    np.testing.assert_array_equal(flat[1], [[3], [4]])


@pytest.mark.parametrize("leading", [0, 1], ids=["one tree", "two trees"])
@pytest.mark.parametrize("make", [np.asarray, jnp.asarray], ids=["NumPy", "JAX"])
def test_unflatten_is_the_opposite_of_flatten(make, leading):
    tree = jax.tree.map(make, TREE)
    layout = layout_of(tree, leading)
    back = unflatten(layout, flatten(layout, tree))
    assert jax.tree.structure(back) == jax.tree.structure(tree)
    for leaf, given in zip(jax.tree.leaves(back), jax.tree.leaves(tree), strict=True):
        assert (type(leaf), leaf.dtype) == (type(given), given.dtype)
        np.testing.assert_array_equal(leaf, given)


def test_a_layout_counts_the_bytes_of_one_tree():
    assert layout_of(TREE, 1).bytes == 4 * (6 + 1 + 1)


def test_equal_trees_have_equal_layouts_that_can_be_hashed():
    assert len({layout_of(TREE, 1), layout_of(jax.tree.map(np.ones_like, TREE), 1)}) == 1
