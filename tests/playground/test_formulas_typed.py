"""A formula that somebody types is arithmetic and nothing else."""

import numpy as np
import pytest

from jaxnet.playground.formulas_typed import is_comparison, typed_function

POINTS = np.array([[0.5, -0.25], [-1.0, 1.0], [0.0, 0.3]])
x1, x2 = POINTS.T


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("x1 * x2", x1 * x2),
        ("x2 > sin(3 * x1) / 2", x2 > np.sin(3 * x1) / 2),
        ("-x1^2 + 2*pi", -(x1**2) + 2 * np.pi),
        ("(x1 < 0) | (x2 > 0) & (x1 > 0)", (x1 < 0) | ((x2 > 0) & (x1 > 0))),
        ("max(x1, abs(x2)) % 0.3", np.maximum(x1, abs(x2)) % 0.3),
        ("3", np.full(3, 3)),
        ("1 / x1", [2, -1, np.inf]),
        ("9**9**9**9", np.full(3, np.inf)),
    ],
)
def test_it_says_what_numpy_says(text, values):
    np.testing.assert_array_equal(typed_function(text)(POINTS), np.asarray(values, float))


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')", "x1.real", "[x1][0]", "(lambda: x1)()", "x3", "open('f')", "x1 if x2 else 0", "'a' * 9", "True",
        "sin(x1, x2)", "sin(x=x1)", "x1 < x2 < 1", "x1 and x2", "f'{x1}'", "x1 := 2", "1j", "", " ", "x1 +", "(" * 90,
        "x1" + "+x1" * 60, "sin(*x1)", "1 << 99", "~x1", "sin.__class__(x1)", None, 3, b"x1", "x1\0",
    ],
)  # fmt: skip
def test_everything_else_is_refused_with_a_sentence(text):
    with pytest.raises(ValueError, match="formula: expected"):
        typed_function(text)


def test_whether_it_has_classes_is_seen_from_its_outermost_operation():
    assert [is_comparison(text) for text in ("x1 > 0", "(x1 > 0) & (x2 > 0)", "x1 * (x2 > 0)")] == [True, True, False]
