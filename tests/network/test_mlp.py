"""A network is a frozen description and a pure function of one example."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet import MLP
from jaxnet.network import ACTIVATIONS, OUTPUTS

# By hand, from the definitions, in NumPy.
ACTIVATION_VALUES = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "elu": lambda z: np.where(z > 0, z, np.exp(z) - 1),
    "gelu": lambda z: z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))),
    "silu": lambda z: z / (1 + np.exp(-z)),
    "softplus": lambda z: np.log(1 + np.exp(z)),
    "selu": lambda z: 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * (np.exp(z) - 1)),
    "mish": lambda z: z * np.tanh(np.log(1 + np.exp(z))),
}
OUTPUT_VALUES = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "softmax": lambda z: np.exp(z) / np.exp(z).sum(-1, keepdims=True),
    "exp": np.exp,
}


# atol below: the rounding of a sum of up to five terms of order one


def by_hand(params, x, activations):
    for layer, activation in zip(params, [*activations, "identity"], strict=True):
        x = ACTIVATION_VALUES[activation](x @ np.asarray(layer["w"]) + np.asarray(layer["b"]))
    return x


@pytest.fixture
def examples():
    return np.random.default_rng(0).normal(size=(5, 3))


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_an_activation_has_its_textbook_values(name):
    z = np.array([-3.0, -0.5, 0.0, 0.5, 3.0])
    np.testing.assert_allclose(ACTIVATIONS[name](jnp.asarray(z)), ACTIVATION_VALUES[name](z), rtol=1e-14, atol=4e-16)


@pytest.mark.parametrize("name", sorted(OUTPUTS))
def test_an_output_has_its_textbook_values_for_one_example_and_for_columns_of_examples(name):
    z = np.array([[-3.0, 0.5, 2.0], [1.0, 0.0, -1.0]])
    np.testing.assert_allclose(OUTPUTS[name](jnp.asarray(z[0])), OUTPUT_VALUES[name](z[0]), rtol=1e-14, atol=4e-15)
    np.testing.assert_allclose(OUTPUTS[name](jnp.asarray(z.T)), OUTPUT_VALUES[name](z).T, rtol=1e-14, atol=4e-15)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_an_activation_passes_nan_on(name):
    assert np.isnan(ACTIVATIONS[name](jnp.asarray([np.nan]))).all()


def test_an_activation_of_ones_own_sees_one_example_at_a_time(key, examples):
    net = MLP((3, 4, 2), activation=lambda z: z / jnp.sum(jnp.abs(z)))
    params = net.init(key, jnp.float64)
    one_by_one = np.stack([net.predict(params, x) for x in examples])
    np.testing.assert_allclose(net.predict(params, examples), one_by_one, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("sizes", [(3, 2), (3, 1), (3, 4, 2), (3, 4, 5, 2), (3, 4, 5, 4, 3, 2, 1)])
def test_the_logits_are_a_fold_over_the_layers(key, examples, sizes):
    net = MLP(sizes, activation="tanh")
    params = net.init(key, jnp.float64)
    expected = by_hand(params, examples[0], ["tanh"] * (len(sizes) - 2))
    np.testing.assert_allclose(net.apply(params, examples[0]), expected, rtol=1e-14, atol=4e-15)


def test_each_hidden_layer_may_have_an_activation_of_its_own(key, examples):
    net = MLP((3, 4, 5, 2), activation=["relu", "tanh"])
    params = net.init(key, jnp.float64)
    np.testing.assert_allclose(
        net.apply(params, examples[0]), by_hand(params, examples[0], ["relu", "tanh"]), rtol=1e-14
    )


def test_an_activation_may_be_any_callable(key, examples):
    net = MLP((3, 4, 2), activation=jnp.sin)
    params = net.init(key, jnp.float64)
    hidden = np.sin(examples[0] @ np.asarray(params[0]["w"]))
    np.testing.assert_allclose(
        net.apply(params, examples[0]), hidden @ np.asarray(params[1]["w"]), rtol=1e-14, atol=4e-15
    )


@pytest.mark.parametrize("output", sorted(OUTPUTS))
def test_predict_applies_the_output_to_one_example_and_to_a_batch(key, examples, output):
    net = MLP((3, 4, 2), activation="sigmoid", output=output)
    params = net.init(key, jnp.float64)
    expected = OUTPUT_VALUES[output](by_hand(params, examples, ["sigmoid"]))
    np.testing.assert_allclose(net.predict(params, examples), expected, rtol=1e-13)
    np.testing.assert_allclose(net.predict(params, examples[1]), expected[1], rtol=1e-13)


def test_a_batch_of_examples_is_one_matrix_product_a_layer(key):
    net = MLP((3, 4, 2))
    batched = jax.make_jaxpr(jax.vmap(net.apply, (None, 0)))(net.init(key), jnp.zeros((7, 3), jnp.float32))
    assert str(batched).count("dot_general") == 2


def test_init_gives_one_layer_of_weights_and_biases_a_pair_of_sizes(key):
    params = MLP((4, 3, 2)).init(key)
    assert [(layer["w"].shape, layer["b"].shape) for layer in params] == [((4, 3), (3,)), ((3, 2), (2,))]
    assert {leaf.dtype for leaf in jax.tree.leaves(params)} == {np.dtype("float32")}


def test_the_same_key_draws_the_same_parameters_and_another_key_others(key):
    net = MLP((4, 3, 2))
    first, again, other = net.init(key), net.init(key), net.init(jax.random.key(1))
    np.testing.assert_array_equal(first[0]["w"], again[0]["w"])
    assert not np.array_equal(first[0]["w"], other[0]["w"])
    assert not np.array_equal(first[0]["w"][:3, :2], first[1]["w"])


def test_layers_gives_weighted_sums_and_activations_of_every_layer(key, examples):
    net = MLP((3, 4, 2), activation="sigmoid", output="softmax")
    params = net.init(key, jnp.float64)
    hidden, output = net.layers(params, examples[0])
    z1 = examples[0] @ np.asarray(params[0]["w"])
    a1 = ACTIVATION_VALUES["sigmoid"](z1)
    z2 = a1 @ np.asarray(params[1]["w"])
    for given, expected in [(hidden.z, z1), (hidden.a, a1), (output.z, z2), (output.a, OUTPUT_VALUES["softmax"](z2))]:
        np.testing.assert_allclose(given, expected, rtol=1e-13)


def test_dropout_leaves_out_the_given_share_and_keeps_the_mean(key):
    net = MLP((1, 20_000, 1), dropout=0.3, activation="identity")
    params = [
        {"w": jnp.ones((1, 20_000)), "b": jnp.zeros(20_000)},
        {"w": jnp.ones((20_000, 1)) / 20_000, "b": jnp.zeros(1)},
    ]
    hidden = net.layers(params, jnp.ones(1), key=key)[0].a
    # a share of 20,000 draws has a standard deviation of sqrt(.3 * .7 / 20000) = .0032; five of them
    assert abs(float(jnp.mean(hidden == 0)) - 0.3) < 0.0162
    np.testing.assert_allclose(np.unique(hidden), [0, 1 / 0.7], rtol=1e-15)
    assert abs(float(net.apply(params, jnp.ones(1), key=key)[0]) - 1) < 0.0162 / 0.7


def test_without_a_key_nothing_is_dropped(key, examples):
    params = MLP((3, 4, 2)).init(key, jnp.float64)
    dropping = MLP((3, 4, 2), dropout=0.5)
    np.testing.assert_array_equal(dropping.apply(params, examples[0]), MLP((3, 4, 2)).apply(params, examples[0]))


def test_a_network_is_hashable_and_equal_by_its_description():
    assert hash(MLP((4, 2), output="softmax")) == hash(MLP([4, 2], output="softmax"))
    assert MLP((4, 2)) != MLP((4, 2), output="sigmoid")


def test_the_summary_counts_parameters_operations_and_bytes():
    text = MLP((784, 128, 10), dropout=0.2).summary()
    assert "MLP 784-128-10, dropout 0.2" in text
    rows = [line.split() for line in text.splitlines()]
    # 784*128 + 128 = 100,480 and 128*10 + 10 = 1,290; two operations a weight; four bytes a parameter
    assert rows[2][-3:] == ["100,480", "200,704", "401,920"]
    assert rows[3][-3:] == ["1,290", "2,560", "5,160"]
    assert rows[4][-3:] == ["101,770", "203,264", "407,080"]


REFUSED = [
    (lambda: MLP(4), TypeError, r"sizes: expected two or more layer sizes such as \(4, 2, 2\), got 4"),
    (lambda: MLP((4,)), ValueError, r"sizes: expected two or more layer sizes such as \(4, 2, 2\), got \(4,\)"),
    (lambda: MLP((4, 0, 2)), ValueError, r"sizes\[1\]: expected an integer of at least 1, got 0"),
    (lambda: MLP((4, 2.5)), TypeError, r"sizes\[1\]: expected an integer of at least 1, got 2.5"),
    (lambda: MLP((4, 2), activation="sigmod"), ValueError, r"activation: .*got 'sigmod' \(did you mean 'sigmoid'\?\)"),
    (lambda: MLP((4, 3, 2), activation=("relu", "tanh")), ValueError, r"activation: expected one name for all hidden layers or 1"),
    (lambda: MLP((4, 2), output="soft"), ValueError, r"output: .*\(did you mean 'softmax'\?\)"),
    (lambda: MLP((4, 2), dropout=1.0), ValueError, "dropout: expected a finite number at least 0 and below 1, got 1.0"),
    (lambda: MLP((4, 2), weights="xavier"), ValueError, "weights: expected one of glorot_uniform"),
    (lambda: MLP((4, 2), weights="uniform(1)"), ValueError, r"weights: expected uniform\(low, high\), got 'uniform\(1\)'"),
    (lambda: MLP((4, 2), weights="normal(a)"), ValueError, r"weights: expected normal\(stddev\)"),
    (lambda: MLP((4, 2), weights="uniform(1, -1)"), ValueError, "high: expected a finite number above 1, got -1"),
    (lambda: MLP((4, 2), weights="normal(0)"), ValueError, "stddev: expected a finite number above 0, got 0"),
    (lambda: MLP((4, 2), biases="glorot_uniform"), ValueError, "biases: expected one of zeros, ones, uniform, normal"),
    (lambda: MLP((4, 2)).init(0), TypeError, "key: expected a key"),
    (lambda: net_and_params("apply", np.zeros((5, 3))), ValueError, r"x: expected one example of shape \(3,\); for a batch use predict, or jax.vmap over apply"),
    (lambda: net_and_params("predict", np.zeros((5, 4))), ValueError, r"X: expected one example of shape \(3,\) or a batch of shape \(N, 3\)"),
    (lambda: net_and_params("predict", np.zeros((2, 5, 3))), ValueError, "X: expected one example"),
    (lambda: MLP((3, 2)).predict(5, np.zeros(3)), TypeError, "params: expected a list of 1 layers with 'w' and 'b'"),
    (lambda: MLP((3, 2, 2)).predict(MLP((3, 2)).init(jax.random.key(0)), np.zeros(3)), ValueError, "params: expected a list of 2 layers"),
    (lambda: MLP((4, 2)).predict(MLP((3, 2)).init(jax.random.key(0)), np.zeros(4)), ValueError, r"params\[0\]\['w'\]: expected an array of shape \(4, 2\) for sizes=\(4, 2\), got an array of shape \(3, 2\)"),
    (lambda: MLP((1, 2)).predict([{"w": np.zeros((1, 2)), "b": np.zeros((1, 2))}], np.zeros(1)), ValueError, r"params\[0\]\['b'\]: expected an array of shape \(2,\)"),
    (lambda: MLP((1, 2)).predict([{"w": np.zeros((1, 2), int), "b": np.zeros(2)}], np.zeros(1)), TypeError, r"params\[0\]\['w'\]: expected floating-point numbers"),
    (lambda: MLP((1, 2)).predict([{"w": [[1.0, 2]], "b": np.zeros(2)}], np.zeros(1)), TypeError, r"params\[0\]\['w'\]: expected an array of shape \(1, 2\)"),
]  # fmt: skip


def net_and_params(method, X):
    net = MLP((3, 2))
    return getattr(net, method)(net.init(jax.random.key(0)), X)


@pytest.mark.parametrize(("call", "error", "words"), REFUSED)
def test_bad_input_is_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_a_network_that_no_file_and_no_memory_holds_is_refused() -> None:
    with pytest.raises(ValueError, match="sizes: expected at most 5000 layers, got 5001 layers"):
        MLP((4,) * 5002)
    with pytest.raises(ValueError, match=r"sizes\[1\]: expected at most 2147483647"):
        MLP((4, 2**31, 2))
    with pytest.raises(ValueError, match=r"sizes: expected what fits in the .* GiB of memory .* MLP 4-1000000-1000000"):
        MLP((4, 10**6, 10**6)).init(jax.random.key(0))
