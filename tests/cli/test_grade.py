"""``jaxnet grade``: a class is graded, and what cannot be used is refused before any submission runs."""

import csv
import json
import sys

import pytest

from jaxnet.cli import main

COURSE = """
import jax.numpy as jnp
import numpy as np

W, X, y = np.array([1.0, -2.0]), np.array([[1.0, 2.0], [0.0, 1.0], [3.0, 1.0]]), np.array([1.0, 2.0, 3.0])


def loss(w, X, y):
    return jnp.mean((X @ w - y) ** 2) / 2


def backward(w, X, y):
    error = X @ w - y
    return X.T @ error / len(y)
"""
RIGHT = "def gradient(w, X, y):\n    error = X @ w - y\n    return X.T @ error / len(y)\n"
SUBMISSIONS = {
    "ann/mine.py": RIGHT,
    "bea/mine.py": RIGHT.replace(" / len(y)", ""),
    "cem/mine.py": "while True:\n    pass\n",
    "cem/other.py": "",
}


@pytest.fixture
def course(tmp_path, monkeypatch):
    for name, text in {"course.py": COURSE, **SUBMISSIONS}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*sys.path])
    yield tmp_path
    sys.modules.pop("course", None)


LOSS = [
    "--loss",
    "course.py:loss",
    "--params",
    "course.py:W",
    "--data",
    "course.py:X",
    "course:y",
    "--gradient",
    "gradient",
]
QUICK = ["--hidden", "0", "--time", "2"]


def test_a_class_is_graded_summed_up_and_written(course, capsys):
    told = ["--max-score", "10", "--hints", "3", "--out", "graded", "--stages", "course:backward"]
    assert main(["grade", "ann", "bea", "cem", "--file", "mine.py", *LOSS, *QUICK, *told]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "ann: 10 of 10, right",
        "bea: 5 of 10, wrong: params",
        "cem: 0 of 10, failed: takes longer than 2 s",
    ]
    assert "3 submissions: 1 right, 1 wrong, 1 failed; mean score 5 of 10." in lines
    with (course / "graded" / "jaxnet-grades.csv").open() as file:
        assert [row["submission"] for row in csv.DictReader(file)] == ["ann", "bea", "cem"]
    scope = json.loads((course / "graded" / "bea" / "results.json").read_text())
    assert "summed over the examples where the loss averages" in scope["output"]


def test_json_for_machines(course, capsys):
    assert main(["grade", "ann/mine.py", "bea/mine.py", *LOSS, *QUICK, "--json"]) == 0
    out, err = capsys.readouterr()
    content = json.loads(out)
    assert (content["right"], content["wrong"]) == (1, 1)
    assert [grade["submission"] for grade in content["grades"]] == ["ann-mine", "bea-mine"]
    assert "ann-mine: 1 of 1, right" in err


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["dan", *LOSS], 2, "there is no submission dan"),
        (["cem", *LOSS], 2, "expected one .py or .ipynb file in cem, got mine.py, other.py: name it by --file"),
        (["ann", "ann", *LOSS], 2, "two submissions would have the name"),
        (["ann", *LOSS, "--hints", "4"], 2, "--hints"),
        (["ann", *LOSS, "--count", "error"], 2, "--count goes with --stages"),
        (["ann", *LOSS, "--time", "0"], 2, "expected a finite number above 0"),
        (["ann", *LOSS, "--stages", "course.py:nothing"], 3, "cannot load course.py:nothing"),
        (["ann", *LOSS, "--stages", "course.py:W", "--hidden", "0"], 3, "stages: expected a Python function"),
        (["ann", "--gradient", "gradient", "--loss", "course.py:W", "--params", "course.py:W"], 2, "is no function"),
    ],
)
def test_what_cannot_be_used_is_refused(course, capsys, arguments, status, words):
    assert main(["grade", *arguments]) == status
    assert words in capsys.readouterr().err
