"""``TableReport``: what training on a table came to; printed, as JSON, in a notebook, and kept in a folder."""

import dataclasses
import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np

from jaxnet import checks, storage
from jaxnet.data import Preparation, RawTable
from jaxnet.models import Model, load
from jaxnet.storage import CheckpointError
from jaxnet.training.signs import sign_of_sickness

REPORT_FILE = "report.json"
_FORMAT = 1
_NAMES = {"model": "this model", "linear": "linear", "trivial": "trivial"}
_MOST_CLASSES = 12  # in a confusion matrix that is printed
_MOST_IMPORTANT = 20  # columns whose importance is printed


@dataclasses.dataclass(frozen=True, eq=False)
class TableReport:
    """A model of a table and what it is worth.

    Attributes:
        model: the ``Model``, which takes tables and has its preparation; ``print(report.model.preparation)`` has a line
            a column.
        rows: how many there are: total, train, validation, test, left_out (without a target).
        scores: of "model", "linear" (a network without hidden layers) and "trivial" (the commonest class, the mean) on
            the test rows: name -> number, "interval" -> the 95 % interval of the first.
        score: the name of the score that stands first, "accuracy" or "r2".
        details: "confusion" [K, K], classes down and predictions across, or "residuals", five of their quantiles.
        importance: what the score on the validation rows loses without a column, the most important first.
        chosen: the configuration that was best, its best epoch, and the epochs that were tried.
        curves: "loss" and "validation_loss" of that configuration, by epoch.
        settings: what was asked for, by which ``out`` recognises its training.
    """

    model: Model
    rows: Mapping[str, int]
    scores: Mapping[str, Mapping[str, Any]]
    score: str
    details: Mapping[str, Any]
    importance: Mapping[str, float]
    chosen: Mapping[str, Any]
    curves: Mapping[str, list[float]]
    settings: Mapping[str, Any]

    @property
    def preparation(self) -> Preparation:
        """The model's preparation, with a line a column when it is printed."""
        return cast(Preparation, self.model.preparation)

    def __str__(self) -> str:
        return "\n\n".join(f"{title}\n{text}" for title, text in self.sections().items())

    def _repr_html_(self) -> str:
        parts = [
            f"<h4>{html.escape(title)}</h4><pre>{html.escape(text)}</pre>" for title, text in self.sections().items()
        ]
        return "".join(parts)

    def sections(self) -> dict[str, str]:
        """Return what there is to read, title -> text: columns, model, scores, mistakes, importance."""
        prep = self.preparation
        return {
            "columns": str(prep),
            "model": f"{repr(self.model)[1:-1]}\n{self._how()}",
            f"scores on the {self.rows['test']} test rows, which nothing else has seen": self._scores(),
            **self._mistakes(),
            f"importance: {self.score} lost on the validation rows without the column": self._importance(),
        }

    def as_json(self) -> dict[str, Any]:
        """Return all but the model's parameters, for JSON: rows, scores, columns, and the rest; None for NaN."""
        prep = self.preparation
        columns = [
            {"name": c.name, "role": c.role, "kind": c.kind, "what": c.what, "missing": c.missing, "why": c.why}
            for c in prep.columns
        ]
        found = {
            "target": prep.target, "task": prep.task, "classes": None if prep.classes is None else list(prep.classes),
            "rows": dict(self.rows), "score": self.score, "scores": {k: dict(v) for k, v in self.scores.items()},
            "columns": columns, "notes": list(prep.notes), **self.details, "importance": dict(self.importance),
            "network": list(self.model.net.sizes), "chosen": dict(self.chosen), "curves": dict(self.curves),
        }  # fmt: skip
        return {name: _jsonable(value) for name, value in found.items()}

    def _how(self) -> str:
        c, rows = self.chosen, self.rows
        left = f"; {rows['left_out']} without a target left out" if rows["left_out"] else ""
        asked = self.settings.get("preparation", {})
        by = next((f", by {way} {asked[way]!r}" for way in ("group", "time") if asked.get(way)), "")
        return (
            f"{rows['total']} rows: {rows['train']} train, {rows['validation']} choose, {rows['test']} judge"
            f"{by}{left}\n"
            f"best of the population: Adam, learning rate {c['learning_rate']:g}, l2 {c['l2']:g}, "
            f"batches of {c['batch_size']}, epoch {c['epoch']} of {c['epochs']}{self._sickness()}"
        )

    def _sickness(self) -> str:
        """Say what the curves up to the epoch that was chosen show to be wrong, as a line more."""
        # a curve that is no number anywhere was read back from JSON as None
        curves = {name: np.asarray(curve[: self.chosen["epoch"]], float) for name, curve in self.curves.items()}
        sign = sign_of_sickness(curves, diverged=False)
        return "" if sign is None else f"\nlooks sick: {sign.sentence} (jn.diagnose says more)"

    def _scores(self) -> str:
        names = [name for name in self.scores["model"] if name != "interval"]
        rows = [("", *(name.replace("_", " ") for name in names), "95 % interval")]
        for who, found in self.scores.items():
            low, high = found["interval"]
            rows.append((_NAMES[who], *(f"{found[name]:.4g}" for name in names), f"{low:.4g} to {high:.4g}"))
        kind, trivial = ("logistic", "the commonest class") if self.score == "accuracy" else ("linear", "the mean")
        said = f"linear: {kind} regression, trained and chosen in the same way; trivial: {trivial}"
        return f"{aligned(rows)}\n{said}"

    def _mistakes(self) -> dict[str, str]:
        if "residuals" in self.details:
            rows = [tuple(self.details["residuals"]), tuple(f"{v:.5g}" for v in self.details["residuals"].values())]
            return {"residuals: value less prediction": aligned(rows)}
        classes, matrix = self.preparation.classes or (), self.details["confusion"]
        if len(classes) > _MOST_CLASSES:
            return {}
        rows = [("", *classes), *((name, *map(str, row)) for name, row in zip(classes, matrix, strict=True))]
        return {"confusion: the class down, the prediction across": aligned(rows)}

    def _importance(self) -> str:
        shown = list(self.importance.items())
        lines = aligned([(name, f"{value:.4f}") for name, value in shown[:_MOST_IMPORTANT]])
        more = len(shown) - _MOST_IMPORTANT
        return lines + (f"\n... and {more} columns more" if more > 0 else "")


