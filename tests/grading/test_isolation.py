"""A submission runs in its own process: what it does there costs itself."""

import ctypes
import sys

import numpy as np
import pytest

from jaxnet.grading.isolation import Ended, IsolatedGradient, Limits, Raised, notebook_source


@pytest.fixture
def isolated(tmp_path):
    """(body of gradient(P, X), limits) -> what the call returns."""

    def call(body, *, seconds=20.0, memory=1024, params=None):
        file = tmp_path / "mine.py"
        file.write_text(f"import numpy as np\n\n\ndef gradient(P, X):\n    {body}\n")
        with IsolatedGradient(file, "gradient", Limits(seconds, memory)) as mine:
            return mine(params or {"W": np.ones(2)}, np.arange(3.0))

    return call


def test_values_come_back_as_they_were_returned(isolated):
    returned = isolated("return {'dW': P['W'] * 2, 'list': [1, X.astype('float32')]}, None")
    assert returned[1] is None
    np.testing.assert_array_equal(returned[0]["dW"], [2, 2])
    assert returned[0]["list"][1].dtype == np.float32


def test_what_is_changed_in_place_is_changed_here_too(isolated):
    params = {"W": np.ones(2)}
    isolated("P['W'] *= 3; return P", params=params)
    np.testing.assert_array_equal(params["W"], [3, 3])


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ("while True: pass", "time", "takes longer than 1 s"),
        ("while True: print('again' * 1000)", "time", "takes longer than 1 s"),
        ("import os; os._exit(7)", "exit", "exit status 7"),
        ("import ctypes; ctypes.string_at(0)", "crash", "SIGSEGV"),
        ("import os; os.closerange(3, 100); return 1", "exit|protocol", "ends|closes"),
        ("import os, sys; os.write(int(sys.argv[2]), b'x' * 99)", "protocol", "writes into the grader's pipe"),
    ],
)  # fmt: skip
def test_whatever_ends_the_process_is_told(isolated, body, kind, words):
    with pytest.raises(Ended, match=words) as told:
        isolated(body, seconds=1.0)
    assert told.value.kind in kind.split("|")


@pytest.mark.parametrize(
    ("body", "name", "words"),
    [
        ("return P['V']", "KeyError", "'V', at mine.py:5: return P\\['V'\\]"),
        ("return np.ones(10**11)", "MemoryError", "at mine.py:5"),
        ("import sys; sys.exit(2)", "SystemExit", "2, at mine.py:5"),
        ("import os\n    while True: os.fork()", "PermissionError", "os.fork"),
        ("import subprocess; subprocess.run(['true'])", "PermissionError", "at mine.py:5"),
        ("import os; os.kill(os.getppid(), 9)", "PermissionError", "at mine.py:5"),
    ],
)
def test_an_error_is_the_authors_with_its_line(isolated, body, name, words):
    with pytest.raises(Raised, match=words) as told:
        isolated(body)
    assert type(told.value).__name__ == name


def test_it_can_delete_what_is_in_its_own_folder_only(isolated, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "precious.txt").write_text("kept")
    isolated("import shutil; shutil.rmtree('.', ignore_errors=True); return P")
    assert (tmp_path / "precious.txt").read_text() == "kept"


LANDLOCK = sys.platform == "linux" and ctypes.CDLL(None).syscall(444, None, 0, 1) >= 1  # asks the kernel its version


@pytest.mark.skipif(not LANDLOCK, reason="the kernel has no Landlock")
def test_files_elsewhere_can_be_read_and_not_changed(isolated, tmp_path):
    (tmp_path / "precious.txt").write_text("kept")
    path = str(tmp_path / "precious.txt")
    assert isolated(f"return open({path!r}).read()") == "kept"
    for change in (f"import os; os.remove({path!r})", f"open({path!r}, 'w')", f"import os; os.mkdir({path + '.d'!r})"):
        with pytest.raises(Raised, match="ermission"):
            isolated(change)
    assert isolated("open('own.txt', 'w').write('x'); return open('own.txt').read()") == "x"
    assert (tmp_path / "precious.txt").read_text() == "kept"


def test_it_sees_nothing_of_the_graders_environment(isolated, monkeypatch):
    monkeypatch.setenv("TOKEN", "secret")
    assert isolated("import os; return os.environ.get('TOKEN', 'nothing')") == "nothing"


def test_after_its_end_every_call_says_so_at_once(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("def gradient(P):\n    while True: pass\n")
    with IsolatedGradient(file, "gradient", Limits(1.0, 1024)) as mine:
        for _ in range(3):
            with pytest.raises(Ended, match="longer than 1 s"):
                mine([1.0])
        assert mine.spent >= 1.0


def test_a_folder_travels_with_its_file(tmp_path):
    (tmp_path / "helper.py").write_text("FACTOR = 5\n")
    (tmp_path / "mine.py").write_text("from helper import FACTOR\n\n\ndef gradient(P):\n    return FACTOR * P\n")
    with IsolatedGradient(tmp_path / "mine.py", "gradient", Limits(), folder=tmp_path) as mine:
        assert mine.load()
        np.testing.assert_array_equal(mine(np.ones(2)), [5, 5])


def test_a_file_with_the_name_of_a_module_of_python_is_nobody_elses(tmp_path):
    file = tmp_path / "random.py"
    file.write_text("import numpy as np\n\n\ndef gradient(P):\n    return np.random.default_rng(0).normal(size=3)\n")
    with IsolatedGradient(file, "gradient", Limits()) as mine:
        assert mine(np.ones(2)).shape == (3,)


def test_the_code_of_a_notebook_is_a_program():
    cells = (
        '[{"cell_type": "markdown", "source": "# Title"}, {"cell_type": "code", "source": ["%matplotlib\\n", "a = 1"]}]'
    )
    assert notebook_source(f'{{"cells": {cells}}}') == "#%matplotlib\na = 1\n"
    assert "this is no notebook" in notebook_source("[1, 2")
