"""A preparation as a dictionary for JSON, and back: a closed set of classes, every value of the type that it must have.

Floats are written as JSON writes them, the shortest text that gives the same bits again.
"""

import dataclasses
import itertools
import math
import types
import typing
from typing import Any

from jaxnet import checks
from jaxnet.data.cells import NumberStyle
from jaxnet.data.cells.date_texts import DATE_STYLES
from jaxnet.data.preparing.column_codes import BooleanCode, CategoryCode, Code, HashCode, NumberCode
from jaxnet.data.preparing.date_codes import DATE_PARTS, DateCode
from jaxnet.data.preparing.feature_taming import PiecewiseLinear, SmoothClip, Taming
from jaxnet.data.preparing.prepared_column import PreparedColumn, tamed_columns
from jaxnet.data.preparing.target_codes import ClassTarget, NumberTarget

PREPARATION_VERSION = 1
_MOST = 4_096  # features of one column
_LONGEST_UNIT = 16  # characters
_CODES = {"number": NumberCode, "boolean": BooleanCode, "category": CategoryCode, "hash": HashCode, "date": DateCode}
_TARGETS = {"classes": ClassTarget, "number": NumberTarget}
_TAMINGS = {"smooth_clip": SmoothClip, "piecewise_linear": PiecewiseLinear}
_LATER = {"taming", "positional"}
_FIELDS = {"version", "columns", "codes", "target_code", "notes", "rows"}


def to_record(preparation: Any) -> dict[str, Any]:
    """Return the fields of a preparation as a dictionary for JSON."""
    target = preparation.target_code
    return {
        "version": PREPARATION_VERSION,
        "columns": [_plain(column) for column in preparation.columns],
        "codes": {name: _named(code, _CODES) for name, code in preparation.codes.items()},
        "target_code": None if target is None else _named(target, _TARGETS),
        "notes": list(preparation.notes),
        "rows": preparation.rows,
        # what came later is written where there is any, so that older readers know the others
        **({} if preparation.taming is None else {"taming": _named(preparation.taming, _TAMINGS)}),
        **({"positional": True} if preparation.positional else {}),
    }


