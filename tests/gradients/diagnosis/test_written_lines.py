"""A wrong line is its own text: what is said of it is what is computed."""

from types import SimpleNamespace

import numpy as np

from jaxnet.gradients.diagnosis.written_lines import Row, hypotheses

ROWS = (
    Row("activation_derivative_other", "z * (1 - z)", when="name == 'tanh'"),
    Row("relu_mask", "z > 0", when="name != 'tanh'"),
    Row("activation_derivative_twice", "its square", "slope**2"),
)
NAMES = lambda step: {"z": step.z, "slope": 1 - np.tanh(step.z) ** 2}
STEP = SimpleNamespace(z=np.array([-1.0, 0.5]))


def test_only_rows_whose_condition_holds_may_be_wrong():
    assert [each.text for each in hypotheses(ROWS, {"name": "tanh"}, NAMES)] == ["z * (1 - z)", "its square"]
    assert [each.text for each in hypotheses(ROWS, {"name": "relu"}, NAMES)] == ["z > 0", "its square"]


def test_what_is_said_is_computed_unless_a_formula_stands_beside_it():
    product, square = hypotheses(ROWS, {"name": "tanh"}, NAMES)
    np.testing.assert_array_equal(product.of(STEP), [-2.0, 0.25])
    np.testing.assert_allclose(square.of(STEP), np.cosh(STEP.z) ** -4)


def test_a_formula_that_overflows_says_nothing():
    (line,) = hypotheses([Row("factor", "1 / z")], {}, NAMES)
    assert line.of(SimpleNamespace(z=np.zeros(1)))[0] == np.inf
