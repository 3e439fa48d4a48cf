"""What the page sends is checked field by field, and what it is answered comes back as it was."""

import json

import pytest

from jaxnet.playground.play_settings import PlaySettings, settings_from
from jaxnet.playground.shown_data import DataChoice

USUAL = PlaySettings()


def test_a_record_in_json_gives_the_same_settings_back():
    settings = PlaySettings(
        DataChoice("spiral", noise=0.1), hidden=(8, 3, 1), activations=("relu", "gelu", "elu"), rate=0.3
    )
    record = json.loads(json.dumps(settings.as_record()))
    assert settings_from(record, USUAL) == settings


def test_what_a_record_does_not_name_stays():
    changed = settings_from({"rate": 0.5, "data": {"noise": 0.2}}, USUAL)
    assert (changed.rate, changed.data.noise) == (0.5, 0.2)
    assert (changed.data.name, changed.hidden) == (USUAL.data.name, USUAL.hidden)


def test_a_layer_that_is_added_does_as_the_one_before_it():
    assert settings_from({"hidden": [4, 4, 2]}, PlaySettings(activations=("tanh", "relu"))).activations == (
        "tanh",
        "relu",
        "relu",
    )


@pytest.mark.parametrize(
    "record",
    [
        None, [], "{}", 3, {"format": 2}, {"path": "/etc/passwd"}, {"hidden": [17]}, {"hidden": [1] * 5}, {"hidden": "44"},
        {"hidden": [0]}, {"hidden": [2.5]}, {"hidden": [True]}, {"hidden": {"a": 1}}, {"activations": ["exec", "tanh"]},
        {"activations": ["tanh"]}, {"goal": ["softmax", "hinge"]}, {"goal": ["softmax"]}, {"goal": "softmax"},
        {"goal": [{}, {}]}, {"optimizer": "lbfgs"}, {"rate": 0}, {"rate": float("nan")}, {"rate": "0.1"}, {"rate": 1e300},
        {"momentum": 1}, {"l2": -1}, {"dropout": 1}, {"batch": 0}, {"batch": 10**9}, {"weights": "os.system"},
        {"weights": ["zeros"]}, {"seed": -1}, {"seed": 2**40}, {"data": []}, {"data": {"file": "/etc/passwd"}},
        {"data": {"name": "/etc/passwd"}}, {"data": {"noise": 2}}, {"data": {"share": 0}}, {"data": {"formula": "import os"}},
    ],
)  # fmt: skip
def test_anything_that_is_not_allowed_is_refused(record):
    with pytest.raises((ValueError, TypeError), match="expected"):
        settings_from(record, USUAL)