def aligned(rows: list[tuple[str, ...]]) -> str:
    """Lay rows of text out in columns: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lay = lambda at, cell: cell.rjust(widths[at]) if at else cell.ljust(widths[at])
    return "\n".join("  ".join(lay(at, cell) for at, cell in enumerate(row)).rstrip() for row in rows)


def settings_of(table: RawTable, target: str | int, tried: Any, preparation: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a training is of, for ``out``: the digest of its table, and all that was asked for."""
    # codes of the distinct texts: the same table read from a file and from a frame is the same
    parts = [part for column in table.columns for part in ("\x1f".join(column.texts[0]), column.texts[1])]
    return {
        "format": _FORMAT, "table": storage.digest(*parts), "names": list(table.names), "target": target,
        "tried": json.loads(json.dumps(tried._asdict())),
        "preparation": json.loads(json.dumps(preparation, default=repr)),
    }  # fmt: skip


def save_report(report: TableReport, folder: Path) -> None:
    """Write the model, and then, in one step, the report: a folder that has one is finished."""
    report.model.save(folder)
    fields = ("rows", "scores", "score", "details", "importance", "chosen", "curves", "settings")
    written = {"format": _FORMAT, **{name: _jsonable(getattr(report, name)) for name in fields}}
    storage.write_atomically(folder / REPORT_FILE, json.dumps(written, indent=1).encode())


def read_report(folder: str | Path, settings: Mapping[str, Any] | None = None) -> TableReport | None:
    """Read the report of a folder; None where there is none yet.

    Raises ValueError where it is of other ``settings``, with the differences, and ``CheckpointError`` for a damaged
    file.
    """
    path = Path(folder) / REPORT_FILE
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_bytes())
        fields = {
            name: found[name] for name in ("rows", "scores", "score", "details", "importance", "chosen", "curves")
        }
        report = TableReport(model=load(folder), settings=found["settings"], **fields)
    except (KeyError, TypeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path}: no report of a training ({error})") from error
    if settings is not None:
        theirs, mine = _flat(report.settings), _flat(settings)
        odd = [name for name in {**mine, **theirs} if theirs.get(name) != mine.get(name)]
        words = checks.Words(f"that of another training (its {', '.join(odd)} differ{'s' * (len(odd) == 1)})")
        checks.require(not odd, "out", "an empty folder, or that of the same training", words)
    return report


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was asked for by the names of the arguments; what is None was not asked for."""
    groups = ("tried", "preparation")
    found = {name: value for name, value in settings.items() if name not in groups}
    for group in groups:
        found |= settings.get(group, {})
    return {name: value for name, value in found.items() if value is not None}


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _jsonable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(each) for each in value]
    return None if isinstance(value, float) and value != value else value  # JSON knows no NaN
