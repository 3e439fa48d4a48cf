"""The target: labels of classes, or numbers; which of them it is, and what is no target at all."""

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from jaxnet import checks
from jaxnet.data.cells import NumberStyle, number_style, read_numbers
from jaxnet.data.errors import fail
from jaxnet.data.preparing.cell_reading import Cells, Levels
from jaxnet.data.preparing.column_codes import numbers_of
from jaxnet.data.preparing.column_fitting import FitOptions, check_faults, location
from jaxnet.data.preparing.column_kinds import Judged, MissingWords
from jaxnet.data.raw_columns import RawColumn
from jaxnet.data.raw_tables import RawTable

_FEW = 10  # numbers that are classes where each comes twice
_FEW_WHOLE = 20  # whole numbers in one run that are, where each comes 20 times
LABEL_TYPES = ("text", "whole", "float", "boolean")


@dataclasses.dataclass(frozen=True)
class ClassTarget:
    """Labels 0 to K-1 of the classes, in their order; ``label_type`` is what the labels of the table are."""

    classes: tuple[str, ...]
    label_type: str
    missing_words: tuple[str, ...]

    def __post_init__(self) -> None:
        distinct = len(set(self.classes)) == len(self.classes) >= 2
        checks.require(distinct, "classes", "at least 2 different labels", self.classes)
        checks.choice("label_type", self.label_type, LABEL_TYPES)

    def encode(self, column: RawColumn) -> Cells:
        """Return labels [N], int64, -1 where one is missing; a label that is no class is a fault."""
        levels = Levels.of(column)
        present = levels.present(frozenset(self.missing_words), column.absent)
        known = {label: at for at, label in enumerate(self.classes)}
        codes = np.array(
            [known.get(text, -1) if is_label else -1 for text, is_label in zip(levels.texts, present, strict=True)]
        )
        labels, missing = codes[levels.codes], ~present[levels.codes]
        faults = {}
        for row in np.flatnonzero((labels < 0) & ~missing):
            # an example of the classes, for there may be hundreds
            listed = ", ".join(self.classes[:10]) + (", ..." if len(self.classes) > 10 else "")
            faults[int(row)] = (
                f"expected one of the classes {listed}, got {checks.describe(levels.texts[levels.codes[row]])}"
            )
        return Cells(labels, missing, faults)

    def decode(self, predictions: Any) -> np.ndarray:
        """Return the labels [N] of the table for labels [N] or for scores [N, K], of which the largest counts."""
        found = np.asarray(checks.real_array("predictions", predictions))
        count = len(self.classes)
        if found.ndim == 2 and found.shape[1] == count:
            checks.finite("predictions", found)
            found = found.argmax(axis=1)
        fits = found.ndim == 1 and found.dtype.kind in "iu" and bool(np.all((found >= 0) & (found < count)))
        checks.require(fits, "predictions", f"labels (N,) from 0 to {count - 1} or scores (N, {count})", found)
        return _typed_labels(self.classes, self.label_type)[found]


@dataclasses.dataclass(frozen=True)
class NumberTarget:
    """(number - centre) / spread, to be multiplied back."""

    style: NumberStyle
    centre: float
    spread: float
    missing_words: tuple[str, ...]

    def __post_init__(self) -> None:
        checks.require(self.spread > 0, "spread", "a number above 0", self.spread)

    def encode(self, column: RawColumn) -> Cells:
        """Return scaled numbers [N], float32, 0 where one is missing; what is no number is a fault."""
        values, missing, faults = numbers_of(column, self.style, self.missing_words)
        with np.errstate(over="ignore"):
            scaled = ((np.where(missing, self.centre, values) - self.centre) / self.spread).astype(np.float32)
        infinite = np.flatnonzero(np.isinf(scaled) & ~missing).tolist()
        return Cells(scaled, missing, faults | dict.fromkeys(infinite, "a number too large to compute with"))

    def decode(self, predictions: Any) -> np.ndarray:
        """Return numbers [N], float64, in the units of the table for predictions [N] or [N, 1]."""
        found = np.asarray(checks.real_array("predictions", predictions), np.float64)
        fits = found.ndim == 1 or (found.ndim == 2 and found.shape[1] == 1)
        checks.require(fits, "predictions", "numbers (N,) or (N, 1)", found)
        return found.reshape(len(found)) * self.spread + self.centre


class FittedTarget(NamedTuple):
    """The code of a target, its kind, why, what is done, and which cells are missing [N]."""

    code: ClassTarget | NumberTarget
    kind: str
    why: str
    what: str
    missing: np.ndarray


