"""What was handed in: found in its containers, or asked of a function."""

import collections

import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet.gradients.evidence import by_path
from jaxnet.gradients.submission import Caller, receive

PARAMS = [{"w": np.ones((2, 3)), "b": np.zeros(3)}]
W, B = np.full((2, 3), 2.0), np.full(3, 3.0)
Layer = collections.namedtuple("Layer", ["w", "b"])

CONTAINERS = {
    "as params": [{"w": W, "b": B}],
    "a tuple for the list": ({"w": W, "b": B},),
    "a named tuple for the dict": [Layer(W, B)],
    "nested lists for arrays": [{"w": W.tolist(), "b": B.tolist()}],
    "JAX arrays": [{"w": jnp.asarray(W), "b": jnp.asarray(B)}],
    "numbers as keys of a dict": {0: {"w": W, "b": B}},
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_gradient_is_found_by_keys_and_positions_in_any_containers(name):
    found = receive(PARAMS, CONTAINERS[name])
    assert found.missing == found.extra == ()
    np.testing.assert_array_equal(found.leaves["[0]['w']"], W)
    np.testing.assert_array_equal(found.leaves["[0]['b']"], B)


def test_params_that_are_one_array_have_a_gradient_that_is_one_array():
    assert receive(np.ones(2), [1.0, 2.0]).leaves == {"": [1.0, 2.0]}


@pytest.mark.parametrize(
    ("given", "missing", "extra"),
    [
        ([{"w": W}], ("[0]['b']",), ()),
        ([{"w": W, "b": None}], ("[0]['b']",), ()),
        ([{"w": W, "b": B, "c": B}], (), ("[0]['c']",)),
        ([{"w": W, "b": B}, B], (), ("[1]",)),
        ([{"v": W, "c": B}], ("[0]['b']", "[0]['w']"), ("[0]['c']", "[0]['v']")),
        (W, ("[0]['b']", "[0]['w']"), ("",)),
    ],
)
def test_missing_and_extra_leaves_are_named(given, missing, extra):
    found = receive(PARAMS, given)
    assert (found.missing, found.extra) == (missing, extra)


def test_an_attribute_of_an_array_is_no_leaf():
    assert receive({"T": W}, W).missing == ("['T']",)


def test_a_function_gets_copies_in_float64():
    seen = []

    def gradient(params, X):
        seen.append((params[0]["w"].dtype, X.dtype))
        params[0]["w"] += 1
        X *= 0
        return params

    params, X = [{"w": np.ones((2, 3)), "b": np.zeros(3)}], np.ones(2)
    Caller(gradient, (PARAMS, X))(params, X)
    assert seen == [(np.float64, np.float64)]
    assert params[0]["w"].sum() == 6
    assert X.sum() == 2


def test_a_function_that_needs_jax_arrays_gets_them():
    assert Caller(lambda w: w.at[0].set(7.0), (np.ones(2),))(np.ones(2))[0].tolist() == [7, 1]


def test_a_function_that_needs_the_dtype_it_was_given_gets_it():
    def gradient(w):
        if w.dtype != np.float32:
            raise TypeError("float32 only")
        return w

    assert Caller(gradient, (np.ones(2, np.float32),))(np.ones(2))[0].dtype == np.float32


def test_the_first_failure_of_a_function_that_always_fails_is_raised():
    def gradient(w):
        raise TypeError(f"no gradient of {type(w).__name__}")

    with pytest.raises(TypeError, match="no gradient of ndarray"):
        Caller(gradient, (jnp.ones(2),))(np.ones(2))


def test_the_gradient_of_a_function_comes_by_path_in_float64_and_in_the_shapes_of_params():
    caller = Caller(lambda params: [{"w": np.float32(W), "b": B[None]}], (PARAMS,))
    found = caller.gradient(PARAMS)
    assert {path: (leaf.shape, leaf.dtype.name) for path, leaf in found.items()} == {
        path: (leaf.shape, "float64") for path, leaf in by_path(PARAMS).items()
    }
