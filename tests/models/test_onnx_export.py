"""An ONNX file answers what the model does, run by onnxruntime."""

import jax
import numpy as np
import onnx
import onnxruntime
import pytest

from jaxnet.network import ACTIVATIONS

X = np.random.default_rng(0).normal(size=(50, 4))


def run(path, X):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {"X": X}), strict=True))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_file_answers_what_the_model_does(kind, dtype, make_model, tmp_path):
    model = make_model(kind, dtype=dtype, members=3 if dtype == np.float64 else 1, activation="tanh")
    close = 100 * np.finfo(dtype).eps  # two layers of at most 6 terms, whose outputs are of the size of 10 at most
    exported = model.to_onnx(tmp_path / "model.onnx")
    assert exported.difference <= close
    found = run(exported.path, X.astype(dtype))
    if model.task == "regression":
        assert found.keys() == {"values"}
        np.testing.assert_allclose(found["values"], model.predict(X), rtol=close, atol=close)
    else:
        assert found.keys() == {"label", "probabilities"}
        assert found["label"].tolist() == model.predict(X).tolist()
        np.testing.assert_allclose(found["probabilities"], model.predict_proba(X), rtol=0, atol=close)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_activation_is_there(name, dtype, make_model, tmp_path):
    exported = make_model("values", activation=name, dtype=dtype).to_onnx(tmp_path / "model.onnx")
    assert exported.difference <= 100 * np.finfo(dtype).eps
    assert exported.rows == 64


def test_half_precision_is_computed_in_single(make_model, tmp_path):
    exported = make_model("values", dtype=np.float16).to_onnx(tmp_path / "model.onnx")
    assert exported.difference <= 100 * np.finfo(np.float16).eps


def test_the_file_says_who_wrote_it_and_takes_any_number_of_rows(make_model, tmp_path):
    make_model("values").to_onnx(tmp_path / "model.onnx")
    assert onnx.load(tmp_path / "model.onnx").producer_name == "jaxnet"
    for rows in (1, 7):
        assert run(tmp_path / "model.onnx", X[:rows])["values"].shape == (rows, 3)


def test_a_function_of_ones_own_is_refused_before_anything_is_written(make_model, tmp_path):
    with pytest.raises(ValueError, match="activation: expected an activation by its name"):
        make_model("values", activation=jax.nn.relu6).to_onnx(tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())
