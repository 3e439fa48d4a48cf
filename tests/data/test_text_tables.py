"""A text table in every habit that files have: what is read of it, and what is said."""

import gzip
import io

import pytest

from jaxnet.data import DataError, read_table


def read(content, **options):
    table = read_table(io.BytesIO(content if isinstance(content, bytes) else content.encode()), **options)
    return table.names, list(zip(*(column.values.tolist() for column in table.columns), strict=True)), table.decisions


AB = ("a", "b"), [("1", "2"), ("3", "x")]
COLUMNS = ("column_1", "column_2")
READ = {
    "plain": ("a,b\n1,2\n3,x\n", *AB, None),
    "CRLF": ("a,b\r\n1,2\r\n3,x\r\n", *AB, None),
    "CR alone": ("a,b\r1,2\r3,x\r", *AB, None),
    "no line end at the end": ("a,b\n1,2\n3,x", *AB, None),
    "a byte-order mark": ("\ufeffa,b\n1,2\n3,x\n", *AB, None),
    "a byte-order mark and quotes": ('\ufeff"a",b\n1,2\n3,x\n', *AB, None),
    "UTF-16": ("a,b\n1,2\n3,x\n".encode("utf-16"), *AB, None),
    "gzip": (gzip.compress(b"a,b\n1,2\n3,x\n"), *AB, None),
    "latin-1": ("a,é\n1,2\n3,x\n".encode("latin-1"), ("a", "é"), AB[1], "the byte e9 on line 1 is not UTF-8: read as latin-1"),
    "semicolons": ("a;b\n1;2\n3;x\n", *AB, "cells are separated by ';'"),
    "tabs": ("a\tb\n1\t2\n3\tx\n", *AB, "cells are separated by a tab"),
    "bars": ("a|b\n1|2\n3|x\n", *AB, "cells are separated by '|'"),
    "spaces": ("  a   b\n  1   2\n  3   x\n", *AB, "cells are separated by spaces"),
    "decimal commas": ("a;b\n1,5;2\n3,5;x\n", AB[0], [("1,5", "2"), ("3,5", "x")], "by ';'"),
    "decimal commas, no header": ("1,5;2\n3,5;4\n", COLUMNS, [("1,5", "2"), ("3,5", "4")], "its '1,5' is a number"),
    "a semicolon in a cell": ("a,b\nx;y,2\nz,x\n", AB[0], [("x;y", "2"), ("z", "x")], None),
    "Excel's line": ("sep=;\na;b\n1;2\n3;x\n", *AB, None),
    "quoted newline and delimiter": ('a,b\n"1\n, 1",2\n3,x\n', AB[0], [("1\n, 1", "2"), ("3", "x")], None),
    "blank lines": ("\na,b\n\n1,2\n3,x\n\n\n", *AB, "2 blank line(s) left out"),
    "comments": ('# by me, "today\na,b\n1,2\n# half\n3,x\n', *AB, "1 comment line(s) inside the table left out"),
    "a column called #": ("#,b\n1,2\n3,x\n", ("#", "b"), AB[1], None),
    "cells that begin with #": ("a,b\n#1,2\n#2,x\n", AB[0], [("#1", "2"), ("#2", "x")], None),
    "a mark at the end of every line": ("a,b,\n1,2,\n3,x,\n", *AB, "after a trailing mark, left out"),
    "a mark at the end of the rows": ("a,b\n1,2,\n3,x,\n", *AB, "empty cells at the end of 2 rows"),
    "R's names of rows": ('"","a","b"\n"u",1,2\n"v",3,x\n', *AB, "has no name and another value in every row: an index"),
    "R's narrow header": ("a b\nu 1 2\nv 3 x\n", *AB, "the header is one cell narrower than the rows"),
    "an unnamed column that is no index": (",b\n1,2\n1,x\n", ("column_1", "b"), [("1", "2"), ("1", "x")], None),
    "scikit-learn's first line": ("2,1,u,v\n1,0\n2,1\n", COLUMNS, [("1", "0"), ("2", "1")], "holds the number of rows, 2"),
    "no header, the label last": ("5.1,u\n4.9,v\n", COLUMNS, [("5.1", "u"), ("4.9", "v")], "no header, for the first row is data"),
    "no header, the label first": ("u,5.1\nv,4.9\n", COLUMNS, [("u", "5.1"), ("v", "4.9")], "its '5.1' is a number"),
    "no header, dates": ("2020-01-01,u\n2020-01-02,v\n", COLUMNS, [("2020-01-01", "u"), ("2020-01-02", "v")], "is a date"),
    "no header, a missing cell in the first row": ("NA,5.1\n2,4.9\n", COLUMNS, [("NA", "5.1"), ("2", "4.9")], "'5.1' is a number"),
    "no header, all text": ("u,yes\nv,no\nu,no\n", COLUMNS, [("u", "yes"), ("v", "no"), ("u", "no")], "its 'u' comes again below"),
    "all text": ("a,b\nu,x\nv,y\n", AB[0], [("u", "x"), ("v", "y")], "was taken for the header, though nothing tells it"),
    "years for names": ("c,1990,1991,1992\nu,1,2,3\n", ("c", "1990", "1991", "1992"), [("u", "1", "2", "3")], None),
    "one row without a header": ("5.1,u\n", COLUMNS, [("5.1", "u")], "it is the only row, and holds a number"),
    "a name twice": ("a,a\n1,2\n3,x\n", ("a", "a_2"), AB[1], "a second column called 'a' is called 'a_2'"),
    "single quotes": ("'a','b'\n'1','2'\n3,'x'\n", *AB, None),
    "an apostrophe": ("a,b\n'tis,2\n3,x\n", AB[0], [("'tis", "2"), ("3", "x")], None),
    "a name that is a value, too": ("a,b,c\nu,x,p\na,y,q\nu,x,p\nu,y,q\n", ("a", "b", "c"), [("u", "x", "p"), ("a", "y", "q"), ("u", "x", "p"), ("u", "y", "q")], None),
    "space after a comma": ('a, b\n1, 2\n3, "x"\n', *AB, None),
}  # fmt: skip


