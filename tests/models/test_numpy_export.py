"""A NumPy file answers what the model does, in a Python that has no jaxnet."""

import subprocess
import sys

import jax
import numpy as np
import pytest

from jaxnet.network import ACTIVATIONS

X = np.random.default_rng(0).normal(size=(50, 4))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_file_answers_what_the_model_does(kind, dtype, make_model, tmp_path):
    model = make_model(kind, dtype=dtype, members=3 if dtype == np.float64 else 1)
    exported = model.to_numpy(tmp_path / "model.py")
    assert exported.difference <= (4 if dtype == np.float16 else 1) * np.finfo(dtype).eps * 8  # float16 is compiled


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_there(name, make_model, tmp_path):
    exported = make_model("values", activation=name).to_numpy(tmp_path / "model.py")
    assert exported.difference == 0  # the same formulas, on the same numbers


def test_the_file_needs_numpy_alone(make_model, tmp_path):
    model = make_model("three classes", activation=("gelu", "silu"), hidden=(5, 3))
    model.to_numpy(tmp_path / "penguins.py")
    script = (
        "import sys, numpy as np; sys.path.insert(0, sys.argv[1]); import penguins\n"
        "X = np.arange(8.0).reshape(2, 4) / 8\n"
        "print(penguins.predict(X).tolist(), penguins.predict(X[0]) == penguins.predict(X)[0])\n"
        "print(penguins.predict_proba(X).tolist(), penguins.predict_proba(X[0]).shape)\n"
        "others = {name.split('.')[0] for name in sys.modules} - {'penguins', 'numpy'}\n"
        "print(sorted(others & {'jax', 'jaxlib', 'jaxnet', 'safetensors', 'optax', 'scipy', 'sklearn'}))\n"
    )
    # alone: without the folders in which jaxnet may be found
    command = [sys.executable, "-I", "-W", "error", "-c", script, str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = np.arange(8.0).reshape(2, 4) / 8
    assert said.splitlines() == [
        f"{model.predict(rows).tolist()} True",
        f"{model.predict_proba(rows).tolist()} (3,)",
        "[]",
    ]


def test_the_file_refuses_rows_that_do_not_fit(make_model, tmp_path):
    make_model("values").to_numpy(tmp_path / "model.py")
    found = {}
    exec((tmp_path / "model.py").read_text(), found)
    for rows in (np.zeros((2, 3)), [[np.nan, 0, 0, 0]], [[0, 0]]):
        with pytest.raises(ValueError, match=r"X: expected finite numbers of shape \(N, 4\)"):
            found["predict"](rows)


def test_names_of_classes_cannot_end_the_text_that_they_stand_in(make_model, tmp_path):
    model = make_model("three classes")  # whose names hold quotes, a backslash and an end of line
    model.to_numpy(tmp_path / "model.py")
    found = {}
    exec((tmp_path / "model.py").read_text(), found)
    assert found["CLASSES"] == model.classes.tolist()


@pytest.mark.parametrize("name", ["model", "model.txt"])
def test_another_kind_of_file_is_refused(name, make_model, tmp_path):
    with pytest.raises(ValueError, match=r"path: expected the name of a Python file, as model\.py"):
        make_model("values").to_numpy(tmp_path / name)


def test_a_function_of_ones_own_is_refused_before_anything_is_written(make_model, tmp_path):
    with pytest.raises(ValueError, match="activation: expected an activation by its name"):
        make_model("values", activation=jax.nn.relu6).to_numpy(tmp_path / "model.py")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("target", ["species", "grams"])
def test_of_a_table_the_file_takes_rows_by_the_names_of_their_columns(target, make_prepared, tmp_path):
    model, table = make_prepared(target, members=2)
    exported = model.to_numpy(tmp_path / "model.py")
    assert exported.difference == 0
    assert exported.rows == 64
    found = {}
    exec(compile((tmp_path / "model.py").read_text(), "model.py", "exec"), found)
    rows = [dict(zip(table, cells, strict=True)) for cells in zip(*table.values(), strict=True)]
    assert found["predict"](rows).tolist() == model.predict(table).tolist()
    assert found["predict"](rows[3]) == model.predict(table)[3]
    if target == "species":
        np.testing.assert_array_equal(found["predict_proba"](rows), model.predict_proba(table))
        assert found["predict_proba"](rows[3]).shape == (3,)
    with pytest.raises(ValueError, match="column 'bill, mm': expected a number, got 'wide'"):
        found["predict"]({**rows[0], "bill, mm": "wide"})


def test_of_a_table_the_file_needs_numpy_alone_too(make_prepared, tmp_path):
    model, table = make_prepared("species")
    model.to_numpy(tmp_path / "model.py")
    row = {name: cells[0] for name, cells in table.items()}
    script = f"import sys; sys.path.insert(0, sys.argv[1]); import model; print(model.predict({row!r}), 'jaxnet' in sys.modules)"
    command = [sys.executable, "-I", "-W", "error", "-c", script, str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said == f"{model.predict(row)[0]} False\n"
