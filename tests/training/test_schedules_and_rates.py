"""A rate that rises and falls, and leaves that learn at rates of their own."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxnet.training import coslog4, scale_by_leaf


def test_the_rate_falls_to_nothing_four_times_each_twice_as_long_as_the_last():
    rate = coslog4(0.04, 1500)
    # log2(1 + 15 t) is whole at t = 0, 1/15, 3/15, 7/15 and 1, and a half in between
    np.testing.assert_allclose([rate(step) for step in (0, 100, 300, 700, 1500)], 0, atol=1e-7)
    peaks = [1500 * (2 ** (cycle + 0.5) - 1) / 15 for cycle in range(4)]
    np.testing.assert_allclose([rate(step) for step in peaks], 0.04, rtol=1e-5)
    assert float(coslog4(1.0, 10, cycles=1)(10 * (2**0.5 - 1))) == pytest.approx(1)


def test_leaves_learn_at_their_own_rates():
    params = [{"w": jnp.ones((2, 2)), "b": jnp.ones(2)}, {"w": jnp.ones((2, 1)), "b": jnp.ones(1)}]
    optimizer = optax.chain(optax.sgd(1.0), scale_by_leaf({"b": 0.1, "w": 2}))
    updates, _ = optimizer.update(params, optimizer.init(params))
    np.testing.assert_allclose(updates[0]["w"], -2)
    np.testing.assert_allclose(updates[1]["b"], -0.1)


def test_bad_numbers_and_names_of_no_leaf_are_refused():
    with pytest.raises(ValueError, match="rate: expected a finite number above 0, got 0"):
        coslog4(0, 10)
    with pytest.raises(ValueError, match=r"factors\['b'\]: expected a finite number at least 0, got -1"):
        scale_by_leaf({"b": -1})
    with pytest.raises(ValueError, match=r"factors: expected names of leaves, \['w'\], got 'bias'"):
        scale_by_leaf({"bias": 0.1}).init([{"w": jnp.ones(2)}])
