"""The columns of a table as inputs of an ONNX file: what onnxruntime makes of them is what the preparation makes."""

import runpy

import jax
import numpy as np
import onnxruntime
import pytest

import jaxnet as jn
from jaxnet.models.onnx_columns import column_inputs, unprepared_columns
from jaxnet.models.sample_rows import sample_rows

ROWS = 120
NUMBERS = np.random.default_rng(0).normal(1e6, 3, ROWS)
TARGET = [("a", "b")[at % 2] for at in range(ROWS)]
HABITS = {
    "plain": list(NUMBERS),
    "gaps": [x if at % 9 else None for at, x in enumerate(NUMBERS)],
    "nines": [round(x) if at % 11 else -999 for at, x in enumerate(NUMBERS)],
    "yes": [bool(at % 3) if at % 7 else None for at in range(ROWS)],
    "tree": [("oak", "élm", 'a"sh')[at % 3] for at in range(ROWS)],
    "sign": [("+", "-", "0", "NA")[at % 4] for at in range(ROWS)],
    "rare": [("oak", "elm", "ash", "?")[at % 4] if at % 40 else f"tree {at}" for at in range(ROWS)],
    "many": [f"town {at % 55}" for at in range(ROWS)],
    "day": [f"{1890 + 3 * at % 200}-{1 + at % 12:02d}-{1 + at % 28:02d}" if at % 7 else None for at in range(ROWS)],
    "clock": [f"{at % 24:02d}:{at % 60:02d}" for at in range(ROWS)],
}


def model_of(name, dtype=np.float64, **options):
    """A network without hidden layer whose probabilities tell the features apart."""
    options = {"most_categories": 20, "many": "hash", "missing_words": ["-999"], **options}
    prep = jn.data.prepare({name: HABITS[name], "target": TARGET}, target="target", **options)
    net = jn.MLP((prep.inputs, 2), output="softmax")
    w = np.random.default_rng(1).normal(size=net.sizes).astype(dtype)
    return jn.Model(net, [{"w": w, "b": np.zeros(2, dtype)}], prep)


def days(*texts):
    """Seconds since 1970 of days, [N, 1]."""
    return np.array([[float(np.datetime64(text, "s").astype(int))] for text in texts])


def run(path, inputs):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(["probabilities"], inputs)[0]


