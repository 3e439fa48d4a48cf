"""``read_table``: whatever holds a table becomes a ``RawTable``, and nothing in it is forced to a number."""

import codecs
import dataclasses
import importlib
import os
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.data.array_files import array_rows, is_array_file
from jaxnet.data.errors import Place, fail
from jaxnet.data.file_bytes import existing, read_all, unpacked
from jaxnet.data.raw_tables import RawTable
from jaxnet.data.text_tables import TextOptions, parse_table
from jaxnet.data.typed_columns import columns_to_table

_INSTALL = "Parquet and Arrow files are read by pyarrow, which is not installed: pip install 'jaxnet[parquet]'"
# what a file begins with, and what that is
_REFUSED = {
    b"PK\x03\x04": "a zip file, such as an Excel workbook: save the table as CSV",
    b"\xd0\xcf\x11\xe0": "an Excel workbook: save the table as CSV",
    b"%PDF": "a PDF document: save the table as CSV",
    b"FEA1": "an old Feather file: save it as Parquet",
    b"BZh": "a bzip2 file: unpack it first, or pack it with gzip",
    b"\xfd7zXZ": "an xz file: unpack it first, or pack it with gzip",
    b"\x28\xb5\x2f\xfd": "a zstandard file: unpack it first, or pack it with gzip",
    b"SQLite format 3": "an SQLite database: save the table as CSV",
    b"\x89HDF": "an HDF5 file: save the table as CSV or Parquet",
    b"\x93NUMPY": "an array: name the file .npy",
    b"$FL": "an SPSS file: save the table as CSV",
}
_ARROW = {b"PAR1": "Parquet", b"ARROW1": "Arrow", b"\xff\xff\xff\xff": "Arrow stream"}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


READING = ("encoding", "delimiter", "decimal", "header", "index", "comment")  # options of ``read_table``


def read_table(
    source: Any,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    header: bool | None = None,
    index: str | int | bool | None = None,
    comment: str | None = "#",
    columns: Sequence[str] = (),
) -> RawTable:
    """Return a table as it stands in a file, a frame or columns; what was decided on the way is in ``decisions``.

    Args:
        source: a file, CSV, TSV, Parquet or Arrow, gzipped or not; "-" for standard input; an open file; a frame of
            pandas, Polars or Arrow; {name: values}; [{name: value}, ...]; or an array [N, D], also in an .npy or IDX
            file, an image of which is a row; its columns are column_1, column_2, ...
        encoding: of a text; by default what its mark says, else UTF-8, else latin-1.
        delimiter: between the cells of a text; " " stands for any number of spaces. By default what splits it alike.
        decimal: "." or ",", the decimal mark of all columns; by default a column's cells decide.
        header: whether the first row holds names; by default its cells are compared with those below. Columns without
            a name are column_1, column_2, ...
        index: the column, by name or position, that names the rows and is left out; by default a first one without
            name and with another value in every row. False keeps all columns.
        comment: what a line of comment begins with, or None.
        columns: names that it is known to have, as a later table of the same kind has: a first row that holds most of
            them is the header, whatever its cells look like, and so is none where they are column_1, column_2, ...

    Every source is read once, so a pipe will do. Raises DataError, with file and line, for what is no table;
    ValueError or TypeError for bad arguments; OSError for a file that cannot be read.

    >>> table = read_table({"height": ["1,5", "2"], "kind": ["oak", "elm"]})
    >>> table.names, len(table)
    (('height', 'kind'), 2)
    """
    checks.require(decimal in (None, ".", ","), "decimal", "'.', ',' or None", decimal)
    one = delimiter is None or (isinstance(delimiter, str) and len(delimiter) == 1)
    checks.require(one, "delimiter", "one character", delimiter)
    options = TextOptions(delimiter, decimal, header, index, comment, tuple(columns))
    if isinstance(source, RawTable) or is_array_file(source):
        given = {"encoding": encoding, **dataclasses.asdict(options)}
        asked = [name for name in READING if given[name] not in (None, TextOptions.comment)]
        of = "a table that has been read" if isinstance(source, RawTable) else "a file of numbers"
        words = checks.Words(f"{of}, and {', '.join(asked)}")
        checks.require(not asked, "source", "a text that is still to be read, for options of reading", words)
        return source if isinstance(source, RawTable) else columns_to_table(_columns(source), name=str(source))
    if isinstance(source, str | os.PathLike) or hasattr(source, "read"):
        name, content = _content(source)
        return _from_bytes(content, name, encoding, options)
    return columns_to_table(source, index, decimal)


