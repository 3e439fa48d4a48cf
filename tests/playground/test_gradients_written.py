"""A gradient written on the page is judged as jaxnet grade judges it, in a process with limits, where that is allowed."""

import json

import pytest

from jaxnet.playground.conversation import Conversation
from jaxnet.playground.gradients_written import MOST_WRITTEN, template

SETTINGS = {"hidden": [3], "activations": ["tanh"], "data": {"name": "xor"}}


@pytest.fixture(scope="module")
def talk():
    talk = Conversation(allow_code=True)
    assert said(talk, "set", settings=SETTINGS)["say"] == "scene"
    return talk


def said(talk, do, **more):
    return json.loads(json.dumps(talk.answer(json.dumps({"do": do, **more}))))


RIGHT = 'dZ1 = dZ2 @ params[1]["w"].T * (1 - A1**2)'


def written(talk, line):
    return template(talk.trainer).replace("dZ1 = np.zeros_like(Z1)", line)


def test_the_template_lacks_the_hidden_layer_and_with_it_is_right(talk):
    begun = said(talk, "written", code=template(talk.trainer))
    assert (begun["right"], begun["layers"]) == (False, [0])
    assert said(talk, "written", code=written(talk, RIGHT))["right"]


def test_a_mistake_is_named(talk):
    answer = said(talk, "written", code=written(talk, RIGHT.replace(" * (1 - A1**2)", "")))
    assert answer["layers"] == [0]
    assert "the derivative of the activation is left out" in " ".join(answer["words"])


@pytest.mark.parametrize(
    ("code", "words"),
    [("def backward(params, X, T):\n    return nothing", "NameError"), ("x = (", "SyntaxError"), ("", "no backward"),
     ("import os\ndef backward(params, X, T):\n    os._exit(3)", "")],
)  # fmt: skip
def test_code_that_fails_is_an_answer_and_the_server_goes_on(code, words, talk):
    answer = said(talk, "written", code=code)
    assert not answer["right"]
    assert words in answer["words"][0]
    assert said(talk, "hello")["say"] == "scene"


def test_without_the_flag_nothing_is_run():
    talk = Conversation()
    answer = said(talk, "written", code="raise SystemExit")
    assert answer["say"] == "error"
    assert "--allow-code" in answer["words"]
    assert not said(talk, "hello")["allow_code"]


def test_what_is_too_long_or_no_text_is_refused(talk):
    for code in ("x" * (MOST_WRITTEN + 1), None, 3):
        assert said(talk, "written", code=code)["say"] == "error"
