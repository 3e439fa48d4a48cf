"""Small pieces of HTML for notebooks and pages, every text escaped."""

import base64
import hashlib
import html
import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any

_DPI, _LEGIBLE = 110, 0.65  # of a picture's width: words of 8.5 points are then 8 pixels high

# nothing is loaded from anywhere, and nothing that was handed in can become a script
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title>
<meta http-equiv="Content-Security-Policy"
content="default-src 'none'; style-src 'unsafe-inline'; img-src data:{policy}">
<style>
:root {{ --paper: #fff; --ink: #262626; --line: #ddd; --box: #f6f6f6; --link: #0067b0 }}
@media (prefers-color-scheme: dark) {{
:root {{ --paper: #16181d; --ink: #e6e6e6; --line: #3a3f49; --box: #20242b; --link: #7cc4ff }} }}
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 62em; padding: 0 1em;
background: var(--paper); color: var(--ink) }}
a {{ color: var(--link) }}
table {{ border-collapse: collapse; margin: 1em 0; font-variant-numeric: tabular-nums; font-size: 13px }}
th, td {{ padding: .2em .7em; border-bottom: 1px solid var(--line) }}
pre {{ background: var(--box); padding: 1em; overflow-x: auto }}
figure {{ margin: 1.5em 0 }} img {{ max-width: 100%; height: auto }}
.wide {{ overflow-x: auto }} .tiles {{ display: flex; flex-wrap: wrap; gap: 1em }} summary {{ cursor: pointer }}
.tile {{ margin: 0 }} .tile table {{ margin: 0; border: 1px solid var(--line) }}
.tile td {{ width: 3em; height: 3em; padding: 0; text-align: center; border: 0 }} figcaption {{ font-size: 12px }}
</style></head><body>
{body}
{script}</body></html>
"""
# rows of a table by the column whose head is clicked, or chosen by the keyboard; what is no number by its letters
_SORT = """for (const table of document.querySelectorAll('.sorted table')) {
  const rows = [...table.rows].slice(1), of = (row, i) => row.cells[i].textContent;
  [...table.rows[0].cells].forEach((head, i) => {
    head.tabIndex = 0; head.setAttribute('role', 'button'); head.title = 'sort';
    let up = -1;
    const sort = () => {
      up = -up;
      const order = (a, b) => (a === '') - (b === '') || up * (a - b || (isNaN(a - b) ? a.localeCompare(b) : 0));
      rows.sort((a, b) => order(of(a, i), of(b, i))).forEach(row => row.parentNode.append(row));
    };
    head.onclick = sort; head.onkeydown = event => { if (event.key === 'Enter') sort(); };
  });
}"""


def html_page(title: str, body: str, *, sorting: bool = False) -> str:
    """Return a self-contained page around ``body``, which is HTML; the title is text.

    With ``sorting`` tables within the class "sorted" are sorted by a click on the head of a column, by a script that
    stands in the page, and that alone may run there: the policy names its digest.
    """
    if not sorting:
        return _PAGE.format(title=html.escape(title), body=body, policy="", script="")
    digest = base64.b64encode(hashlib.sha256(_SORT.encode()).digest()).decode()
    script = f"<script>{_SORT}</script>"
    return _PAGE.format(title=html.escape(title), body=body, policy=f"; script-src 'sha256-{digest}'", script=script)


def html_picture(figure: Any, alt: str, dark: Callable[[Any], Any] | None = None) -> str:
    """Return a figure of matplotlib's as an image that is held in the page itself.

    On a phone it is no smaller than its words can be read, and moves sideways. With ``dark``, which repaints a figure,
    as ``jaxnet.figures.darkened`` does, the image has a second form for screens that are set to dark.
    """
    least = round(_LEGIBLE * _DPI * figure.get_size_inches()[0])
    light = f'<img alt="{html.escape(alt)}" style="min-width: {least}px" src="{_png(figure)}">'
    if dark is None:
        return f'<div class="wide">{light}</div>'
    # repainted in place, so after the light one was drawn
    night = f'<source media="(prefers-color-scheme: dark)" srcset="{_png(dark(figure))}">'
    return f'<div class="wide"><picture>{night}{light}</picture></div>'


def _png(figure: Any) -> str:
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=_DPI)
    return f"data:image/png;base64,{base64.b64encode(picture.getvalue()).decode()}"


def html_table(rows: Iterable[Sequence[object]], header: Sequence[object] = (), *, words: bool = False) -> str:
    """Return a table; the first cell of each row stands to the left, the others to the right, unless they are words."""
    lines = [_row("th", header, words)] if header else []
    return f"<table>{''.join([*lines, *(_row('td', row, words) for row in rows)])}</table>"


def html_text(text: object) -> str:
    """Return a text as it would be printed, line by line."""
    return f"<pre>{html.escape(str(text))}</pre>"


def _row(tag: str, cells: Sequence[object], words: bool) -> str:
    sides = ["left", *["left" if words else "right"] * (len(cells) - 1)]
    cell = lambda side, text: f"<{tag} style='text-align:{side}'>{html.escape(str(text))}</{tag}>"
    return f"<tr>{''.join(map(cell, sides, cells))}</tr>"
