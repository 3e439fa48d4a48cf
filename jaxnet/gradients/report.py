"""What ``check_gradient`` found out, as data, and as a good reviewer would write it.

First the verdict, then the root cause with its formula, then a table of leaves: in plain text, for a terminal, as JSON
and as HTML. The figure stands in ``report_figure``.
"""

import dataclasses
import html
import json
import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from jaxnet import checks
from jaxnet.gradients.evidence import Cause, Evidence
from jaxnet.gradients.forms import FORMS
from jaxnet.gradients.report_figure import draw_report
from jaxnet.gradients.truth.finite_differences import Taylor
from jaxnet.gradients.verdict import LeafVerdict, leaf_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import RenderableType

SCHEMA_VERSION = 1  # of the JSON
_HEADER = ("leaf", "verdict", "wrong", "factor", "error", "error / noise", "worst entry", "yours", "true")
_MOST_NAMED = 4  # wrong leaves that the headline names: more do not fit a line
_PROOF = 1e-3  # a replay this near is worth a word; 1 stands for none, and nothing lies between the two


@dataclasses.dataclass(frozen=True)
class Report:
    """The answer to: is my gradient right, and if not, where and why?

    Attributes:
        leaves: the verdict on every parameter array, by its ``jax.tree_util.keystr`` path.
        causes: why it is wrong, root cause first; what the form alone shows comes before everything.
        oracle: what the true gradient was taken from, and how that was confirmed.
        notes: what else the reader has to know: conventions at corners, precision, what could not be asked.
        stages: the verdict on intermediate values, in the order of the computation, when they were given.
        taylor: Taylor remainders of the gradient handed in; they shrink as h² when it is right.
        corner: whether f has a corner here, where remainders shrink as h whatever the gradient.
        evidence: everything the diagnosis knew, of the leaves that could be compared; None when there is none.
        elsewhere: whether it is right at this point and wrong at parameters nearby; then the causes are of there.
    """

    leaves: dict[str, LeafVerdict]
    causes: tuple[Cause, ...] = ()
    oracle: str = ""
    notes: tuple[str, ...] = ()
    stages: dict[str, LeafVerdict] = dataclasses.field(default_factory=dict)
    taylor: Taylor | None = None
    corner: bool = False
    evidence: Evidence | None = None
    elsewhere: bool = False

    @property
    def ok(self) -> bool:
        """Whether every leaf and every stage is right and nothing is wrong with the form."""
        return all(leaf.ok for leaf in self._judged) and not self.causes

    @property
    def wrong(self) -> tuple[str, ...]:
        """The paths of the wrong leaves."""
        return tuple(path for path, leaf in self.leaves.items() if not leaf.ok)

    @property
    def first_wrong_stage(self) -> str | None:
        """The first wrong intermediate value in the order of the computation, forward and then back."""
        return next((name for name, stage in self.stages.items() if not stage.ok), None)

    @property
    def headline(self) -> str:
        """The verdict in one sentence."""
        wrong, count = len(self.wrong), len(self.leaves)
        if self.ok:
            which = "the one leaf agrees" if count == 1 else f"all {count} leaves agree"
            return f"The gradient is right: {which} to rounding."
        if not wrong and self.elsewhere:
            return "The gradient is right at this point, but wrong at parameters nearby."
        if not wrong:
            return "The gradient's values are right, but something else is wrong."
        which = ", ".join(map(leaf_name, self.wrong[:_MOST_NAMED]))
        more = f" and {wrong - _MOST_NAMED} more" if wrong > _MOST_NAMED else ""
        return f"The gradient is wrong in {wrong} of {count} {'leaf' if count == 1 else 'leaves'}: {which}{more}."

    def to_json(self) -> str:
        """Return the report as a JSON object, numbers that JSON lacks (NaN, infinity) as null.

        ``schema_version`` changes when a key goes or changes its meaning, not when one is added. ``leaves`` and
        ``stages`` hold a ``LeafVerdict`` by path, ``causes`` hold every ``Cause`` with its ``where``.
        """
        leaves = lambda judged: {path: dataclasses.asdict(leaf) for path, leaf in judged.items()}
        content = {
            "schema_version": SCHEMA_VERSION,
            "ok": self.ok,
            "elsewhere": self.elsewhere,
            "headline": self.headline,
            "wrong": self.wrong,
            "n_wrong": len(self.wrong),
            "leaves": leaves(self.leaves),
            "causes": [dataclasses.asdict(cause) for cause in self.causes],
            "stages": leaves(self.stages),
            "first_wrong_stage": self.first_wrong_stage,
            "oracle": self.oracle,
            "notes": self.notes,
            "taylor_slope": None if self.taylor is None else self.taylor.slope,
        }
        return json.dumps(_plain(content), indent=2)

    def figure(self) -> "Figure":
        """Draw error against noise for each leaf, yours against true, Taylor remainders and what they say.

        A wrong gradient function of a network also has, for each hidden layer, the derivative of the activation that it
        implies over the true curve. A leaf that could not be compared is named with its shape. Raises ValueError when
        no leaf could be, ImportError without matplotlib (``pip install jaxnet[plots]``).
        """
        if self.evidence is None:
            expected = "a gradient with a leaf that could be compared"
            checks.refuse("figure", expected, checks.Words("one that could not; print the report"))
        return draw_report(self.evidence, self.taylor, self.headline, ok=self.ok, corner=self.corner)

    def __str__(self) -> str:
        tables = [_text_table(judged) for judged in (self.leaves, self.stages) if judged or judged is self.leaves]
        return "\n\n".join([self.headline, *_paragraphs(self), *tables, "\n".join(_remarks(self))])

    __repr__ = __str__

    def __rich_console__(self, console: Any, options: Any) -> "Iterable[RenderableType]":
        from rich.table import Table
        from rich.text import Text

        yield Text(self.headline, style="bold green" if self.ok else "bold red")
        for paragraph in _paragraphs(self):
            yield Text(f"\n{paragraph}")
        grid = Table(*_HEADER, box=None, pad_edge=False)
        for leaf in self._judged:
            # as Text, because a path such as [0]['w'] would be read as markup
            grid.add_row(*map(Text, _cells(leaf)), style="" if leaf.ok else "red")
        yield Text("")
        yield grid
        for line in _remarks(self):
            yield Text(line, style="dim")

    def _repr_html_(self) -> str:
        color = "seagreen" if self.ok else "firebrick"
        head = f'<p><b style="color:{color}">{html.escape(self.headline)}</b></p>'
        causes = "".join(f"<pre>{html.escape(paragraph)}</pre>" for paragraph in _paragraphs(self))
        rows = "".join(_html_row(_cells(leaf), "td") for leaf in self._judged)
        small = "<br>".join(map(html.escape, _remarks(self)))
        return f"{head}{causes}<table>{_html_row(_HEADER, 'th')}{rows}</table><p><small>{small}</small></p>"

    @property
    def _judged(self) -> list[LeafVerdict]:
        return [*self.leaves.values(), *self.stages.values()]


