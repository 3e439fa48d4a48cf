"""Each kind of parameter maps the unit interval to its values."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaxnet.sweeps import Choice, Derived, Float, Int, Layers, Normal, Seeds, when
from jaxnet.sweeps.parameters import plain


@pytest.mark.parametrize(
    ("parameter", "unit", "value"),
    [
        (Float(2, 4), 0.25, 2.5),
        (Float(1e-4, 1, log=True), 0.5, 1e-2),
        (Float(0, 1, step=0.25), 0.3, 0.25),
        (Float(0, 1, step=0.4), 0.99, 0.8),
        (Int(1, 4), 0.0, 1),
        (Int(1, 4), 0.2499, 1),
        (Int(1, 4), 0.25, 2),
        (Int(1, 4), 0.9999, 4),
        (Int(1, 100, log=True), 0.5, 7),  # sqrt(0.5 x 100.5) = 7.09
        (Int(4, 21, step=8), 0.34, 12),
        (Int(4, 21, step=8), 0.9999, 20),
        (Normal(3, 2), 0.5, 3.0),
        (Normal(0, 1), 0.975, 1.959963984540054),
        (Normal(1e-2, math.log(10), log=True), 0.8413447460685429, 0.1),  # one standard deviation: a factor of 10
        (Normal(0, 1, low=0), 0.5, 0.6744897501960817),  # the upper half alone: its middle is the upper quartile
        (Choice("a", "b", "c"), 0.34, "b"),
        (Choice((8,), (8, 8)), 0.99, (8, 8)),
    ],
)
def test_a_point_of_the_unit_interval_has_its_value(parameter: Any, unit: float, value: Any) -> None:
    found = parameter.at([unit])
    assert type(found) is type(value)
    assert found == pytest.approx(value, rel=1e-12) if isinstance(value, float) else found == value


@given(unit=st.floats(0, 1, exclude_max=True))
@pytest.mark.parametrize(
    "parameter",
    [
        Float(-1, 3),
        Float(1e-6, 1e3, log=True),
        Int(-2, 5),
        Int(1, 64, log=True),
        Int(-3, 9, step=5),
        Normal(0, 1, low=-0.1, high=3),
        Normal(1, 2, low=0.5, high=2, log=True),
    ],
)
def test_no_value_lies_outside_the_bounds(parameter: Any, unit: float) -> None:
    assert parameter.low <= parameter.at([unit]) <= parameter.high


@pytest.mark.parametrize(
    "parameter",
    [Float(-1, 3), Float(1e-6, 1e3, log=True), Normal(0.1, 2, log=True, high=9), Normal(2, 3, low=0, high=7)],
)
def test_unit_is_the_inverse_of_at(parameter: Float) -> None:
    for unit in (0.0, 0.125, 0.9):
        assert parameter.unit(parameter.at([unit])) == pytest.approx(unit, abs=2e-12)  # a normal is cut off at 1e-12


@pytest.mark.parametrize(
    ("parameter", "count", "levels"),
    [
        (Float(0, 1, step=0.25), None, [0, 0.25, 0.5, 0.75, 1]),
        (Float(0, 1), 3, [0, 0.5, 1]),
        (Float(0.01, 1, log=True), 3, [0.01, 0.1, 1]),
        (Int(2, 5), None, [2, 3, 4, 5]),
        (Int(2, 15, step=4), 2, [2, 6, 10, 14]),
        (Normal(1, 2), 1, [1.0]),
        (Normal(0, 1), 3, [-0.967421566101701, 0.0, 0.967421566101701]),  # the middles of thirds
        (Int(1, 16, log=True), 3, [1, 4, 16]),
        (Choice("x", "y"), None, ["x", "y"]),
        (Choice([(8,), (16, 16)]), None, [(8,), (16, 16)]),
        (Choice((16, 16)), None, [(16, 16)]),
        (Layers((0, 2), (4, 8)), None, [(), (4,), (8,), (4, 4), (8, 8)]),
    ],
)
def test_a_grid_has_these_levels(parameter: Any, count: int | None, levels: list) -> None:
    found = parameter.levels(count)
    assert found == (pytest.approx(levels, rel=1e-12) if isinstance(levels[0], int | float) else levels)


def test_a_grid_has_its_bounds_to_the_last_digit() -> None:
    levels = Float(1e-3, 10, log=True).levels(13)
    assert (levels[0], levels[-1]) == (1e-3, 10)


def test_layers_take_a_depth_and_a_width() -> None:
    assert Layers((1, 3), (8, 64)).at([0.5, 0.99]) == (64, 64)
    assert Layers((3, 3), (8, 64), pyramid=True).at([0, 0.99]) == (64, 32, 16)
    assert Layers((1, 1), (5, 7), powers=False).at([0, 0.5]) == (6,)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Float(1, 1), ValueError, "high: expected a number above low=1, got 1"),
        (lambda: Float(0, 1, log=True), ValueError, "low: expected a number above 0 with log=True"),
        (lambda: Float(0, math.inf), ValueError, "high: expected a finite number"),
        (lambda: Float(0, 1, step=2), ValueError, "step: expected a finite number above 0 and at most 1"),
        (lambda: Float(1, 2, log=True, step=0.5), ValueError, "step: expected no step with log=True"),
        (lambda: Float("0", 1), TypeError, "low: expected a finite number, got '0'"),
        (lambda: Int(1.5, 2), TypeError, "low: expected an integer"),
        (lambda: Choice([]), ValueError, "Choice: expected at least one value, got none"),
        (lambda: Choice(), ValueError, "Choice: expected at least one value, got none"),
        (lambda: Choice(math.sin), TypeError, "Choice: expected numbers, text, booleans"),
        (lambda: Choice(math.nan), ValueError, "Choice: expected a finite number"),
        (lambda: Layers(2, (1, 2)), TypeError, "depth: expected \\(lowest, highest\\)"),
        (lambda: Layers((2, 1), (1, 2)), ValueError, "depth: expected \\(lowest, highest\\) in order"),
        (lambda: Layers((1, 2), (5, 7)), ValueError, "width: expected bounds with a power of two between them"),
        (lambda: Seeds(0), ValueError, "Seeds.count: expected an integer from 1 to 1048576"),
        (lambda: Int(1, 9, step=0), ValueError, "step: expected an integer of at least 1"),
        (lambda: Int(1, 9, step=9), ValueError, "step: expected a finite number above 0 and at most 8"),
        (lambda: Int(1, 9, log=True, step=2), ValueError, "step: expected no step with log=True"),
        (lambda: Normal(0, 0), ValueError, "sd: expected a finite number above 0"),
        (lambda: Normal(0, 1, log=True), ValueError, "mean: expected a finite number above 0"),
        (lambda: Normal(0, 1, low=2, high=1), ValueError, "high: expected a number above low=2"),
        (lambda: Normal(0, 1, low=9), ValueError, "low and high: expected bounds that leave a millionth of the values"),
        (lambda: Derived(0.1), TypeError, "Derived: expected a callable configuration -> value, got 0.1"),
        (lambda: when(Float(0, 1)), ValueError, "when: expected at least one condition"),
        (lambda: Float(0, 1).levels(None), TypeError, "n: expected an integer from 1 to 1048576 \\(grid points"),
    ],
)
def test_bad_bounds_are_refused(make: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make()


def test_plain_values_are_what_a_file_gives_back() -> None:
    assert plain("x", [np.int64(3), [np.float32(0.5), "a"], None, True]) == (3, (0.5, "a"), None, True)
