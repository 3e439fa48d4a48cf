"""Orders drawn in NumPy are those that ``fit`` draws in its program."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet.sweeps.orders import draw_orders
from jaxnet.training.batches import Examples, draw_order

EPOCHS, ROWS, SIZE = (0, 7, 300), 37, 40


def drawn_by_fit(key: jax.Array) -> np.ndarray:
    examples = Examples(jnp.zeros((SIZE,)), jnp.zeros((SIZE,)), None, jnp.asarray(ROWS, jnp.int32))
    keys = [jax.random.split(jax.random.fold_in(key, epoch))[0] for epoch in EPOCHS]
    return np.stack([draw_order(each, examples) for each in keys])


@pytest.mark.parametrize("implementation", ["threefry2x32", "rbg"])
def test_orders_are_those_of_fit(implementation: str) -> None:
    key = jax.random.key(11, impl=implementation)
    assert np.array_equal(draw_orders(key, ROWS, EPOCHS, size=SIZE), drawn_by_fit(key))


def test_every_order_has_each_example_once_and_the_padding_last() -> None:
    orders = draw_orders(jax.random.key(2), ROWS, EPOCHS, size=SIZE)
    assert np.array_equal(np.sort(orders[:, :ROWS], 1), np.tile(np.arange(ROWS), (3, 1)))
    assert np.array_equal(orders[:, ROWS:], np.tile(np.arange(ROWS, SIZE), (3, 1)))
    assert len(np.unique(orders, axis=0)) == 3