def _paragraphs(report: Report) -> Iterator[str]:
    """Write each cause, root first: the sentence, the corrected formula, and the proof."""
    for place, cause in enumerate(report.causes):
        lines = [f"{'Cause' if place == 0 else f'Cause {place + 1}'}: {cause.sentence}"]
        if cause.fix:
            first, *more = cause.fix.splitlines()
            lines += [f"  Instead: {first}", *(f"           {line}" for line in more)]
        # what is wrong with the form was seen, not replayed
        if cause.residual < _PROOF and cause.kind not in FORMS:
            lines.append(f"  Replaying this reproduces your gradient to {cause.residual:.1g}.")
        yield "\n".join(lines)
    if report.first_wrong_stage is not None:
        yield f"First wrong intermediate value: {report.first_wrong_stage}; what is computed from it follows."


def _remarks(report: Report) -> list[str]:
    """Say how it was judged, and what else the reader has to know."""
    lines = [f"Judged by: {report.oracle}."]
    # at a corner, and where f is linear, the slope says nothing about the gradient
    if report.taylor is not None and not math.isnan(report.taylor.slope) and not report.corner:
        words = "2 when right, 1 when wrong"
        lines.append(f"The Taylor remainder of your gradient shrinks as h^{report.taylor.slope:.2f} ({words}).")
    return [*lines, *(f"Note: {note}" for note in report.notes)]


def _text_table(leaves: dict[str, LeafVerdict]) -> str:
    """Write one line a leaf."""
    rows = [_HEADER, *(_cells(leaf) for leaf in leaves.values())]
    widths = [max(len(cells[i]) for cells in rows) for i in range(len(_HEADER))]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(cells, widths, strict=True)).rstrip() for cells in rows)


def _cells(leaf: LeafVerdict) -> tuple[str, ...]:
    """Return the cells of one leaf, in the order of the header."""
    if not leaf.compared:
        return (leaf_name(leaf.path), "wrong", "", "", "", "", "", leaf.form, "")
    factor = "" if leaf.factor is None else f"{leaf.factor:.6g}"
    wrong = f"{leaf.wrong} of {math.prod(leaf.shape)}"
    verdict = "right" if leaf.ok else "wrong"
    cells = (leaf_name(leaf.path), verdict, wrong, factor, f"{leaf.error:.1e}", f"{leaf.excess:.1e}")
    if not leaf.worst:
        return (*cells, "", "", "")
    worst = leaf.worst[0]
    return (*cells, str(list(worst.index)), f"{worst.yours:.10g}", f"{worst.true:.10g}")


def _html_row(cells: tuple[str, ...], tag: str) -> str:
    inside = "".join(f'<{tag} style="text-align:left">{html.escape(cell)}</{tag}>' for cell in cells)
    return f"<tr>{inside}</tr>"


def _plain(value: Any) -> Any:
    """Make a value one that JSON has."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
