"""A ball holds whatever the other precision may compute: checked against float32, longer precision and other orders."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet.reference.balls import ELEMENTARY, Ball, Precision

SINGLE, DOUBLE = Precision.of(np.float32), Precision.of(np.float64)
RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(2, 40, 50))


def single(value):
    return Ball.of(value, SINGLE)


def assert_holds(ball, computed, at_most):
    """The ball holds what was computed, and its radius is no more than ``at_most`` roundings of float32."""
    assert (np.abs(computed.astype(float) - ball.value) <= ball.radius).all()
    largest = np.finfo(np.float32).eps * np.abs(ball.value).max()
    assert 0 < ball.radius.max() <= at_most * largest


FORMULAS = {
    "sum": (lambda x, y: x + y, 4),
    "difference": (lambda x, y: x - y, 4),
    "product": (lambda x, y: x * y, 4),
    "quotient": (lambda x, y: x / (2.0 + np.abs(y)), 8),
    "matrix product": (lambda x, y: x @ y.T, 120),
    "exp": (lambda x, y: np.exp(x), 20),
    "expm1": (lambda x, y: np.expm1(x), 20),
    "tanh": (lambda x, y: np.tanh(x), 20),
    "log": (lambda x, y: np.log(1.0 + np.abs(x)), 20),
    "log1p": (lambda x, y: np.log1p(np.abs(x)), 20),
    "sqrt": (lambda x, y: np.sqrt(np.abs(x)), 40),
    "square": (lambda x, y: np.square(x), 4),
    "power": (lambda x, y: x**3, 20),
    "negative": (lambda x, y: -x, 1),
    "larger": (lambda x, y: np.maximum(x, y), 1),
    "smaller": (lambda x, y: np.minimum(x, y), 1),
    "largest of a row": (lambda x, y: np.max(x, axis=1, keepdims=True), 1),
    "sum of a row": (lambda x, y: np.sum(x, axis=1), 400),
    "sum of all": (lambda x, y: np.sum(x), 100_000),
    "either": (lambda x, y: np.where(x > y, x, y), 1),
    "rows": (lambda x, y: x[[3, 1]], 1),
    "a softmax": (lambda x, y: np.exp(x) / np.sum(np.exp(x), axis=1, keepdims=True), 120),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_the_same_formula_in_float32_lands_within_the_radius(name):
    formula, at_most = FORMULAS[name]
    assert_holds(formula(single(A), single(B)), formula(A.astype(np.float32), B.astype(np.float32)), at_most)


R, S = 1e-3, 2e-3  # radii so large that roundings do not matter beside them
HANDED_ON = {
    "sum": (lambda x, y: x + y, R + S),
    "difference": (lambda x, y: x - y, R + S),
    "product": (lambda x, y: x * y, 2 * S + 3 * R + R * S),
    "quotient": (lambda x, y: x / y, (R + 2 / 3 * S) / (3 - S)),
    "matrix product": (lambda x, y: x @ y, 2 * S + 3 * R + R * S),
    "sum of all": (lambda x, y: np.sum(x), R),
    "square": (lambda x, y: np.square(x), 4 * R + R**2),
    "power": (lambda x, y: x**3, 3 * (2 + R) ** 2 * R),
    "exp": (lambda x, y: np.exp(x), np.exp(2 + R) * R),
    "expm1": (lambda x, y: np.expm1(x), np.exp(2 + R) * R),
    "log": (lambda x, y: np.log(x), R / (2 - R)),
    "log1p": (lambda x, y: np.log1p(x), R / (3 - R)),
    "sqrt": (lambda x, y: np.sqrt(x), np.sqrt(2) - np.sqrt(2 - R)),
    "tanh": (lambda x, y: np.tanh(x), R / np.cosh(2 - R) ** 2),
}


@pytest.mark.parametrize("name", HANDED_ON)
def test_what_came_in_is_handed_on_times_the_slope(name):
    formula, radius = HANDED_ON[name]
    x = Ball(np.array([[2.0]]), np.array([[R]]), DOUBLE)
    y = Ball(np.array([[3.0]]), np.array([[S]]), DOUBLE)
    np.testing.assert_allclose(formula(x, y).radius.item(), radius, rtol=1e-9)


def test_a_sum_in_any_order_lands_within_the_radius():
    numbers = RNG.normal(size=1000).astype(np.float32) * 10.0 ** RNG.integers(-3, 4, 1000).astype(np.float32)
    ball = np.sum(single(numbers))
    for order in (numbers, np.sort(numbers), np.sort(numbers)[::-1], numbers[np.argsort(-np.abs(numbers))]):
        assert abs(float(np.add.accumulate(order)[-1]) - ball.value) <= ball.radius


def test_numbers_that_fit_the_type_are_exact_and_others_are_rounded_once():
    np.testing.assert_array_equal(single([0.5, 3.0]).radius, [0, 0])
    np.testing.assert_array_equal(single([0.1]).radius, [abs(0.1 - float(np.float32(0.1)))])
    np.testing.assert_array_equal(Ball.of([0.1], DOUBLE).radius, [0])
    np.testing.assert_array_equal(single(np.array([1, 2])).radius, [0, 0])


def test_zero_times_anything_is_exactly_zero():
    np.testing.assert_array_equal((single([0.0]) * single([0.1])).radius, [0])
    np.testing.assert_array_equal((single([[0.0]]) @ single([[0.1]])).radius, [[0]])


def test_a_comparison_within_the_radii_is_open_and_takes_both_branches():
    x = Ball(np.array([1.0, 1e-9, 0.0]), np.array([1e-8, 1e-8, 0.0]), DOUBLE)
    slope = np.where(x > 0, 1.0, 0.0)
    np.testing.assert_array_equal(slope.value, [1, 1, 0])
    np.testing.assert_array_equal(slope.radius, [0, 1, 0])


def test_at_the_kink_relu_itself_is_known_as_well_as_its_argument():
    x = Ball(np.array([1e-9, -1.0]), np.array([1e-8, 1e-8]), DOUBLE)
    np.testing.assert_allclose(np.maximum(x, 0.0).radius, [1e-8, 0], rtol=1e-12)


def test_nothing_is_known_of_a_quotient_whose_divisor_may_be_zero():
    y = Ball(np.array([1e-9]), np.array([1e-8]), DOUBLE)
    assert (1.0 / y).radius == np.inf


def test_the_root_of_a_number_that_may_be_zero_is_known_within_the_root_of_its_radius():
    x = Ball(np.array([0.0, 1e-20]), np.array([1e-16, 1e-16]), DOUBLE)
    np.testing.assert_allclose(np.sqrt(x).radius, [1e-8, 1e-8], rtol=1e-6)


def test_a_result_below_the_smallest_normal_number_may_be_flushed_to_zero():
    product = single([1e-20]) * single([1e-25])
    assert product.radius >= product.value


def test_the_longer_error_of_a_longer_sum_is_its_fan_in():
    short, long = (np.sum(Ball.of(np.ones(n), DOUBLE)).radius for n in (11, 1001))
    np.testing.assert_allclose(long / short, (1000 * 1001) / (10 * 11), rtol=1e-12)


def test_an_operation_without_a_rule_is_refused():
    with pytest.raises(TypeError, match="returned NotImplemented"):
        np.sin(single([1.0]))
    with pytest.raises(TypeError, match=r"no implementation found for .numpy\.median"):
        np.median(single([1.0]))


RANGES = {
    "exp": (jnp.exp, np.exp, RNG.uniform(-80, 80, 20000)),
    "expm1": (jnp.expm1, np.expm1, -(10.0 ** RNG.uniform(-20, 1.9, 20000))),
    "log": (jnp.log, np.log, 1 + 10.0 ** RNG.uniform(-6, 1, 20000)),
    "log1p": (jnp.log1p, np.log1p, 10.0 ** RNG.uniform(-20, 0, 20000)),
    "sqrt": (jnp.sqrt, np.sqrt, 10.0 ** RNG.uniform(-30, 30, 20000)),
    "tanh": (jnp.tanh, np.tanh, RNG.uniform(-22, 22, 20000)),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", RANGES)
def test_elementary_functions_of_jax_and_numpy_are_as_accurate_as_is_assumed(name, dtype):
    if dtype is np.float64 and np.finfo(np.longdouble).eps >= np.finfo(np.float64).eps:
        pytest.skip("this platform has no longer precision to judge float64 by")
    in_jax, in_numpy, points = RANGES[name]
    points = points.astype(dtype)
    exact = in_numpy(points.astype(np.longdouble))
    unit = np.finfo(dtype).eps / 2 * np.abs(exact)
    assert (np.abs(np.asarray(in_jax(points)) - exact) <= ELEMENTARY * unit).all()
    assert (np.abs(in_numpy(points) - exact) <= ELEMENTARY * unit).all()
