"""The formulas are written out again here as the article prints them."""

import jax
import numpy as np
import pytest

from jaxnet import stairs
from jaxnet.stairs.hand_set_networks import HAND_SET, LIGHT_IMAGES, LIGHT_LABELS, LIGHT_STAIRS


def s(z):
    return 1 / (1 + np.exp(-z))


def light(x1, x2, x3, x4):
    s1, d1 = s(0.06 * x3 + 0.06 * x4 - 3), s(0.06 * x3 + 0.06 * x4 - 10)
    s2, d2 = s(0.06 * x1 - 0.4 * x2 - 1.5), s(0.06 * x1 - 0.4 * x2 - 3.5)
    s3, d3 = s(0.06 * x2 - 0.4 * x1 - 1.5), s(0.06 * x2 - 0.4 * x1 - 3.5)
    return s(8 * (s1 - d1) + (s2 - d2) + (s3 - d3) - 2)


FORMULAS = {
    "perceptron": lambda x1, x2, x3, x4: -0.0019 * x1 - 0.0016 * x2 + 0.0020 * x3 + 0.0023 * x4 + 0.0003,
    "logistic": lambda x1, x2, x3, x4: s(-0.140 * x1 - 0.145 * x2 + 0.121 * x3 + 0.092 * x4 - 0.008),
    "logistic_figure": lambda x1, x2, x3, x4: s(-0.196 * x1 - 0.189 * x2 + 0.136 * x3 + 0.109 * x4 - 0.006),
    "left_right": lambda x1, x2, x3, x4: s(
        3 * s(0.002 * x1 - 0.05 * x2 + 0.012 * x3 + 0.012 * x4 - 0.05)
        + 3 * s(-0.05 * x1 + 0.002 * x2 + 0.012 * x3 + 0.012 * x4 - 0.05)
        - 1
    ),
    "bottom_and_top": lambda x1, x2, x3, x4: s(
        3 * s(0.2 * x3 + 0.2 * x4 - 0.5) + 3 * s(0.1 * x1 - 0.1 * x2 - 0.05) + 3 * s(-0.1 * x1 + 0.01 * x2 - 0.05) - 4
    ),
    "light_stairs": light,
    "interaction": lambda x1, x2, x3, x4: s(
        6 * s(0.1 * x3 + 0.1 * x4 - 20) + 6 * s(0.1 * x1 - 0.1 * x2 - 5) + 6 * s(0.1 * x2 - 0.1 * x1 - 5) - 9
    ),
}


@pytest.mark.parametrize("name", HAND_SET)
def test_a_hand_set_network_computes_the_article_s_formula(name):
    net, params = stairs.hand_set(name)
    x = stairs.load()[1].x
    expected = FORMULAS[name](*x.astype(np.float64).T)
    # a handful of products and sums of float64, then sigmoids of slope at most 1/4 with weights up to 8
    np.testing.assert_allclose(net.predict(params, x)[:, 0], expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    ("name", "train", "test"),
    [
        ("perceptron", 0.6925, 0.68),
        ("logistic_figure", 0.8675, 0.82),
        ("left_right", 0.76, 0.75),
        ("bottom_and_top", 0.715, 0.64),
    ],
)
def test_a_hand_set_network_is_as_accurate_as_a_plain_numpy_program_found(name, train, test):
    net, params = stairs.hand_set(name)
    threshold = 0.0 if net.output == "identity" else 0.5
    said = [np.asarray(net.predict(params, part.x))[:, 0] > threshold for part in stairs.load()]
    assert [np.mean(yes == part.y) for yes, part in zip(said, stairs.load(), strict=True)] == [train, test]


def test_light_stairs_says_yes_to_light_stairs_only():
    net, params = stairs.hand_set("light_stairs")
    yes = np.asarray(net.predict(params, LIGHT_IMAGES))[:, 0] > 0.5
    light_enough = LIGHT_IMAGES.max(axis=1) <= 50
    np.testing.assert_array_equal(LIGHT_STAIRS, (LIGHT_LABELS == 1) & light_enough)
    np.testing.assert_array_equal(yes, LIGHT_STAIRS)


def test_the_images_of_light_stairs_are_the_article_s():
    expected = [
        (15, 10, 5, 20),
        (5, 30, 30, 30),
        (50, 0, 50, 50),
        (250, 0, 250, 250),
        (0, 20, 20, 0),
        (0, 100, 75, 125),
    ]
    assert [tuple(image) for image in LIGHT_IMAGES.tolist()] == expected
    assert LIGHT_LABELS.tolist() == [0, 1, 1, 1, 0, 1]


def test_parameters_are_float64_where_x64_is_enabled_and_float32_elsewhere():
    with jax.enable_x64(False):
        assert stairs.hand_set("logistic")[1][0]["w"].dtype == np.float32
    with jax.enable_x64(True):
        assert stairs.hand_set("logistic")[1][0]["w"].dtype == np.float64


def test_an_unknown_network_gets_the_nearest_known_name():
    with pytest.raises(ValueError, match=r"name: expected one of perceptron.*did you mean 'left_right'"):
        stairs.hand_set("leftright")
