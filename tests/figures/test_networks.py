"""A network as nodes and arrows."""

import numpy as np
import pytest

from jaxnet import figures

NAMES = [["a", "b"], ["unit"], ["yes", "no"]]
WEIGHTS = [np.array([[0.5], [0.0]]), np.array([[-2.0, 3.0]])]
CAPTIONS = [["bias 1"], ["", "bias -1"]]


def drawn():
    return figures.network_diagram(NAMES, WEIGHTS, CAPTIONS).axes[0]


def test_every_weight_that_is_not_zero_is_an_arrow_with_its_number():
    axes = drawn()
    numbers = [text.get_text() for text in axes.texts if text.get_text().lstrip("-").replace(".", "").isdigit()]
    assert sorted(numbers) == ["-2", "0.5", "3"]
    arrows = [text for text in axes.texts if getattr(text, "arrow_patch", None) is not None]
    assert len(arrows) == 3


def test_signs_have_colours_of_their_own():
    colour = {text.get_text(): text.get_color() for text in drawn().texts}
    assert colour["0.5"] == colour["3"] != colour["-2"]


def test_units_are_named_inside_or_below_with_their_captions():
    words = [text.get_text() for text in drawn().texts]
    assert {"a", "b", "unit\nbias 1", "yes", "no", "bias -1"} <= set(words)


@pytest.mark.parametrize(
    ("names", "weights", "captions", "words"),
    [
        (NAMES, WEIGHTS[:1], CAPTIONS, "names: expected one layer more than there are weights"),
        (NAMES, [np.zeros((3, 1)), WEIGHTS[1]], CAPTIONS, r"weights\[0\]: expected an array of shape \(2, 1\)"),
        (NAMES, WEIGHTS, [["x", "y"], ["", ""]], "captions: expected one caption for each of the 1 tiles"),
        (NAMES, [np.full((2, 1), np.nan), WEIGHTS[1]], CAPTIONS, r"weights\[0\]"),
    ],
)
def test_what_does_not_fit_is_refused(names, weights, captions, words):
    with pytest.raises(ValueError, match=words):
        figures.network_diagram(names, weights, captions)
