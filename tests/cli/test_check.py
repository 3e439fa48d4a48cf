"""``jaxnet check``: right, wrong, or what cannot be judged."""

import json
import sys

import pytest

from jaxnet.cli import main

WORK = """
import sys
import jax.numpy as jnp
import numpy as np

W, X, y = np.ones(3), np.eye(3), np.array([1.0, 2.0, 3.0])
settings = {"w": W}


class names:
    gradient = staticmethod(lambda w, X, y: X.T @ (X @ w - y))


def loss(w, X, y):
    return jnp.sum((X @ w - y) ** 2) / 2


def right(w, X, y):
    return X.T @ (X @ w - y)


def wrong(w, X, y):
    return 2 * right(w, X, y)


def untouched(*arguments):
    print("called", file=sys.stderr)


answer = right(W, X, y)
"""


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A folder with the modules ``mywork`` and ``broken``."""
    (tmp_path / "mywork.py").write_text(WORK)
    (tmp_path / "broken.py").write_text("1 / 0")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*sys.path])
    yield
    for name in ("mywork", "broken"):
        sys.modules.pop(name, None)


DATA = ["--params", "mywork:W", "--data", "mywork:X", "mywork:y"]


@pytest.mark.parametrize(
    ("gradient", "status", "words"),
    [
        ("mywork:right", 0, "The gradient is right"),
        ("mywork:answer", 0, "The gradient is right"),
        ("mywork:names.gradient", 0, "The gradient is right"),
        ("mywork:wrong", 1, "The gradient is wrong in 1 of 1 leaf"),
    ],
)
def test_the_report_is_printed_and_the_status_is_the_verdict(work, capsys, gradient, status, words):
    assert main(["check", "mywork:loss", gradient, *DATA]) == status
    assert capsys.readouterr().out.startswith(words)


def test_without_a_gradient_the_rule_of_jax_is_checked(work, capsys):
    assert main(["check", "mywork:loss", *DATA]) == 0
    assert "what jax.grad returns" in capsys.readouterr().out


def test_json_for_machines(work, capsys):
    assert main(["check", "mywork:loss", "mywork:wrong", *DATA, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["leaves"][""]["factor"] == 2


def test_only_what_is_named_is_called(work, capsys):
    main(["check", "mywork:loss", "mywork:right", *DATA])
    assert "called" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["mywork:loss", "mywork:right"], "--params"),
        (["mywork.loss", "mywork:right", *DATA], "expected MODULE:NAME such as mywork:loss, got 'mywork.loss'"),
        (["mywork:W", "mywork:right", *DATA], "mywork:W is no function but ndarray"),
        (["mywork:loss", "mywork:right", "--params", "mywork:__import__('os')"], "expected MODULE:NAME"),
    ],
)
def test_usage_errors_end_with_status_2(work, capsys, arguments, words):
    assert main(["check", *arguments]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere:loss", "mywork:right", *DATA], "cannot load nowhere:loss: ModuleNotFoundError"),
        (["broken:loss", "mywork:right", *DATA], "cannot load broken:loss: ZeroDivisionError: division by zero"),
        (["mywork:lost", "mywork:right", *DATA], "cannot load mywork:lost: AttributeError"),
        (["mywork:loss", "mywork:right", "--params", "mywork:W"], "cannot judge: TypeError"),
    ],
)
def test_what_cannot_be_loaded_or_judged_ends_with_status_3(work, capsys, arguments, words):
    assert main(["check", *arguments]) == 3
    assert words in capsys.readouterr().err
