"""In which precision a gradient was computed."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet.gradients.truth.working_precision import DOUBLE, SINGLE, computes_in_single, is_single, unit_roundoff


@pytest.mark.parametrize(
    ("leaves", "eps"),
    [
        ({"w": np.ones(1)}, 2.0**-53),
        ({"w": np.ones(1, np.float32)}, 2.0**-24),
        ({"w": np.ones(1), "b": jnp.ones(1, jnp.bfloat16)}, 2.0**-8),
        ({"w": np.ones(1, np.float16)}, 2.0**-11),
        ({"w": [1.0]}, 2.0**-53),
        ({}, 2.0**-53),
    ],
)
def test_the_unit_roundoff_is_that_of_the_coarsest_dtype(leaves, eps):
    assert unit_roundoff(leaves) == eps


def test_numbers_that_float32_holds_came_from_float32():
    third = np.array([1 / 3])
    assert is_single({"w": third.astype(np.float32).astype(np.float64)})
    assert not is_single({"w": third})


X, W = np.random.default_rng(0).normal(size=(9, 4)), np.random.default_rng(1).normal(size=4)


def sound(w, x):
    return {"": x.T @ np.tanh(x @ w)}


ROUNDED = {
    "everything": lambda w, x: sound(np.float32(w), np.float32(x)),
    "the parameters only": lambda w, x: sound(np.float32(w).astype(float), x),
    "the data only": lambda w, x: sound(w, np.float32(x).astype(float)),
}


@pytest.mark.parametrize("name", ROUNDED)
def test_a_function_that_rounds_on_its_way_is_seen_to_move_in_steps(name):
    gradient = lambda w, x: {"": ROUNDED[name](w, x)[""].astype(np.float64)}
    noise = {"": 2.0**-45 * np.abs(sound(W, X)[""])}
    assert computes_in_single(gradient, (W, X), noise)
    assert not computes_in_single(sound, (W, X), noise)


def test_the_units_are_those_of_ieee():
    assert np.finfo(np.float64).eps / 2 == DOUBLE
    assert np.finfo(np.float32).eps / 2 == SINGLE
