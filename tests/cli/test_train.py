"""``jaxnet train``: what it prints, as JSON too, and how it ends."""

import json

import pytest

from jaxnet import tabular
from jaxnet.cli import main
from jaxnet.cli.train import column_and_kind, layers
from jaxnet.storage import Locked
from jaxnet.sweeps import Interrupted


def test_it_prints_columns_scores_mistakes_and_the_next_command(tree_model, tree_command, capsys):
    assert main(tree_command[0]) == 0
    out = capsys.readouterr().out
    for words in ("height", "test rows, which nothing else has seen", "trivial", "linear", "confusion", "importance"):
        assert words in out
    assert out.splitlines()[-1] == f"next: jaxnet predict {tree_model} NEW.csv > predictions.csv"


def test_as_json_it_has_rows_scores_and_columns(tree_model, tree_command, capsys):
    assert main([*tree_command[0], "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rows"] == {"total": 60, "train": 38, "validation": 10, "test": 12, "left_out": 0}
    assert found["scores"]["model"]["accuracy"] > found["scores"]["trivial"]["accuracy"]
    assert [(c["name"], c["role"], c["kind"]) for c in found["columns"]] == [
        ("height", "input", "number"), ("wood", "input", "category"), ("kind", "target", "category"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        (["--target", "knd"], 2, "did you mean 'kind'"),
        (["--targt", "kind"], 2, "no option --targt (did you mean '--target'?)"),
        (["--target", "kind", "--kind", "wood=categry"], 2, "did you mean 'category'"),
        (["--target", "kind", "--drop", "wod"], 2, "did you mean 'wood'"),
        (["--target", "kind", "--hidden", "many"], 2, "expected units of hidden layers such as 64,32, got 'many'"),
        (["--target", "kind", "--learning-rate", "-1"], 2, "learning_rate: expected a finite number above 0"),
        (["--target", "kind", "--missing", "men"], 2, "did you mean 'mean'"),
        ([], 2, "required: --target"),
    ],
)
def test_a_wrong_word_gets_the_nearest_right_one(options, status, words, tree_table, capsys):
    assert main(["train", str(tree_table), *options]) == status
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file"),
        (b"", "holds no rows of data"),
        (b"a,b\n1,2\n", "target"),
        (b"a,b\n" + b"1,x\n" * 20, "one class only"),
        (b"PK\x03\x04", "Excel"),
    ],
)
def test_a_file_that_cannot_be_used_ends_with_3_and_no_traceback(content, words, tmp_path, capsys):
    path = tmp_path / "table.csv"
    if content is not None:
        path.write_bytes(content)
    assert main(["train", str(path), "--target", "b"]) == 3
    out, err = capsys.readouterr()
    assert (out, words in err, "Traceback" in err) == ("", True, False)


@pytest.mark.parametrize(
    ("error", "status"), [(Interrupted(15), 143), (Locked("held"), 75), (OSError(28, "no space"), 3)]
)
def test_other_ends_have_their_own_status(error, status, tree_table, monkeypatch, capsys):
    def fail(*given, **named):
        raise error

    monkeypatch.setattr(tabular, "train_table", fail)
    assert main(["train", str(tree_table), "--target", "kind"]) == status
    assert capsys.readouterr().err.startswith("jaxnet: ")


def test_a_file_in_the_place_of_the_folder(tree_table, capsys):
    assert main(["train", str(tree_table), "--target", "kind", "--out", str(tree_table)]) == 3
    assert "out: expected a folder, got the file" in capsys.readouterr().err


def test_layers_and_kinds_are_taken_apart():
    assert (layers("64,32"), layers("8")) == ((64, 32), (8,))
    assert column_and_kind("a=b=number") == ("a=b", "number")