def from_record(record: Any) -> dict[str, Any]:
    """Return the fields of the preparation that a dictionary describes; ValueError for a damaged one."""
    try:
        return _read(record)
    except (TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
        raise ValueError(f"preparation: expected what as_dict made, got something damaged ({error})") from error


def _read(record: Any) -> dict[str, Any]:
    checks.require(isinstance(record, dict), "preparation", "a dictionary made by as_dict", record)
    version = record.get("version")
    known = type(version) is int and version == PREPARATION_VERSION
    checks.require(known, "preparation", f"version {PREPARATION_VERSION}", version)
    checks.require(
        set(record) - _LATER == _FIELDS, "preparation", f"the fields {', '.join(sorted(_FIELDS))}", sorted(record)
    )
    columns = tuple(_instance(PreparedColumn, each) for each in _checked(record["columns"], list, "columns"))
    codes = {name: _coded(each, _CODES) for name, each in _checked(record["codes"], dict, "codes").items()}
    target = None if record["target_code"] is None else _coded(record["target_code"], _TARGETS)
    by_role = {role: [column for column in columns if column.role == role] for role in ("input", "target")}
    names = [column.name for column in columns]
    checks.require(len(set(names)) == len(names), "columns", "different names", names)
    inputs = [column.name for column in by_role["input"]]
    checks.require(list(codes) == inputs, "codes", f"one for each input, {', '.join(inputs)}", list(codes))
    checks.require(
        len(by_role["target"]) == (target is not None), "target_code", "one where a column is the target", target
    )
    taming = None if "taming" not in record else _coded(record["taming"], _TAMINGS)
    _check_features(by_role["input"], codes, taming)
    return {
        "columns": columns,
        "codes": codes,
        "target_code": target,
        "notes": _value(record["notes"], tuple[str, ...], "notes"),
        "rows": _value(record["rows"], int, "rows"),
        "taming": taming,
        "positional": _value(record.get("positional", False), bool, "positional"),
    }


def _check_features(columns: list[PreparedColumn], codes: dict[str, Code], taming: Taming | None) -> None:
    """Refuse features that are not those which the codes, and what tames them, make."""
    coded = [dataclasses.replace(column, features=codes[column.name].names(column.name)) for column in columns]
    if isinstance(taming, PiecewiseLinear):
        features = sum(len(column.features) for column in coded)
        checks.require(len(taming.edges) == features, "edges", f"those of {features} features", len(taming.edges))
    for column, made in zip(columns, coded if taming is None else tamed_columns(coded, taming), strict=True):
        expected = f"those that the code makes of {column.name!r}"
        checks.require(made.features == column.features, "features", expected, column.features)


def _plain(value: Any) -> Any:
    if isinstance(value, NumberStyle):
        return dict(value._asdict())
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _named(code: Any, known: dict[str, type]) -> dict[str, Any]:
    name = next(name for name, each in known.items() if type(code) is each)
    return {"type": name, **_plain(code)}


def _coded(record: Any, known: dict[str, type]) -> Any:
    fields = dict(_checked(record, dict, "code"))
    code = _instance(known[checks.choice("type", fields.pop("type"), known)], fields)
    _check_code(code)
    return code


def _check_code(code: Any) -> None:
    """Refuse a code that no fit would make; fitted ones do not come by here."""
    if isinstance(code, NumberCode):
        checks.require(code.spread > 0, "spread", "a number above 0", code.spread)
    elif isinstance(code, SmoothClip):
        checks.number("limit", code.limit, above=0)
    elif isinstance(code, PiecewiseLinear):
        ascend = all(a < b for each in code.edges for a, b in itertools.pairwise(each))
        checks.require(ascend and 1 not in map(len, code.edges), "edges", "none or ascending numbers a feature", ascend)
    elif isinstance(code, CategoryCode):
        distinct = 0 < len(set(code.categories)) == len(code.categories) <= _MOST
        checks.require(distinct, "categories", f"1 to {_MOST} different texts", code.categories)
    elif isinstance(code, HashCode):
        checks.integer("buckets", code.buckets, minimum=1, maximum=_MOST)
    elif isinstance(code, DateCode):
        checks.choice("style", code.style, DATE_STYLES)
        fits = len(set(code.parts)) == len(code.parts) > 0 and set(code.parts) <= set(DATE_PARTS)
        checks.require(fits, "parts", f"some of {', '.join(DATE_PARTS)}", code.parts)
        alike = len(code.centres) == len(code.spreads) == len(code.fills) == len(code.parts)
        checks.require(alike and min(code.spreads) > 0, "spreads", "one above 0 for each part", code.spreads)


def _instance(cls: Any, record: Any) -> Any:
    hints = typing.get_type_hints(cls)
    names = [field.name for field in dataclasses.fields(cls)]
    fields = _checked(record, dict, cls.__name__)
    # a record of before a field came has none of it
    later = {field.name for field in dataclasses.fields(cls) if field.default is not dataclasses.MISSING}
    known = set(names) - later <= set(fields) <= set(names)
    checks.require(known, cls.__name__, f"the fields {', '.join(names)}", sorted(fields))
    return cls(**{name: _value(fields[name], hints[name], name) for name in fields})


def _value(value: Any, hint: Any, name: str) -> Any:
    """Return a value that has the type of a field: text, whole number, finite number, boolean, or a tuple of them."""
    if isinstance(hint, types.UnionType):
        return None if value is None else _value(value, typing.get_args(hint)[0], name)
    if typing.get_origin(hint) is tuple:
        return tuple(_value(each, typing.get_args(hint)[0], name) for each in _checked(value, list, name))
    if hint is NumberStyle:
        return _style(value)
    if hint is float:
        checks.require(type(value) in (int, float) and math.isfinite(value), name, "a finite number", value)
        return float(value)
    return _checked(value, hint, name)


def _style(record: Any) -> NumberStyle:
    fields = _checked(record, dict, "style")
    checks.require(set(fields) == set(NumberStyle._fields), "style", "a style of numbers", fields)
    style = NumberStyle(**{name: _checked(value, str, name) for name, value in fields.items()})
    short = max(map(len, style)) <= _LONGEST_UNIT and len(style.thousands) <= 1 and style.thousands != style.decimal
    checks.require(short and style.decimal in (".", ","), "style", "short marks and signs", fields)
    return style


def _checked(value: Any, kind: type, name: str) -> Any:
    # not isinstance, for True is an int
    checks.require(type(value) is kind, name, f"a value of type {kind.__name__}", value)
    return value
