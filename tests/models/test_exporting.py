"""What an export is worth is measured by running it again, and said in a sentence."""

from pathlib import Path

import numpy as np
import pytest

from jaxnet.models import exporting
from jaxnet.models.exporting import Exported


def test_an_export_says_what_came_out_when_it_was_run_again():
    assert str(Exported(Path("m.onnx"), 1.234e-7, 64, "onnxruntime")) == (
        "m.onnx: written; 64 rows again by onnxruntime: largest difference 1.2e-07"
    )
    assert "not run again, for onnxruntime is not installed" in str(Exported(Path("m.onnx"), None, 0, "onnxruntime"))


def test_without_onnxruntime_the_file_is_written_all_the_same(make_model, tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "find_spec", lambda name: None if name == "onnxruntime" else object())
    exported = make_model("values").to_onnx(tmp_path / "model.onnx")
    assert exported.path.exists()
    assert exported.difference is None


def test_without_onnx_the_extra_is_named(make_model, tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install 'jaxnet\[onnx\]'"):
        make_model("values").to_onnx(tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_a_wrong_export_would_be_noticed(make_model, tmp_path, monkeypatch):
    right = exporting.as_numpy_source
    shifted = lambda parts, title: right(parts, title) + "\n\nright = predict\npredict = lambda X: right(X) + 0.5\n"
    monkeypatch.setattr(exporting, "as_numpy_source", shifted)
    assert make_model("a value").to_numpy(tmp_path / "model.py").difference == pytest.approx(0.5)


def test_rows_are_the_same_each_time(make_model, tmp_path):
    model = make_model("values", dtype=np.float32)
    first, second = (model.to_onnx(tmp_path / "model.onnx").difference for _ in range(2))
    assert first == second
