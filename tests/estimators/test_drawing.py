"""What is drawn from random_state, and in which order."""

import itertools

import jax
import numpy as np
import pytest
from sklearn.utils import shuffle

from jaxnet.estimators.drawing import Shuffles, StreamDraws, initial_parameters, shuffles


@pytest.mark.parametrize(("activation", "factor"), [("sigmoid", 2), ("relu", 6)])
def test_layers_are_drawn_in_turn_weights_first_within_glorots_bound(activation, factor):
    layers = initial_parameters(np.random.RandomState(5), (3, 4, 2), [activation] * 2, np.dtype(np.float32))
    random = np.random.RandomState(5)
    for layer, (inputs, units) in zip(layers, [(3, 4), (4, 2)], strict=True):
        bound = np.sqrt(factor / (inputs + units))
        np.testing.assert_array_equal(layer["w"], random.uniform(-bound, bound, (inputs, units)).astype(np.float32))
        np.testing.assert_array_equal(layer["b"], random.uniform(-bound, bound, units).astype(np.float32))


def test_each_epoch_shuffles_the_order_of_the_one_before():
    random, order = np.random.RandomState(5), np.arange(9)
    for drawn in itertools.islice(shuffles(np.random.RandomState(5), 9), 3):
        order = shuffle(order, random_state=random)
        np.testing.assert_array_equal(drawn, order)


@pytest.mark.parametrize("generator", [np.random.MT19937, np.random.PCG64])
def test_a_stream_of_orders_stays_where_it_is(generator):
    orders = Shuffles(np.random.RandomState(generator(5)), 9)
    expected = list(itertools.islice(shuffles(np.random.RandomState(generator(5)), 9), 4))
    for _ in range(2):
        np.testing.assert_array_equal(list(itertools.islice(orders.after(1), 3)), expected[1:])


def test_the_engine_is_given_the_orders_of_any_epochs_with_the_padding_last():
    streams = [Shuffles(np.random.RandomState(seed), 9) for seed in (5, 6)]
    draws = StreamDraws([(stream, seed) for seed, stream in enumerate(streams)])
    expected = [list(itertools.islice(stream.after(0), 6)) for stream in streams]
    for stream, epochs in [(0, range(2)), (1, range(3)), (0, range(2, 6)), (0, range(1, 4)), (1, range(3, 4))]:
        orders = draws.orders(stream, 9, epochs, size=11)
        np.testing.assert_array_equal(orders[:, :9], expected[stream][epochs.start : epochs.stop])
        assert orders[:, 9:].tolist() == [[9, 10]] * len(epochs)
    np.testing.assert_array_equal(draws.key(1), jax.random.key_data(jax.random.key(1)))
    assert not StreamDraws([(None, 0)]).ordered
