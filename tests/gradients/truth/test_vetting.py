"""The oracle held against the values of f."""

import numpy as np
import pytest

from jaxnet.gradients.truth.vetting import slope, vet

PARAMS = {"a": np.array([0.3, -1.2]), "b": np.array(2.0)}


def value(params):
    return float(np.sum(np.exp(params["a"])) * params["b"] ** 2)


def gradient(params):
    return {"['a']": np.exp(params["a"]) * params["b"] ** 2, "['b']": 2 * params["b"] * np.sum(np.exp(params["a"]))}


NOISE = {path: 1e-15 * np.abs(leaf) for path, leaf in gradient(PARAMS).items()}


def test_the_right_gradient_is_confirmed_to_many_digits_and_its_remainder_shrinks_as_the_square():
    found = vet(value, PARAMS, gradient(PARAMS), NOISE)
    assert found.ok
    assert found.error < 1e-10
    assert found.taylor.slope == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize("path", ["['a']", "['b']"])
def test_an_error_of_a_millionth_in_one_leaf_is_noticed(path):
    wrong = gradient(PARAMS)
    wrong[path] = wrong[path] * (1 + 1e-6)
    assert not vet(value, PARAMS, wrong, NOISE).ok


def test_a_known_noise_of_the_values_is_allowed_for():
    off = {path: leaf * (1 + 1e-6) for path, leaf in gradient(PARAMS).items()}
    assert vet(value, PARAMS, off, NOISE, floor=1e-3).ok


def test_the_slope_along_a_direction_is_the_inner_product():
    assert slope({"a": np.array([1.0, 2.0]), "b": np.array(3.0)}, {"a": np.array([4.0, 5.0]), "b": np.array(6.0)}) == 32
