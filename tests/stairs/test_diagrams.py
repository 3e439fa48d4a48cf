"""A network in plain text."""

import pytest

from jaxnet.stairs.diagrams import diagram, diagram_of
from jaxnet.stairs.hand_set_networks import HAND_SET, Unit

PERCEPTRON = """\
x1 ── -.0019 ──┐
x2 ── -.0016 ──┼─▶ stairs (identity, bias .0003)
x3 ──   .002 ──┤
x4 ──  .0023 ──┘"""


def test_a_perceptron_is_four_arrows_that_meet():
    assert "\n".join(diagram_of("perceptron").lines) == PERCEPTRON


def test_a_weight_of_zero_has_no_arrow_and_a_bias_of_zero_is_not_named():
    drawn = diagram([[Unit("one", (0.0, 2.0, 0.0, 0.0), 0.0)]], activation="sigmoid", output="sigmoid")
    assert drawn.lines == ("x2 ── 2 ────▶ one (sigmoid)",)


@pytest.mark.parametrize("name", HAND_SET)
def test_every_unit_is_drawn_once_with_its_bias_and_lines_fit_eighty_letters(name):
    lines = diagram_of(name).lines
    units = [*HAND_SET[name].hidden, HAND_SET[name].out]
    for unit in units:
        assert sum(f"▶ {unit.name} (" in line for line in lines) == 1
    assert sum(line.count("──") for line in lines) >= 2 * sum(1 for unit in units for w in unit.weights if w)
    assert max(map(len, lines)) <= 92


def test_several_outputs_stand_one_below_another():
    outputs = [Unit("a", (1.0, 1.0, 1.0, 1.0), 0.0), Unit("b", (2.0, 1.0, 1.0, 1.0), 0.0)]
    lines = diagram([outputs], activation="tanh", output="softmax").lines
    assert len(lines) == 8
    assert "a (softmax)" in lines[1]
    assert "b (softmax)" in lines[5]
