"""What the page says is answered, and what is wrong with it is a sentence: nothing that is sent ends the talk."""

import json

import numpy as np
import pytest

from jaxnet.playground.conversation import MOST_UPLOADED, Conversation

TABLE = b"""species,height,when,colour
oak,"1,5",2020-01-01,red
elm,2,2020-03-01,<script>alert(1)</script>
oak,NA,2020-05-01,blue
elm,4,2020-07-01,red
"""


def said(talk, do, **more):
    answer = talk.answer(json.dumps({"do": do, **more}))
    return answer if isinstance(answer, bytes) else json.loads(json.dumps(answer, allow_nan=False))


@pytest.fixture
def talk(ready):
    return Conversation()


def head(answer):
    return json.loads(answer[8 : 8 + int.from_bytes(answer[:4], "little")])


@pytest.mark.parametrize(
    "message",
    [
        "", "{", "[]", "3", '"frame"', "null", '{"do": null}', '{"do": "__init__"}', '{"do": ["frame"]}', '{"n": -1, "do": "hello"}',
        '{"do": "frame", "updates": -1}', '{"do": "frame", "updates": 1e9}', '{"do": "frame", "updates": "3"}',
        '{"do": "go"}', '{"do": "go", "at": 300}', '{"do": "weight"}', '{"do": "weight", "layer": 0, "row": 99, "unit": 0, "value": 1}',
        '{"do": "weight", "layer": 0, "row": 0, "unit": 0, "value": NaN}', '{"do": "choose", "row": -1}', '{"do": "choose", "row": 1e5}',
        '{"do": "point", "values": [1]}', '{"do": "point", "values": "ab"}', '{"do": "point", "values": [1e30, 0]}',
        '{"do": "point", "values": [null, 0]}', '{"do": "point", "plane": [0]}', '{"do": "point", "plane": "ab"}',
        '{"do": "explain", "layer": 9, "unit": 0}', '{"do": "explain", "layer": 0, "unit": "0"}', '{"do": "file", "kind": "../x"}',
        '{"do": "upload", "name": "a.csv", "size": 1e12}', '{"do": "upload", "name": 3, "size": 5}', '{"do": "columns"}',
        '{"do": "set"}', '{"do": "set", "settings": {"data": {"name": "table"}}}', '{"do": "lesson", "step": 12}',
        '{"do": "answer", "answer": 1}', '{"do": "set", "settings": {"goal": ["identity", "huber"]}}', "[" * 5000, b"bytes", b"",
    ],
)  # fmt: skip
def test_whatever_is_wrong_is_a_sentence_and_changes_nothing(message, talk):
    before = said(talk, "hello")
    answer = talk.answer(message)
    assert answer["say"] in ("error", "judged")
    assert isinstance(answer["words"], str)
    assert said(talk, "hello") == before


def test_back_shows_the_weights_as_they_were_and_training_goes_on_from_there(talk):
    first = said(talk, "frame", updates=3)
    second = said(talk, "frame", updates=4)
    assert (head(second)["at"], head(second)["moments"]) == (2, 3)
    said(talk, "go", at=1, n=5)
    back = said(talk, "frame", updates=0)
    assert back[8 + int.from_bytes(back[:4], "little") :] == first[8 + int.from_bytes(first[:4], "little") :]
    again = said(talk, "frame", updates=4)
    assert again[8 + int.from_bytes(again[:4], "little") :] == second[8 + int.from_bytes(second[:4], "little") :]
    assert head(again)["moments"] == 3


def test_a_unit_more_keeps_what_the_others_have_learnt(talk):
    said(talk, "frame", updates=5)
    before = talk.trainer.params
    scene = said(talk, "set", n=1, settings={"hidden": [5, 4]})
    assert scene["settings"]["hidden"] == [5, 4]
    after = talk.trainer.params
    np.testing.assert_array_equal(after[0]["w"][:, :4], before[0]["w"])
    np.testing.assert_array_equal(after[1]["w"][:4], before[1]["w"])
    np.testing.assert_array_equal(after[2]["w"], before[2]["w"])
    assert after[0]["w"][:, 4].any(), "the new unit is drawn"


def test_an_edited_weight_is_the_one_that_is_trained_on(talk):
    said(talk, "weight", layer=1, row=-1, unit=2, value=0.75)
    assert talk.trainer.params[1]["b"][2] == np.float32(0.75)
    assert not talk.trainer.moment.origin.drawn


def test_data_that_asks_for_another_goal_gets_it(talk):
    assert said(talk, "set", settings={"data": {"name": "hill"}})["settings"]["goal"] == ["identity", "squared_error"]
    assert said(talk, "set", settings={"data": {"name": "xor"}})["data"]["classes"] == ["class 1", "class 2"]


def sent(talk, content, name="table.csv", size=None):
    answer = said(talk, "upload", name=name, size=len(content) if size is None else size)
    for at in range(0, len(content), 64):
        answer = talk.answer(content[at : at + 64])
    return answer


def test_a_table_of_ones_own_is_prepared_and_its_columns_say_how(talk):
    scene = sent(talk, TABLE * 1, name="C:\\own\\<b>trees</b>.csv")
    assert scene["say"] == "scene", scene
    assert scene["data"]["title"].endswith(["<b>trees<", "b>.csv"][-1])
    scene = said(talk, "columns", target="species", roles={"when": "ignore"}, n=3)
    assert scene["data"]["classes"] == ["elm", "oak"]
    columns = {column["name"]: column for column in scene["data"]["columns"]}
    assert (columns["species"]["role"], columns["when"]["role"], columns["height"]["kind"]) == (
        "target",
        "ignore",
        "number",
    )
    assert "1 missing" in columns["height"]["gap"]
    assert head(said(talk, "frame", updates=2))["step"] + head(said(talk, "frame", updates=0))["epoch"] > 0


@pytest.mark.parametrize(
    "content",
    [
        b"\0\1\2\3" * 50,
        b"a,b\n1,2\n1,2,3\n",
        b"a\n1\n2\n",
        b"\xff\xfe\x00",
        b",".join([b"c%d" % i for i in range(300)]) + b"\n" + b"1," * 299 + b"1\n",
    ],
)
def test_what_is_no_table_is_a_sentence_and_the_network_stays(content, talk):
    before = said(talk, "hello")
    answer = sent(talk, content)
    assert answer["say"] == "error", answer
    assert said(talk, "hello") == before


def test_more_bytes_than_were_announced_are_refused(talk):
    assert sent(talk, b"a,b\n1,2\n" * 30, size=10)["say"] == "error"
    assert said(talk, "upload", name="big.csv", size=MOST_UPLOADED + 1)["say"] == "error"


def test_a_state_from_an_address_is_entered_whole_or_not_at_all(talk):
    state = said(talk, "set", settings={"hidden": [2], "rate": 0.3, "data": {"name": "moons"}})["settings"]
    other = Conversation()
    assert said(other, "set", settings=state)["settings"] == state
    assert said(other, "set", settings={**state, "rate": 0.5, "hidden": [99]})["say"] == "error"
    assert said(other, "hello")["settings"] == state