@pytest.mark.parametrize("name", HABITS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_column_is_prepared_as_the_preparation_does_it(name, dtype, tmp_path):
    model = model_of(name, dtype)
    exported = model.to_onnx(tmp_path / "model.onnx")
    # one layer; the features are rounded to float32 on both sides, from the same float64
    assert exported.difference <= 20 * np.finfo(dtype).eps
    trained = [{name: cell} for cell in HABITS[name]]
    if unprepared_columns(model.preparation):
        assert exported.note == f"; takes the features that prep.features makes of {name}"
        trained = sample_rows(model.preparation, 20)
    found = run(exported.path, column_inputs(model.preparation, trained))
    np.testing.assert_allclose(found, model.predict_proba(trained), rtol=0, atol=20 * np.finfo(dtype).eps)


def test_the_calendar_is_that_of_the_preparation(tmp_path):
    """The first and the last days of years, leap days, and centuries that have none."""
    texts = [f"{year}-{day}" for year in (1600, 1699, 1700, 1899, 1900, 1970, 1999, 2000, 2024, 2100, 2399, 2400)
             for day in ("01-01", "02-28", "03-01", "12-31")] + ["2000-02-29", "2024-02-29T23:59:59", "1600-02-29"]  # fmt: skip
    model = model_of("day")
    path = model.to_onnx(tmp_path / "model.onnx").path
    found = run(path, {"day": days(*texts)})
    expected = model.predict_proba([{"day": np.datetime64(text)} for text in texts])
    np.testing.assert_allclose(found, expected, rtol=0, atol=20 * np.finfo(float).eps)


@pytest.mark.parametrize("name", ["sign", "rare"])
def test_words_for_a_missing_value_are_known_in_small_letters_and_capitals(name, tmp_path):
    model = model_of(name)
    path = model.to_onnx(tmp_path / "model.onnx").path
    words = ["", "na", "NA", "nan", "Nan", "NaN".upper(), "null", "NULL", "?"]
    found = run(path, {name: np.array([[word] for word in words], object)})
    expected = model.predict_proba([{name: word} for word in words])
    np.testing.assert_allclose(found, expected, rtol=0, atol=20 * np.finfo(float).eps)


def test_a_gap_that_is_refused_makes_no_number_up(tmp_path):
    path = model_of("plain", missing="refuse").to_onnx(tmp_path / "model.onnx").path
    assert np.isnan(run(path, {"plain": np.array([[np.nan]])})).all()


def test_a_column_may_be_called_like_an_answer(tmp_path):
    table = {"label": list(NUMBERS), "probabilities": list(NUMBERS[::-1]), "target": TARGET}
    prep = jn.data.prepare(table, target="target")
    net = jn.MLP((prep.inputs, 2), output="softmax")
    model = jn.Model(net, [{"w": np.ones(net.sizes) * [[1, -1]], "b": np.zeros(2)}], prep)
    exported = model.to_onnx(tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(str(exported.path), providers=["CPUExecutionProvider"])
    assert [each.name for each in session.get_inputs()] == ["label", "probabilities"]
    assert [each.name for each in session.get_outputs()] == ["label_", "probabilities_"]
    assert exported.difference <= 20 * np.finfo(float).eps


@pytest.mark.parametrize("target", ["species", "grams"])
def test_a_whole_table_answers_in_its_words_and_units(target, make_prepared, tmp_path):
    model, _ = make_prepared(target, members=2)
    exported = model.to_onnx(tmp_path / "model.onnx")
    scale = 1 if target == "species" else 5000  # grams, of float32 outputs
    assert exported.difference <= 100 * np.finfo(np.float32).eps * scale
    rows = sample_rows(model.preparation, 30)
    session = onnxruntime.InferenceSession(str(exported.path), providers=["CPUExecutionProvider"])
    answer = session.run(None, column_inputs(model.preparation, rows))[0]
    if target == "species":
        assert answer.tolist() == model.predict(rows).tolist()
    else:
        assert answer.dtype == np.float64
        np.testing.assert_allclose(answer, model.predict(rows), rtol=100 * np.finfo(np.float32).eps)


@pytest.mark.parametrize("options", [{"clip": 3.0}, {"bins": 5}], ids=str)
@pytest.mark.parametrize("name", ["gaps", "rare", "yes"])
def test_what_is_done_to_all_features_at_last_is_done_in_the_file(name, options, tmp_path):
    model = model_of(name, scale="robust", **options)
    assert model.to_onnx(tmp_path / "model.onnx").difference < 1e-6
    assert model.to_numpy(tmp_path / "model.py").difference < 1e-12


def test_a_model_of_an_array_takes_arrays_and_so_do_its_files(tmp_path):
    X = np.column_stack([HABITS["plain"], np.ones(ROWS), np.where(np.arange(ROWS) % 9, NUMBERS, np.nan)])
    prep = jn.data.prepare(X, scale="robust", clip=3)
    net = jn.MLP((prep.inputs, 2))
    model = jn.Model(net, net.init(jax.random.key(0)), prep)
    expected = net.predict(model.params, prep.features(X))
    np.testing.assert_array_equal(model.predict(X), np.asarray(expected))
    np.testing.assert_array_equal(model.predict(X.tolist()), np.asarray(expected))
    assert model.to_numpy(tmp_path / "model.py").difference == 0
    assert model.to_onnx(tmp_path / "model.onnx").difference < 1e-6
    alone = runpy.run_path(str(tmp_path / "model.py"))["predict"]
    np.testing.assert_allclose(alone(X[0]), expected[0], rtol=1e-6)
    with pytest.raises(ValueError, match="X: expected rows of 3 cells"):
        alone(X[:, :2])
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(session.run(None, {"X": X})[0], expected, rtol=1e-5, atol=1e-6)
