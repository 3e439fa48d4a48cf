"""Compiled programs are kept in the user's cache folder, from the first training on, unless that is not wanted."""

import io
import os
import subprocess
import sys

import jax
import numpy as np
import optax
import pytest

import jaxnet as jn
from jaxnet import compilation_cache
from jaxnet.compilation_cache import CACHE_VARIABLE, KEPT_SECONDS, SWITCH, cache_folder, enable, writable


@pytest.fixture
def settings(monkeypatch):
    """Record what would be set in JAX."""
    found = {}
    update, shared = jax.config.update, jax.config.jax_compilation_cache_dir
    update("jax_compilation_cache_dir", None)  # that of a check, whose processes share programs
    monkeypatch.setattr(jax.config, "update", found.__setitem__)
    monkeypatch.setattr(compilation_cache, "_tried", False)
    monkeypatch.delenv(CACHE_VARIABLE, raising=False)
    monkeypatch.delenv(SWITCH, raising=False)
    yield found
    update("jax_compilation_cache_dir", shared)


def test_programs_are_kept_in_the_user_s_cache_folder(tmp_path, monkeypatch, settings):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    enable()
    assert settings["jax_compilation_cache_dir"] == str(tmp_path / "jaxnet" / "compiled")
    assert settings["jax_persistent_cache_min_compile_time_secs"] == KEPT_SECONDS
    assert (tmp_path / "jaxnet" / "compiled").is_dir()


def test_a_folder_that_the_user_chose_is_left_alone(tmp_path, monkeypatch, settings):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    enable()
    assert settings == {}


@pytest.mark.parametrize("word", ["off", "0", "False"])
def test_it_can_be_turned_off(tmp_path, monkeypatch, settings, word):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv(SWITCH, word)
    enable()
    assert settings == {}
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path, monkeypatch, settings):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    enable()
    assert settings == {}


def test_without_xdg_the_cache_is_in_the_home_folder_and_without_a_home_there_is_none(tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(compilation_cache.Path, "home", lambda: tmp_path)
    assert cache_folder() == tmp_path / ".cache" / "jaxnet" / "compiled"

    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(compilation_cache.Path, "home", homeless)
    assert cache_folder() is None


def test_a_folder_is_made_and_tried(tmp_path):
    assert writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


TRAIN = """
import jax, numpy as np, optax, jaxnet as jn
hits = []
jax.monitoring.register_event_listener(lambda event, **_: hits.append(event) if event.endswith("cache_hits") else None)
net = jn.MLP((4, 3, 2), activation="sigmoid", output="softmax")
params = net.init(jax.random.key(0))
jn.fit(jn.objective(net), params, (np.ones((5, 4)), np.array([0, 1, 0, 1, 0])), optimizer=optax.sgd(.1), epochs=1)
print(len(hits))
"""


def trained_with(folder):
    # compiled as for users: in a hurry it takes less than what is worth a file
    environment = os.environ | {"XDG_CACHE_HOME": str(folder), SWITCH: "on", "XLA_FLAGS": ""}
    for name in (CACHE_VARIABLE, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"):
        environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", TRAIN], env=environment, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_a_second_process_compiles_nothing_again_and_damaged_files_harm_nothing(tmp_path):
    assert trained_with(tmp_path) == 0
    kept = [path for path in (tmp_path / "jaxnet" / "compiled").iterdir() if path.name.endswith("-cache")]
    assert kept
    assert trained_with(tmp_path) >= 1
    for path in kept:
        path.write_bytes(b"damaged")
    assert trained_with(tmp_path) == 0


class Terminal(io.StringIO):
    """A standard error that says it is a terminal."""

    def isatty(self):
        return True


def fit(inputs):
    """Train a network of a size that no other test compiles."""
    net = jn.MLP((inputs, 3, 2), activation="sigmoid", output="softmax")
    data = np.eye(7, inputs), np.arange(7) % 2
    jn.fit(jn.objective(net), net.init(jax.random.key(0)), data, optimizer=optax.sgd(0.1), epochs=1)


def test_what_compiles_for_long_is_said_on_a_terminal_once_and_nowhere_else(monkeypatch):
    monkeypatch.setattr(compilation_cache, "WORTH_A_WORD", 1e-6)
    said = {}
    for name, stream in {"terminal": Terminal(), "again": Terminal(), "pipe": io.StringIO()}.items():
        monkeypatch.setattr(sys, "stderr", stream)
        fit(61 if name != "pipe" else 62)
        said[name] = stream.getvalue()
    assert said["terminal"].startswith("jaxnet: compiling took ")
    assert said["again"] == said["pipe"] == ""


@pytest.mark.parametrize(("folder", "kept"), [("somewhere", ", kept for next time"), (None, "")])
def test_it_is_said_whether_a_program_is_kept_and_only_of_what_took_half_a_second(monkeypatch, folder, kept):
    monkeypatch.setattr(type(jax.config), "values", {"jax_compilation_cache_dir": folder})
    monkeypatch.setattr(sys, "stderr", Terminal())
    for seconds in (0.3, 1.24):
        with compilation_cache.saying_compiles():
            jax.monitoring.record_event_duration_secs(compilation_cache.COMPILED, seconds)
    assert sys.stderr.getvalue() == f"jaxnet: compiling took 1.2 s{kept}\n"
