"""The point at which a gradient is judged."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet.gradients.point import changed_places, checked_data, checked_parameters, float64, split_arrays


def test_parameters_become_numpy_float64_in_their_containers():
    params = checked_parameters([{"w": jnp.ones((2, 2), jnp.float32)}, 3.0, jnp.ones(1, jnp.bfloat16)])
    assert [leaf.dtype for leaf in jax.tree.leaves(params)] == [np.float64] * 3
    assert isinstance(params[0]["w"], np.ndarray)


@pytest.mark.parametrize(
    ("params", "error", "words"),
    [
        ([], ValueError, "params: expected a pytree with at least one array, got"),
        ({"w": np.arange(3)}, TypeError, r"params\['w'\]: expected floating-point numbers, got"),
        ([np.array([1.0, np.nan])], ValueError, r"params\[0\]: expected finite numbers, got 1 that are not"),
        (["text"], TypeError, r"params\[0\]: expected an array of real numbers, got"),
    ],
)
def test_parameters_that_have_no_gradient_are_refused(params, error, words):
    with pytest.raises(error, match=words):
        checked_parameters(params)


def test_data_keeps_labels_whole_and_everything_else_as_it_is():
    X, y, rows, name, key = checked_data(
        (np.ones((2, 2), np.float32), [0, 1], [[1.0, 2], [3, 4]], "mean", jax.random.key(0))
    )
    assert X.dtype == rows.dtype == np.float64
    assert y.dtype.kind == "i"
    assert name == "mean"
    assert jnp.issubdtype(key.dtype, jax.dtypes.prng_key)


def test_ragged_lists_stay_lists():
    assert checked_data(([[1.0], [2.0, 3.0]],)) == ([[1.0], [2.0, 3.0]],)


def test_arrays_are_taken_out_and_put_back():
    point = ([{"w": np.ones(2)}], np.arange(3), "mean", 0.5)
    taken = split_arrays(point)
    assert len(taken.arrays) == 2
    again = taken.joined([np.zeros(2), np.arange(3)])
    assert again[2:] == ("mean", 0.5)
    assert again[0][0]["w"].sum() == 0


def test_changed_places_are_named_as_the_user_writes_them():
    before = ([{"w": np.ones(2)}], np.ones(2), np.ones(1))
    after = ([{"w": np.ones(2) + 1}], np.ones(2), np.zeros(1))
    assert changed_places(before, after) == ["params[0]['w']", "data[1]"]


def test_float64_holds_inside_and_only_inside():
    with jax.enable_x64(False):
        with float64():
            assert jnp.ones(1).dtype == np.float64
        assert jnp.ones(1).dtype == np.float32
