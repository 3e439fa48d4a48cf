"""The noise floor against rounding errors that are known by hand, and against those of float32."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from jaxnet.gradients.truth import rounding_noise
from jaxnet.gradients.truth.evaluation import Evaluated

HALF_ULP = 2.0**-24  # of float32


def gain(function, *arrays):
    return rounding_noise.measure_rounding(Evaluated(lambda xs: [function(*xs)]))(list(arrays)).gain[0]


def test_one_product_of_rounded_numbers_has_the_error_of_three_roundings():
    x, y = np.linspace(1, 2, 1000), np.linspace(3, 5, 1000)
    relative = gain(jnp.multiply, x, y) / (x * y)
    # two inputs and the product itself, each moved by one unit up or down: the mean size of three signs is 3/2
    assert np.mean(relative) == pytest.approx(1.5 * np.sqrt(np.pi / 2), rel=0.02)


def test_the_noise_grows_and_shrinks_with_the_size_of_the_function():
    x = np.linspace(-1, 1, 7)
    one = gain(lambda v: jnp.sin(v) ** 2, x)
    for factor in (1e-200, 1e-12, 1e12):
        np.testing.assert_allclose(gain(lambda v, c=factor: c * jnp.sin(v) ** 2, x), factor * one, rtol=0.5)


def test_what_is_zero_by_construction_has_no_noise():
    assert (gain(lambda v, w: 0 * v + jnp.zeros(3) @ w, np.ones(3), np.ones((3, 3))) == 0).all()


def test_cancellation_shows_the_noise_of_what_cancels():
    x = np.array([1e6, 1.0])
    large, small = gain(lambda v: (v + 1) - v, x)
    assert large == pytest.approx(1e6, rel=1)
    assert small == pytest.approx(1, rel=2)


def test_one_minus_a_saturated_activation_has_the_noise_of_the_activation():
    assert 0.3 < gain(lambda z: 1 - jax.nn.sigmoid(z), np.array([40.0]))[0] < 3


def test_a_sum_has_the_noise_of_every_order_of_summation():
    # Higham and Mary 2019: sqrt(n) units of the sum of absolute values, whatever cancels
    terms = np.concatenate([np.ones(500), -np.ones(500)])
    assert gain(jnp.sum, terms) == pytest.approx(np.sqrt(1000) * 1000, rel=0.5)
    assert gain(jnp.dot, terms, np.ones(1000)) == pytest.approx(np.sqrt(1000) * 1000, rel=0.5)


def test_a_loop_is_disturbed_in_every_turn():
    there_and_back = lambda turns: lambda x: jax.lax.scan(lambda c, _: (c * 3 / 3, None), x, length=turns)[0]
    short, long = (gain(there_and_back(turns), np.float64(1.0)) for turns in (4, 400))
    assert long > 10 * short


def test_the_factor_is_the_quantile_of_student_times_three():
    assert 3 * np.ceil(stats.t.isf(1e-12 / 2, rounding_noise.DRAWS)) == rounding_noise.FACTOR


FUNCTIONS = {
    "tanh network": lambda x, w: jnp.tanh(x @ w).sum(0),
    "softmax": lambda x, w: jax.nn.softmax(x @ w).sum(0),
    "logarithms": lambda x, w: jnp.log1p(jnp.exp(x @ w)).sum(0),
    "solution": lambda x, w: jnp.linalg.solve(w @ w.T + jnp.eye(6), x.sum(0)),
    "convolution": lambda x, w: jnp.convolve(x[:, 0], w[0])[:6],
    "running sums": lambda x, w: jnp.cumsum(x @ w, axis=0)[-1],
    "places": lambda x, w: jnp.zeros(6).at[jnp.array([0, 1, 0, 2, 5, 5, 0])].add((x @ w)[:, 0]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_float32_computes_is_within_the_noise_of_float32(name):
    function, random = FUNCTIONS[name], np.random.default_rng(0)
    x, w = random.normal(size=(7, 6)), random.normal(size=(6, 6))
    single = np.asarray(function(jnp.float32(x), jnp.float32(w)), np.float64)
    error = np.abs(single - np.asarray(function(x, w)))
    assert (error <= rounding_noise.FACTOR * HALF_ULP * gain(function, x, w)).all()
    assert error.max() > 0


def test_the_noise_is_no_looser_than_rounding_needs():
    random = np.random.default_rng(1)
    x, w = random.normal(size=(200, 6)), random.normal(size=(6, 6))
    relative = HALF_ULP * gain(FUNCTIONS["tanh network"], x, w) / np.abs(FUNCTIONS["tanh network"](x, w))
    assert np.median(relative) < 1e-4


def test_turns_is_the_precision_at_which_a_comparison_can_go_the_other_way():
    def mask(xs):
        return [jnp.where(xs[0] > 0, xs[0], 0)]

    cancelled = lambda near: (lambda xs: mask([xs[0] - xs[1]]), [np.array([1.0 + near]), np.array([1.0])])
    turns = {
        near: rounding_noise.measure_rounding(Evaluated(f))(a).turns
        for near in (1e-3, 1e-9)
        for f, a in [cancelled(near)]
    }
    assert turns[1e-3] > HALF_ULP > turns[1e-9] > 2.0**-53


def test_jumps_are_the_difference_between_the_two_sides_of_a_comparison():
    step = lambda xs: [jnp.where(xs[0] - xs[1] > 0, 5.0, 2.0) + 0 * xs[0]]
    (jump,) = rounding_noise.jumps(Evaluated(step), [np.array([1.0 + 1e-9, 3.0]), np.array([1.0, 1.0])], HALF_ULP)
    np.testing.assert_allclose(jump, [3, 0], atol=1e-3)


def test_no_jump_where_no_comparison_is_near():
    (jump,) = rounding_noise.jumps(
        Evaluated(lambda xs: [jnp.where(xs[0] > 0, 5.0, 2.0)]), [np.array([1.0, -3.0])], HALF_ULP
    )
    assert jump.max() < 1e-3


def test_an_infinity_in_a_mask_is_not_rounded():
    masked = jax.grad(lambda w: jax.nn.logsumexp(jnp.where(jnp.arange(3) > 0, w, -jnp.inf)))
    found = gain(masked, np.array([0.3, 0.1, -2.0]))
    assert found[0] == 0
    assert ((found[1:] > 0.01) & (found[1:] < 10)).all()


def test_data_that_lie_on_a_threshold_are_compared_by_everybody_alike():
    times = np.array([3.0, 1.0, 2.0])
    gradient = Evaluated(lambda arrays: [arrays[0] * (arrays[1] >= 2.0)])
    assert rounding_noise.measure_rounding(gradient)([np.ones(3), times]).turns > 1
    computed = Evaluated(lambda arrays: [arrays[0] * (jnp.sqrt(arrays[1]) ** 2 >= 2.0)])
    assert rounding_noise.measure_rounding(computed)([np.ones(3), times]).turns < 1e-10
