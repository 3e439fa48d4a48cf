"""Derivatives from values alone, against those known by hand, and the oracle held against the values of f."""

import math

import numpy as np
import pytest

from jaxnet.gradients.truth import finite_differences
from jaxnet.gradients.truth.finite_differences import Lines, slope_along, vet

CURVES = {
    "exponential": (lambda t: math.exp(3 * t), 3.0),
    "sine": (lambda t: math.sin(t), 1.0),
    "an even function": (math.cos, 0.0),
    "steep": (lambda t: math.exp(100 * t), 100.0),
    "a line": (lambda t: 7 * t - 2, 7.0),
    "a constant": (lambda t: 4.0, 0.0),
    "small": (lambda t: 1e-12 * math.tanh(1 + t), 1e-12 * (1 - math.tanh(1) ** 2)),
    "small beside something large": (lambda t: 1 + 1e-12 * math.tanh(1 + t), 1e-12 * (1 - math.tanh(1) ** 2)),
    "oscillating": (lambda t: math.sin(200 * t), 200.0),
}


def measured(curve):
    noise = finite_differences.value_noise(curve, scale=1.0)
    return finite_differences.derivative(curve, scale=1.0, noise=noise)


@pytest.mark.parametrize("name", CURVES)
def test_the_error_of_a_derivative_is_no_larger_than_it_says(name):
    curve, expected = CURVES[name]
    found = measured(curve)
    assert abs(found.value - expected) <= found.error
    assert found.jump <= found.error


@pytest.mark.parametrize("name", ["exponential", "sine", "steep", "oscillating"])
def test_extrapolation_reaches_ten_digits(name):
    curve, expected = CURVES[name]
    assert measured(curve).error < 1e-10 * expected * 10


@pytest.mark.parametrize("away", [0.0, 1e-9])
def test_a_corner_is_told_from_a_curve_by_its_one_sided_slopes(away):
    found = measured(lambda t: max(t - away, 0) + t * t)
    assert found.jump == pytest.approx(1, abs=1e-3)


def test_the_noise_of_a_value_is_its_rounding():
    assert 2.0**-53 <= finite_differences.value_noise(lambda t: 1 + t, scale=1.0) < 2.0**-50
    single = lambda t: float(np.float32(1 + np.float32(t)) + np.float32(math.sin(1e3 * t)))
    assert finite_differences.value_noise(single, scale=1.0) > 2.0**-26


def test_one_corner_among_the_points_is_not_taken_for_noise():
    assert finite_differences.value_noise(lambda t: 1 + max(t - 1e-7, 0), scale=1.0) < 2.0**-50


def test_remainders_shrink_as_the_square_of_the_step_for_the_right_slope_and_as_the_step_for_a_wrong_one():
    curve = lambda t: math.exp(t)
    assert finite_differences.taylor(curve, 1.0, 2.0**-53).slope == pytest.approx(2, abs=0.01)
    assert finite_differences.taylor(curve, 1.01, 2.0**-53).slope == pytest.approx(1, abs=0.05)


def test_a_line_leaves_no_remainder_to_judge():
    assert math.isnan(finite_differences.taylor(lambda t: 3 * t, 3.0, 2.0**-53).slope)


def test_remainders_are_judged_below_the_corners_that_wide_steps_reach():
    corners = lambda t: t * t + sum(max(t - c, 0) / 10 for c in 10.0 ** -np.arange(1, 6))
    assert finite_differences.taylor(corners, 0.0, 1e-22).slope == pytest.approx(2, abs=0.01)


PARAMS = {"a": np.array([0.3, -1.2]), "b": np.array(2.0)}


def value(params):
    return float(np.sum(np.exp(params["a"])) * params["b"] ** 2)


def gradient(params):
    return {"['a']": np.exp(params["a"]) * params["b"] ** 2, "['b']": 2 * params["b"] * np.sum(np.exp(params["a"]))}


NOISE = {path: 1e-15 * np.abs(leaf) for path, leaf in gradient(PARAMS).items()}


def test_the_right_gradient_is_confirmed_to_many_digits_and_its_remainder_shrinks_as_the_square():
    found = vet(Lines(value, PARAMS), gradient(PARAMS), NOISE)
    assert found.ok
    assert found.error < 1e-10
    assert found.taylor.slope == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize("path", ["['a']", "['b']"])
def test_an_error_of_a_millionth_in_one_leaf_is_noticed(path):
    wrong = gradient(PARAMS)
    wrong[path] = wrong[path] * (1 + 1e-6)
    assert not vet(Lines(value, PARAMS), wrong, NOISE).ok


def test_a_known_noise_of_the_values_is_allowed_for():
    off = {path: leaf * (1 + 1e-6) for path, leaf in gradient(PARAMS).items()}
    assert vet(Lines(value, PARAMS), off, NOISE, floor=1e-3).ok


def test_the_slope_along_a_direction_is_the_inner_product():
    assert (
        slope_along({"a": np.array([1.0, 2.0]), "b": np.array(3.0)}, {"a": np.array([4.0, 5.0]), "b": np.array(6.0)})
        == 32
    )
