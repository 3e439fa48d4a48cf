"""Labels become targets as scikit-learn's binarizer makes them."""

import numpy as np
import pytest
from sklearn.preprocessing import LabelBinarizer

from jaxnet.estimators.classifier import binarized_labels, most_likely_labels

CASES = {
    "numbers": ([3, 1, 2], [1, 1, 3, 2]),
    "two classes": ([5, 2], [2, 5, 5]),
    "one class": ([4], [4, 4]),
    "words": (["b", "a", "c"], ["c", "b", "a"]),
    "objects": (np.array(["b", "a", "c"], object), np.array(["c", "a"], object)),
    "whole numbers as floats": ([0.0, 1.0, 2.0], [2.0, 0.0]),
}


@pytest.mark.parametrize(("classes", "y"), CASES.values(), ids=CASES.keys())
def test_targets_are_the_binarizers(classes, y):
    binarizer = LabelBinarizer().fit(classes)
    targets = binarized_labels(binarizer, np.asarray(y))
    if targets is not None:
        np.testing.assert_array_equal(targets, binarizer.transform(y))
        assert targets.dtype == bool
    assert (targets is None) == (np.asarray(y).dtype.kind == "O")  # the binarizer keeps objects as strings


@pytest.mark.parametrize(("classes", "y"), CASES.values(), ids=CASES.keys())
def test_outputs_become_the_labels_that_they_came_from(classes, y):
    binarizer = LabelBinarizer().fit(classes)
    outputs = 0.8 * binarizer.transform(y) + 0.1
    outputs = outputs if outputs.shape[1] > 1 else outputs.ravel()
    np.testing.assert_array_equal(most_likely_labels(binarizer, outputs), y)


def test_what_was_not_met_is_left_to_the_binarizer():
    binarizer = LabelBinarizer().fit([1, 2, 3])
    assert binarized_labels(binarizer, np.array([1, 9])) is None
    assert binarized_labels(binarizer, np.array([0, 1])) is None
    assert binarized_labels(binarizer, np.array([1.0, 2.0])) is None
    several = LabelBinarizer().fit(np.array([[0, 1], [1, 0]]))
    assert binarized_labels(several, np.array([[0, 1]])) is None