@pytest.mark.parametrize(("content", "names", "rows", "words"), READ.values(), ids=READ)
def test_a_file_is_read_whatever_its_habit_and_no_row_is_lost(content, names, rows, words):
    found_names, found_rows, said = read(content)
    assert (found_names, found_rows) == (names, rows)
    assert words is None or any(words in each for each in said), said


OVERRIDES = {
    "header=False": ("a,b\n1,2\n", {"header": False}, COLUMNS, [("a", "b"), ("1", "2")]),
    "header=True": ("1,2\n3,4\n", {"header": True}, ("1", "2"), [("3", "4")]),
    "delimiter": ("a;b\n1;2\n", {"delimiter": ","}, ("a;b",), [("1;2",)]),
    "encoding": ("a,b\nп,2\n".encode("cp1251"), {"encoding": "cp1251"}, AB[0], [("п", "2")]),
    "index by name": ("k,a,b\nu,1,2\nv,3,x\n", {"index": "k"}, *AB),
    "index by position": ("a,k,b\n1,u,2\n3,v,x\n", {"index": 1}, *AB),
    "no index": (",a\nu,1\nv,2\n", {"index": False}, ("column_1", "a"), [("u", "1"), ("v", "2")]),
    "another comment": ("% no\na,b\n1,2\n3,x\n", {"comment": "%"}, *AB),
    "no comments": ("#a,b\n1,2\n3,x\n", {"comment": None}, ("#a", "b"), AB[1]),
}  # fmt: skip


@pytest.mark.parametrize(("content", "options", "names", "rows"), OVERRIDES.values(), ids=OVERRIDES)
def test_an_option_overrides_what_would_be_decided(content, options, names, rows):
    assert read(content, **options)[:2] == (names, rows)


