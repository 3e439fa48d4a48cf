"""``jaxnet predict``: a line a row, in order, from files and pipes."""

import csv
import io
import json
import sys

import pytest

from jaxnet.cli import main

from .conftest import write_table


class Pipe:
    def __init__(self, content):
        self.buffer = io.BytesIO(content)


def test_each_row_has_a_line_and_a_text_that_looks_like_a_formula_is_escaped(tree_model, tmp_path, capsys):
    table = write_table(tmp_path / "new.csv", rows=20, seed=7)
    assert main(["predict", str(tree_model), str(table)]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    truth = [row["kind"] for row in csv.DictReader(table.read_text().splitlines())]
    assert list(rows[0]) == ["prediction", "probability_=oak", "probability_elm"]
    right = [row["prediction"].removeprefix("'") == true for row, true in zip(rows, truth, strict=True)]
    assert sum(right) >= 17
    assert {row["prediction"] for row in rows} == {"'=oak", "elm"}


def test_from_a_pipe_to_a_file_without_the_target_and_in_another_order(tree_model, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", Pipe(b"wood,height\nsoft,30\nhard,10\n"))
    assert main(["predict", str(tree_model), "-", "--json", "--out", str(tmp_path / "found.json")]) == 0
    assert [row["prediction"] for row in json.loads((tmp_path / "found.json").read_text())] == ["=oak", "elm"]
    assert capsys.readouterr().out == ""


def test_a_row_that_cannot_be_used_is_named_by_its_line(tree_model, tmp_path, capsys):
    (tmp_path / "new.csv").write_text("height,wood\n30,soft\ntall,soft\n10,hard\n")
    assert main(["predict", str(tree_model), str(tmp_path / "new.csv")]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "new.csv:3:1: column 'height': expected a number, got 'tall'" in err
    assert main(["predict", str(tree_model), str(tmp_path / "new.csv"), "--skip-bad"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[2] == ",,"
    assert "1 row(s) left empty, the first on line 3" in err


@pytest.mark.parametrize(
    ("folder", "content", "words"),
    [
        (None, "heigth,wood\n1,soft\n", "did you mean 'heigth'"),
        ("nothing", "height,wood\n1,soft\n", "no such file"),
    ],
)
def test_what_does_not_fit_ends_with_3(folder, content, words, tree_model, tmp_path, capsys):
    (tmp_path / "new.csv").write_text(content)
    assert main(["predict", str(tree_model if folder is None else tmp_path / folder), str(tmp_path / "new.csv")]) == 3
    assert words in capsys.readouterr().err
