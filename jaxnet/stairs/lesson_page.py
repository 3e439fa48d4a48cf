"""The whole lesson as one page of HTML: text, formulas, pictures for light and dark screens, numbers to fold out.

Nothing is loaded from anywhere, so the page can be handed out, mailed and read offline.
"""

import html
from collections.abc import Iterable

import numpy as np

from jaxnet import figures
from jaxnet.html_blocks import html_page, html_picture, html_table
from jaxnet.stairs.blocks import Block, Paragraph, Section, TextTable, Tiles, Verbatim
from jaxnet.stairs.drawings import drawings
from jaxnet.stairs.story import CONTENTS

_TITLE = "Is a 2x2 image a picture of stairs?"
_INTRODUCTION = (
    'The article "Introduction To Neural Networks" by Ben Gorman (2017), told in order by jaxnet with live numbers: '
    "whatever stands here was computed when this page was written, by the functions named under each section."
)


def lesson_page(sections: Iterable[tuple[str, Section]], image: int | None = None) -> str:
    """Return the page of the given sections of the story, with their figures, as one text of HTML."""
    parts, links = [], []
    for name, section in sections:
        chapter = CONTENTS[name]
        links.append(f'<li><a href="#{name}">{html.escape(chapter.title)}</a></li>')
        pictures = (html_picture(each, _alt(each), dark=figures.darkened) for _, each in drawings([name], image))
        parts.append(
            f'<section id="{name}"><h2>{html.escape(chapter.title)}</h2>{"".join(map(_block, section.blocks))}'
            f"{''.join(f'<figure>{each}</figure>' for each in pictures)}"
            f"<p><small>{html.escape(chapter.source(name))}</small></p></section>"
        )
    head = f"<h1>{html.escape(_TITLE)}</h1><p>{html.escape(_INTRODUCTION)}</p><nav><ol>{''.join(links)}</ol></nav>"
    return html_page(_TITLE, f"{head}<main>{''.join(parts)}</main>")


def _alt(figure: object) -> str:
    """What a figure's headline says, for those who do not see the figure."""
    return " ".join(getattr(figure, "get_suptitle", str)().split())


def _block(block: Block) -> str:
    if isinstance(block, Paragraph):
        return f"<p>{html.escape(block.text)}</p>"
    if isinstance(block, Verbatim):
        lines = f"<pre>{html.escape(chr(10).join(block.lines))}</pre>"
        if not block.fold:
            return lines
        return f"<details><summary>{html.escape(block.fold)}</summary>{lines}</details>"
    if isinstance(block, TextTable):
        return f'<div class="wide">{html_table(block.rows, block.columns, words=block.words)}</div>'
    return _tiles(block)


def _tiles(block: Tiles) -> str:
    """Images as small tables of shaded cells: their shades mean intensities and are the same on a dark page."""
    tiles = []
    for pixels, caption in zip(block.images.tolist(), block.captions, strict=True):
        rows = "".join(f"<tr>{''.join(map(_pixel, row))}</tr>" for row in np.reshape(pixels, (2, 2)).tolist())
        lines = "<br>".join(html.escape(line) for line in caption.split("\n"))
        tiles.append(f'<figure class="tile"><table>{rows}</table><figcaption>{lines}</figcaption></figure>')
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _pixel(value: int) -> str:
    gray, ink = 255 - value, "black" if value < 128 else "white"
    return f'<td style="background:rgb({gray},{gray},{gray});color:{ink}">{value}</td>'
