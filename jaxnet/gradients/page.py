"""The report for machines and notebooks: JSON and HTML."""

import dataclasses
import html as markup
import json
import math
from typing import TYPE_CHECKING, Any

from jaxnet.gradients.text import HEADER, headline, paragraphs, remarks, row

if TYPE_CHECKING:
    from jaxnet.gradients.report import Report


def to_json(report: "Report") -> str:
    """Write the report as a JSON object; NaN and infinity become null."""
    leaves = lambda judged: {path: dataclasses.asdict(leaf) for path, leaf in judged.items()}
    content = {
        "ok": report.ok,
        "wrong": report.wrong,
        "leaves": leaves(report.leaves),
        "causes": [dataclasses.asdict(cause) for cause in report.causes],
        "stages": leaves(report.stages),
        "first_wrong_stage": report.first_wrong_stage,
        "oracle": report.oracle,
        "notes": report.notes,
        "taylor_slope": None if report.taylor is None else report.taylor.slope,
    }
    return json.dumps(_plain(content), indent=2)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def html(report: "Report") -> str:
    """Write the report for a notebook."""
    color = "seagreen" if report.ok else "firebrick"
    head = f'<p><b style="color:{color}">{markup.escape(headline(report))}</b></p>'
    causes = "".join(f"<pre>{markup.escape(paragraph)}</pre>" for paragraph in paragraphs(report))
    rows = "".join(_row(row(leaf), "td") for leaf in [*report.leaves.values(), *report.stages.values()])
    small = "<br>".join(map(markup.escape, remarks(report)))
    return f"{head}{causes}<table>{_row(HEADER, 'th')}{rows}</table><p><small>{small}</small></p>"


def _row(cells: tuple[str, ...], tag: str) -> str:
    inside = "".join(f'<{tag} style="text-align:left">{markup.escape(cell)}</{tag}>' for cell in cells)
    return f"<tr>{inside}</tr>"