def fit_target(table: RawTable, name: str, judged: Judged, *, given: bool, options: FitOptions) -> FittedTarget:
    """Fit the target to the training rows; ``given`` says that the user named its kind.

    Raises DataError, in words, for a target that is one: a date, a text that is another in every row, a single class,
    nothing but missing values.
    """
    words, scale = options.words.beside(table.column(name).texts[0]), options.scale
    if judged.kind == "date":
        ways = f"give kinds={{{name!r}: 'category'}} for classes, or another target"
        fail(table.source, f"the target {name!r} holds {judged.why}, which are neither classes nor numbers: {ways}")
    if judged.kind == "constant" and judged.style is not None:
        fail(table.source, f"the target {name!r} has one number only: there is nothing to learn")
    if given:
        number, why = judged.kind == "number", judged.why
    else:
        number, why = _is_a_number(table, name, judged, words)
    style = judged.style if isinstance(judged.style, NumberStyle) else NumberStyle()
    if number:
        code = NumberTarget(style, 0.0, 1.0, tuple(sorted(words.among_numbers)))
        found = code.encode(table.column(name))
        check_faults(table, name, found.faults)
        values, missing, _ = numbers_of(table.column(name), style, code.missing_words)
        _check_several(table, name, np.unique(values[~missing]).tolist(), "number")
        centre, spread = location(values[~missing], scale)
        if not np.isfinite([centre, spread]).all():
            fail(table.source, f"the target {name!r} has numbers too large to compute a mean of")
        what = "as it is" if scale == "none" else f"scaled: ({name} - {centre:.6g}) / {spread:.6g}"
        return FittedTarget(dataclasses.replace(code, centre=centre, spread=spread), "number", why, what, missing)
    return _classes(table, name, judged._replace(why=why), words)


def _classes(table: RawTable, name: str, judged: Judged, words: MissingWords) -> FittedTarget:
    kind, why, _ = judged
    column = table.column(name)
    levels = Levels.of(column)
    of_kind = words.anywhere if kind in ("category", "text", "identifier", "constant") else words.among_numbers
    present = levels.present(of_kind, column.absent)
    texts = [text for text, is_label in zip(levels.texts, present, strict=True) if is_label]
    _check_several(table, name, texts, "class")
    rows = int(levels.counts[present].sum())
    if len(texts) > max(_FEW_WHOLE, rows / 2) or len(texts) == rows:
        fail(table.source, f"the target {name!r} has {len(texts)} different values in {rows} rows: no classes to learn")
    label_type = {"b": "boolean", "f": "float", "i": "whole", "u": "whole"}.get(column.values.dtype.kind, "text")
    code = ClassTarget(_in_order(texts), label_type, tuple(sorted(of_kind)))
    listed = ", ".join(code.classes[:6]) + (", ..." if len(texts) > 6 else "")
    what = f"{len(texts)} classes: {listed}"
    return FittedTarget(code, "boolean" if kind == "boolean" else "category", why, what, ~present[levels.codes])


def _is_a_number(table: RawTable, name: str, judged: Judged, words: MissingWords) -> tuple[bool, str]:
    """Decide between a regression and classes; where both may be meant, the reason says how to have the other."""
    numeric = judged.kind == "number" or (judged.kind == "identifier" and judged.style is not None)
    if not numeric or not isinstance(judged.style, NumberStyle):
        return False, judged.why
    values, missing, _ = numbers_of(table.column(name), judged.style, tuple(words.among_numbers))
    present = values[~missing]
    distinct = np.unique(present)
    count, whole = len(distinct), bool(np.all(distinct == np.round(distinct)))
    run = whole and distinct[0] in (0, 1) and distinct[-1] - distinct[0] == count - 1
    few = count == 2 or (count <= _FEW and len(present) >= 2 * count)
    few = few or (run and count <= _FEW_WHOLE and len(present) >= 20 * count)
    if few:
        return False, f"{count} different numbers, so classes; kinds={{{name!r}: 'number'}} makes it a regression"
    # with hundreds of values nobody means classes
    other = f"; kinds={{{name!r}: 'category'}} makes them classes" if whole and count <= 5 * _FEW_WHOLE else ""
    return True, f"{count} different {'whole ' if whole else ''}numbers, so a regression{other}"


def _check_several(table: RawTable, name: str, values: list[Any], what: str) -> None:
    if not values:
        fail(table.source, f"the target {name!r} is missing in every row")
    if len(values) == 1:
        fail(table.source, f"the target {name!r} has one {what} only, {values[0]}: there is nothing to learn")


def _in_order(texts: list[str]) -> tuple[str, ...]:
    # 10 comes after 9, which the alphabet does not know
    style = number_style(texts)
    if style is None:
        return tuple(sorted(texts))
    values = dict(zip(texts, read_numbers(texts, style)[0].tolist(), strict=True))
    return tuple(sorted(texts, key=lambda text: (values[text], text)))


def _typed_labels(classes: tuple[str, ...], label_type: str) -> np.ndarray:
    if label_type == "boolean":
        return np.array([text == "True" for text in classes])
    if label_type in ("whole", "float"):
        return np.array([float(text) for text in classes], np.int64 if label_type == "whole" else np.float64)
    return np.array(classes)
