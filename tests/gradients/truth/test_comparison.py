"""The truth at a point, and a gradient held against it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet.gradients.truth.comparison import compare_gradient, truth_at
from jaxnet.gradients.truth.finite_differences import Differences

W = np.array([1.5, 0.0, -2.0])
EPS = 2.0**-53


def relu_sum(w):
    return jnp.sum(3 * jax.nn.relu(w))


def test_the_truth_says_what_it_was_taken_from_and_how_it_was_confirmed():
    truth = truth_at(lambda w: jnp.sum(jnp.exp(w)), (W,))
    assert "jax.grad of f in float64, confirmed by differences of f" in truth.sentence
    assert "h^2.00" in truth.sentence
    assert not truth.corner
    np.testing.assert_allclose(truth.low[""], np.exp(W), rtol=1e-15)


def test_a_function_in_numpy_is_judged_by_differences_alone_and_says_so():
    truth = truth_at(lambda w: float(np.sum(np.exp(w))), (W,))
    assert isinstance(truth.oracle, Differences)
    assert "differences of f alone" in truth.sentence


@jax.custom_jvp
def square(w):
    return w * w


@square.defjvp
def half_the_slope(primals, tangents):
    (w,), (tangent,) = primals, tangents
    return w * w, w * tangent


def test_a_rule_that_contradicts_the_values_of_f_is_not_believed():
    truth = truth_at(lambda w: jnp.sum(square(w)), (W,))
    assert "jax.grad of f disagrees with differences of f" in truth.sentence
    np.testing.assert_allclose(truth.low[""], 2 * W, atol=1e-9)


def test_a_gradient_that_f_stops_on_purpose_is_the_truth_and_said_to_be():
    truth = truth_at(lambda w: jnp.sum(w * jax.lax.stop_gradient(w)), (W,))
    assert "which f stops in places (stop_gradient)" in truth.sentence
    np.testing.assert_allclose(truth.low[""], W, atol=1e-15)


def test_a_large_function_whose_rule_is_in_doubt_keeps_the_rule_and_says_so():
    truth = truth_at(lambda w: jnp.sum(square(w)), (np.ones(2001),))
    assert "jax.grad of f in float64, though jax.grad of f disagrees" in truth.sentence


REFUSED = [
    (lambda w: jnp.log(w[1]), ValueError, r"f: expected a finite value at params, got -inf"),
    (
        lambda w: jnp.sqrt(w[1]),
        ValueError,
        r"f: expected a finite gradient at params, got NaN or infinity in  at \[\[1\]\]",
    ),
    (
        lambda w: jnp.exp(w),
        TypeError,
        r"f: expected a function \(params, \*data\) that returns one number, got an array of shape \(3,\)",
    ),
    (lambda w: None, TypeError, r"f: expected a function .* that returns one number, got None"),
    (lambda w: np.array([1.0]), TypeError, r"f: expected a function .* got an array of shape \(1,\)"),
    (lambda w: "text", TypeError, r"f: expected a function .* got 'text'"),
]


@pytest.mark.parametrize(("f", "error", "words"), REFUSED)
def test_what_has_no_gradient_is_refused(f, error, words):
    with pytest.raises(error, match=words):
        truth_at(f, (W,))


def test_an_error_inside_f_is_raised_as_it_is():
    with pytest.raises(KeyError, match="bias"):
        truth_at(lambda w: {}["bias"], (W,))


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0, 0.3])
def test_every_slope_at_a_corner_is_right_and_known(slope):
    compared = compare_gradient({"": np.array([3, 3 * slope, 0])}, truth_at(relu_sum, (W,)), eps=EPS)
    assert compared.right
    assert compared.slope == pytest.approx(slope)
    np.testing.assert_allclose(compared.oracle(W)[""], [3, 3 * slope, 0])


@pytest.mark.parametrize("beyond", [-0.1, 1.1, -1.0])
def test_a_slope_beyond_the_two_sides_is_wrong(beyond):
    compared = compare_gradient({"": np.array([3, 3 * beyond, 0])}, truth_at(relu_sum, (W,)), eps=EPS)
    assert not compared.right


def test_a_mistake_beside_a_corner_is_seen():
    assert not compare_gradient({"": np.array([3.001, 0, 0])}, truth_at(relu_sum, (W,)), eps=EPS).right


def test_a_known_error_of_the_numbers_is_allowed_for():
    truth = truth_at(lambda w: jnp.sum(jnp.exp(w)), (W,))
    printed = {"": np.round(np.exp(W), 3)}
    assert not compare_gradient(printed, truth, eps=EPS).right
    assert compare_gradient(printed, truth, eps=EPS, precision=0.0005).right
