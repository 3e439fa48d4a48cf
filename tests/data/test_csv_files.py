"""CSV: right numbers, or an error with file, line and column."""

import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxnet.data import DataError, read_csv


@pytest.fixture
def written(tmp_path):
    def write(content: str | bytes, name: str = "a.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def test_the_last_column_is_the_target_and_whole_numbers_are_labels(written):
    data = read_csv(written("a,b,label\n1,.5,0\n-2e1, +3. ,1\n"))
    np.testing.assert_array_equal(data.x, [[1, 0.5], [-20, 3]])
    np.testing.assert_array_equal(data.y, [0, 1])
    assert (data.inputs, data.x.dtype, data.y.dtype) == (("a", "b"), np.float64, np.int64)


def test_text_in_the_target_becomes_classes_in_alphabetical_order(written):
    data = read_csv(written("kind,a\nrose,1\nlily,2\nrose,3\n"), target="kind")
    assert data.classes == ("lily", "rose")
    assert data.y.tolist() == [1, 0, 1]


def test_several_targets_make_rows(written):
    data = read_csv(written("a,b,c\n1,2,3\n4,5,6.5\n"), target=[0, "c"])
    assert (data.x.tolist(), data.y.tolist()) == ([[2], [5]], [[1, 3], [4, 6.5]])


def test_whole_numbers_that_no_label_can_be_are_numbers(written):
    data = read_csv(written("a,b\n1,12345678901234567890\n2,3\n"))
    assert (data.y.tolist(), data.y.dtype) == ([12345678901234567890.0, 3], np.float64)


SAME = {
    "carriage returns": "a,b\r1,2\r3,4\r",
    "both": "a,b\r\n1,2\r\n3,4\r\n",
    "no end of line": "a,b\n1,2\n3,4",
    "empty lines at the end": "a,b\n1,2\n3,4\n\n\n",
    "a byte-order mark": b"\xef\xbb\xbfa,b\n1,2\n3,4\n",
    "quotes": '"a","b"\n"1","2"\n3,"4"\n',
    "gzip": gzip.compress(b"a,b\n1,2\n3,4\n"),
}


@pytest.mark.parametrize("content", SAME.values(), ids=SAME)
def test_what_means_the_same_reads_the_same(written, content):
    data = read_csv(written(content))
    assert (data.inputs, data.x.tolist(), data.y.tolist()) == (("a",), [[1], [3]], [2, 4])


def test_other_delimiters_and_no_header(written):
    data = read_csv(written("1;2;3\n4;5;6\n"), delimiter=";", header=False)
    assert (data.inputs, data.x.tolist(), data.y.tolist()) == (("x1", "x2"), [[1, 2], [4, 5]], [3, 6])


REFUSED = {
    "empty": ("", r"a.csv: the file is empty"),
    "only a header": ("a,b\n", r"a.csv: holds no rows of data"),
    "a bad cell": ("a,b\n1,2\nx,2\n", r"a.csv:3:1: expected a number in column 'a', got 'x'"),
    "text from the start": ("a,b\nx,2\n", r"a.csv:2:1: expected a number in column 'a', got 'x'"),
    "a short row": ("a,b,c\n1,2,3\n1,2\n", r"a.csv:3:3: expected 3 cells, got 2"),
    "a long row": ("a,b\n1,2,3\n", r"a.csv:2:3: expected 2 cells, got 3"),
    "an empty line": ("a,b\n1,2\n\n3,4\n", r"a.csv:3:1: expected a row, got an empty line"),
    "a missing value": ("a,b\n1,2\n,4\n", r"a.csv:3:1: a missing value in column 'a': fill them in, or give missing='drop'"),
    "two missing values": ("a,b\n1,NA\n?,4\n", r"a.csv:2:2: a missing value in column 'b'; 2 are missing in all"),
    "no name": ("a,,c\n1,2,3\n", r"a.csv:1:2: expected the name of a column, got an empty cell"),
    "one name twice": ("a,b,a\n1,2,3\n", r"a.csv:1:3: a second column called 'a'"),
    "too many columns": (f"{'c,' * 100_000}c\n", r"a.csv:1: expected at most 100000 columns, got 100001"),
    "one name twice of very many": (  # in time that grows with their number, and not with its square
        f"{','.join(f'c{i}' for i in range(99_999))},c7\n", r"a.csv:1:100000: a second column called 'c7'"),
    "a header of numbers": ("1,2\n3,4\n", r"a.csv:1: expected names of columns, got numbers: give header=False"),
    "one column": ("a\n1\n", r"a.csv:1: expected inputs and a target, got 1 column"),
    "another delimiter": ("a;b\n1;2\n", r"a.csv:1: expected inputs and a target, got 1 column: give delimiter=';'\?"),
    "an unclosed quote": ('a,b\n1,2\n"3,4\n', r"a.csv:3: not a row of CSV \(unexpected end of data\)"),
    "a quote that goes on": ('a,b\n"1"x,2\n', r"a.csv:2: not a row of CSV"),
    "a huge cell": (f"a,b\n1,2\n{'9' * 200_000},4\n", r"a.csv:3: not a row of CSV \(field larger than field limit"),
    "underscores": ("a,b\n1_000,2\n", r"a.csv:2:1: expected a number in column 'a', got '1_000'"),
    "hexadecimal": ("a,b\n0x10,2\n", r"a.csv:2:1: expected a number in column 'a', got '0x10'"),
    "Arabic digits": ("a,b\n١٢,2\n", r"a.csv:2:1: expected a number"),
    "a decimal comma": ("a;b\n1,5;2\n1.5;2", r"a.csv:2:1: expected a number in column 'a', got '1,5'"),
    "a formula": ("a,b\n=1+1,2\n", r"a.csv:2:1: expected a number in column 'a', got '=1\+1'"),
    "infinity": ("a,b\ninf,2\n", r"a.csv:2:1: expected a number in column 'a', got 'inf'"),
    "a number too large": ("a,b\n1,2\n1e999,2\n", r"a.csv:3:1: expected a finite number in column 'a', got one too large"),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), r"a.csv: expected UTF-8, got UTF-16: save it as UTF-8"),
    "Latin-1": ("a,b\n1,2\n3,ä\n".encode("latin-1"), r"a.csv:3: expected UTF-8, got the byte e4: save it as UTF-8"),
    "Latin-1 at the start of a line": ("a,b\r\n1,2\r\nä,3\r\n".encode("latin-1"), r"a.csv:3: expected UTF-8, got the byte e4"),
    "a NUL": ("a,b\n1,\x002\n", r"a.csv:2: expected text, got a NUL character"),
    "a damaged gzip file": (gzip.compress(b"a,b\n1,2\n" * 99)[:-9], r"a.csv: a damaged gzip file"),
    "mixed labels": ("a,b\n1,yes\n2,0\n", r"a.csv:3:2: expected text, like the rows before, in column 'b', got '0'"),
    "a label mistyped": ("a,b\n1,0\n2,O\n", r"a.csv:3:2: expected a number in column 'b', got 'O'"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_such_table_is_refused_with_its_place(written, content, words):
    delimiter = ";" if words.endswith("'1,5'") else ","
    with pytest.raises(DataError, match=words):
        read_csv(written(content), delimiter=delimiter)


def test_lines_are_counted_through_cells_of_several_lines(written):
    with pytest.raises(DataError, match=r"a.csv:4:2: expected a number in column 'b', got 'x'"):
        read_csv(written('"a\nb",b\n1,2\n1,x\n'))


def test_rows_with_missing_values_can_be_left_out(written):
    data = read_csv(written("a,b\n1,2\n,4\n5,6\n7,NaN\n"), missing="drop")
    assert (data.x.tolist(), data.y.tolist()) == ([[1], [5]], [2, 6])
    labels = read_csv(written("a,b\n1,2\n3,\n"), missing="drop").y
    assert (labels.tolist(), labels.dtype) == ([2], np.int64)
    with pytest.raises(DataError, match="has a missing value in every row"):
        read_csv(written("a,b\n,2\n"), missing="drop")


BAD_ARGUMENTS = {
    "target": (
        {"target": "lable"},
        ValueError,
        r"target: expected one of a, label, got 'lable' \(did you mean 'label'\?\)",
    ),
    "position": ({"target": 2}, ValueError, "target: expected an integer from -2 to 1, got 2"),
    "twice": ({"target": [0, "a"]}, ValueError, "target: expected different columns"),
    "none": ({"target": []}, ValueError, "target: expected a column or some"),
    "everything": ({"target": ["a", "label"]}, DataError, "expected at least one input beside the target"),
    "delimiter": ({"delimiter": ",,"}, ValueError, "delimiter: expected one character"),
    "missing": ({"missing": "fill"}, ValueError, "missing: expected one of refuse, drop"),
}


@pytest.mark.parametrize(("options", "error", "words"), BAD_ARGUMENTS.values(), ids=BAD_ARGUMENTS)
def test_bad_arguments_are_named(written, options, error, words):
    with pytest.raises(error, match=words):
        read_csv(written("a,label\n1,2\n"), **options)


def test_a_file_that_is_not_there_or_is_a_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere.csv: no such file"):
        read_csv(tmp_path / "nowhere.csv")
    with pytest.raises(IsADirectoryError, match="expected a file, got a folder"):
        read_csv(tmp_path)


numbers = st.floats(allow_nan=False, allow_infinity=False)


@given(rows=st.lists(st.tuples(numbers, numbers), min_size=1, max_size=8))
@settings(max_examples=100, deadline=None)
def test_every_float_that_python_writes_is_read_back_to_the_last_bit(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_text("a,b\n" + "".join(f"{a!r},{b!r}\n" for a, b in rows))
    data = read_csv(path)
    assert list(zip(data.x[:, 0].tolist(), data.y.tolist(), strict=True)) == rows


@given(content=st.text('a1,."\n\r;-e \0', max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_as_finite_numbers_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_bytes(content.encode())
    try:
        finite, words = np.isfinite(read_csv(path).x).all(), None
    except DataError as error:
        finite, words = True, str(error)
    assert finite
    assert words is None or words.startswith(str(path))


def test_whole_numbers_are_exact_or_refused(written):
    # neighbours beyond 2**53 that float64 would make one
    assert read_csv(written("a,b\n1,123456789012345677\n2,123456789012345678\n")).y.tolist() == [
        123456789012345677,
        123456789012345678,
    ]
    with pytest.raises(
        DataError, match="3:2: 12345678901234567891 and 12345678901234567890 in column 'b' would be one"
    ):
        read_csv(written("a,b\n1,12345678901234567890\n2,12345678901234567891\n"))
    with pytest.raises(DataError, match=r"3:1: 9007199254740993 in column 'a' is a whole number that float64 cannot"):
        read_csv(written("a,b\n1,1\n9007199254740993,0\n"))
    assert read_csv(written("a,b\n9007199254740994,0\n")).x.tolist() == [[9007199254740994.0]]


def test_dropped_rows_are_counted_and_a_class_called_none_is_said(written):
    assert "2 of 3 rows left out for a missing value" in repr(read_csv(written("a,b\n1,2\n,3\n4,\n"), missing="drop"))
    table = written("a,b\n1,None\n2,mild\n3,None\n4,\n")
    with pytest.warns(UserWarning, match="3 rows whose 'b' is 'None' are left out as missing; where that is the name"):
        assert read_csv(table, missing="drop").classes == ("mild",)


def test_a_file_without_a_header_does_not_lose_its_first_row(written):
    iris = "5.1,3.5,Iris-setosa\n4.9,3.0,Iris-setosa\n6.3,3.3,Iris-virginica\n"
    with pytest.raises(DataError, match="1: expected names of columns, got a row like those below: header=False"):
        read_csv(written(iris))
    assert len(read_csv(written(iris), header=False)) == 3
    assert read_csv(written("1,2,kind\n0.5,0.5,a\n")).inputs == ("1", "2")


def test_no_name_out_of_a_file_commands_a_terminal(written):
    for table, options in (("a\x1b[2J,b\nx,1\n", {}), ("a\x1b[2J,b\n1,1\n", {"target": "c"})):
        with pytest.raises(ValueError, match=r"a\\x1b\[2J") as caught:
            read_csv(written(table), **options)
        assert str(caught.value).isprintable()
