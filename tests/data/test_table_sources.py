"""Files, pipes, frames, columns and rows: whatever holds a table is read as the same table."""

import datetime
import importlib
import io
import os
import threading

import numpy as np
import pytest

from jaxnet.data import DataError, prepare, read_table

COLUMNS = {
    "size": [1.5, 2.0, None, 4.25],
    "count": [3, 1, 4, 1],
    "kind": ["oak", None, "elm", "oak"],
    "open": [True, False, True, True],
    "day": [datetime.date(2020, 1, day) for day in (1, 2, 3, 4)],
    "label": ["u", "v", "u", "v"],
}
TEXT = """size,count,kind,open,day,label
1.5,3,oak,True,2020-01-01,u
2,1,,False,2020-01-02,v
,4,elm,True,2020-01-03,u
4.25,1,oak,True,2020-01-04,v
"""


def arrow():
    return importlib.import_module("pyarrow").table(COLUMNS)


def parquet_file(folder):
    importlib.import_module("pyarrow.parquet").write_table(arrow(), folder / "t.parquet")
    return folder / "t.parquet"


def arrow_file(folder):
    importlib.import_module("pyarrow.feather").write_feather(arrow(), str(folder / "t.arrow"))
    return folder / "t.arrow"


def csv_file(folder):
    (folder / "t.csv").write_text(TEXT)
    return folder / "t.csv"


SOURCES = {
    "columns": lambda folder: COLUMNS,
    "rows": lambda folder: [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)],
    "pandas": lambda folder: importlib.import_module("pandas").DataFrame(COLUMNS),
    "polars": lambda folder: importlib.import_module("polars").DataFrame(COLUMNS),
    "Arrow": lambda folder: arrow(),
    "a CSV file": csv_file,
    "a Parquet file": parquet_file,
    "an Arrow file": arrow_file,
    "open bytes": lambda folder: io.BytesIO(TEXT.encode()),
    "open text": lambda folder: io.StringIO(TEXT),
}


@pytest.fixture(scope="module")
def prep():
    return prepare(io.StringIO(TEXT), "label", kinds={"kind": "category", "count": "number"}, rare=1)


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_the_same_table_from_any_source_is_prepared_alike(source, prep, tmp_path):
    X, y = prep(source(tmp_path))
    expected, labels = prep(io.StringIO(TEXT))
    np.testing.assert_array_equal(X, expected)
    assert y.tolist() == labels.tolist() == [0, 1, 0, 1]
    own = prepare(source(tmp_path), "label", kinds={"kind": "category", "count": "number"}, rare=1)
    assert own.feature_names == prep.feature_names
    np.testing.assert_array_equal(own(io.StringIO(TEXT))[0], expected)


def test_a_pipe_is_read_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_text("a,b\n1,2\n"), daemon=True)
    writer.start()
    assert read_table(tmp_path / "pipe").names == ("a", "b")
    writer.join()


def test_a_dash_is_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a,b\n1,2\n")))
    assert (read_table("-").names, read_table({"a": [1]}).source) == (("a", "b"), "table")


def test_an_array_has_columns_by_number():
    table = read_table(np.arange(6).reshape(3, 2))
    assert (table.names, [column.values.tolist() for column in table.columns]) == (
        ("column_1", "column_2"),
        [[0, 2, 4], [1, 3, 5]],
    )


def test_a_dtype_of_categories_is_one_whatever_they_are_made_of():
    frame = importlib.import_module("pandas").DataFrame({"zip": [1, 2, 1, 2] * 5, "y": ["u", "v"] * 10})
    assert prepare(frame, "y").columns[0].kind == "number"
    assert prepare(frame.astype({"zip": "category"}), "y").feature_names == ("zip=1", "zip=2")


REFUSED = {
    "a number": (5, TypeError, "source: expected a file, a data frame"),
    "a web address": ("https://example.org/a.csv", ValueError, r"source: expected a file on this machine \(download it first\)"),
    "no such file": ("nowhere.csv", FileNotFoundError, "nowhere.csv: no such file"),
    "a folder": (".", IsADirectoryError, "expected a file, got a folder"),
    "columns of two lengths": ({"a": [1], "b": [1, 2]}, DataError, "expected columns of one length, got 1 and 2 values"),
    "no columns": ({}, ValueError, "source: expected a table with at least one column"),
    "no rows": ({"a": []}, DataError, "holds no rows of data"),
    "a matrix for a column": ({"a": [[1, 2], [3, 4]]}, DataError, "expected a column of values, got values of 2 axes"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "error", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_table_is_refused(source, error, words):
    with pytest.raises(error, match=words):
        read_table(source)


ODD = {
    "lists": ([[1], [1, 2]], ["[1]", "[1, 2]"]),
    "a list among texts": ([[1], "x"], ["[1]", "x"]),
    "complex numbers": ([1j, 2j], ["1j", "2j"]),
    "bytes": ([b"oak", "é".encode()], ["oak", "é"]),
    "numbers among texts": ([1.0, "x"], ["1", "x"]),
}


@pytest.mark.parametrize(("values", "texts"), ODD.values(), ids=ODD)
def test_what_is_neither_number_nor_date_is_text_and_no_reason_to_refuse_the_table(values, texts):
    assert read_table({"a": values}).columns[0].values.tolist() == texts


def test_how_long_something_took_is_seconds():
    took = np.array([90, "NaT"], "m8[s]").astype("m8[ms]")
    column = read_table({"a": took}).columns[0]
    assert (column.values[0], column.absent.tolist()) == (90.0, [False, True])


def test_a_damaged_parquet_file_is_refused(tmp_path):
    content = parquet_file(tmp_path).read_bytes()
    with pytest.raises(DataError, match="a damaged Parquet file"):
        read_table(io.BytesIO(content[:-20]))


def test_without_pyarrow_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"pip install 'jaxnet\[parquet\]'"):
        read_table(io.BytesIO(b"PAR1"))


KNOWN = {
    "years as names, numbers below": ("1990,1991,1992\n1,2,3\n", ("1990", "1991", "1992"), [["1", "2", "3"]]),
    "one row of texts": ("wood,size\nsoft,big\n", ("wood", "size"), [["soft", "big"]]),
    "one row of texts without names": ("soft,big\n", ("column_1", "column_2"), [["soft", "big"]]),
    "one column of decimal commas": ("height\n1,5\n2,5\n", ("height",), [["1,5"], ["2,5"]]),
    "the target is missing": ("a;b\n1,5;2,5\n", ("a", "b"), [["1,5", "2,5"]]),
    "one row of many commas": ("a;b\n1,5;2,5,5,5\n", ("a", "b"), [["1,5", "2,5,5,5"]]),
    "quoted": ("'a','b'\n'1','2'\n", ("a", "b"), [["1", "2"]]),
}


@pytest.mark.parametrize(("text", "names", "rows"), KNOWN.values(), ids=KNOWN)
def test_names_that_are_known_tell_header_and_delimiter(text, names, rows):
    table = read_table(io.StringIO(text), columns=names)
    assert table.names == names
    assert [list(row) for row in zip(*(column.values for column in table.columns), strict=True)] == rows
