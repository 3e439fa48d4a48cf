"""A trained model on one self-contained page of HTML: what it is, its columns, scores, curves, importance."""

import base64
import html
import io
import os
from pathlib import Path

from jaxnet.figures import learning_curves
from jaxnet.html_blocks import html_table, html_text
from jaxnet.storage import write_atomically
from jaxnet.tabular.table_report import TableReport

# nothing is loaded from anywhere, and nothing in a table can become a script
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 62em; color: #262626; padding: 0 1em }}
table {{ border-collapse: collapse; font-size: 13px }} th, td {{ padding: .2em .7em; border-bottom: 1px solid #ddd }}
pre {{ background: #f6f6f6; padding: 1em; overflow-x: auto }} img {{ max-width: 100% }}
</style></head><body><h1>{title}</h1>{body}</body></html>
"""


def write_table_page(report: TableReport, path: str | os.PathLike) -> Path:
    """Write the page of a report, atomically; return its path. Raises ImportError without matplotlib."""
    prep = report.preparation
    header = ("column", "role", "kind", "what is done", "missing", "why")
    columns = html_table([(c.name, c.role, c.kind, c.what, c.gap, c.why) for c in prep.columns], header)
    parts = [f"<h2>columns</h2>{columns}", *(f"<p>{html.escape(note)}</p>" for note in prep.notes)]
    for title, text in report.sections().items():
        if title != "columns":
            parts.append(f"<h2>{html.escape(title)}</h2>{html_text(text)}")
    parts.append(f"<h2>curves of the best configuration</h2>{_picture(report)}")
    title = html.escape(f"{prep.target}: {report.score.replace('_', ' ')} {report.scores['model'][report.score]:.4g}")
    write_atomically(path, _PAGE.format(title=title, body="\n".join(parts)).encode())
    return Path(path)


def _picture(report: TableReport) -> str:
    drawn = io.BytesIO()
    learning_curves(report.curves).savefig(drawn, format="png", dpi=110)
    return f'<img alt="loss by epoch" src="data:image/png;base64,{base64.b64encode(drawn.getvalue()).decode()}">'
