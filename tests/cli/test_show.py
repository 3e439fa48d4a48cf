"""``jaxnet show``: what a model is and what it is worth, from its folder alone."""

import json

import numpy as np

import jaxnet as jn
from jaxnet.cli import main


def test_it_says_what_the_training_said(tree_model, tmp_path, capsys):
    page = tmp_path / "report.html"
    assert main(["show", str(tree_model), "--html", str(page)]) == 0
    out = capsys.readouterr().out
    for words in ("height", "confusion", "importance", "linear"):
        assert words in out
    assert "data:image/png;base64," in page.read_text()
    assert main(["show", str(tree_model), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["curves"]["validation_loss"]) == 40


def test_a_model_that_was_saved_by_hand_is_shown_too(tmp_path, capsys):
    net = jn.MLP((2, 2), output="softmax")
    jn.Model(net, [{"w": np.zeros((2, 2), np.float32), "b": np.zeros(2, np.float32)}]).save(tmp_path)
    assert main(["show", str(tmp_path)]) == 0
    assert "MLP 2-2 (softmax)" in capsys.readouterr().out


def test_a_folder_without_a_model_ends_with_3(tmp_path, capsys):
    assert main(["show", str(tmp_path)]) == 3
    assert "expected a model" in capsys.readouterr().err
