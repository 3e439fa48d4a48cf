"""Figures for a dark page."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from jaxnet import figures


def test_paper_turns_dark_and_ink_light():
    figure = figures.darkened(figures.headline(figures.learning_curves({"loss": [1.0, 0.5]}), "falling"))
    axes = figure.axes[0]
    luminance = lambda colour: np.mean([int(to_hex(colour)[i : i + 2], 16) for i in (1, 3, 5)])
    assert luminance(figure.get_facecolor()) < 60
    assert luminance(axes.get_facecolor()) < 60
    assert luminance(axes.xaxis.label.get_color()) > 190
    assert luminance(figure._suptitle.get_color()) > 190
    assert all(luminance(label.get_color()) > 190 for label in axes.get_xticklabels())


def test_what_is_drawn_in_a_colour_keeps_it():
    light, dark = (figures.learning_curves({"loss": [1.0, 0.5]}) for _ in range(2))
    figures.darkened(dark)
    assert dark.axes[0].lines[0].get_color() == light.axes[0].lines[0].get_color()


def test_the_shades_and_numbers_of_images_stay_as_they_are():
    figure = figures.darkened(figures.gallery([[255, 0, 200, 20]], ["contrast"]))
    tile = figure.axes[0]
    assert [text.get_color() == "white" for text in tile.texts] == [True, False, True, False]
    np.testing.assert_allclose(tile.images[0].to_rgba(0), (1, 1, 1, 1))
    assert to_hex(tile.title.get_color()) == "#e6e6e6"


def test_hollow_markers_stay_hollow_and_boxes_of_texts_turn_dark():
    figure = figures.darkened(figures.sigmoid_cases({"A": [-1.0, 1.0]}))
    assert all(line.get_markerfacecolor() == "none" for line in figure.axes[0].lines if line.get_marker() == "o")
    diagram = figures.darkened(figures.network_diagram([["x"], ["y"]], [[[2.0]]], [["bias 1"]]))
    boxes = [text.get_bbox_patch() for text in diagram.axes[0].texts if text.get_bbox_patch() is not None]
    assert boxes
    assert all(max(box.get_facecolor()[:3]) < 0.3 for box in boxes)


def test_what_is_no_figure_is_refused():
    with pytest.raises(TypeError, match="figure: expected a matplotlib figure"):
        figures.darkened("picture.png")