def table_and_target(source: Any, target: Any, **reading: Any) -> tuple[RawTable, Any]:
    """Return a table and its target, a column: ``target`` itself, or where it is an .npy or IDX file beside another, as
    a last column that is called like the file. Raises what ``read_table`` does."""
    if not (is_array_file(source) and is_array_file(target)):
        return read_table(source, **reading), target
    table, y = read_table(source, **reading), array_rows(target)
    y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    if y.ndim > 1 or len(y) != len(table):
        fail(target, f"expected one target for each of the {len(table)} rows of {source}, got an array {y.shape}")
    name = os.path.basename(target).split(".")[0]
    cells = {column: each.values for column, each in zip(table.names, table.columns, strict=True)}
    return columns_to_table({**cells, name: y}, name=str(source)), name


def _columns(path: str | os.PathLike) -> dict[str, np.ndarray]:
    rows = array_rows(path)
    return {f"column_{at}": column for at, column in enumerate(np.atleast_2d(rows.T), 1)}


def _content(source: Any) -> tuple[str, bytes]:
    if hasattr(source, "read"):
        name, content = str(getattr(source, "name", "file")), source.read()
        return name, content.encode() if isinstance(content, str) else unpacked(name, content)
    if str(source) == "-":
        return "standard input", unpacked("standard input", sys.stdin.buffer.read())
    web = re.match(r"[a-z][a-z0-9+]+:/", str(source))
    checks.require(not web, "source", "a file on this machine (download it first)", source)
    path = existing(source)
    return str(path), read_all(path)


def _from_bytes(content: bytes, name: str, encoding: str | None, options: TextOptions) -> RawTable:
    for mark, words in _REFUSED.items():
        if content.startswith(mark):
            fail(name, f"expected a table as text, Parquet or Arrow, got {words}")
    for mark, kind in _ARROW.items():
        if content.startswith(mark):
            return columns_to_table(_arrow(content, kind, name), options.index, options.decimal, name=name)
    text, said = _decoded(content, name, encoding)
    if re.match(r"\s*<(!doctype|html|\?xml)", text, re.IGNORECASE):
        fail(name, "expected a table as text, got a web page: download the file behind it")
    if re.match(r"\s*(\[\s*[{\[]|\{\s*[\"}])", text):
        fail(name, "expected a table as text, got JSON: read_table(json.load(file)) takes columns and lists of rows")
    return parse_table(text, name, options, said)


def _decoded(content: bytes, name: str, encoding: str | None) -> tuple[str, list[str]]:
    said = []
    if encoding is not None:
        try:
            codecs.lookup(encoding)
        except LookupError:
            checks.refuse("encoding", "one that Python knows, such as 'utf-8' or 'latin-1'", encoding)
    else:
        encoding = next((known for mark, known in _MARKS if content.startswith(mark)), "utf-8")
    place = lambda at: Place(name, content[:at].count(b"\n") + 1)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            fail(place(error.start), f"expected {encoding}, got the byte {content[error.start]:02x}", error)
        words = f"the byte {content[error.start]:02x} on line {place(error.start).line} is not UTF-8"
        said.append(f"{words}: read as latin-1; encoding= overrides this")
        # Windows' latin-1 has letters where the other has none, but five of its bytes stand for nothing
        text = _windows(content)
    if "\0" in text:
        fail(place(content.find(b"\0")), "expected text, got a NUL character")
    return re.sub("\r\n?", "\n", text), said


def _arrow(content: bytes, kind: str, name: str) -> Any:
    try:
        arrow, parquet, ipc = (importlib.import_module(f"pyarrow{part}") for part in ("", ".parquet", ".ipc"))
    except ImportError as error:
        raise ImportError(_INSTALL) from error
    opened = {
        "Parquet": lambda buffer: parquet.ParquetFile(buffer).read(),
        "Arrow": lambda buffer: ipc.open_file(buffer).read_all(),
        "Arrow stream": lambda buffer: ipc.open_stream(buffer).read_all(),
    }[kind]
    try:
        return opened(arrow.BufferReader(content))
    except (arrow.ArrowException, OSError) as error:
        fail(name, f"a damaged {kind} file ({str(error).splitlines()[0]})", error)


def _windows(content: bytes) -> str:
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def reading_apart(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part options into those of ``read_table`` and all others."""
    reading = {name: value for name, value in options.items() if name in READING}
    return reading, {name: value for name, value in options.items() if name not in READING}