def test_a_row_of_empty_cells_is_a_row_but_for_those_behind_the_table():
    names, rows, decisions = read("a,b\n1,x\n,\n\n3,y\n,\n,\n")
    assert (names, rows) == (("a", "b"), [("1", "x"), ("", ""), ("3", "y")])
    assert decisions == ("2 row(s) of empty cells at the end left out", "1 blank line(s) left out")


TITLES = {
    "a title": ("My table\na,b,c\n1,2,x\n4,5,y\n", 1),
    "as wide as the table": ("My table,,\nof 2020,,\na,b,c\n1,2,x\n4,5,y\n", 2),
    "behind blank lines": ("\nMy table\n\na,b,c\n1,2,x\n4,5,y\n", 1),
    "above a row of nothing": ("My table,,\n,,\na,b,c\n1,2,x\n4,5,y\n", 2),
}


@pytest.mark.parametrize(("content", "count"), TITLES.values(), ids=TITLES)
def test_titles_above_the_table_are_left_out_and_said_so(content, count):
    names, rows, decisions = read(content)[:3]
    assert (names, rows) == (("a", "b", "c"), [("1", "2", "x"), ("4", "5", "y")])
    assert f"{count} line(s) above the table, such as 'My table', left out" in "".join(decisions)


REFUSED = {
    "a short row": ("a,b,c\n1,2,3\n4,5\n", "file:3:3: expected 3 cells, got 2"),
    "a long row": ("a,b\n1,2\n4,5,6\n", "file:3:3: expected 2 cells, got 3"),
    "a row after a quoted newline": ('a,b\n"1\n1",2\n4\n', "file:4:2: expected 2 cells, got 1"),
    "an unclosed quote": ('a,b\n1,2\n3,"x\n', "file:3: not a row of CSV"),
    "a header without most names": ("a,b\n1,2,3,4\n4,5,6,7\n", "the header has 2 cells and the rows below it have 4: names are missing, or it is a title"),
    "JSON": ('[{"a": 1}]', "expected a table as text, got JSON"),
    "bzip2": (b"BZh91AY", "got a bzip2 file: unpack it first"),
    "nothing": ("", "file: holds no rows of data"),
    "a header alone": ("a,b\n", "file: holds a header and no rows of data"),
    "a NUL": ("a,b\n1,\0\n", "file:2: expected text, got a NUL character"),
    "an Excel workbook": (b"PK\x03\x04rest", "expected a table as text, Parquet or Arrow, got a zip file, such as an Excel workbook"),
    "an old Excel workbook": (b"\xd0\xcf\x11\xe0rest", "got an Excel workbook: save the table as CSV"),
    "a web page": ("<!DOCTYPE html>\n<html></html>", "got a web page: download the file behind it"),
    "damaged gzip": (gzip.compress(b"a,b\n1,2\n" * 99)[:-9], "a damaged gzip file"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_table_is_refused_with_its_place(content, words):
    with pytest.raises(DataError, match=words.replace("?", r"\?")):
        read(content)


def test_bytes_that_are_not_of_the_encoding_asked_for_are_refused():
    with pytest.raises(DataError, match="file:2: expected ascii, got the byte c3"):
        read("a,b\né,2\n", encoding="ascii")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"encoding": "utf-99"}, "encoding: expected one that Python knows"),
        ({"delimiter": ", "}, "delimiter: expected one character, got ', '"),
        ({"decimal": ";"}, "decimal: expected '.', ',' or None, got ';'"),
        ({"index": "z"}, "index: expected one of a, b, got 'z'"),
        ({"index": 7}, "index: expected an integer from 0 to 1"),
    ],
)
def test_a_bad_option_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        read("a,b\n1,2\n", **options)


def test_names_in_single_quotes_are_names_without_them(tmp_path):
    (tmp_path / "a.csv").write_text("'popul'\t'vote'\n1\t0\n2\t1\n")
    assert read_table(tmp_path / "a.csv").names == ("popul", "vote")
    (tmp_path / "b.csv").write_text("'popul',vote\n1,0\n2,1\n")
    assert read_table(tmp_path / "b.csv").names == ("'popul'", "vote")
