"""Small pieces of HTML for notebooks and pages, every text escaped."""

import base64
import html
import io
from collections.abc import Iterable, Sequence
from typing import Any

# nothing is loaded from anywhere, and nothing that was handed in can become a script
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 62em; color: #262626; padding: 0 1em }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px }}
th, td {{ padding: .2em .7em; border-bottom: 1px solid #ddd }}
pre {{ background: #f6f6f6; padding: 1em; overflow-x: auto }} figure {{ margin: 1.5em 0 }} img {{ max-width: 100% }}
</style></head><body>
{body}
</body></html>
"""


def html_page(title: str, body: str) -> str:
    """Return a self-contained page around ``body``, which is HTML; the title is text."""
    return _PAGE.format(title=html.escape(title), body=body)


def html_picture(figure: Any, alt: str) -> str:
    """Return a figure of matplotlib's as an image that is held in the page itself."""
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110)
    data = base64.b64encode(picture.getvalue()).decode()
    return f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{data}">'


def html_table(rows: Iterable[Sequence[object]], header: Sequence[object] = ()) -> str:
    """Return a table; the first cell of each row stands to the left, the others to the right."""
    lines = [_row("th", header)] if header else []
    return f"<table>{''.join([*lines, *(_row('td', row) for row in rows)])}</table>"


def html_text(text: object) -> str:
    """Return a text as it would be printed, line by line."""
    return f"<pre>{html.escape(str(text))}</pre>"


def _row(tag: str, cells: Sequence[object]) -> str:
    sides = ["left", *["right"] * (len(cells) - 1)]
    cell = lambda side, text: f"<{tag} style='text-align:{side}'>{html.escape(str(text))}</{tag}>"
    return f"<tr>{''.join(map(cell, sides, cells))}</tr>"
