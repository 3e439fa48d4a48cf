"""What bits depend on beside the program is written down."""

import json

import jax
import pytest

from jaxnet.identity import MUST_STAY, surroundings, xla_flags
from jaxnet.identity.surroundings import installed


def test_versions_precision_and_device_are_there_as_json():
    found = surroundings()
    assert json.loads(json.dumps(found)) == found
    assert {"jax", "jaxlib", "optax", "jaxnet", "platform", "device", *MUST_STAY} <= found.keys()
    assert found["jax"] == jax.__version__
    assert found["x64"] is True
    with jax.default_matmul_precision("bfloat16"):
        assert surroundings()["precision"] == "bfloat16"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", "none"),
        (" --xla_b=2  --xla_a=1", "--xla_a=1 --xla_b=2"),
        ("--xla_force_host_platform_device_count=4 --xla_cpu_multi_thread_eigen=false --xla_dump_to=/tmp", "none"),
    ],
)
def test_flags_of_xla_that_may_change_bits_are_told_in_any_order(given, told, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", given)
    assert xla_flags() == surroundings()["xla_flags"] == told


def test_what_is_not_installed_is_said():
    assert installed("no such distribution") == "not installed"
