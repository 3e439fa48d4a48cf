"""An address holds all that is on the page, is entered whole or not at all, and says what it leaves out."""

import json

import numpy as np
import pytest

from jaxnet.playground.conversation import Conversation

WEIGHTS = "AAAAAA=="  # one 0


def said(talk, do, **more):
    answer = talk.answer(json.dumps({"do": do, **more}))
    return answer if isinstance(answer, bytes) else json.loads(json.dumps(answer, allow_nan=False))


def test_weights_set_by_hand_example_plane_and_race_come_back(ready):
    talk, other = Conversation(), Conversation()
    said(talk, "set", settings={"data": {"name": "stairs"}, "hidden": [3], "rate": 0.3})
    said(talk, "frame", updates=7)
    said(talk, "weight", layer=0, row=2, unit=1, value=-1.25)
    said(talk, "race", settings={"rate": 0.5})
    said(talk, "choose", held=True, row=4)
    said(talk, "point", plane=[3, 1])
    answer = said(talk, "state")
    assert answer["words"] == "It leaves out nothing."
    scene = said(other, "enter", state=answer["state"])
    expected = said(talk, "hello")
    assert {k: v for k, v in scene.items() if k != "n"} == {k: v for k, v in expected.items() if k != "n"}
    for ours, theirs in zip(other.trainer.params, talk.trainer.params, strict=True):
        np.testing.assert_array_equal(ours["w"], theirs["w"])
        np.testing.assert_array_equal(ours["b"], theirs["b"])
    assert other.trainer.params[0]["w"][2, 1] == -1.25


def test_untrained_it_is_the_seed_and_trained_it_says_what_is_left_out(ready):
    talk = Conversation()
    assert "weights" not in said(talk, "state")["state"]
    said(talk, "frame", updates=3)
    answer = said(talk, "state")
    assert "weights" in answer["state"]
    assert "what the optimizer remembers" in answer["words"]


def test_settings_alone_are_a_state_too():
    talk = Conversation()
    settings = said(talk, "hello")["settings"]
    assert said(talk, "enter", state={**settings, "rate": 0.7})["settings"]["rate"] == 0.7


@pytest.mark.parametrize(
    "change",
    [
        {"weights": WEIGHTS}, {"weights": "?"}, {"weights": 3}, {"weights": "AAA="}, {"chosen": [True, 10**6]},
        {"chosen": [3, 4]}, {"chosen": "ab"}, {"plane": [0, 0]}, {"plane": [9, 1]}, {"plane": 3}, {"rival": {"seed": 3}},
        {"rival": 3}, {"settings": {"data": {"name": "table"}}}, {"settings": 3}, {"format": 9}, {"code": "import os"},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_a_sentence_and_nothing_of_it_is_entered(change):
    talk = Conversation()
    said(talk, "set", settings={"rate": 0.3})
    before = said(talk, "hello")
    state = {**said(talk, "state")["state"], **change}
    assert said(talk, "enter", state=state)["say"] == "error"
    assert said(talk, "hello") == before
