"""Small pieces of HTML for notebooks and pages, every text escaped."""

import html
from collections.abc import Iterable, Sequence


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
