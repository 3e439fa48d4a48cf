"""The article's numbers: when a number measured is the one published."""

import numpy as np
import pytest

import jaxnet as jn


def test_the_article_writes_parameters_with_the_bias_as_the_first_row(experiment):
    _, params = jn.stairs.worked_example()
    rows = experiment.rows(params, "{} before")
    # the R script's comment, 9 digits
    np.testing.assert_allclose(rows["W1 before"][0], [-0.0046898267, 0.0079677937], rtol=0, atol=5.1e-11)
    np.testing.assert_allclose(rows["W2 before"][2], [0.0037404569, -0.0000460152], rtol=0, atol=5.1e-11)


@pytest.mark.parametrize(("off", "holds"), [(0.0, True), (5e-11, True), (6e-11, False)])
def test_digits_agree_to_the_last_one_printed(experiment, off, holds):
    claim = experiment.digits("a loss", np.array([[0.5, 0.25]]), np.array([[0.5, 0.25 + off]]), within=5.1e-11)
    assert (claim.published, claim.holds) == ("0.5 ...", holds)


NUMBERS = {
    "one run, to the digits printed": (0.681, [0.6814], True),
    "one run, beyond them": (0.681, [0.6816], False),
    "inside the range of 20 runs": (0.2, [0.1, *[0.25] * 18, 0.3], True),
    "outside the range of 20 runs": (0.4, [0.1, *[0.25] * 18, 0.3], False),
    "too few runs to judge": (0.4, [0.1, 0.3], None),
}


@pytest.mark.parametrize(("published", "values", "holds"), NUMBERS.values(), ids=NUMBERS)
def test_a_published_run_is_one_of_ours_or_is_not(experiment, published, values, holds):
    assert experiment.one_number("loss", published, values).holds is holds


def test_the_worst_trained_network_is_held_against_the_best_set_by_hand(experiment):
    last = experiment.LADDER[-1]
    for worst, holds in ((0.83, True), (0.82, False)):  # the logistic network's .82 of 100 test images
        [claim] = experiment.trained_against_hand_set({last: {"scores": [{"test": 0.97}, {"test": worst}]}})
        assert (claim.published, claim.holds) == ("> 0.82", holds)
