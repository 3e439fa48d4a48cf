"""A unit explained: the article's own numbers in the article's letters, and both gradients within the bound."""

import numpy as np
import pytest

from jaxnet.playground.explanations import explain
from jaxnet.playground.lessons import begin_lesson
from jaxnet.playground.live_training import LiveTrainer
from jaxnet.playground.masked_network import GOALS
from jaxnet.playground.play_settings import PlaySettings, goals_for
from jaxnet.playground.shown_data import DataChoice, shown_data
from jaxnet.stairs.example import initial_weights, one_step


@pytest.fixture
def worked(ready):
    """The article's worked example, as far as the page can show it: pixels as shares, and stairs the second output."""
    trainer = begin_lesson(6)
    W1, W2 = initial_weights()
    trainer.put([{"w": W1[1:] * 255, "b": W1[0]}, {"w": W2[1:, ::-1], "b": W2[0, ::-1]}])
    return trainer


def test_it_fills_in_what_the_article_computes(worked):
    image = np.array([[252.0, 4, 155, 175]])
    trace = one_step(initial_weights(), image, np.array([[1.0, 0.0]]), 0.1)
    hidden, output = explain(worked, 0, 0), explain(worked, 1, 1)
    assert f"= {trace.Z1[0, 0]:.4f}".replace("-0.", "-.") in hidden["forward"][0]
    assert hidden["forward"][1] == "X2[1] = sigmoid(-.4220) = .3960"
    assert output["forward"][1].endswith("= .4986")
    assert "d1[2] = Yhat[2] - Y[2] = .4986 - 1.0000 = -.501350" in output["backward"]
    assert hidden["backward"][0].endswith(f"= {trace.d2[0, 0]:.6f}".replace("0.", ".", 1))
    assert hidden["backward"][1].endswith(f"= {trace.d3[0, 0]:.6f}".replace("0.", ".", 1))


def test_what_each_input_adds_sums_to_the_weighted_sum(worked):
    hidden = explain(worked, 0, 1)
    assert sum(value for _, value in hidden["why"]) == pytest.approx(1.1285, abs=5e-5)
    output = dict(map(tuple, explain(worked, 1, 1)["why"]))
    Z = -0.005616, -0.000215
    assert sum(output.values()) == pytest.approx(Z[0] - Z[1], abs=2e-6), "of two outputs, what it has more"


@pytest.mark.parametrize("goal", GOALS)
def test_the_screens_gradient_and_the_one_by_hand_agree_within_the_bound(goal, ready):
    choice = next(
        choice for choice in map(DataChoice, ("three_clusters", "hill")) if goal in goals_for(shown_data(choice))
    )
    settings = PlaySettings(
        choice, hidden=(3, 2), activations=("tanh", "sigmoid"), goal=goal, l2=0.01, optimizer="adam"
    )
    trainer = LiveTrainer(settings)
    trainer.frame(7)
    for layer in range(3):
        rows = explain(trainer, layer, 0)["gradient"]
        assert len(rows) == 1 + trainer.net.sizes[layer]
        for name, ours, theirs, bound in rows:
            assert abs(ours - theirs) <= bound, (layer, name)
            assert bound < 1e-3


def test_an_example_that_was_edited_has_no_way_back(worked):
    worked.look(worked.point * 0.5, None)
    worked.chosen = None
    assert "no target" in explain(worked, 0, 0)["backward"][0]
