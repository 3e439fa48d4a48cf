"""What the article says, as laws: each sentence is computed with the library and compared with its plain meaning."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxnet as jn
from jaxnet.stairs.example import ACCURACY_RANGE, one_step
from jaxnet.stairs.sections.hidden_layers import collapsed
from jaxnet.stairs.trained_networks import BEST, trained_network

EPS = np.finfo(np.float64).eps
Z = np.concatenate([np.linspace(-30, 30, 241), [-745.0, -40.0, 40.0, 745.0]])


def with_bias_row(layer):
    return np.vstack([layer["b"], layer["w"]])


@pytest.mark.parametrize("sizes", [(4, 2, 1), (4, 5, 2), (4, 8, 8, 3)])
def test_a_network_with_identity_activations_equals_one_perceptron(sizes, key):
    deep = jn.MLP(sizes, activation="identity", biases="normal(1)")
    flat = jn.MLP((sizes[0], sizes[-1]))
    params = deep.init(key, jnp.float64)
    w, b = np.eye(sizes[0]), np.zeros(sizes[0])
    for layer in params:
        w, b = w @ layer["w"], b @ layer["w"] + layer["b"]
    X = jn.stairs.load()[1].x / 255
    # every output is a sum of products; in absolute values it is at most this, and each product is rounded
    size = np.ones(sizes[0])
    for layer in params:
        size = size @ np.abs(layer["w"]) + np.abs(layer["b"])
    bound = sum(sizes) * EPS * size
    difference = np.abs(deep.predict(params, X) - flat.predict([{"w": jnp.asarray(w), "b": jnp.asarray(b)}], X))
    assert np.all(difference <= bound)


def test_the_hand_set_network_collapses_to_the_perceptron_that_the_story_prints():
    weights, bias, difference = collapsed("left_right")
    # 3 (.002 - .05) = -.144, 3 (.012 + .012) = .072, 3 (-.05 - .05) - 1 = -1.3
    np.testing.assert_allclose(weights, [-0.144, -0.144, 0.072, 0.072], rtol=1e-14)
    assert bias == pytest.approx(-1.3, rel=1e-14)
    assert difference < 1e-12


def test_the_sigmoid_s_slope_is_sigmoid_times_one_minus_sigmoid():
    s = jax.nn.sigmoid(jnp.asarray(Z))
    slope = jax.vmap(jax.grad(jax.nn.sigmoid))(jnp.asarray(Z))
    np.testing.assert_allclose(slope, s * (1 - s), rtol=0, atol=EPS)


def test_the_softmax_sums_to_one():
    logits = np.random.default_rng(0).normal(0, 50, (200, 7))
    sums = jax.nn.softmax(jnp.asarray(logits)).sum(axis=1)
    np.testing.assert_allclose(sums, 1, rtol=0, atol=7 * EPS)


def test_the_softmax_of_two_outputs_is_the_sigmoid_of_their_difference():
    a = np.random.default_rng(1).normal(0, 20, len(Z))
    softmax = jax.nn.softmax(jnp.stack([jnp.asarray(a + Z), jnp.asarray(a)], axis=1))[:, 0]
    # a + z is rounded, by eps of its size, and the slope of the sigmoid is at most 1/4
    np.testing.assert_allclose(
        softmax, (1 + np.tanh(Z / 2)) / 2, rtol=0, atol=EPS * (4 + (np.abs(a) + np.abs(Z)).max())
    )


def test_the_mini_batches_1_2_3_update_three_times_an_epoch():
    images = jn.stairs.load()[0].only([1, 2, 3])
    net, params = jn.stairs.worked_example()
    X = images.x / 255
    run = jn.fit(
        jn.objective(net), params, (X, images.targets), optimizer=optax.sgd(0.5), epochs=1, batch_size=1, shuffle=False
    )
    weights = tuple(map(with_bias_row, params))
    losses = []
    for row in range(3):
        trace = one_step(weights, X[[row]], images.targets[[row]], 0.5)
        weights = trace.new_W1, trace.new_W2
        losses.append(trace.loss)
    for found, by_hand in zip(map(with_bias_row, run.params), weights, strict=True):
        np.testing.assert_allclose(found, by_hand, rtol=0, atol=1e-14)
    np.testing.assert_allclose(run.history["loss"], [np.mean(losses)], rtol=1e-14)


def test_cases_a_and_b_are_alike_to_the_line_and_not_to_the_sigmoid():
    rise = {}
    for name in ("perceptron", "logistic"):
        net, params = jn.stairs.hand_set(name)
        rise[name] = [float(np.diff(net.predict(params, x)[:, 0])[0]) for x in jn.stairs.case_images().values()]
    np.testing.assert_allclose(rise["perceptron"], [0.12, 0.12], rtol=1e-12)
    assert rise["logistic"][0] > 0.9 > 0.1 > rise["logistic"][1] > 0


def test_the_worked_example_s_gradient_is_the_same_by_hand_by_the_reference_and_by_jax():
    train, _ = jn.stairs.load()
    net, params = jn.stairs.worked_example()
    trace = one_step(tuple(map(with_bias_row, params)), train.x, train.targets, 0.1)
    by_jax = jax.grad(jn.objective(net))(params, train.x, train.targets)
    _, by_reference = jn.reference.loss_and_gradient(net, params, train.x, train.targets)
    for layer, ours, theirs in zip((trace.gradient_W1, trace.gradient_W2), by_jax, by_reference, strict=True):
        # means of 400 terms, the largest 255 · .0015
        np.testing.assert_allclose(with_bias_row(ours), layer, rtol=0, atol=400 * EPS)
        np.testing.assert_allclose(with_bias_row(theirs), layer, rtol=0, atol=400 * EPS)


@pytest.fixture(scope="module")
def full_run():
    train, test = jn.stairs.load()
    net, params = jn.stairs.worked_example()
    return jn.fit(
        jn.objective(net), params, (train.x, train.targets), optimizer=optax.sgd(0.1), epochs=1500,
        validation=(test.x, test.targets), metrics=["accuracy"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("epoch", "loss"),
    [
        (1, 0.693498469939),
        (2, 0.692801630874),
        (3, 0.692104532634),
        (4, 0.690224622868),
        (5, 0.686646196596),
        (10, 0.675599531732),
        (15, 0.684626105946),
        (20, 0.655154691789),
        (25, 0.651936660237),
    ],
)
def test_fit_repeats_the_article_s_loss_up_to_epoch_25(full_run, epoch, loss):
    assert full_run.history["loss"][epoch - 1] == pytest.approx(loss, rel=0, abs=1e-9)


def test_the_article_s_run_ends_somewhere_in_its_range_because_beyond_epoch_25_rounding_decides(full_run):
    low, high = ACCURACY_RANGE
    assert (low, high) == (0.83, 0.90)
    assert low <= full_run.history["validation_accuracy"][-1] <= high


def test_a_trained_network_beats_every_hand_set_one_on_the_test_images():
    best_by_hand = 0.83  # logistic, with the weights of the article's text
    _, test = trained_network(BEST).accuracy
    assert test > best_by_hand
    assert test >= 0.98
