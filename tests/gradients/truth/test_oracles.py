"""The true gradient and its noise."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.gradients.truth import oracles
from jaxnet.gradients.truth.comparison import oracle_of
from jaxnet.gradients.truth.finite_differences import MOST_DIFFERENCES, Differences, along_line, direction

X, Y = np.random.default_rng(0).normal(size=(8, 3)), np.array([0.0, 1, 1, 0, 1, 0, 0, 1])
PARAMS = {"slope": np.array([0.3, -0.2, 0.7]), "intercept": np.array(0.1)}


def logistic(params, X, y, penalty=0.0):
    z = X @ params["slope"] + params["intercept"]
    return jnp.mean(jax.nn.softplus(z) - y * z) + penalty * jnp.sum(params["slope"] ** 2)


def logistic_numpy(params, X, y):
    z = X @ params["slope"] + params["intercept"]
    return np.mean(np.logaddexp(0, z) - y * z)


def by_hand(params, X, y):
    error = 1 / (1 + np.exp(-(X @ params["slope"] + params["intercept"]))) - y
    return {"['intercept']": error.mean(), "['slope']": X.T @ error / len(y)}


@pytest.mark.parametrize("oracle", [oracles.Automatic(logistic), Differences(logistic_numpy)])
def test_the_oracle_agrees_with_a_derivation_by_hand_to_its_own_noise(oracle):
    true, noise = oracle.gradient(PARAMS, X, Y), oracle.noise(PARAMS, X, Y, eps=2.0**-53)
    expected = by_hand(PARAMS, X, Y)
    assert true.keys() == expected.keys()
    for path, leaf in expected.items():
        assert (np.abs(true[path] - leaf) <= noise[path]).all()
        assert noise[path].max() < 1e-10
    assert oracle.value(PARAMS, X, Y) == pytest.approx(logistic_numpy(PARAMS, X, Y), rel=1e-14)


def test_the_oracle_computes_in_float64_whatever_the_program_has_set():
    with jax.enable_x64(False):
        true = oracles.Automatic(logistic).gradient(PARAMS, X, Y)
    np.testing.assert_allclose(true["['slope']"], by_hand(PARAMS, X, Y)["['slope']"], rtol=1e-13)


def test_other_data_and_other_numbers_may_be_asked_for():
    oracle = oracles.Automatic(logistic)
    np.testing.assert_allclose(
        oracle.gradient(PARAMS, X[:1], Y[:1])["['slope']"], by_hand(PARAMS, X[:1], Y[:1])["['slope']"]
    )
    penalised = oracle.gradient(PARAMS, X, Y, 0.5)["['slope']"] - oracle.gradient(PARAMS, X, Y)["['slope']"]
    np.testing.assert_allclose(penalised, PARAMS["slope"], rtol=1e-13)


def test_a_function_that_reads_a_name_that_changes_is_read_again():
    scale = [1.0]
    f = lambda w: scale[0] * jnp.sum(w**2) / 2
    assert oracle_of(f, (np.ones(1),)).gradient(np.ones(1))[""] == 1
    scale[0] = 3.0
    assert oracle_of(f, (np.ones(1),)).gradient(np.ones(1))[""] == 3


def programs_of(f, *point):
    return oracle_of(f, point)._ready(point[0], point[1:])[1]


def test_functions_that_do_the_same_share_their_compiled_programs():
    net, numbers = jn.MLP((3, 2), output="softmax"), np.array([1.0, 2.0])
    point = (net.init(jax.random.key(0)), X, np.arange(len(X)) % 2)
    assert programs_of(jn.objective(net), *point) is programs_of(jn.objective(net), *point)
    sums = [lambda w, c=c: jnp.sum(c * w) for c in (numbers, numbers.copy(), numbers + 1)]
    first, again, other = (programs_of(f, np.ones(2)) for f in sums)
    assert first is again
    assert first is not other


def test_functions_that_do_the_same_may_take_their_parameters_in_other_forms():
    w = np.array([3.0, 4.0])
    forms = {"": w, "['w']": {"w": w}, "[0]": [w], "['net'][0]": {"net": (w,)}}
    takes = {"": lambda p: p, "['w']": lambda p: p["w"], "[0]": lambda p: p[0], "['net'][0]": lambda p: p["net"][0]}
    for path, params in forms.items():
        f = lambda p, leaf=takes[path]: jnp.sum(leaf(p) ** 3) / 3
        oracle = oracle_of(f, (params,))
        np.testing.assert_array_equal(oracle.gradient(params)[path], w**2)
        assert oracle.value(params) == pytest.approx(91 / 3, rel=1e-15)
        np.testing.assert_array_less(0, oracle.noise(params, eps=2.0**-53)[path])


def test_a_program_that_is_kept_does_not_follow_a_name_that_has_changed_since():
    scale = [2.0]
    reads, writes_down = lambda w: jnp.sum(scale[0] * w), lambda w: jnp.sum(2.0 * w)
    oracle_of(reads, (np.ones(1),)).value(np.ones(1))
    scale[0] = 5.0
    assert oracle_of(writes_down, (np.ones(1),)).gradient(np.ones(1))[""] == 2


def test_a_rule_of_the_users_own_is_never_taken_for_another_one():
    def squared(factor):
        f = jax.custom_vjp(lambda w: jnp.sum(w**2))
        f.defvjp(lambda w: (jnp.sum(w**2), w), lambda w, back: (factor * w * back,))
        return lambda w: f(w)

    assert [float(oracle_of(squared(c), (np.ones(1),)).gradient(np.ones(1))[""][0]) for c in (2.0, 5.0)] == [2, 5]


def test_the_noise_of_float32_is_that_of_float64_times_the_ratio_of_their_units():
    oracle = oracles.Automatic(logistic)
    double, single = (oracle.noise(PARAMS, X, Y, eps=eps)["['slope']"] for eps in (2.0**-53, 2.0**-24))
    np.testing.assert_allclose(single, 2.0**29 * double, rtol=1e-6)


def test_a_relu_whose_argument_is_zero_within_rounding_may_fall_on_either_side():
    f = lambda w, x: jnp.sum(jax.nn.relu(w * x - 1)) * 5
    w, x = np.array(1 + 1e-9), np.array([1.0, 3.0])
    noise = {eps: oracles.Automatic(f).noise(w, x, eps=eps)[""] for eps in (2.0**-53, 2.0**-24)}
    assert noise[2.0**-53] < 1e-12
    assert 5 <= noise[2.0**-24] < 5.1


def test_at_a_corner_the_noise_is_that_of_the_side_that_is_active():
    f = lambda w, x: jnp.sum(jax.nn.relu(w) * x)
    w, x = np.zeros(2), np.array([1.0, 3.0])
    assert oracles.Automatic(f).noise(w, x, eps=2.0**-53)[""].max() < 1e-300
    noise = oracles.Automatic(f).noise(w, x, eps=2.0**-53, corner=True)[""]
    assert (noise > 2.0**-53 * x).all()
    assert (noise < 2.0**-45 * x).all()


def test_the_noise_of_a_value_covers_what_float32_computes():
    single = float(logistic(jax.tree.map(jnp.float32, PARAMS), jnp.float32(X), jnp.float32(Y)))
    noise = oracles.Automatic(logistic).value_noise(PARAMS, X, Y, eps=2.0**-24)
    assert abs(single - logistic_numpy(PARAMS, X, Y)) <= noise < 1e-4


def test_differences_in_float32_allow_for_rounded_inputs():
    oracle = Differences(logistic_numpy)
    rounded = by_hand(jax.tree.map(np.float32, PARAMS), np.float32(X), Y)["['slope']"]
    off = np.abs(rounded - by_hand(PARAMS, X, Y)["['slope']"])
    assert (off <= oracle.noise(PARAMS, X, Y, eps=2.0**-24)["['slope']"]).all()


def test_a_certain_classifier_in_numpy_has_the_noise_of_its_loss_elsewhere():
    certain = {"slope": 1e4 * np.eye(3)[0], "intercept": np.array(0.0)}
    X, y = np.array([[1.0, 0, 0]]), np.ones(1)
    assert logistic_numpy(certain, X, y) == 0
    assert Differences(logistic_numpy).noise(certain, X, y, eps=2.0**-53)["['slope']"].min() > 1e-17


def test_too_many_parameters_for_differences_alone_are_refused():
    with pytest.raises(ValueError, match=r"f: expected an f written with jax.numpy, or at most 20000 parameters"):
        Differences(np.sum).gradient(np.zeros(MOST_DIFFERENCES + 1))


def test_a_direction_has_the_size_of_each_leaf_and_of_one_where_a_leaf_is_zero():
    way = direction({"large": np.full(1000, 100.0), "zero": np.zeros(1000)})
    assert np.std(way["['large']"]) == pytest.approx(100, rel=0.1)
    assert np.std(way["['zero']"]) == pytest.approx(1, rel=0.1)


def test_a_line_moves_all_parameters_together():
    along = along_line(
        lambda p: float(p["a"].sum() + p["b"].sum()),
        {"a": np.ones(2), "b": np.ones(1)},
        {"['a']": np.ones(2), "['b']": np.ones(1)},
    )
    assert (along(0.0), along(2.0)) == (3, 9)
