"""``prepare``: roles and kinds are inferred, and every code is fitted, on the training rows alone."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from jaxnet import checks
from jaxnet.data.cells import NumberStyle, date_style, number_style
from jaxnet.data.errors import fail
from jaxnet.data.preparing.cell_reading import Levels
from jaxnet.data.preparing.column_codes import Code
from jaxnet.data.preparing.column_fitting import MANY, MISSING_POLICIES, SCALES, FitOptions, fit_code
from jaxnet.data.preparing.column_kinds import COLUMN_KINDS, NO_VALUES, Judged, MissingWords, infer_kind
from jaxnet.data.preparing.feature_taming import PiecewiseLinear, SmoothClip, Taming
from jaxnet.data.preparing.prepared_column import ROLES, PreparedColumn, tamed_columns
from jaxnet.data.preparing.table_preparation import Preparation
from jaxnet.data.preparing.tamed_numbers import quantile_edges
from jaxnet.data.preparing.target_codes import fit_target
from jaxnet.data.raw_tables import RawTable, checked_rows
from jaxnet.data.table_sources import READING, read_table
from jaxnet.data.tables import target_columns

_LEFT_OUT = ("constant", "identifier", "text")


class _Wishes(NamedTuple):
    """What the user says of single columns."""

    kinds: Mapping[str, str]
    roles: Mapping[str, str]
    missing: Mapping[str, str]
    options: FitOptions


def prepare(
    table: Any,
    target: str | int | None = None,
    *,
    rows: Any = None,
    kinds: Mapping[str, str] | None = None,
    roles: Mapping[str, str] | None = None,
    drop: Iterable[str] = (),
    missing: str | Mapping[str, str] = "mean",
    scale: str = "standard",
    many: str = "hash",
    rare: int | None = None,
    most_categories: int = 64,
    missing_words: Iterable[str | float] = (),
    present_words: Iterable[str] = (),
    clip: float | None = None,
    bins: int | None = None,
    **reading: Any,
) -> Preparation:
    """Infer what each column of a table is, and fit what is done to it, on the training rows.

    Args:
        table: a ``RawTable``, or what ``read_table`` reads.
        target: the column to predict, by name or position; None for none.
        rows: the training rows, indices or a mask; by default all. Nothing else of the table has any influence.
        kinds: {column: "number" | "category" | "boolean" | "date" | ...} where the inferred one is not meant.
        roles: {column: "input" | "ignore"}: an identifier that is to be an input, an input that is to be left out.
        drop: columns to leave out.
        missing: what a missing number, boolean or date becomes: the "mean" or the "median", with an indicator; with
            "category" an indicator that is always there; "refuse" ends the reading. Or {column: one of these}, which
            leaves the others at "mean". A missing category is a category of its own, unless it is refused.
        scale: of numbers and of a target of numbers: "standard" (mean and deviation), "robust" (median and quartiles)
            or "none".
        many: what becomes of a column with more than ``most_categories``, the rare ones pooled: "hash" or "refuse".
        rare: categories in fewer rows are pooled; by default 1 % of the rows, at least 2 and at most 10.
        most_categories: that have a feature each.
        missing_words: words, or numbers such as -999, that stand for a missing value besides the usual ones.
        present_words: usual words for a missing value that are none here, such as "NA" for Namibia.
        clip: where all features are clipped smoothly at last, as ``jn.data.smooth_clip`` does; 3 is good with "robust".
        bins: how many bins of as many rows each all features are spread over at last, as ``piecewise_linear`` does.
        reading: options of ``read_table``, for a table that is still to be read: ``decimal=","``.

    Raises DataError, with the place, for a table that cannot be prepared so; ValueError or TypeError for bad arguments.

    >>> table = {"height": ["1,5", "2", "NA", "4"], "kind": ["oak", "elm", "oak", "elm"]}
    >>> prep = prepare(table, "kind")
    >>> X, y = prep(table)
    >>> X.shape, y.tolist(), prep.feature_names, prep.labels(y).tolist()
    ((4, 2), [1, 0, 1, 0], ('height', 'height missing'), ['oak', 'elm', 'oak', 'elm'])
    """
    for option in reading:
        checks.choice("argument", option, (*READING, *_ARGUMENTS))
    table = read_table(table, **reading)
    name = None if target is None else table.names[target_columns(table.names, target)[0]]
    options = FitOptions(
        MissingWords.of(_small(missing_words), _small(present_words)),
        checks.choice("scale", scale, SCALES),
        checks.choice("many", many, MANY),
        None if rare is None else checks.integer("rare", rare, minimum=1),
        checks.integer("most_categories", most_categories, minimum=1, maximum=4_096),
    )
    wishes = _Wishes(
        _checked_kinds(table, kinds),
        _checked_roles(table, name, roles, drop),
        _checked_policies(table, missing),
        options,
    )
    given = table if rows is None else table.take(checked_rows(rows, len(table)))
    if not len(given):
        fail(table.source, "no training rows")
    return _tamed(_fitted(given, wishes, name), given, clip, bins)


def _tamed(prep: Preparation, table: RawTable, clip: float | None, bins: int | None) -> Preparation:
    """Add what is done to all features at last, fitted to the training rows."""
    checks.require(clip is None or bins is None, "bins", "None beside clip, for bins have no outliers", bins)
    if clip is not None:
        taming: Taming = SmoothClip(checks.number("clip", clip, above=0))
        said = f"all features are clipped smoothly, never beyond {clip:g} or below -{clip:g}"
        return dataclasses.replace(prep, taming=taming, notes=(*prep.notes, said))
    if bins is None:
        return prep
    of_target = table if prep.target is None else table.take(prep.rows_with_target(table))
    edges = quantile_edges(prep.features(of_target), bins)
    taming = PiecewiseLinear(tuple(tuple(each.tolist()) for each in edges))
    said = f"all features are spread over up to {bins} bins"
    return dataclasses.replace(
        prep, columns=tamed_columns(prep.columns, taming), taming=taming, notes=(*prep.notes, said)
    )


_ARGUMENTS = tuple(prepare.__kwdefaults__ or ())  # of ``prepare`` itself, for the hint where one is misspelt


def _fitted(given: RawTable, wishes: _Wishes, target: str | None) -> Preparation:
    training, judged = given, _judged(given, wishes)
    said, of = list(given.decisions), None
    if target is not None:
        as_asked = target in wishes.kinds
        of = fit_target(given, target, judged[target], given=as_asked, options=wishes.options)
        training = given.take(~of.missing) if of.missing.any() else given
    if len(training) < len(given):
        said.append(f"{len(given) - len(training)} of {len(given)} rows have no target {target!r} and were left out")
        # without these rows, a column may be another thing
        judged = _judged(training, wishes)
    columns, codes, notes = _inputs(training, judged, wishes, target)
    if of is not None and target is not None:
        what = (of.kind, of.why, of.what)
        columns[target] = _record(given, target, what, wishes.options, role="target", missing=of.missing)
    ordered = tuple(columns[name] for name in given.names)
    code = None if of is None else of.code
    return Preparation(ordered, codes, code, (*said, *notes), len(training), positional=given.source == "array")


def _inputs(
    table: RawTable, judged: dict[str, Judged], wishes: _Wishes, target: str | None
) -> tuple[dict[str, PreparedColumn], dict[str, Code], list[str]]:
    """Fit every column but the target; return what was made of each, the codes of the inputs, and notes."""
    columns: dict[str, PreparedColumn] = {}
    codes: dict[str, Code] = {}
    notes: list[str] = []
    roles = _roles(table, judged, wishes, target, notes=notes)
    for name, role in roles.items():
        kind, why, _ = judged[name]
        if role == "ignore":
            asked = wishes.roles.get(name) == "ignore"
            # the way back stands where the decision does
            what = "left out" if asked or kind == "constant" else f"left out; roles={{{name!r}: 'input'}} keeps it"
            said = (kind, "as asked for" if asked else why, what)
            columns[name] = _record(table, name, said, wishes.options)
            continue
        policy = wishes.missing.get(name, wishes.missing[""])
        fitted = fit_code(table, name, judged[name], wishes.options._replace(policy=policy))
        codes[name] = fitted.code
        said = ("category" if kind in _LEFT_OUT else kind, why, fitted.what)
        record = _record(table, name, said, wishes.options, role="input", missing=fitted.missing)
        columns[name] = dataclasses.replace(record, features=fitted.code.names(name))
    return columns, codes, notes


def _roles(
    table: RawTable, judged: dict[str, Judged], wishes: _Wishes, target: str | None, *, notes: list[str]
) -> dict[str, str]:
    """Give each column its role: what its kind is good for, unless the user says otherwise."""
    others = [name for name in table.names if name != target]
    roles = {
        name: wishes.roles.get(name) or ("ignore" if judged[name].kind in _LEFT_OUT else "input") for name in others
    }
    # a table whose only input counts its rows is a curve to be learned
    counting = [name for name in others if judged[name].kind == "identifier" and judged[name].style is not None]
    if "input" not in roles.values() and len(counting) == 1 and counting[0] not in wishes.roles:
        name = counting[0]
        notes.append(f"column {name!r} counts the rows; it was kept, for no other column can be an input")
        roles[name], judged[name] = "input", judged[name]._replace(kind="number")
    if not others:
        fail(table.source, f"expected at least one column beside the target {target!r}")
    if "input" not in roles.values():
        why = "; ".join(f"{name}: {judged[name].kind}, {judged[name].why}" for name in others)
        fail(table.source, f"no column is left to be an input ({why}): give roles={{column: 'input'}}")
    for name, role in roles.items():
        if role == "input" and judged[name].why == NO_VALUES:
            fail(table.source, f"column {name!r} cannot be an input, for it holds {NO_VALUES}")
        # numbers that were taken for an identifier are numbers when they are asked for
        if role == "input" and judged[name].kind == "identifier" and judged[name].style is not None:
            judged[name] = judged[name]._replace(kind="number")
    return roles


def _judged(table: RawTable, wishes: _Wishes) -> dict[str, Judged]:
    words, kinds = wishes.options.words, wishes.kinds
    wanted = [name for name in table.names if wishes.roles.get(name) != "ignore"]
    found = {name: _judge(table, name, kinds.get(name), words) for name in wanted}
    otherwise = _with_commas(table, found, words)
    found |= {name: _judge(table, name, kinds.get(name), words, decimal=",") for name in otherwise}
    ignored = [name for name in table.names if name not in found]
    return {name: Judged("text", "as asked for") for name in ignored} | found


def _with_commas(table: RawTable, found: Mapping[str, Judged], words: MissingWords) -> list[str]:
    """Name the columns, such as one of 1,500 or 1.500, that have to be read anew, for the table has decimal commas.

    It has them where a column can be read in no other way, or where semicolons left the comma free for them, and no
    column has decimal points that cannot be thousands marks.
    """
    styles = {name: one.style for name, one in found.items() if isinstance(one.style, NumberStyle)}
    texts = {name: _present(table, name, words) for name in styles if table.column(name).is_text}
    marked = {name: any("." in text or "," in text for text in listed) for name, listed in texts.items()}
    open_to_commas = {name: number_style(texts[name], ",") is not None for name in texts if marked[name]}
    commas = any(style.decimal == "," for style in styles.values())
    if table.decimal or not (commas or table.delimiter == ";") or not all(open_to_commas.values()):
        return []
    return [name for name in open_to_commas if styles[name].decimal == "."]


def _present(table: RawTable, name: str, words: MissingWords) -> list[str]:
    levels = Levels.of(table.column(name))
    seen = levels.present(words.beside(levels.texts).among_numbers, table.column(name).absent)
    return [text for text, is_seen in zip(levels.texts, seen, strict=True) if is_seen]


def _judge(table: RawTable, name: str, kind: str | None, words: MissingWords, *, decimal: str | None = None) -> Judged:
    if kind is None:
        return infer_kind(table, name, words, decimal)
    column, texts = table.column(name), _present(table, name, words)
    if not texts or (kind == "date" and len(texts) == 1):
        # there is nothing to fit, whatever it might have been
        return Judged("constant", f"{texts[0]!r} in every row that is not missing" if texts else NO_VALUES)
    style: Any = None
    if kind == "number" and column.is_text:
        # a single cell that is none is named, with its line, when the code is fitted
        style = number_style(texts, table.decimal or decimal) or NumberStyle(table.decimal or ".")
    if kind == "date" and column.is_text:
        style = date_style(texts) or "year first"
    return Judged(kind, "as asked for", style)


def _record(
    table: RawTable, name: str, said: tuple[str, str, str], options: FitOptions,
    *, role: str = "ignore", missing: np.ndarray | None = None,
) -> PreparedColumn:  # fmt: skip
    kind, why, what = said
    levels = Levels.of(table.column(name))
    if missing is None:
        words = options.words.beside(levels.texts).anywhere
        missing = ~levels.present(words, table.column(name).absent)[levels.codes]
    counts = np.bincount(levels.codes[missing], minlength=len(levels.texts))
    seen = [(levels.texts[at], counts[at]) for at in np.flatnonzero(counts)]
    said_words = tuple(f"{text!r} {count}" if text else f"empty {count}" for text, count in seen)
    return PreparedColumn(name, role, kind, why, what, int(missing.sum()), said_words, ())


def _checked_kinds(table: RawTable, kinds: Mapping[str, str] | None) -> dict[str, str]:
    for name, kind in (kinds or {}).items():
        checks.choice("kinds", name, table.names)
        checks.choice(f"kinds[{name!r}]", kind, COLUMN_KINDS)
    return dict(kinds or {})


def _checked_roles(
    table: RawTable, target: str | None, roles: Mapping[str, str] | None, drop: Iterable[str]
) -> dict[str, str]:
    checks.require(not isinstance(drop, str), "drop", "a list of columns", drop, TypeError)
    for name, role in (roles or {}).items():
        checks.choice("roles", name, table.names)
        checks.choice(f"roles[{name!r}]", role, ROLES)
        # the target has an argument of its own, so that there is one way to name it
        fits = (role == "target") == (name == target)
        checks.require(fits, "roles", f"the target to be {target!r}, as target= says", {name: role})
    dropped = [checks.choice("drop", name, table.names) for name in drop]
    checks.require(target not in dropped, "drop", "other columns than the target", target)
    return dict(roles or {}) | dict.fromkeys(dropped, "ignore")


def _checked_policies(table: RawTable, missing: str | Mapping[str, str]) -> dict[str, str]:
    policies = {"": missing} if isinstance(missing, str) else {"": "mean", **missing}
    for name, policy in policies.items():
        checks.choice("missing", policy, MISSING_POLICIES)
        if name:
            checks.choice("missing", name, table.names)
    return policies


def _small(words: Iterable[str | float]) -> frozenset[str]:
    checks.require(not isinstance(words, str), "missing_words", "a list of words", words, TypeError)
    return frozenset(str(word).strip().casefold() for word in words)
