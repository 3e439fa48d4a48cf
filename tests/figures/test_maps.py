"""Slices of the input space, and the loss over two parameters."""

import numpy as np
import pytest

from jaxnet import figures

STEP = np.linspace(0, 1, 11)
RISING_X = np.tile(STEP, (11, 1))  # answers that rise from left to right
EXTENT = (0, 255, 10, 20)


def test_every_unit_has_a_panel_with_row_0_at_the_bottom():
    panels = figures.boundary_slices({"h1": RISING_X, "h2": RISING_X.T}, EXTENT, labels=("x3", "x4")).axes
    image = panels[1].images[0]
    np.testing.assert_array_equal(image.get_array(), RISING_X.T)
    assert image.origin == "lower"
    assert image.get_extent() == list(EXTENT)
    assert [panel.get_title() for panel in panels[:2]] == ["h1", "h2"]
    assert (panels[0].get_xlabel(), panels[0].get_ylabel()) == ("x3", "x4")


def test_the_line_runs_where_the_answer_is_the_threshold():
    panel = figures.boundary_slices({"h1": RISING_X}, EXTENT, threshold=0.3).axes[0]
    line = np.concatenate([path.vertices for path in panel.collections[0].get_paths()])
    # the answer is x / 255, so it is .3 at x = 76.5 for every y
    np.testing.assert_allclose(line[:, 0], 76.5)
    assert (line[:, 1].min(), line[:, 1].max()) == (10, 20)


def test_a_unit_that_never_changes_its_mind_has_no_line():
    panel = figures.boundary_slices({"off": np.zeros((5, 5))}, EXTENT).axes[0]
    assert len(panel.collections) == 0


def test_all_units_share_a_scale_that_is_white_at_the_threshold():
    maps = {"h1": RISING_X, "h2": RISING_X - 2}
    limits = [panel.images[0].get_clim() for panel in figures.boundary_slices(maps, EXTENT).axes[:2]]
    # the farthest answer is -2, which is 2.5 below .5
    assert limits == [(-2, 3)] * 2


X, Y = np.linspace(-2, 2, 9), np.linspace(-1, 1, 5)
BOWL = X**2 + 4 * Y[:, None] ** 2
PATHS = {"plain": [[-2, 1], [-1, 0.5], [0, 0]], "too big": [[-2, 1], [9, -9], [np.nan, np.inf]]}


def lines(axes) -> dict[str, np.ndarray]:
    return {line.get_label(): line.get_xydata() for line in axes.lines if not line.get_label().startswith("_")}


def test_paths_are_drawn_over_the_surface_point_by_point():
    axes = figures.loss_surface(X, Y, BOWL, PATHS, labels=("w1", "w2")).axes[0]
    np.testing.assert_array_equal(lines(axes)["plain"], PATHS["plain"])
    assert (
        list(lines(axes))
        == [text.get_text() for text in axes.get_legend().get_texts()]
        == ["plain", "too big", "lowest loss"]
    )
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("w1", "w2")


def test_a_disc_begins_a_path_and_a_cross_ends_it():
    axes = figures.loss_surface(X, Y, BOWL, {"plain": PATHS["plain"]}).axes[0]
    marks = {line.get_marker(): line.get_xydata().tolist() for line in axes.lines[1:]}
    assert marks == {"o": [[-2, 1]], "X": [[0, 0]], "*": [[0, 0]]}


def test_a_path_that_leaves_the_surface_does_not_stretch_it():
    axes = figures.loss_surface(X, Y, BOWL, PATHS).axes[0]
    assert (axes.get_xlim(), axes.get_ylim()) == ((-2, 2), (-1, 1))


def test_the_surface_is_lowest_in_the_middle_of_the_bowl():
    axes = figures.loss_surface(X, Y, BOWL, PATHS).axes[0]
    lowest = axes.collections[0].get_paths()[0].vertices
    np.testing.assert_allclose((lowest.min(0) + lowest.max(0)) / 2, [0, 0], atol=1e-12)
    assert axes.collections[0].get_clim() == (0, 8)  # 2² + 4 · 1²


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (
            lambda: figures.boundary_slices({"h": np.ones((2, 3))}, EXTENT),
            r"maps\['h'\]: .*\(G, G\) with G of at least 2",
        ),
        (lambda: figures.boundary_slices({"h": [[1]]}, EXTENT), r"G of at least 2, got an array of shape \(1, 1\)"),
        (lambda: figures.boundary_slices({"h": RISING_X}, (1, 0, 0, 1)), "extent: expected left < right"),
        (lambda: figures.boundary_slices({"h": RISING_X}, (0, 1, 1, 1)), "extent: .*bottom < top, got"),
        (lambda: figures.boundary_slices({"h": RISING_X}, (0, 1)), r"extent: expected an array of shape \(4,\), got"),
        (lambda: figures.loss_surface(X[::-1], Y, BOWL, PATHS), "x: expected rising coordinates"),
        (lambda: figures.loss_surface(X, Y, BOWL.T, PATHS), r"losses: expected an array of shape \(5, 9\), got"),
        (lambda: figures.loss_surface(X, Y, BOWL, {"a": [1, 2]}), r"paths\['a'\]: expected an array of shape \(T, 2\)"),
        (lambda: figures.loss_surface(X, Y, BOWL * np.nan, PATHS), "losses: expected finite numbers, got 45"),
    ],
)
def test_bad_maps_are_refused(draw, words):
    with pytest.raises(ValueError, match=words):
        draw()
