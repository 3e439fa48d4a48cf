"""Batches: a drawn order, whole batches, and rows that fill up the last one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet.training.batches import (
    FEWEST_ROWS,
    Examples,
    draw_order,
    pad,
    pad_full_batch,
    padded_size,
    stable_argsort,
    take,
)
from jaxnet.types import Batch


def examples_of(rows, padded):
    x = jnp.arange(padded, dtype=jnp.float64).reshape(padded, 1)
    return Examples(x, x[:, 0], None, jnp.asarray(rows, jnp.int32))


@pytest.mark.parametrize(
    ("rows", "batch_size", "padded"), [(10, 10, 10), (10, 4, 12), (960, 10, 960), (961, 10, 1040), (1040, 10, 1040)]
)
def test_padding_goes_to_whole_batches_and_on_to_one_of_eight_sizes_an_octave(rows, batch_size, padded):
    given = Batch(jnp.ones((rows, 2)), jnp.ones(rows, jnp.int32))
    examples = pad(given, batch_size)
    assert len(examples.x) == len(examples.y) == len(examples.weight) == padded
    assert examples.rows == rows
    assert examples.weight.sum() == rows
    assert not examples.x[rows:].any()


def test_padding_keeps_the_weights_of_the_examples():
    examples = pad(Batch(jnp.ones((3, 1)), jnp.ones(3), jnp.array([2.0, 0.0, 1.0])), 2)
    np.testing.assert_array_equal(examples.weight, [2, 0, 1, 0])


@pytest.mark.parametrize(
    ("rows", "size"), [(1, 32), (32, 32), (33, 36), (119, 120), (120, 120), (129, 144), (150, 160)]
)
def test_a_size_is_one_of_eight_an_octave_from_32_on(rows, size):
    assert padded_size(rows, FEWEST_ROWS) == size


def test_no_size_is_padded_by_more_than_an_eighth():
    for rows in range(32, 3000):
        assert rows <= padded_size(rows) <= rows * 9 / 8


def test_rows_that_are_added_to_a_full_batch_weigh_nothing():
    batch = Batch(np.ones((33, 2)), np.ones((33, 1)), np.full(33, 3.0))
    padded = pad_full_batch(batch)
    assert [len(array) for array in padded] == [36] * 3
    assert padded.weight[33] == 0
    np.testing.assert_array_equal(padded.x[:33], batch.x)


def test_a_drawn_order_is_a_permutation_of_the_examples_with_the_padding_last(key):
    order = np.asarray(draw_order(key, examples_of(7, 10)))
    np.testing.assert_array_equal(np.sort(order[:7]), np.arange(7))
    np.testing.assert_array_equal(order[7:], [7, 8, 9])


def test_a_drawn_order_does_not_depend_on_the_padding(key):
    few, many = (np.asarray(draw_order(key, examples_of(7, padded))) for padded in (7, 16))
    np.testing.assert_array_equal(few, many[:7])


def test_every_place_is_as_likely_for_every_example():
    orders = jax.vmap(lambda seed: draw_order(jax.random.key(seed), examples_of(4, 5)))(jnp.arange(4000))
    for place in range(4):
        counts = np.bincount(np.asarray(orders)[:, place], minlength=4)
        # a count of 4,000 draws of probability 1/4 deviates by sqrt(4000 * 3/16) = 27; five of them
        assert np.abs(counts - 1000).max() < 137


def test_a_batch_is_taken_at_its_place_in_the_order():
    examples = examples_of(6, 6)
    np.testing.assert_array_equal(take(examples, None, 2, 3).y, [2, 3, 4])
    np.testing.assert_array_equal(take(examples, jnp.array([5, 4, 3, 2, 1, 0]), 2, 3).y, [3, 2, 1])
    assert take(examples, None, 0, 2).weight is None


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 257, 70_000])
@pytest.mark.parametrize("different", [3, 2**20, 2**32])
def test_positions_are_sorted_by_their_numbers_and_equal_ones_stay_as_they_stand(size, different):
    numbers = np.random.default_rng(size).integers(0, different, size, np.uint64).astype(np.uint32)
    np.testing.assert_array_equal(stable_argsort(jnp.asarray(numbers)), np.argsort(numbers, kind="stable"))
