"""The functions that an exported file is made of, each by hand."""

import base64

import numpy as np
import pytest

from jaxnet.models.standalone import array_of_text, class_labels, class_probabilities, network_outputs

DOUBLE = (np.array([[2.0]]), np.array([1.0]), lambda z: z)


def test_an_array_comes_back_from_its_text():
    array = np.array([[1.5, -2.0], [0.0, 1e300]])
    text = base64.b64encode(array.astype("<f8").tobytes()).decode()
    assert array_of_text(text, "float64", (2, 2)).tolist() == array.tolist()


def test_outputs_are_the_mean_of_the_networks():
    half = (np.array([[1.0]]), np.array([0.0]), lambda z: z / 2)
    assert network_outputs([[DOUBLE], [half]], [[4.0]]).tolist() == [[(9 + 2) / 2]]
    assert network_outputs([[DOUBLE, half]], [[4.0]]).tolist() == [[4.5]]


def test_rows_of_another_width_are_refused():
    with pytest.raises(ValueError, match=r"X: expected finite numbers of shape \(N, 1\)"):
        network_outputs([[DOUBLE]], [[1.0, 2.0]])


def test_one_output_is_two_classes_and_without_classes_a_label():
    outputs = np.array([[0.25], [0.75]])
    assert class_probabilities(outputs, ["no", "yes"]).tolist() == [[0.75, 0.25], [0.25, 0.75]]
    assert class_labels(outputs, ["no", "yes"]).tolist() == ["no", "yes"]
    assert class_probabilities(outputs, None).tolist() == outputs.tolist()
    assert class_labels(outputs, None).tolist() == [[0], [1]]
    assert class_labels(np.array([[0.1, 0.2, 0.7]]), ["a", "b", "c"]).tolist() == ["c"]
