"""Cases on the sigmoid, a run's history, means with their intervals."""

import numpy as np
import pytest

from jaxnet import figures


def named(axes) -> dict[str, np.ndarray]:
    """The lines of a panel: label -> [T, 2]."""
    return {line.get_label(): np.column_stack(line.get_data()) for line in axes.lines}


def legend(axes) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


# z and p of the article's cases A and B, from its figure
A_AND_B = {"A": [-5.981, 2.179], "B": [2.179, 10.339]}


def test_cases_are_dots_on_the_sigmoid():
    axes = figures.sigmoid_cases(A_AND_B).axes[0]
    dots = axes.lines[1:]
    assert [list(line.get_xdata()) for line in dots] == list(A_AND_B.values())
    assert [line.get_linestyle() for line in dots] == ["None"] * 2
    np.testing.assert_allclose(dots[0].get_ydata(), [0.003, 0.898], atol=6e-4)
    np.testing.assert_allclose(dots[1].get_ydata(), [0.898, 1.000], atol=6e-4)


def test_the_legend_says_from_where_to_where_each_case_goes():
    words = legend(figures.sigmoid_cases(A_AND_B).axes[0])
    assert words == ["sigmoid", "A: 0.003 → 0.898", "B: 0.898 → 1.000"]


def test_cases_differ_in_colour_and_in_marker():
    dots = figures.sigmoid_cases(A_AND_B).axes[0].lines[1:]
    assert len({line.get_color() for line in dots}) == len({line.get_marker() for line in dots}) == 2


def test_the_sigmoid_is_drawn_beyond_the_farthest_case_without_overflow():
    curve = figures.sigmoid_cases({"far": [-1e4, 1e4]}).axes[0].lines[0]
    assert curve.get_xdata()[[0, -1]].tolist() == [-10_001, 10_001]
    assert curve.get_ydata()[[0, -1]].tolist() == [0, 1]


HISTORY = {
    "loss": [3, 2, 1],
    "validation_loss": [4, 3, 3],
    "accuracy": [0.5, 0.6, 0.7],
    "test_accuracy": [0.4, 0.5, 0.5],
}


def test_training_and_held_out_data_share_the_panel_of_their_quantity():
    loss, accuracy = figures.learning_curves(HISTORY).axes
    assert (loss.get_ylabel(), accuracy.get_ylabel()) == ("loss", "accuracy")
    assert legend(loss) == ["training", "validation"]
    assert legend(accuracy) == ["training", "test"]
    np.testing.assert_array_equal(named(loss)["validation"], [[1, 4], [2, 3], [3, 3]])
    np.testing.assert_array_equal(named(accuracy)["training"], [[1, 0.5], [2, 0.6], [3, 0.7]])


def test_a_diverged_loss_is_a_gap():
    line = figures.learning_curves({"loss": [1, np.inf, np.nan]}).axes[0].lines[0]
    np.testing.assert_array_equal(line.get_ydata(), [1, np.inf, np.nan])


def test_log_makes_the_vertical_axes_logarithmic():
    scales = [[axes.get_yscale() for axes in figures.learning_curves(HISTORY, log=log).axes] for log in (False, True)]
    assert scales == [["linear"] * 2, ["log"] * 2]


def test_means_are_lines_in_bands():
    x, mean, half = np.array([2.0, 4, 8]), np.array([0.5, 0.3, 0.1]), np.array([0.1, 0.05, 0.02])
    axes = figures.intervals(x, {"shallow": mean, "deep": mean / 2}, {"shallow": half}).axes[0]
    np.testing.assert_array_equal(named(axes)["shallow"], np.column_stack([x, mean]))
    (band,) = axes.collections
    edges = band.get_paths()[0].vertices
    expected = [(2, 0.4), (4, 0.25), (8, 0.08), (8, 0.12), (4, 0.35), (2, 0.6)]
    assert {(x, round(y, 12)) for x, y in edges} == set(expected)


def test_few_points_are_named_on_the_axis_one_by_one():
    axes = figures.intervals([2, 4, 8], {"error": [3, 2, 1]}, x_label="width", y_label="error", log_x=True).axes[0]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["2", "4", "8"]
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_xscale()) == ("width", "error", "log")


def test_many_points_are_a_line_without_markers():
    lines = figures.intervals(np.arange(50), {"error": np.arange(50)}).axes[0].lines
    assert lines[0].get_marker() == ""


@pytest.mark.parametrize(
    ("draw", "error", "words"),
    [
        (lambda: figures.sigmoid_cases({}), ValueError, "cases: expected at least one named array"),
        (lambda: figures.sigmoid_cases([1, 2]), TypeError, "cases: expected a mapping from names to arrays"),
        (lambda: figures.sigmoid_cases({"A": []}), ValueError, r"cases\['A'\]: expected an array of shape \(T,\)"),
        (lambda: figures.sigmoid_cases({"A": [np.inf]}), ValueError, r"cases\['A'\]: expected finite numbers"),
        (lambda: figures.learning_curves({"loss": [[1]]}), ValueError, r"history\['loss'\]: .* shape \(E,\)"),
        (lambda: figures.intervals([1, 2], {"e": [1]}), ValueError, r"means\['e'\]: expected an array of shape \(2,\)"),
        (lambda: figures.intervals([1], {"e": [1]}, {"f": [1]}), ValueError, r"halves: .*names of means \(e\), got f"),
        (lambda: figures.intervals([np.nan], {"e": [1]}), ValueError, "x: expected finite numbers"),
    ],
)
def test_bad_curves_are_refused(draw, error, words):
    with pytest.raises(error, match=words):
        draw()


def test_activations_are_drawn_with_their_slopes_a_panel_each():
    z = np.array([-1.0, 0.0, 1.0])
    axes = figures.activation_panels(z, {"relu": np.maximum(z, 0), "line": z}, {"relu": z > 0, "line": np.ones(3)}).axes
    assert [panel.get_title() for panel in axes] == ["relu", "line"]
    np.testing.assert_array_equal(axes[0].lines[0].get_ydata(), [0, 0, 1])
    np.testing.assert_array_equal(axes[0].lines[1].get_ydata(), [0, 0, 1])


def test_slopes_of_other_functions_are_refused():
    with pytest.raises(ValueError, match=r"slopes: expected the names of values \(relu\), got tanh"):
        figures.activation_panels([0.0, 1.0], {"relu": [0, 1]}, {"tanh": [1, 0]})


def test_many_names_stand_beside_the_curves():
    lines = {str(k): [k, k] for k in range(5)}
    few, many = figures.intervals([1, 2], {"a": [1, 2]}), figures.intervals([1, 2], lines)
    for figure in (few, many):
        figure.canvas.draw()
    left = lambda figure: figure.axes[0].get_legend().get_window_extent().x0
    right = lambda figure: figure.axes[0].get_window_extent().x1
    assert left(few) < right(few)
    assert left(many) >= right(many)
