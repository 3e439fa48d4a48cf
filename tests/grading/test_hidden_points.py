"""Hidden points: other parameters, zeros too, and other batch sizes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet.gradients import Checker
from jaxnet.grading.hidden_points import hidden_points

from .conftest import PARAMS, X


@pytest.fixture(scope="module")
def points(assignment):
    return [checker.point for checker in assignment.checkers]


def test_every_entry_of_every_parameter_has_moved(points):
    for params, *_ in points[1:]:
        assert all(
            (moved != given).all()
            for moved, given in zip(jax.tree.leaves(params), jax.tree.leaves(PARAMS), strict=True)
        )


def test_batches_have_other_sizes_and_the_same_examples(points):
    assert [X.shape[1] for _, X, _ in points] == [6, 6, 3]
    columns = {tuple(column) for column in X.T}
    assert all({tuple(column) for column in batch.T} <= columns for _, batch, _ in points)


def test_points_that_f_refuses_are_left_out_and_the_same_seed_draws_the_same():
    checker = Checker(lambda w, x: jnp.sum(w * jnp.log(x)), np.ones(2), np.array([1.0, 2.0]))
    first, again = (hidden_points(checker, 1, seed=4)[0].point for _ in range(2))
    np.testing.assert_array_equal(first[0], again[0])
    never = Checker(lambda w: jnp.sum(jnp.where(w == 1.0, w, jnp.nan)), np.ones(2))
    assert hidden_points(never, 2, seed=0) == []
