"""Cases A and B: the numbers are the article's figures, by hand."""

import numpy as np
import pytest

from jaxnet.stairs import case_images, hand_set


def answers(model):
    net, params = hand_set(model)
    return {case: np.asarray(net.predict(params, images))[:, 0] for case, images in case_images().items()}


def test_only_the_lower_left_pixel_changes():
    assert case_images()["A"].tolist() == [[100, 0, 0, 125], [100, 0, 60, 125]]
    assert case_images()["B"].tolist() == [[100, 0, 60, 125], [100, 0, 120, 125]]


def test_the_line_rises_alike_in_both_cases():
    found = answers("perceptron")
    np.testing.assert_allclose(found["A"], [0.0978, 0.2178], rtol=1e-12)
    np.testing.assert_allclose(found["B"], [0.2178, 0.3378], rtol=1e-12)


@pytest.mark.parametrize("model", ["logistic", "logistic_figure"])
def test_the_sigmoid_rises_more_in_a_than_in_b(model):
    found = answers(model)
    assert np.diff(found["A"]) > np.diff(found["B"]) > 0


def test_the_figure_s_sigmoid_goes_through_the_article_s_points():
    found = answers("logistic_figure")
    z = np.array([-5.981, 2.179, 10.339])  # .136 * 60 = 8.16 apart
    np.testing.assert_allclose([*found["A"], found["B"][1]], 1 / (1 + np.exp(-z)), rtol=1e-10)
    np.testing.assert_allclose([*found["A"], found["B"][1]], [0.003, 0.898, 1.000], atol=5e-4)
