import jax
import pytest

from jaxnet.cli import compilation_cache
from jaxnet.cli.compilation_cache import CACHE_VARIABLE, cache_folder, enable, writable


@pytest.fixture
def settings(monkeypatch):
    """Record what would be set in JAX."""
    found = {}
    monkeypatch.setattr(jax.config, "update", found.__setitem__)
    monkeypatch.delenv(CACHE_VARIABLE, raising=False)
    return found


def test_programs_are_kept_in_the_user_s_cache_folder(tmp_path, monkeypatch, settings):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    enable()
    assert settings["jax_compilation_cache_dir"] == str(tmp_path / "jaxnet" / "compiled")
    assert settings["jax_persistent_cache_min_compile_time_secs"] == 0
    assert (tmp_path / "jaxnet" / "compiled").is_dir()


def test_a_folder_that_the_user_chose_is_left_alone(tmp_path, monkeypatch, settings):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    enable()
    assert settings == {}


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path, monkeypatch, settings):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    enable()
    assert settings == {}


def test_without_xdg_the_cache_is_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(compilation_cache.Path, "home", lambda: tmp_path)
    assert cache_folder() == tmp_path / ".cache" / "jaxnet" / "compiled"


def test_a_folder_is_made_and_tried(tmp_path):
    assert writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []
