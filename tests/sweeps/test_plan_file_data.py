"""What a plan in a file may say of rows that stay on disk: npy, IDX and Parquet files, and where they are afterwards."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jaxnet as jn
from jaxnet.sweeps.plan_file import KEPT_PLAN, keep_plan, kept_changes, read_plan
from jaxnet.sweeps.plan_file_data import files_that_stay

X = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.uint8)
HEAD = "n = 2\nepochs = 1\n[space]\nlearning_rate = { min = 0.1, max = 1 }\nbatch_size = 8\n[data]\n"


@pytest.fixture
def plan_at(tmp_path: Path) -> Any:
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", Y)
    pixels = (np.arange(30 * 4) % 256).astype(np.uint8).tobytes()
    (tmp_path / "pixels-idx3-ubyte").write_bytes(struct.pack(">HBBIII", 0, 8, 3, 30, 2, 2) + pixels)
    (tmp_path / "classes-idx1-ubyte").write_bytes(struct.pack(">HBBI", 0, 8, 1, 30) + Y.tobytes())

    def read(data: str, changes: Any = ()) -> Any:
        (tmp_path / "plan.toml").write_text(HEAD + data)
        return read_plan(tmp_path / "plan.toml", changes)

    return read


def test_rows_stay_in_the_file_and_a_share_is_held_out(plan_at: Any) -> None:
    task = plan_at("file = 'X.npy'\ntarget = 'y.npy'\nvalidation = 0.2\nseed = 3").task
    train, held = jn.data.split_rows(30, 0.8, seed=3)
    assert isinstance(task.data.x, jn.data.StoredArray)
    assert np.array_equal(task.data.x[:], X[train])
    assert np.array_equal(task.validation.x, X[held])
    assert np.array_equal(task.data.y, Y[train])
    assert np.array_equal(task.validation.y, Y[held])


def test_rows_that_stay_are_standardised_by_the_training_part(plan_at: Any) -> None:
    task = plan_at("file = 'X.npy'\ntarget = 'y.npy'\nvalidation = 0.2\nstandardise = true").task
    train, held = (jn.data.Dataset(X, Y).take(rows) for rows in jn.data.split_rows(30, 0.8, seed=0))
    assert isinstance(task.data.x, jn.data.StoredArray)
    assert np.array_equal(task.data.x[:], train.standardised().x)
    assert np.array_equal(task.validation.x, held.standardised(by=train).x)


def test_images_are_rows_and_other_files_are_held_out(plan_at: Any) -> None:
    both = "file = 'pixels-idx3-ubyte', target = 'classes-idx1-ubyte'"
    task = plan_at(f"{both.replace(', ', chr(10))}\nvalidation = {{ {both} }}").task
    assert task.data.x.shape == (30, 4)
    assert task.data.x[1].tolist() == [4, 5, 6, 7] == task.validation.x[1].tolist()
    assert np.array_equal(task.validation.y, Y)


def test_a_parquet_file_stays_where_it_says_stored(plan_at: Any, tmp_path: Path) -> None:
    parquet, arrow = pytest.importorskip("pyarrow.parquet"), pytest.importorskip("pyarrow")
    parquet.write_table(arrow.table({"a": X[:, 0], "b": X[:, 1], "kind": Y}), tmp_path / "rows.parquet")
    task = plan_at("file = 'rows.parquet'\nstored = true\ntarget = 'kind'").task
    assert isinstance(task.data.x, jn.data.StoredArray)
    assert np.array_equal(task.data.x[:], X[:, :2])
    assert np.array_equal(task.data.y, Y)


def test_the_folder_of_a_sweep_knows_where_the_rows_are_and_has_no_copy(plan_at: Any, tmp_path: Path) -> None:
    plan_at("file = 'X.npy'\ntarget = 'y.npy'")
    folder = tmp_path / "out"
    folder.mkdir()
    keep_plan(tmp_path / "plan.toml", (tmp_path / "plan.toml").read_bytes(), folder, ["n = 3"])
    assert sorted(path.name for path in folder.iterdir()) == ["plan.changes.json", "plan.toml"]
    again = read_plan(folder / KEPT_PLAN, kept_changes(folder / KEPT_PLAN))
    assert len(again.configurations) == 3
    assert np.array_equal(again.task.data.x[:], X)
    here = {"data.file": tmp_path / "X.npy", "data.target": tmp_path / "y.npy"}
    assert files_that_stay({"file": "X.npy", "target": "y.npy"}, tmp_path) == here
    assert files_that_stay({"file": "table.csv"}, tmp_path) == {}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("file = 'X.npy'", "data.target: expected the file of the targets"),
        ("file = 'X.npy'\ntarget = 'z.npy'", "z.npy: no such file"),
        ("file = 'X.npy'\ntarget = 'y.npy'\ndelimiter = ';'", "data.delimiter: expected none for rows that stay"),
        ("file = 'X.npy'\ntarget = 'y.npy'\nvalidation = 'X.npy'", "data.validation: expected a share, or a table"),
        ("file = 'X.npy'\ntarget = 'y.npy'\nvalidation = 1.5", "data.validation: expected a finite number above 0"),
        ("file = 'X.npy'\ntarget = 'y.npy'\nvalidation = {}", "data.validation: expected file and target, got none"),
        ("file = 'plan.toml'\nstored = true\ntarget = 'y.npy'", "data.file: expected an .npy, IDX or .parquet file"),
        ("file = 'X.npy'\nstored = 1\ntarget = 'y.npy'", "data.stored: expected true or false, got 1"),
        (
            "file = 'pixels-idx3-ubyte'\ntarget = 'pixels-idx3-ubyte'",
            "data.target: expected one target for each of the 30 rows of pixels-idx3-ubyte",
        ),
    ],
)
def test_what_cannot_stay_is_refused(data: str, words: str, plan_at: Any) -> None:
    with pytest.raises((ValueError, TypeError, OSError), match=words):
        plan_at(data)
