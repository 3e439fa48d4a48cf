"""Confusion matrices: the class down, the prediction across."""

import numpy as np
import pytest

from jaxnet import figures


def test_counts_stand_in_their_cells_and_shades_are_shares_of_the_class():
    axes = figures.confusion_matrix([[30, 10], [0, 5]], ["no", "yes"]).axes[0]
    assert {text.get_position(): text.get_text() for text in axes.texts} == {
        (0, 0): "30", (1, 0): "10", (0, 1): "0", (1, 1): "5"
    }  # fmt: skip
    np.testing.assert_allclose(axes.images[0].get_array(), [[0.75, 0.25], [0, 1]])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("prediction", "class")
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["no", "yes"]


def test_only_mistakes_that_were_made_are_orange_and_none_on_a_shade_that_hides_it():
    axes = figures.confusion_matrix([[4, 1, 0], [0, 5, 0], [7, 0, 3]], ["a", "b", "c"]).axes[0]
    colours = {text.get_text(): text.get_color() for text in axes.texts}
    orange = [number for number, colour in colours.items() if colour == figures.theme.COLOURS[1]]
    assert orange == ["1"]
    assert colours["7"] == "white"


def test_a_class_without_an_example_is_white():
    image = figures.confusion_matrix([[0, 0], [1, 1]], ["a", "b"]).axes[0].images[0]
    np.testing.assert_array_equal(image.get_array()[0], [0, 0])


@pytest.mark.parametrize(
    ("counts", "classes", "words"),
    [
        ([[1, 2, 3], [4, 5, 6]], ["a", "b"], r"counts: expected an array of shape \(K, K\)"),
        ([[1, -2], [3, 4]], ["a", "b"], "counts: expected counts from 0, got -2 among them"),
        ([[1, 2], [3, 4]], ["a"], "captions: expected"),
        ([1, 2], ["a", "b"], "counts: expected"),
        ([[1, float("nan")], [3, 4]], ["a", "b"], "counts: expected"),
    ],
)
def test_what_is_no_confusion_matrix_is_refused(counts, classes, words):
    with pytest.raises(ValueError, match=words):
        figures.confusion_matrix(counts, classes)
