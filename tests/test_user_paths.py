"""A path that no file system can have is refused in words that name the argument, wherever one is taken."""

from pathlib import Path

import matplotlib.figure
import numpy as np
import optax
import pytest

import jaxnet as jn
from jaxnet import storage
from jaxnet.user_paths import file_path, folder_path

X, Y = np.eye(4, 2), np.array([0, 1, 0, 0])
NET = jn.MLP((2, 2), output="softmax")
PARAMS = [{"w": np.zeros((2, 2)), "b": np.zeros(2)}]
FIT = {"optimizer": optax.sgd(0.1), "epochs": 1}
MODEL = jn.Model(NET, PARAMS)


@pytest.mark.parametrize("value", ["a", "no/such/folder/a", Path("a"), "a b", "ä", "."])
def test_what_may_be_there_is_a_path(value):
    assert file_path("path", value) == folder_path("out", value) == Path(value)


def test_a_tilde_is_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert file_path("path", "~/a") == tmp_path / "a"


NO_PATHS = {
    "a NUL": ("a\0b", r"'a\\x00b' \(embedded null byte\)"),
    "a name that is too long": ("n" * 300, r"'nnn.*\.\.\. \(File name too long\)"),
    "a path that is too long": ("/".join(["d" * 200] * 30), r"'ddd.*\.\.\. \(File name too long\)"),
    "nothing": ("", "''"),
    "half a character": ("\ud800", "surrogates not allowed"),
    "the home of nobody": ("~nobody-of-this-name/a", "home directory"),
}


@pytest.mark.parametrize("bad", NO_PATHS)
def test_what_no_file_can_be_called_is_refused_and_why(bad):
    value, words = NO_PATHS[bad]
    with pytest.raises(ValueError, match=f"out: expected the path of a folder, got .*{words}"):
        folder_path("out", value)


@pytest.mark.parametrize("value", [3, None, b"a", ["a"]])
def test_what_is_no_text_is_no_path(value):
    with pytest.raises(TypeError, match="path: expected the path of a file, got "):
        file_path("path", value)


def test_a_file_or_a_link_to_nothing_in_the_way_is_said(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere" / "x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    for place, error, words in (
        ("file", FileExistsError, "expected a folder, got the file"),
        ("file/below", NotADirectoryError, "expected a folder, got the file"),
        ("dangling", FileNotFoundError, "dangling, a link to what is not there"),
        ("dangling/below", FileNotFoundError, "dangling, a link to what is not there"),
    ):
        with pytest.raises(error, match=f"out: .*{words}"):
            folder_path("out", tmp_path / place)
    assert folder_path("out", tmp_path / "link" / "new") == tmp_path / "link" / "new"


def test_a_folder_that_cannot_be_made_is_the_fault_of_out():
    with pytest.raises(OSError, match=r"out: expected a folder that can be written to .*'/proc/"):
        jn.fit(jn.objective(NET), PARAMS, (X, Y), out="/proc/a", **FIT)


TAKEN = {
    "fit": ("out", lambda path: jn.fit(jn.objective(NET), PARAMS, (X, Y), out=path, **FIT)),
    "sweep": ("out", lambda path: jn.sweep(PLAN, out=path)),
    "save": ("path", lambda path: jn.save(path, MODEL)),
    "Model.save": ("path", MODEL.save),
    "to_numpy": ("path", MODEL.to_numpy),
    "to_onnx": ("path", MODEL.to_onnx),
    "load": ("path", jn.load),
    "load_run": ("path", jn.load_run),
    "read_table": ("path", jn.data.read_table),
    "read_npz": ("path", jn.data.read_npz),
    "a figure": ("path", lambda path: jn.figures.save(matplotlib.figure.Figure(), path)),
    "any file": ("path", lambda path: storage.write_atomically(path, b"")),
}
PLAN = jn.plan(jn.Space(learning_rate=jn.Float(0.1, 1)), (X, Y), n=2, epochs=1, hidden=(), output="softmax")


@pytest.mark.parametrize("name", TAKEN)
@pytest.mark.parametrize("bad", ["a\0b", "n" * 300, ""], ids=["a NUL", "too long", "nothing"])
def test_whatever_takes_a_path_names_it(name, bad):
    argument, take = TAKEN[name]
    with pytest.raises(ValueError, match=f"^{argument}: expected "):
        take(bad)
