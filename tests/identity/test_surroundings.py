"""What bits depend on beside the program is written down."""

import json

import jax

from jaxnet.identity import MUST_STAY, surroundings
from jaxnet.identity.surroundings import installed


def test_versions_precision_and_device_are_there_as_json():
    found = surroundings()
    assert json.loads(json.dumps(found)) == found
    assert {"jax", "jaxlib", "optax", "jaxnet", "platform", "device", *MUST_STAY} <= found.keys()
    assert found["jax"] == jax.__version__
    assert found["x64"] is True
    with jax.default_matmul_precision("bfloat16"):
        assert surroundings()["precision"] == "bfloat16"


def test_what_is_not_installed_is_said():
    assert installed("no such distribution") == "not installed"
