"""Which rows of a table train and which are held out, and the preparation that the first of them fit."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.data.errors import fail
from jaxnet.data.preparing import Preparation, prepare
from jaxnet.data.preparing.column_codes import NumberCode, numbers_of
from jaxnet.data.preparing.date_codes import DateCode, seconds_of
from jaxnet.data.raw_tables import RawTable
from jaxnet.data.row_splits import split_rows
from jaxnet.data.table_sources import read_table, reading_apart

_JUDGED = ("number", "category", "boolean", "date")  # other kinds are reasons to leave a column out


def split_table(
    table: Any,
    target: str | int | None,
    *shares: float,
    group: str | None = None,
    time: str | None = None,
    seed: int = 0,
    **preparation: Any,
) -> tuple[Preparation, tuple[np.ndarray, ...]]:
    """Deal the rows of a table that have a target out, as ``split_rows`` does, and prepare it by the first part.

    Args:
        table: a ``RawTable``, or what ``read_table`` reads.
        target: the column to predict, by name or position, or None. Where it has classes, each part has its share of
            each, unless rows are dealt out by group or by time.
        shares: fractions of the rows, one for each part but the last: 0.8 trains on 80 % and holds 20 % out.
        group: a column whose equal values come into one part, as those of one patient. It is no input, for the values
            of later tables are others; ``roles={group: "input"}`` makes it one.
        time: a column of numbers or dates; earlier rows come into earlier parts.
        seed: of the order in which rows are dealt.
        preparation: further arguments of ``prepare``, and of ``read_table`` where it is still to be read.

    Returns a ``Preparation`` and the indices of each part's rows. Codes are fitted to the first part alone; kinds of
    columns and the classes are those of the whole table, which by chance look otherwise there. Raises as ``prepare``
    and ``split_rows`` do, and DataError for a row without a time.

    >>> table = {"x": [1.5, 2, 3.5, 4], "when": ["2020-03-01", "2019-03-01", "2021-03-01", "2018-03-01"]}
    >>> prep, (early, late) = split_table(table, "x", 0.5, time="when")
    >>> early.tolist(), late.tolist(), prep.rows
    ([1, 3], [0, 2], 2)
    """
    reading, preparation = reading_apart(preparation)
    table = read_table(table, **reading)
    options = without_group(table, group, preparation)
    whole = prepare(table, target, **options)
    parts = dealt_rows(table, whole, *shares, group=group, time=time, seed=seed, kinds=options.get("kinds"))
    return refitted(table, whole, parts[0], options, group=group), parts


def without_group(table: RawTable, group: str | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of ``prepare`` that leave the column out by which rows are grouped, unless they name its
    role; ValueError for no such column."""
    if group is None:
        return dict(options)
    checks.choice("group", group, table.names)
    return {**options, "roles": {group: "ignore", **(options.get("roles") or {})}}


def dealt_rows(
    table: RawTable, whole: Preparation, *shares: float, group: str | None = None, time: str | None = None,
    seed: int = 0, kinds: Mapping[str, str] | None = None,
) -> tuple[np.ndarray, ...]:  # fmt: skip
    """Return the indices of the rows of each part of a table, of which ``whole`` is the preparation of all rows."""
    rows = np.arange(len(table)) if whole.target is None else whole.rows_with_target(table)
    ways: dict[str, Any] = {}
    if group is not None:
        ways["group"] = table.column(checks.choice("group", group, table.names)).texts[1][rows]
    if time is not None:
        ways["time"] = _moments(table.take(rows), checks.choice("time", time, table.names), kinds or {})
    if not ways and whole.classes:
        ways["stratify"] = whole.targets(table.take(rows))
    return tuple(rows[part] for part in split_rows(len(rows), *shares, seed=seed, **ways))


def refitted(
    table: RawTable, whole: Preparation, rows: np.ndarray, options: Mapping[str, Any], *, group: str | None = None
) -> Preparation:
    """Fit a preparation to some rows, which by chance may look as if a column were of another kind than in ``whole``,
    that of all rows. Raises DataError where all of them are of one class."""
    target, kinds = whole.target, {column.name: column.kind for column in whole.columns}
    options = dict(options)
    if whole.classes:  # these are those of the whole table: rows held out are not refused for one that is rare
        if len(np.unique(np.asarray(whole.targets(table.take(rows))))) < 2:
            fail(table.source, f"the {len(rows)} training rows are all of one class of {target!r}: hold other rows out")
        roles = {**(options.pop("roles", None) or {}), target: "ignore"}
        target, options = None, {**options, "roles": roles}
    elif target is not None:
        options["kinds"] = {target: "number", **(options.get("kinds") or {})}
    prep = prepare(table, target, rows=rows, **options)
    differ = [c.name for c in prep.columns if c.kind != kinds[c.name] and c.name != whole.target]
    if other := {name: kinds[name] for name in differ if kinds[name] in _JUDGED}:
        prep = prepare(table, target, rows=rows, **{**options, "kinds": {**other, **(options.get("kinds") or {})}})
    if whole.classes:
        own = {column.name: column for column in whole.columns if column.role == "target"}
        columns = tuple(own.get(column.name, column) for column in prep.columns)
        prep = dataclasses.replace(prep, columns=columns, target_code=whole.target_code)
    said: dict[str, Any] = {"why": "keeps rows together", "what": f"left out; roles={{{group!r}: 'input'}} keeps it"}
    leaves = lambda column: column.name == group and column.role == "ignore"
    columns = tuple(dataclasses.replace(c, **said) if leaves(c) else c for c in prep.columns)
    whys = {column.name: column.why for column in whole.columns if column.role == "target"}
    columns = tuple(dataclasses.replace(c, why=whys.get(c.name, c.why)) for c in columns)
    # rows that are left out are so in the whole table, of which the training rows know nothing
    notes = dict.fromkeys((*prep.notes, *whole.notes))
    return dataclasses.replace(prep, columns=columns, notes=tuple(notes))


def _moments(table: RawTable, name: str, kinds: Mapping[str, str]) -> np.ndarray:
    """Return the numbers, or the seconds since 1970, of a column [N], to order its rows by."""
    alone = table.without(*(other for other in table.names if other != name))
    asked = {name: kinds[name]} if name in kinds else {}
    code = prepare(alone, None, kinds=asked, roles={name: "input"}).codes[name]
    column = alone.column(name)
    if isinstance(code, DateCode):
        values, missing, _ = seconds_of(column, code.style, code.missing_words)
    elif isinstance(code, NumberCode):
        values, missing, _ = numbers_of(column, code.style, code.missing_words)
    else:
        expected = "a column of numbers or dates"
        checks.refuse("time", expected, checks.Words(f"{name!r}, of {checks.describe(column.texts[0][0])}"))
    if missing.any():
        fail(table.place(int(np.argmax(missing)), name), f"a row without a time in column {name!r}")
    return values
