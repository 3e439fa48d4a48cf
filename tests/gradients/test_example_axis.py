"""Which axis of the data counts the examples, and when none does."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet.gradients.example_axis import example_axis, example_count, examples_at

RANDOM = np.random.default_rng(0)
ROWS, COLUMNS, LABELS = RANDOM.normal(size=(5, 3)), RANDOM.normal(size=(3, 5)), np.arange(5) % 2


@pytest.mark.parametrize(
    ("data", "axis"),
    [((ROWS, LABELS), 0), ((COLUMNS, LABELS[None]), -1), ((ROWS,), 0), ((), None), ((0.5, ROWS), None)],
)
def test_the_axis_is_the_one_that_arrays_share(data, axis):
    assert example_axis(data) == axis


def test_examples_that_are_in_the_parameters_are_none_of_the_datas():
    x = RANDOM.normal(size=(5, 3))
    assert example_axis((ROWS,), lambda dout: jnp.sum(x * dout)) is None
    assert example_axis((ROWS,), lambda dout: float(np.sum(x * dout))) is None
    assert example_axis((ROWS,), lambda dout: jnp.sum(dout)) == 0


def test_a_function_of_numpy_and_labels_that_are_indices_are_asked_too():
    of_numpy = lambda X, y: float(np.mean(X[np.arange(len(y)), y]))
    assert example_axis((ROWS, LABELS), of_numpy) == 0
    assert example_count((ROWS, LABELS), 0) == 5
    assert examples_at((ROWS, LABELS, 0.5), 0, [0, 0])[2] == 0.5
