"""A trained model on one self-contained page of HTML: what it is, its columns, scores, curves, importance."""

import html
import os
from pathlib import Path

from jaxnet.figures import learning_curves
from jaxnet.html_blocks import html_page, html_picture, html_table, html_text
from jaxnet.storage import write_atomically
from jaxnet.tabular.table_report import TableReport
from jaxnet.user_paths import file_path


def write_table_page(report: TableReport, path: str | os.PathLike) -> Path:
    """Write the page of a report, atomically; return its path. Raises ImportError without matplotlib."""
    prep = report.preparation
    header = ("column", "role", "kind", "what is done", "missing", "why")
    columns = html_table([(c.name, c.role, c.kind, c.what, c.gap, c.why) for c in prep.columns], header)
    parts = [f"<h2>columns</h2>{columns}", *(f"<p>{html.escape(note)}</p>" for note in prep.notes)]
    for title, text in report.sections().items():
        if title != "columns":
            parts.append(f"<h2>{html.escape(title)}</h2>{html_text(text)}")
    curves = html_picture(learning_curves(report.curves), "loss by epoch")
    parts.append(f"<h2>curves of the best configuration</h2>{curves}")
    title = f"{prep.target}: {report.score.replace('_', ' ')} {report.scores['model'][report.score]:.4g}"
    body = "\n".join([f"<h1>{html.escape(title)}</h1>", *parts])
    path = file_path("path", path)
    write_atomically(path, html_page(title, body).encode())
    return path
