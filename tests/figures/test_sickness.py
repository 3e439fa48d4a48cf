"""A panel for each thing that a diagnosis has seen."""

import numpy as np
import pytest

from jaxnet.figures import sickness_panels

SEEN = {
    "activations": {"hidden layer 1": np.linspace(0, 1, 40), "hidden layer 2": np.zeros((5, 2))},
    "dead": {"hidden layer 1": 0.25},
    "gradients": {"input": 0.1, "hidden layer 1": 10.0},
    "curves": {"loss": [3.0, 2.0, np.nan], "validation_loss": [3.0, 2.5, 2.6]},
    "answers": {"rows": [90, 10], "answers": [100, 0]},
    "tried": {"as it was": -3.0, "rate / 10": 0.8},
}


def titles(figure):
    return [axes.get_title() for axes in figure.axes]


def test_what_was_seen_has_a_panel_each():
    assert titles(sickness_panels(**SEEN)) == [
        "activations", "dead units", "gradients", "curves", "answers beside base rate", "tried"
    ]  # fmt: skip


def test_the_turning_point_is_marked_on_the_curves():
    (axes,) = sickness_panels(curves=SEEN["curves"], turning_epoch=2).axes
    assert any(np.array_equal(line.get_xdata(), [2, 2]) for line in axes.get_lines())


def test_worse_than_a_constant_is_drawn_as_nothing():
    (axes,) = sickness_panels(tried=SEEN["tried"]).axes
    assert [bar.get_width() for bar in axes.patches] == [0.0, 0.8]


def test_nothing_to_draw_is_refused():
    with pytest.raises(ValueError, match="sickness_panels: expected at least one thing to draw, got none"):
        sickness_panels()
