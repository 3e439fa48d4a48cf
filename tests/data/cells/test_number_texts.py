"""Texts that are numbers: the expected values are what a person reads."""

import numpy as np
import pytest

from jaxnet.data.cells import number_style, read_numbers

READ = {
    "whole": (["1", "-2", "+3"], [1, -2, 3]),
    "decimal point": (["1.5", ".5", "5."], [1.5, 0.5, 5]),
    "exponents": (["1e3", "2E-2"], [1000, 0.02]),
    "decimal comma": (["1,5", "2"], [1.5, 2]),
    "decimal comma below one": (["0,125", "0,250"], [0.125, 0.25]),
    "thousands comma": (["1,500", "20"], [1500, 20]),
    "thousands comma and decimal point": (["1,500.25", "20.5"], [1500.25, 20.5]),
    "thousands point and decimal comma": (["1.500,25", "20"], [1500.25, 20]),
    "thousands spaces": (["1 500", "20"], [1500, 20]),
    "no-break spaces": (["1\u00a0500,5", "20\u202f000"], [1500.5, 20000]),
    "apostrophes": (["1'500.5", "1’500"], [1500.5, 1500]),
    "a minus sign of print": (["\u22125", "2"], [-5, 2]),
    "per cent": (["10%", "12.5 %"], [10, 12.5]),
    "currency": (["$10", "$1,200.50", "-$3"], [10, 1200.5, -3]),
    "euros behind": (["10,50 €", "3 €"], [10.5, 3]),
    "a currency by its letters": (["USD 10", "USD 1,200.50"], [10, 1200.5]),
    "a unit": (["12 kg", "3.5kg"], [12, 3.5]),
    "a unit of two": (["80 km/h", "100 km/h"], [80, 100]),
    "degrees": (["20,5 °C", "-3 °C"], [20.5, -3]),
}


@pytest.mark.parametrize(("texts", "numbers"), READ.values(), ids=READ)
def test_a_column_in_one_style_is_read(texts, numbers):
    values, bad = read_numbers(texts, number_style(texts))
    assert not bad.any()
    np.testing.assert_array_equal(values, numbers)


NONE = {
    "two units": ["500 g", "1 kg"],
    "one cell with a letter": ["2D"],
    "a letter before": ["A1", "A2"],
    "text": ["1", "two"],
    "what only Python reads": ["1_000"],
    "infinity": ["1", "inf"],
    "digits of other scripts": ["１２"],
    "leading zeros, a code": ["01234", "12345"],
    "16 digits, a code": ["1234567890123456"],
    "decimal point beside decimal comma": ["1.5", "2,5"],
    "groups that are not of three": ["1,50,000", "20"],
    "a sign that not every cell has": ["10%", "20"],
    "a version": ["1.2.3"],
    "hexadecimal": ["0x10"],
    "nothing": [],
}


@pytest.mark.parametrize("texts", NONE.values(), ids=NONE)
def test_a_column_that_is_not_all_numbers_in_one_style_has_none(texts):
    assert number_style(texts) is None


def test_a_comma_before_three_digits_marks_thousands_unless_the_table_has_decimal_commas():
    for decimal, value in ((None, 1500), (",", 1.5)):
        assert read_numbers(["1,500"], number_style(["1,500"], decimal))[0] == [value]


def test_a_cell_in_another_style_is_bad_and_never_another_number():
    style = number_style(["1,5", "2"])
    values, bad = read_numbers(["2,5", "1.5", "x", "1e999"], style)
    assert bad.tolist() == [False, True, True, True]
    np.testing.assert_array_equal(values[:1], [2.5])
