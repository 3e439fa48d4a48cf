"""Predictions of a table's rows, in their order, also where some of them cannot be prepared."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from jaxnet import checks
from jaxnet.data import BadRow, DataError
from jaxnet.data.cells import quoted_formula
from jaxnet.models import Model

_NUMBER = re.compile(r"[+-][0-9]+([.,][0-9]+)?([eE][+-]?[0-9]+)?")


class RowPredictions(NamedTuple):
    """What a model says of each row of a table.

    ``prediction`` [N] are labels or values, ``probabilities`` [N, K] those of ``classes``, or None in a regression;
    rows in ``bad`` have neither. ``remarks`` say how the table was read and what of it was not used.
    """

    prediction: np.ndarray
    probabilities: np.ndarray | None
    classes: tuple[str, ...]
    bad: list[BadRow]
    remarks: list[str]

    def records(self) -> Iterator[dict[str, Any]]:
        """Give a row a time: prediction, and probability_<class> for classes; None where a row could not be used."""
        bad = {each.row for each in self.bad}
        names = [f"probability_{name}" for name in self.classes]
        for row, value in enumerate(self.prediction.tolist()):
            shares = [] if self.probabilities is None else self.probabilities[row].tolist()
            whole = {"prediction": value, **dict(zip(names, shares, strict=True))}
            yield dict.fromkeys(whole) if row in bad else whole

    def to_csv(self) -> str:
        """Return the records as CSV, with a line of names; a text that a spreadsheet would calculate is escaped."""
        written = io.StringIO()
        names = ["prediction", *(f"probability_{name}" for name in self.classes)]
        writer = csv.writer(written, lineterminator="\n")
        writer.writerow(map(escaped, names))
        writer.writerows([escaped(value) for value in record.values()] for record in self.records())
        return written.getvalue()


def escaped(value: Any) -> str:
    """Write a cell: nothing for None; a text that begins with = + - or @ behind a quote, so that it stays a text. What
    reads as a number is none."""
    if isinstance(value, str):
        return value if _NUMBER.fullmatch(value) else quoted_formula(value)
    if isinstance(value, float):
        return f"{value:.9g}"  # what float32 holds
    return "" if value is None else str(value)


def predict_rows(model: Model, table: Any, *, skip_bad: bool = False, **reading: Any) -> RowPredictions:
    """Predict each row of a table, or of what ``jn.data.read_table`` reads, with ``reading`` as its options.

    ``skip_bad`` leaves the predictions of rows empty that cannot be prepared. Raises DataError, with the line and the
    reason, for the first such row otherwise, and for a table without the columns that the model needs; ValueError for
    a model without a preparation.
    """
    prep = model.preparation
    if prep is None:
        checks.refuse("model", "one with a preparation, as jaxnet train makes", checks.Words("one without"))
    checks.require(
        prep.task, "model", "one of a single target, which its preparation knows", checks.Words("one without")
    )
    table = prep.read(table, **reading)
    bad = prep.bad_rows(table)
    if bad and not skip_bad:
        first = bad[0]
        more = (
            f"; {len(bad)} rows in all, left empty with --skip-bad" if len(bad) > 1 else "; left empty with --skip-bad"
        )
        where = table.place(first.row, first.column)
        raise DataError(f"{where}: column {first.column!r}: {first.reason}{more}")
    good = np.setdiff1d(np.arange(len(table)), [each.row for each in bad])
    classes = prep.classes or ()
    outputs = np.zeros((len(table), prep.outputs), np.float32)
    if len(good):
        outputs[good] = model.outputs_of_features(prep.features(table.take(good)))
    probabilities = outputs if classes else None
    return RowPredictions(
        prep.labels(outputs), probabilities, tuple(classes), bad, [*table.decisions, *prep.remarks(table)]
    )
