"""Expected numbers are worked out by hand from the article's formulas."""

import numpy as np
import pytest

from jaxnet.stairs.hand_set_networks import HAND_SET, hand_set
from jaxnet.stairs.images import every, load
from jaxnet.stairs.verdicts import formulas, formulas_of, shares_right, tiles, verdicts_on, yes_or_no


def test_the_perceptron_s_verdict_on_image_1_is_the_sum_of_its_products():
    verdict = verdicts_on("perceptron", every().only([1]).x)[0]
    # -.0019 · 252 - .0016 · 4 + .0020 · 155 + .0023 · 175 + .0003
    assert verdict.weighted_sum == pytest.approx(-0.4788 - 0.0064 + 0.31 + 0.4025 + 0.0003, abs=1e-12)
    assert verdict.answer == verdict.weighted_sum
    assert (verdict.x, verdict.hidden, verdict.yes) == ((252, 4, 155, 175), (), True)


def test_a_hidden_layer_s_sums_and_activations_are_kept():
    verdict = verdicts_on("left_right", np.array([[0, 100, 50, 50]]))[0]
    # left: -5 + .6 + .6 - .05, right: .2 + .6 + .6 - .05
    np.testing.assert_allclose(verdict.hidden_sums, [-3.85, 1.35], rtol=1e-12)
    left, right = 1 / (1 + np.exp(3.85)), 1 / (1 + np.exp(-1.35))
    np.testing.assert_allclose(verdict.hidden, [left, right], rtol=1e-12)
    assert verdict.weighted_sum == pytest.approx(3 * left + 3 * right - 1, rel=1e-12)


@pytest.mark.parametrize("name", HAND_SET)
def test_a_verdict_is_what_the_network_predicts(name):
    net, params = hand_set(name)
    x = load()[1].x
    answers = [verdict.answer for verdict in verdicts_on(name, x)]
    np.testing.assert_allclose(answers, net.predict(params, x)[:, 0], rtol=1e-12, atol=1e-13)


def test_accuracy_counts_the_images_judged_rightly():
    assert shares_right("logistic_figure", load()[:1]) == [0.8675]


def test_a_network_is_written_one_line_a_unit():
    assert formulas("left_right").lines == (
        "left = sigmoid(.002 x1 - .05 x2 + .012 x3 + .012 x4 - .05)",
        "right = sigmoid(-.05 x1 + .002 x2 + .012 x3 + .012 x4 - .05)",
        "stairs = sigmoid(3 left + 3 right - 1)",
    )


def test_an_image_s_numbers_are_filled_in_and_worked_out():
    perceptron = verdicts_on("perceptron", np.array([[100, 0, 60, 125]]))[0]
    assert formulas_of("perceptron", perceptron) == [
        "stairs = -.0019·100 - .0016·0 + .002·60 + .0023·125 + .0003 = .2178 -> yes"
    ]
    lines = formulas_of("left_right", verdicts_on("left_right", np.array([[0, 100, 50, 50]]))[0])
    assert lines[0] == "left = sigmoid(.002·0 - .05·100 + .012·50 + .012·50 - .05) = sigmoid(-3.85) = .0208"
    assert lines[2] == "stairs = sigmoid(3·.0208 + 3·.7941 - 1) = sigmoid(1.44) = .8092 -> yes"


def test_tiles_go_from_the_lowest_answer_to_the_highest_and_say_whether_it_is_right():
    shown = tiles("perceptron", every().only([495, 257, 367]))
    assert shown.captions == (
        "image 257\n-.27 no\nright",
        "image 367\n.30 yes\nwrong",
        "image 495\n.77 yes\nwrong",
    )
    assert shown.images.tolist() == every().only([257, 367, 495]).x.tolist()


def test_yes_and_no():
    assert (yes_or_no(True), yes_or_no(np.int32(0))) == ("yes", "no")
