"""The code that is taken away trains what was on the screen, and the model that is saved predicts it."""

import io
import zipfile

import jax
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.playground.live_training import LiveTrainer
from jaxnet.playground.play_settings import PlaySettings, settings_from
from jaxnet.playground.reproduction import model_bytes, reproduced, settings_by_epochs
from jaxnet.playground.shown_data import DataChoice


def test_the_code_run_as_it_stands_leaves_the_weights_of_the_screen(ready):
    settings = PlaySettings(DataChoice("moons", share=0.3), hidden=(3,), activations=("tanh",), momentum=0.5)
    trainer = LiveTrainer(settings)
    trainer.frame(9)
    trainer.set(settings_from({"hidden": [2]}, trainer.settings))  # from here on weights cannot be drawn
    trainer.frame(6)
    trainer.set(settings_from({"rate": 0.02, "l2": 0.001}, trainer.settings))
    trainer.frame(8)
    answer = reproduced(trainer)
    assert answer["difference"] < 1e-5
    assert int(trainer.moment.state.step) == 0, "the epoch that had begun is finished"
    names = {}
    exec(answer["code"], names)  # the words of the test's own library
    assert names["run"].epoch == 3
    for ours, theirs in zip(jax.tree.leaves(trainer.params), jax.tree.leaves(names["run"].params), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert "changed" not in answer["words"]


def test_a_change_within_an_epoch_is_seen(ready):
    trainer = LiveTrainer(PlaySettings())
    trainer.frame(3)
    assert settings_by_epochs(trainer)[1]
    trainer.set(settings_from({"rate": 0.3}, trainer.settings))
    assert not settings_by_epochs(trainer)[1]
    trainer.go_to(0)
    assert settings_by_epochs(trainer)[1], "a state before it knows nothing of it"


def test_untrained_it_is_the_draw_alone():
    answer = reproduced(LiveTrainer(PlaySettings()))
    assert answer["difference"] == 0
    assert "jn.fit(" not in answer["code"]


def test_the_saved_model_predicts_with_the_names_of_the_classes(tmp_path):
    trainer = LiveTrainer(PlaySettings(DataChoice("stairs")))
    name, content = model_bytes(trainer, "folder")
    assert name == "model.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(tmp_path)
    model = jn.load(tmp_path / "model")
    expected = trainer.net.predict(jax.tree.map(np.asarray, trainer.params), trainer.data.X[:5])
    np.testing.assert_allclose(model.predict_proba(trainer.data.X[:5]), expected, atol=1e-6)
    assert set(model.classes) == {"stairs", "something else"}


def test_another_kind_of_file_is_refused():
    with pytest.raises(ValueError, match="kind: expected one of folder"):
        model_bytes(LiveTrainer(PlaySettings()), "pickle")
