"""``jaxnet export``: each form is run again, and the largest difference is printed."""

import importlib.util
import json

import pytest

from jaxnet.cli import main


@pytest.mark.parametrize(("kind", "name"), [("numpy", "model.py"), ("onnx", "model.onnx"), ("sklearn", "model.skops")])
def test_a_form_is_written_run_again_and_compared(kind, name, tree_model, tmp_path, capsys):
    package = {"onnx": "onnxruntime", "sklearn": "skops"}.get(kind, "numpy")
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    path = tmp_path / name
    assert main(["export", str(tree_model), f"--{kind}", str(path)]) == 0
    assert "largest difference" in capsys.readouterr().out
    assert main(["export", str(tree_model), f"--{kind}", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["largest_difference"] < 1e-5
    assert path.stat().st_size > 0


@pytest.mark.parametrize(
    ("options", "words"),
    [([], "one of the arguments"), (["--onyx", "a"], "did you mean '--onnx'"), (["--numpy", "a.txt"], "a Python file")],
)
def test_a_wrong_word_ends_with_2(options, words, tree_model, capsys):
    assert main(["export", str(tree_model), *options]) == 2
    assert words in capsys.readouterr().err
