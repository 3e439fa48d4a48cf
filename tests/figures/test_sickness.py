"""A panel for each thing that a diagnosis has seen."""

import numpy as np
import pytest

from jaxnet.figures import sickness_panels

SEEN = {
    "rates": {"training rows": {1.0: 0.2, 0.1: 0.9, 10.0: -3.0}},
    "scales": {"mean": [0.0, 800.0], "deviation": [1.0, 0.0]},
    "weights": {"hidden layer 1": [[0.3, 0.3], [0.3, 0.3]]},
    "activations": {"hidden layer 1": np.linspace(0, 1, 40), "hidden layer 2": np.zeros((5, 2))},
    "firing": {"hidden layer 1": [0.5, 0.0, 0.2]},
    "gradients": {"at the start": {"input": 0.0, "hidden layer 1": 10.0}, "at the end": {"input": 0.1}},
    "curves": {"loss": [3.0, 2.0, np.nan], "validation_loss": [3.0, 2.5, 2.6]},
    "confusion": [[90, 0], [8, 2]],
    "fitted": {"target": [1.0, 2.0, 3.0], "prediction": [2.0, 2.0, 2.5]},
    "reach": {"targets": [[-3.0], [2.0]], "low": 0.0, "high": np.inf},
    "tried": {"training rows": {"as it was": -3.0, "rate / 10": 0.8}, "rows held out": {"as it was": 0.1}},
    "rows": {"new rows": 5, "training rows too": 3},
}


def panel(*names, **more):
    """Draw one thing; return its panel."""
    return sickness_panels(**{name: SEEN[name] for name in names}, **more).axes[0]


def words(axes):
    """What is written in a panel's legend."""
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_what_was_seen_has_a_panel_each():
    drawn = sickness_panels(**SEEN, title="a headline")
    assert drawn.get_suptitle() == "a headline"
    assert [title for axes in drawn.axes if (title := axes.get_title())] == [
        "rates tried", "columns", "weights into hidden layer 1", "activations", "dead units", "gradients", "curves",
        "answers beside base rate", "answers beside the mean", "targets and output", "tried", "validation rows",
    ]  # fmt: skip


def test_the_turning_point_is_marked_on_the_curves():
    axes = panel("curves", marks={2: "validation turns"})
    assert any(np.array_equal(line.get_xdata(), [2, 2]) for line in axes.get_lines())
    assert words(axes) == ["loss", "validation loss", "epoch 2: validation turns"]


def test_rates_stand_in_their_order_beside_that_of_the_run():
    axes = panel("rates")
    assert axes.get_lines()[0].get_xydata().tolist() == [[0.1, 0.9], [1.0, 0.2], [10.0, 0.0]]
    assert words(axes) == ["training rows", "the run's rate"]


def test_worse_than_a_constant_is_drawn_as_nothing():
    assert [bar.get_width() for bar in panel("tried").patches] == [0.0, 0.8, 0.1, 0.0]


def test_units_that_never_fire_are_counted():
    axes = panel("firing")
    assert axes.get_lines()[0].get_ydata().tolist() == [0.0, 0.2, 0.5]
    assert words(axes) == ["hidden layer 1: 1 of 3 dead"]


def test_a_gradient_of_0_leaves_a_gap_on_a_logarithmic_axis():
    axes = panel("gradients")
    assert (axes.get_yscale(), np.isnan(axes.get_lines()[0].get_ydata()).tolist()) == ("log", [True, False])


def test_a_class_stands_beside_the_share_of_its_rows():
    axes = panel("confusion")
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "0   (90.0% of the rows)",
        "1   (10.0% of the rows)",
    ]
    assert [text.get_text() for text in axes.texts] == ["90", "8", "2"]
    np.testing.assert_allclose(axes.images[0].get_array(), [[1, 0], [0.8, 0.2]])


def test_a_column_of_one_value_is_marked():
    assert "one value" in words(panel("scales"))
    assert panel("scales").get_yscale() == "symlog"


def test_nothing_to_draw_is_refused():
    with pytest.raises(ValueError, match="sickness_panels: expected at least one thing to draw, got none"):
        sickness_panels()


def test_a_table_that_is_not_square_is_refused():
    with pytest.raises(ValueError, match="confusion: expected an array of shape"):
        sickness_panels(confusion=[[1, 2, 3], [1, 2, 3]])
