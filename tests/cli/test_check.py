"""``jaxnet check``: right, wrong, or what cannot be judged."""

import json
import sys
from pathlib import Path

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


def fails(w, X, y):
    raise ArithmeticError("too hard")


answer = right(W, X, y)
printed = [0.0, -1.003, -1.996]

import jax
import jaxnet as jn

net = jn.MLP((3, 2), output="softmax")
objective, labels = jn.objective(net), np.array([0, 1, 0])
layers = [{"w": np.ones((3, 2)), "b": np.zeros(2)}]
gradient_of_net = jax.grad(objective)
stages = {"z1": np.zeros((3, 2))}
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
        (["mywork.loss", "mywork:right", *DATA], "expected MODULE:NAME or FILE.py:NAME such as mywork:loss, got"),
        (["mywork:loss", *DATA, "--precision", "1"], "--precision go with a GRADIENT"),
        (["mywork:loss", "mywork:right", *DATA, "--precision", "-1"], "expected a finite number from 0, got '-1'"),
        (["mywork:loss", "mywork:right", *DATA, "--loss-value", "nan"], "expected a finite number or MODULE:NAME"),
        (
            ["mywork:loss", "mywork:right", *DATA, "--html", "no/where.html"],
            "expected a file in a folder that is there",
        ),
        (
            ["mywork:loss", "mywork:wrong", *DATA, "--figure", "report.doc"],
            "expected a name that ends in .pdf, .png or .svg, got 'report.doc'",
        ),
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


def test_objects_are_named_by_the_path_of_their_file_too(work, tmp_path, monkeypatch, capsys):
    (tmp_path / "week 3").mkdir()
    (tmp_path / "week 3" / "solution.py").write_text("from mywork import right, wrong\n")
    monkeypatch.chdir(tmp_path / "week 3")
    data = [f"{tmp_path}/mywork.py:{name}" for name in ("W", "X", "y")]
    arguments = ["--params", data[0], "--data", *data[1:]]
    assert main(["check", f"{tmp_path}/mywork.py:loss", "solution.py:right", *arguments]) == 0
    assert main(["check", "../mywork.py:loss", "./solution.py:wrong", *arguments]) == 1
    assert main(["check", "../mywork.py:loss", "lost.py:wrong", *arguments]) == 3
    assert "cannot load lost.py:wrong: FileNotFoundError: there is no file lost.py" in capsys.readouterr().err
    sys.modules.pop("solution", None)


def test_json_has_a_headline_and_a_version(work, capsys):
    main(["check", "mywork:loss", "mywork:wrong", *DATA, "--json"])
    content = json.loads(capsys.readouterr().out)
    assert (content["schema_version"], content["n_wrong"]) == (1, 1)
    assert content["headline"].startswith("The gradient is wrong in 1 of 1 leaf")
    assert content["causes"][0]["where"] is None


def test_the_loss_computed_is_compared_first(work, capsys):
    assert main(["check", "mywork:loss", "mywork:right", *DATA, "--loss-value", "2.5"]) == 0
    assert main(["check", "mywork:loss", "mywork:right", *DATA, "--loss-value", "mywork:loss"]) == 0
    assert main(["check", "mywork:loss", "mywork:right", *DATA, "--loss-value", "5"]) == 1
    assert "The loss given is 5, but f is 2.5 (ratio 2: twice)" in capsys.readouterr().out


def test_numbers_with_an_error_that_is_known_are_right_within_it(work):
    assert main(["check", "mywork:loss", "mywork:printed", *DATA]) == 1
    assert main(["check", "mywork:loss", "mywork:printed", *DATA, "--precision", "0.005"]) == 0


def test_stages_of_a_network_are_judged(work, capsys):
    params = ["--params", "mywork:layers", "--data", "mywork:X", "mywork:labels", "--stages", "mywork:stages"]
    assert main(["check", "mywork:objective", "mywork:gradient_of_net", *params]) == 1
    assert "First wrong intermediate value: z1" in capsys.readouterr().out


def test_the_report_is_written_as_a_page_and_drawn(work, capsys):
    files = ["--html", "report.html", "--figure", "report.svg"]
    assert main(["check", "mywork:loss", "mywork:wrong", *DATA, *files]) == 1
    assert "<table>" in Path("report.html").read_text()
    assert "<svg" in Path("report.svg").read_text()
    assert main(["check", "mywork:loss", "mywork:fails", *DATA, *files]) == 1
    assert "no figure: no leaf could be compared" in capsys.readouterr().err
