"""2x2 images and weights as tiles."""

import numpy as np
import pytest

from jaxnet import figures

IMAGES = np.array([[252, 4, 155, 175], [82, 131, 230, 100]])


def texts(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_an_image_is_drawn_row_by_row_with_its_intensities_written_in():
    panel = figures.gallery(IMAGES, ["1", "3"]).axes[0]
    np.testing.assert_array_equal(panel.images[0].get_array(), [[252, 4], [155, 175]])
    assert [(text.get_position(), text.get_text()) for text in panel.texts] == [
        ((0, 0), "252"),
        ((1, 0), "4"),
        ((0, 1), "155"),
        ((1, 1), "175"),
    ]


def test_white_is_0_and_black_is_255_whatever_the_images_hold():
    image = figures.gallery([[100, 110, 120, 130]], ["gray"]).axes[0].images[0]
    assert image.get_clim() == (0, 255)
    np.testing.assert_allclose(image.to_rgba(0), (1, 1, 1, 1))
    np.testing.assert_allclose(image.to_rgba(255), (0, 0, 0, 1))


def test_numbers_are_light_on_dark_pixels_and_dark_on_light_ones():
    tile = figures.gallery([[255, 0, 200, 20]], ["contrast"]).axes[0]
    assert [text.get_color() == "white" for text in tile.texts] == [True, False, True, False]


def test_every_tile_has_its_caption():
    panels = figures.gallery(IMAGES, ["1 stairs", "3 not"]).axes
    assert [panel.get_title() for panel in panels] == ["1 stairs", "3 not"]


def test_seven_tiles_stand_in_two_rows_with_nothing_in_the_spare_place():
    panels = figures.gallery(np.zeros((7, 4)), list("abcdefg")).axes
    places = [panel.get_subplotspec().get_geometry()[:2] for panel in panels]
    assert places == [(2, 4)] * 7


def test_weights_of_all_units_share_one_scale_with_zero_in_its_white_middle():
    figure = figures.weight_tiles([[1, -4, 0, 2], [0.5, 0, 0, 0]], ["h1", "h2"])
    images = [panel.images[0] for panel in figure.axes[:2]]
    assert [image.get_clim() for image in images] == [(-4, 4)] * 2
    white = images[0].to_rgba(0)[:3]
    assert min(white) > 0.94
    red, blue = images[0].to_rgba(-4)[:3], images[0].to_rgba(4)[:3]
    assert red[0] > 3 * red[2]
    assert blue[2] > 3 * blue[0]
    assert figure.axes[2].get_ylabel() == "weight"


def test_weights_that_are_all_zero_are_all_white():
    image = figures.weight_tiles(np.zeros((1, 4)), ["h"]).axes[0].images[0]
    assert image.get_clim() == (-1, 1)


def test_weights_are_written_to_three_digits():
    assert texts(figures.weight_tiles([[0.12345, -2, 0, 1e-4]], ["h"]).axes[0]) == ["0.123", "-2", "0", "0.0001"]


@pytest.mark.parametrize("draw", [figures.gallery, figures.weight_tiles])
@pytest.mark.parametrize(
    ("values", "captions", "error", "words"),
    [
        ([1, 2, 3, 4], ["a"], ValueError, r"shape \(M, 4\) with M of at least 1, got an array of shape \(4,\)"),
        (np.ones((2, 3)), ["a", "b"], ValueError, r"shape \(M, 4\) .*got an array of shape \(2, 3\)"),
        (np.ones((0, 4)), [], ValueError, r"M of at least 1, got an array of shape \(0, 4\)"),
        ([[1, 2, 3, np.nan]], ["a"], ValueError, r"finite numbers, got 1 that are not.*index \[0, 3\]"),
        ([["a"] * 4], ["a"], TypeError, "an array of real numbers"),
        (np.ones((2, 4)), ["a"], ValueError, "captions: expected one caption for each of the 2 tiles, got 1 captions"),
        (np.ones((1, 4)), "a", TypeError, "captions: expected one caption for each of the 1 tiles, got 'a'"),
    ],
)
def test_bad_tiles_are_refused(draw, values, captions, error, words):
    with pytest.raises(error, match=words):
        draw(values, captions)


@pytest.mark.parametrize("intensities", [[-1, 0, 0, 0], [256, 0, 0, 0]])
def test_intensities_outside_the_grays_are_refused(intensities):
    with pytest.raises(ValueError, match=r"images: expected intensities from 0 to 255, got intensities from"):
        figures.gallery([intensities], ["a"])
