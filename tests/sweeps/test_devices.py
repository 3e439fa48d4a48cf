"""All cores are used without a word, or the words say what to do."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import pytest

from jaxnet.sweeps import devices

STARTING = """
import os, sys
sys.path.insert(0, os.getcwd())
from jaxnet.sweeps.devices import advice, cores, use_all_cores
use_all_cores()
import jax
assert len(jax.devices()) == cores(), jax.devices()
assert advice() is None
use_all_cores()
"""


def test_a_sweep_sees_one_device_a_core() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    command = [sys.executable, "-c", STARTING]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_it_is_left_alone_where_the_user_has_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=3")
    changed: list[object] = []
    monkeypatch.setattr(jax.config, "update", lambda *a: changed.append(a))
    devices.use_all_cores()
    assert changed == []


def test_when_jax_has_started_with_too_few_the_advice_is_to_the_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "cores", lambda: len(jax.local_devices()) + 2)
    words = devices.advice()
    assert words is not None
    assert "2 of" in words
    assert f'jax.config.update("jax_num_cpu_devices", {len(jax.local_devices()) + 2})' in words


def test_memory_is_the_device_s_own_or_a_share_of_what_the_host_has(monkeypatch: pytest.MonkeyPatch) -> None:
    with open("/proc/meminfo") as file:
        total = 1024 * int(next(line for line in file if line.startswith("MemTotal")).split()[1])
    assert 0 < devices.memory_limit() <= total

    class Device:
        platform = "gpu"

        def memory_stats(self) -> dict[str, Any]:
            return {"bytes_limit": 12345}

    monkeypatch.setattr(jax, "local_devices", lambda **of: [Device()])
    assert devices.memory_limit() == 12345
    assert Path("/proc/meminfo").exists()
