"""A recording is one file that holds the frames and lets nothing else run."""

import base64
import json
import re
import zlib

import pytest

from jaxnet.playground.live_training import LiveTrainer
from jaxnet.playground.play_settings import PlaySettings, settings_from
from jaxnet.playground.recording import MOST_FRAMES, recording_of


@pytest.fixture
def trainer(ready):
    trainer = LiveTrainer(PlaySettings(hidden=(2,), activations=("tanh",)))
    for _ in range(4):
        trainer.frame(5)
    return trainer


def frames_in(html):
    packed = zlib.decompress(base64.b64decode(re.search(r'id="frames">([^<]*)<', html)[1]))
    heads, at = [], 0
    while at < len(packed):
        size = int.from_bytes(packed[at : at + 4], "little")
        frame = packed[at + 4 : at + 4 + size]
        heads.append(json.loads(frame[8 : 8 + int.from_bytes(frame[:4], "little")]))
        at += 4 + size + (-size & 3)
    return heads


def test_it_holds_the_states_of_the_ring_in_their_order_and_the_shown_one_stays(trainer):
    heads = frames_in(recording_of(trainer).decode())
    assert [(head["epoch"], head["step"]) for head in heads] == [(0, 0), (0, 5), (1, 0), (1, 5), (2, 0)]
    assert [(head["at"], head["moments"]) for head in heads] == [(i, 5) for i in range(5)]
    assert trainer.at == 4


def test_states_of_another_structure_are_left_out(trainer):
    trainer.set(settings_from({"hidden": [3]}, trainer.settings))
    trainer.frame(2)
    assert [head["sizes"] for head in frames_in(recording_of(trainer).decode())] == [[2, 3, 2]] * 2


def test_it_asks_nobody_and_only_its_own_script_may_run(trainer):
    html = recording_of(trainer).decode()
    assert "default-src 'none'" in html
    assert "unsafe" not in html
    assert not re.search(r"(?m)^(import|export) ", html)
    assert not re.search(r"""(?:src|href)=["'](?!data:)""", html.replace("href: ", ""))
    assert len(html) < 400_000
    assert MOST_FRAMES >= 100
