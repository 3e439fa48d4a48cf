import numpy as np
import pytest

from jaxnet.stairs.writing import coefficient, decimal, filled, formula, matrix, products


@pytest.mark.parametrize(
    ("value", "text"), [(0.25, ".2500"), (-0.42202, "-.4220"), (1.5, "1.5000"), (10.5, "10.5000"), (-1e-9, ".0000")]
)
def test_a_decimal_has_no_zero_before_its_point(value, text):
    assert decimal(value) == text


@pytest.mark.parametrize(("value", "digits"), [(0, 0), (0.0, 4), (-0.0, 2), (0.4, 0), (-0.3, 0), (np.float32(-0.0), 1)])
def test_zero_is_written_as_zero_and_has_no_sign(value, digits):
    assert decimal(value, digits) == "0"


@pytest.mark.parametrize(
    ("value", "text"), [(0.0019, ".0019"), (-3.0, "-3"), (0.0, "0"), (-0.0, "0"), (10.0, "10"), (-0.5, "-.5")]
)
def test_a_coefficient_is_as_short_as_it_is_exact(value, text):
    assert coefficient(value) == text


@pytest.mark.parametrize(
    ("weights", "bias", "text"),
    [
        ((-0.0019, 0.002), 0.0003, "-.0019 a + .002 b + .0003"),
        ((0.2, 0.0), -0.5, ".2 a - .5"),
        ((0.0, 0.2), -0.5, ".2 b - .5"),
        ((8.0, 1.0), -1.0, "8 a + b - 1"),
        ((-1.0, 11.0), 0.0, "-a + 11 b"),
    ],
)
def test_a_formula_leaves_out_zeros_and_ones(weights, bias, text):
    assert formula(weights, bias, ("a", "b")) == text


def test_values_are_filled_into_a_formula():
    assert filled((-0.0019, 0.002, 0.0), 0.0003, (252, 155, 7)) == "-.0019·252 + .002·155 + .0003"
    assert filled((3.0, 1.0), -1.0, (0.5, 0.25), digits=2) == "3·.50 + 1·.25 - 1"


def test_a_cell_of_a_product_is_spelled_out():
    written = products((-0.0046898, -0.0025575), (1, 252))
    assert written == "(-.0047·1) + (-.0026·252)"
    assert products((1, 2, 3), (4, 5, 6), limit=2) == "(1·4) + (2·5) + ..."


def test_a_matrix_stands_below_its_name_and_shape():
    assert matrix("M", np.array([[0.5, -1.0], [10.0, 0.25]]), 2) == ["M  2 x 2", "     .50  -1.00", "   10.00    .25"]
