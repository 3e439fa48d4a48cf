"""Two trainings from one start, side by side: each is what jn.fit computes."""

import json

import jax
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.playground.conversation import Conversation
from jaxnet.playground.live_training import MOST_UPDATES, LiveTrainer
from jaxnet.playground.loss_surfaces import surface_of
from jaxnet.playground.masked_training import frame
from jaxnet.playground.optimizer_slots import OPTIMIZERS_SHOWN
from jaxnet.playground.play_settings import PlaySettings, settings_from
from jaxnet.playground.shown_data import DataChoice

SMALL = PlaySettings(DataChoice("moons"), hidden=(3,), activations=("tanh",), batch=40)


@pytest.fixture
def trainer(ready):
    return LiveTrainer(SMALL)


def fitted(trainer, settings, epochs):
    data, net = trainer.data, settings.network(trainer.data)
    f, key = jn.objective(net, settings.goal.loss, l2=settings.l2), jax.random.key(settings.seed)
    optimizer = OPTIMIZERS_SHOWN[settings.optimizer](settings.rate, settings.momentum)
    examples = data.X, data.dense(data.y, net.sizes[-1])
    return jn.fit(f, net.init(key), examples, optimizer=optimizer, epochs=epochs, batch_size=settings.batch, key=key)


def flat(params):
    return np.concatenate([np.ravel(layer[leaf]) for layer in params for leaf in ("w", "b")])


def test_both_are_what_fit_computes_from_the_same_weights(trainer):
    trainer.race({"rate": 0.4, "momentum": 0.3, "l2": 0.01})
    for _ in range(5):
        trainer.frame(3)
    for moment in (trainer.moment, trainer.moment.rival):
        assert (int(moment.state.epoch), int(moment.state.step)) == (3, 0)
        expected = fitted(trainer, moment.settings, 3).params
        np.testing.assert_allclose(flat(trainer.params_at(moment)), flat(expected), atol=3e-5)
    assert frame._cache_size() == 1, "it is the same program twice"


@pytest.mark.parametrize(("mine", "theirs"), [(200, 1), (1, 200), (35, 64)])
def test_they_go_through_as_many_examples_whatever_their_batches_are(mine, theirs, trainer):
    trainer.set(settings_from({"batch": mine}, trainer.settings))
    trainer.race({"batch": theirs})
    for updates in (1, 7, MOST_UPDATES if mine > theirs else 50):
        trainer.frame(updates)
    ours, other = trainer.moment, trainer.moment.rival
    seen = [int(m.state.epoch) + int(m.state.step) / -(-200 // m.settings.batch) for m in (ours, other)]
    assert seen[0] - 1 / -(-200 // theirs) < seen[1] <= seen[0]


def test_a_rival_that_is_set_anew_puts_both_back_to_the_start_and_what_they_share_is_shared(trainer):
    trainer.race({"rate": 0.5})
    trainer.frame(8)
    trainer.set(settings_from({"activations": ["relu"], "rate": 0.03}, trainer.settings))
    assert (trainer.rival.activations, trainer.rival.rate) == (("relu",), 0.5)
    assert int(trainer.moment.rival.state.epoch) == 1, "and it goes on"
    trainer.race({"momentum": 0.0})
    assert (trainer.rival.rate, trainer.rival.momentum, trainer.settings.rate) == (0.5, 0.0, 0.03)
    assert trainer.moment.untouched
    assert trainer.moment.rival.untouched
    trainer.set(settings_from({"hidden": [5], "data": {"name": "xor"}}, trainer.settings))
    assert trainer.params_at(trainer.moment.rival)[0]["w"].shape == (2, 5)
    assert trainer.rival.rate == 0.5
    trainer.race(None)
    assert trainer.rival is None


def test_exchanged_each_keeps_its_way(trainer):
    trainer.race({"rate": 0.5})
    trainer.frame(4)
    rival = trainer.moment.rival
    trainer.exchange()
    assert trainer.settings.rate == 0.5
    np.testing.assert_array_equal(trainer.moment.state.flat, rival.state.flat)
    trainer.frame(4)
    ways = {way["lane"]: way["points"] for way in surface_of(trainer)["ways"]}
    assert {lane: len(points) for lane, points in ways.items()} == {"A": 5, "B": 5}
    trainer.go_to(1)
    assert trainer.settings.rate == 0.1, "back is before it"
    trainer.exchange()
    assert trainer.moment.lane == "B"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"seed": 1}, "rival: expected one of optimizer"),
        ({"rate": -1}, "rate: expected"),
        (3, "rival: expected an object"),
        ({"optimizer": "lion"}, "optimizer: expected"),
        ({"batch": None}, "batch"),
    ],
)
def test_a_rival_that_does_not_fit_is_a_sentence(settings, words, ready):
    talk = Conversation()
    said = talk.answer(json.dumps({"do": "race", "settings": settings}))
    assert said["say"] == "error"
    assert words in said["words"]
    assert talk.trainer.rival is None
