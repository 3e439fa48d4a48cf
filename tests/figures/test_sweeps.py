"""Figures of populations, read back through matplotlib's object tree."""

from typing import Any

import numpy as np
import pytest

from jaxnet.figures import sweeps as figures


def test_a_fan_has_a_line_a_seed_and_a_colour_a_configuration() -> None:
    axes = figures.curve_fans({"a": [[3, 2, 1], [3, 1, np.nan]], "b": [[2, 2, 2]]}, y_label="loss").axes[0]
    assert [line.get_xdata().tolist() for line in axes.lines] == [[1, 2, 3]] * 3
    colours = [line.get_color() for line in axes.lines]
    assert colours[0] == colours[1] != colours[2]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "loss")


def test_a_fan_may_be_logarithmic() -> None:
    assert figures.curve_fans({"a": [[1, 2]]}, log=True).axes[0].get_yscale() == "log"


def test_more_configurations_than_colours_are_refused() -> None:
    with pytest.raises(ValueError, match="curves: expected at most 6 configurations, got 7"):
        figures.curve_fans({str(i): [[1.0]] for i in range(7)})


def test_the_region_where_every_rate_diverges_is_hatched() -> None:
    scores = [[0.2, 0.3], [0.1, 0.1], [np.nan, 0.4], [np.nan, np.nan]]
    # the third has one seed of two that diverged; beyond the second no rate is safe
    figure = figures.parameter_slice([1e-3, 1e-2, 1, 10], scores, [0, 0, 0.5, 1], x_label="learning rate", log_x=True)
    axes = figure.axes[0]
    (region,) = axes.patches
    assert region.get_hatch() == "///"
    hatched = region.get_extents().transformed(axes.transData.inverted()).intervalx
    assert hatched.tolist() == pytest.approx([1, axes.get_xlim()[1]])
    assert axes.get_xlim()[1] > 10
    assert axes.get_xscale() == "log"
    assert np.isfinite(axes.lines[0].get_ydata()).sum() == 5


def test_nothing_is_hatched_where_nothing_diverged() -> None:
    assert not figures.parameter_slice([1, 2], [[0.1], [0.2]], [0, 0]).axes[0].patches


def test_a_map_shows_scores_by_colour_and_divergence_by_crosses() -> None:
    figure = figures.parameter_map(
        [1, 2, 3], [0.1, 0.2, 0.3], [0.5, 0.7, np.nan], labels=("a", "b", "loss"), log=(False, True, True)
    )
    axes, bar = figure.axes
    dots, crosses = axes.collections
    assert dots.get_array().tolist() == [0.5, 0.7]
    assert crosses.get_offsets().tolist() == [[3, 0.3]]
    assert (axes.get_xscale(), axes.get_yscale()) == ("linear", "log")
    assert bar.get_ylabel() == "loss"
    assert type(dots.norm).__name__ == "LogNorm"


def test_strips_have_the_configurations_of_a_value_side_by_side() -> None:
    figure = figures.value_strips([1, 0, 1], [[1, 2], [3, 4], [5, 6]], ["relu", "tanh"], x_label="kind", log_y=True)
    axes = figure.axes[0]
    relu, tanh = axes.lines
    assert (relu.get_xdata().tolist(), relu.get_ydata().tolist()) == ([0, 0], [3, 4])
    assert tanh.get_xdata().tolist() == pytest.approx([0.85, 0.85, 1.15, 1.15])
    assert tanh.get_ydata().tolist() == [1, 2, 5, 6]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["relu", "tanh"]
    assert (axes.get_xlabel(), axes.get_yscale()) == ("kind", "log")


def test_parallel_axes_have_a_line_a_configuration_the_best_on_top() -> None:
    ends = {"a": ("1", "8"), "b": ("relu", "tanh")}
    figure = figures.parallel_coordinates({"a": [0, 0.5, 1], "b": [1, 0.2, 0]}, [1, 0, np.nan], ends=ends)
    lines = figure.axes[0].lines[:2]
    assert [text.get_text() for text in figure.axes[0].texts] == ["1", "8", "relu", "tanh"]
    assert [line.get_ydata().tolist() for line in lines] == [[0, 1], [0.5, 0.2]]
    assert lines[1].get_alpha() > lines[0].get_alpha()
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["a", "b"]


def test_ranks_flow_from_rung_to_rung_with_the_best_above() -> None:
    axes = figures.rank_flow([[1, 2, 3], [2, 1, np.nan]], [3, 9]).axes[0]
    assert [line.get_ydata()[0] for line in axes.lines] == [1, 2, 3]
    assert axes.yaxis_inverted()
    assert axes.lines[2].get_color() != axes.lines[0].get_color()
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["3", "9"]


def test_the_expected_best_has_a_line_an_estimator() -> None:
    axes = figures.expected_best({"unbiased": [3, 2, 1], "plug-in": [3, 2.2, 1.5]}, y_label="loss").axes[0]
    assert [line.get_label() for line in axes.lines] == ["unbiased", "plug-in"]
    assert axes.lines[0].get_xdata().tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: figures.parameter_slice([1, 2], [[1.0]], [0, 0]), "scores: expected an array of shape"),
        (lambda: figures.rank_flow([[1.0]], [1, 2]), "ranks: expected an array of shape"),
        (lambda: figures.expected_best({}), "values: expected at least one named array"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(draw: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        draw()
