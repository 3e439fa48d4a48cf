"""Data frames and Parquet: whatever has columns that can become NumPy arrays."""

import datetime
import importlib
import sys

import numpy as np
import pytest

from jaxnet.data import DataError, from_frame, read_parquet


class Frame:
    """A data frame in the least number of words."""

    def __init__(self, **columns):
        self.columns = list(columns)
        self._arrays = columns

    def __getitem__(self, name):
        return Series(self._arrays[name])


class Series:
    def __init__(self, values):
        self._values = values

    def to_numpy(self):
        return np.asarray(self._values)


class NAType:
    """What pandas puts where a value is missing: its truth cannot be asked for."""

    def __bool__(self):
        raise TypeError("boolean value of NA is ambiguous")


def libraries():
    return [
        pytest.param(name, id=name, marks=() if importlib.util.find_spec(name) else pytest.mark.skip)
        for name in ("pandas", "polars")
    ]


def framed(library, columns):
    if library == "by hand":
        return Frame(**{name: np.array(values, object if None in values else None) for name, values in columns.items()})
    return importlib.import_module(library).DataFrame(columns)


each_library = pytest.mark.parametrize("library", ["by hand", *libraries()])


@each_library
def test_numbers_are_inputs_and_the_last_column_is_the_target(library):
    data = from_frame(framed(library, {"a": [1, 2], "b": [0.5, 1.5], "c": [True, False], "y": [3, 4]}))
    assert (data.x.tolist(), data.y.tolist()) == ([[1, 0.5, 1], [2, 1.5, 0]], [3, 4])
    assert (data.inputs, data.y.dtype) == (("a", "b", "c"), np.int64)


@each_library
def test_text_in_the_target_becomes_classes(library):
    data = from_frame(framed(library, {"kind": ["rose", "lily"], "a": [1, 2]}), target="kind")
    assert (data.classes, data.y.tolist()) == (("lily", "rose"), [1, 0])


@each_library
def test_a_missing_number_is_refused_or_its_row_left_out(library):
    frame = framed(library, {"a": [1.0, None, 3.0], "y": [0, 1, 2]})
    with pytest.raises(DataError, match="data frame, row 1, column 'a': a missing value in column 'a'"):
        from_frame(frame)
    assert from_frame(frame, missing="drop").y.tolist() == [0, 2]


@each_library
def test_missing_text_is_refused_or_its_row_left_out(library):
    frame = framed(library, {"a": [1, 2, 3], "kind": ["rose", None, "lily"]})
    with pytest.raises(DataError, match="row 1, column 'kind': a missing value"):
        from_frame(frame)
    assert from_frame(frame, missing="drop").classes == ("lily", "rose")


@each_library
@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["x", "z"], "row 0, column 'a': expected a number in column 'a', got 'x'"),
        ([1.0, np.inf], "row 1, column 'a': expected a finite number"),
    ],
    ids=["text", "infinity"],
)
def test_what_is_no_number_among_the_inputs_is_refused(library, values, words):
    with pytest.raises(DataError, match=words):
        from_frame(framed(library, {"a": values, "y": [0, 1]}))


ODD = {
    "dates": (np.array(["2020-01-01"], "M8[s]"), r"expected numbers or text, got datetime64\[s\]"),
    "Python's dates": (np.array([datetime.date(2020, 1, 1)]), "expected numbers or text, got datetime.date"),
    "lists": (np.array([[1, 2], None], object)[:1], "expected numbers or text, got"),
    "text after numbers": (
        np.array([1, "a"], object),
        "row 1, column 'a': expected numbers alone or text alone, got 'a'",
    ),
    "pandas' NA": (np.array([1, NAType()], object), "row 1, column 'a': a missing value"),
}


@pytest.mark.parametrize(("values", "words"), ODD.values(), ids=ODD)
def test_odd_objects_are_refused(values, words):
    with pytest.raises(DataError, match=words):
        from_frame(Frame(a=values, y=np.arange(len(values))))


def test_a_nan_between_texts_is_a_missing_value():
    data = from_frame(Frame(a=[1, 2, 3], kind=np.array(["x", np.nan, "y"], object)), missing="drop")
    assert (data.classes, data.x.tolist()) == (("x", "y"), [[1], [3]])


def test_nullable_whole_numbers_stay_whole():
    data = from_frame(Frame(a=[1.0, 2, 3], y=np.array([5, None, 7], object)), missing="drop")
    assert (data.y.tolist(), data.y.dtype) == ([5, 7], np.int64)


@pytest.mark.parametrize("frame", [[1, 2], np.zeros((2, 2)), None], ids=lambda frame: type(frame).__name__)
def test_what_is_no_frame_is_refused(frame):
    with pytest.raises(TypeError, match="frame: expected a data frame, such as pandas' or Polars', got"):
        from_frame(frame)


def test_a_lazy_frame_is_refused_without_being_asked_for_anything():
    class Lazy:
        def collect(self):
            raise NotImplementedError

        @property
        def columns(self):
            raise NotImplementedError

    with pytest.raises(TypeError, match=r"frame: expected a frame in memory, so collect\(\) it, got Lazy"):
        from_frame(Lazy())


def test_a_frame_without_columns_rows_or_with_two_of_one_name_is_refused():
    with pytest.raises(DataError, match="data frame: holds no columns"):
        from_frame(Frame())
    with pytest.raises(DataError, match="data frame: holds no rows of data"):
        from_frame(Frame(a=np.zeros(0), y=np.zeros(0)))
    twice = Frame(a=[1], y=[1])
    twice.columns = ["a", "y", "a"]
    with pytest.raises(DataError, match="data frame: a second column called 'a'"):
        from_frame(twice)


def test_without_pyarrow_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(ImportError, match=r"pip install 'jaxnet\[parquet\]'"):
        read_parquet(tmp_path / "a.parquet")


def test_a_parquet_file_is_read_by_its_columns(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    table = importlib.import_module("pyarrow").table({"a": [1.5, None, 3.0], "b": [1, 2, 3], "kind": ["x", "y", "x"]})
    path = tmp_path / "year=2020" / "a.parquet"  # a folder's name is not a column
    path.parent.mkdir()
    parquet.write_table(table, path)
    data = read_parquet(path, missing="drop")
    assert (data.inputs, data.x.tolist()) == (("a", "b"), [[1.5, 1], [3, 3]])
    assert (data.y.tolist(), data.classes) == ([0, 0], ("x",))
    with pytest.raises(DataError, match=r"a.parquet, row 1, column 'a': a missing value"):
        read_parquet(path)


def test_a_damaged_parquet_file_is_refused(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    parquet.write_table(importlib.import_module("pyarrow").table({"a": [1.5], "y": [1]}), path)
    for damaged in (b"", b"a,b\n1,2\n", path.read_bytes()[:-6], path.read_bytes()[:40]):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"a.parquet: a damaged Parquet file"):
            read_parquet(path)
