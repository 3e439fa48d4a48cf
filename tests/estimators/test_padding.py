"""Data sets of nearly the same size come to one size."""

import numpy as np
import pytest

from jaxnet.estimators.padding import pad, padded_size
from jaxnet.types import Batch


@pytest.mark.parametrize(
    ("rows", "size"), [(1, 32), (32, 32), (33, 36), (119, 120), (120, 120), (129, 144), (150, 160)]
)
def test_a_size_is_one_of_eight_an_octave_from_32_on(rows, size):
    assert padded_size(rows) == size


def test_no_size_is_padded_by_more_than_an_eighth():
    for rows in range(32, 3000):
        assert rows <= padded_size(rows) <= rows * 9 / 8


def test_rows_that_are_added_weigh_nothing():
    batch = Batch(np.ones((33, 2)), np.ones((33, 1)), np.full(33, 3.0))
    padded = pad(batch)
    assert [len(array) for array in padded] == [36] * 3
    assert padded.weight[33] == 0
    np.testing.assert_array_equal(padded.x[:33], batch.x)
