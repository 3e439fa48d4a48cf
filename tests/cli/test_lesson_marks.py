"""``jaxnet stairs --exercises`` and ``jaxnet grade`` of what it wrote."""

import json

import pytest

from jaxnet.cli import main


@pytest.fixture
def written(tmp_path, capsys):
    folder = tmp_path / "exercises"
    assert main(["stairs", "--exercises", str(folder)]) == 0
    assert f"wrote 10 exercises to {folder}; mark them: jaxnet grade {folder}" in capsys.readouterr().err
    return folder


def test_exercises_as_they_come_have_blanks_left(written, capsys):
    assert main(["grade", str(written)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "01_threshold: 1 blank left to fill in"
    assert lines[-1] == "0 of 10 right"


def test_one_filled_in_is_marked_as_json(written, capsys):
    path = written / "01_threshold.py"
    path.write_text(path.read_text().replace("____", "-threshold"))
    assert main(["grade", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {"right": 1, "of": 1, "marks": [{"name": "01_threshold", "right": True, "words": ""}]}


def test_exercises_are_not_written_twice(written, capsys):
    assert main(["stairs", "--exercises", str(written)]) == 3
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["{}", "--gradient", "f"], 2, "required with --gradient: --loss, --gradient, --params"),
        (["{}", "--out", "graded"], 2, "required with --out"),
        (["{}/missing.py"], 2, "there is no submission"),
        (["{}/other.py"], 3, "is no exercise of the lesson"),
        (["{}/empty"], 2, "no exercise of the lesson is there"),
        (["{}", "--loss", "a.py:loss"], 2, "the following arguments are required: --gradient, --params"),
    ],
)
def test_what_cannot_be_marked_is_said(arguments, status, words, tmp_path, capsys):
    (tmp_path / "other.py").write_text("x = 1")
    (tmp_path / "empty").mkdir()
    assert main(["grade", *(each.format(tmp_path) for each in arguments)]) == status
    assert words in capsys.readouterr().err
