"""The report as a good reviewer would write it: the verdict, the root cause with its formula, a table of leaves."""

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from jaxnet.gradients.form import FORMS
from jaxnet.gradients.problem import Cause
from jaxnet.gradients.verdict import Leaf

if TYPE_CHECKING:
    from jaxnet.gradients.report import Report

HEADER = ("leaf", "verdict", "wrong", "factor", "error", "error / noise", "worst entry", "yours", "true")


def text(report: "Report") -> str:
    """Write the report in plain text."""
    parts = [headline(report), *paragraphs(report), table(report.leaves), *stage_lines(report)]
    return "\n\n".join([*parts, "\n".join(remarks(report))])


def renderables(report: "Report") -> Iterable[Any]:
    """The report for a terminal, with rich."""
    from rich.table import Table
    from rich.text import Text

    yield Text(headline(report), style="bold green" if report.ok else "bold red")
    for paragraph in paragraphs(report):
        yield Text(f"\n{paragraph}")
    grid = Table(*HEADER, box=None, pad_edge=False)
    for leaf in [*report.leaves.values(), *report.stages.values()]:
        grid.add_row(*map(Text, row(leaf)), style="" if leaf.ok else "red")
    yield Text("")
    yield grid
    for line in remarks(report):
        yield Text(line, style="dim")


def headline(report: "Report") -> str:
    """The verdict in one sentence."""
    wrong, count = len(report.wrong), len(report.leaves)
    if report.ok:
        which = "the one leaf agrees" if count == 1 else f"all {count} leaves agree"
        return f"The gradient is right: {which} to rounding."
    if not wrong:
        return "The gradient's values are right, but something else is wrong."
    which = ", ".join(map(name, report.wrong[:4])) + (f" and {wrong - 4} more" if wrong > 4 else "")
    return f"The gradient is wrong in {wrong} of {count} {'leaf' if count == 1 else 'leaves'}: {which}."


def paragraphs(report: "Report") -> Iterator[str]:
    """Root cause first, then the others."""
    for place, cause in enumerate(report.causes):
        yield paragraph(cause, "Cause" if place == 0 else f"Cause {place + 1}")
    if report.first_wrong_stage is not None:
        yield f"First wrong intermediate value: {report.first_wrong_stage}; what is computed from it follows."


def paragraph(cause: Cause, title: str) -> str:
    """One cause: the sentence, the corrected formula, and the proof."""
    lines = [f"{title}: {cause.sentence}"]
    if cause.fix:
        first, *more = cause.fix.splitlines()
        lines += [f"  Instead: {first}", *(f"           {line}" for line in more)]
    if cause.residual < PROOF and cause.kind not in FORMS:
        lines.append(f"  Replaying this reproduces your gradient to {cause.residual:.1g}.")
    return "\n".join(lines)


PROOF = 1e-3  # a replay this near is worth a word; 1 stands for none


def table(leaves: dict[str, Leaf]) -> str:
    """One line a leaf."""
    rows = [HEADER, *(row(leaf) for leaf in leaves.values())]
    widths = [max(len(cells[i]) for cells in rows) for i in range(len(HEADER))]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(cells, widths, strict=True)).rstrip() for cells in rows)


def row(leaf: Leaf) -> tuple[str, ...]:
    """The cells of one leaf, in the order of ``HEADER``."""
    size = 1
    for length in leaf.shape:
        size *= length
    if not leaf.compared:
        return (name(leaf.path), "wrong", "", "", "", "", "", leaf.form, "")
    factor = "" if leaf.factor is None else f"{leaf.factor:.6g}"
    verdict = "right" if leaf.ok else "wrong"
    cells = (name(leaf.path), verdict, f"{leaf.wrong} of {size}", factor, f"{leaf.error:.1e}", f"{leaf.excess:.1e}")
    if not leaf.worst:
        return (*cells, "", "", "")
    worst = leaf.worst[0]
    return (*cells, str(list(worst.index)), f"{worst.yours:.10g}", f"{worst.true:.10g}")


def name(path: str) -> str:
    """The path of a leaf; params that are one array have none."""
    return path or "params"


def stage_lines(report: "Report") -> list[str]:
    """A table of the intermediate values, when they were given."""
    return [table(report.stages)] if report.stages else []


def remarks(report: "Report") -> list[str]:
    """How it was judged, and what else the reader has to know."""
    lines = [f"Judged by: {report.oracle}."]
    if report.taylor is not None and not math.isnan(report.taylor.slope) and not report.corner:
        words = "2 when right, 1 when wrong"
        lines.append(f"The Taylor remainder of your gradient shrinks as h^{report.taylor.slope:.2f} ({words}).")
    return [*lines, *(f"Note: {note}" for note in report.notes)]
