"""A section of the story on the terminal: shaded tiles, tables, text to the width; plain text elsewhere."""

import sys
import textwrap
from typing import NoReturn

import numpy as np
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from jaxnet.stairs.blocks import Block, Paragraph, Section, TextTable, Verbatim

_SHADES = " ░▒▓█"  # from 0, white, to 255, black
# a block has the colour of the terminal's letters: on a dark screen the black pixels are the brightest
_LEGEND = "(█ is 255, black, and a blank is 0, white, whatever the colours of the screen)"
_CELL = 5  # characters a pixel is wide; it is two lines high, which is nearly square
_TEXT_WIDTH = 88  # characters, beyond which the eye loses the line


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Leave it to ``main``, where rich would end the program with status 1."""
        raise BrokenPipeError


class Page:
    """Where sections are printed: standard output, with colours if it is a terminal and NO_COLOR is not set."""

    def __init__(self) -> None:
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="replace")  # a terminal without these characters shows ? for them
        self._console = _Console(highlight=False, markup=False, emoji=False)

    def show(self, title: str, section: Section, source: str = "") -> None:
        """Print a section under its title, and below it which functions computed it."""
        self._console.print()
        self._console.print(Text(title, style="bold"))
        self._console.print(Text("─" * len(title), style="dim"))
        for block in section.blocks:
            self._console.print()
            self._console.print(self._rendered(block), crop=False, soft_wrap=isinstance(block, Verbatim))
        if source:
            self._console.print()
            self._console.print(Text(textwrap.fill(source, min(self._console.width, _TEXT_WIDTH)), style="dim"))

    def _rendered(self, block: Block) -> RenderableType:
        width = self._console.width
        if isinstance(block, Paragraph):
            return Text(textwrap.fill(block.text, min(width, _TEXT_WIDTH)))
        if isinstance(block, Verbatim):
            return Text("\n".join(folded(line, width) for line in block.lines))
        if isinstance(block, TextTable):
            return laid_out(block)
        coloured = self._console.color_system is not None and not self._console.no_color
        tiles = Columns(
            [tile(*pair, coloured) for pair in zip(block.images, block.captions, strict=True)], padding=(0, 3)
        )
        return tiles if coloured else Group(tiles, Text(_LEGEND))


def folded(line: str, width: int) -> str:
    """Break a formula that is too long for the page before its equals signs."""
    # a terminal would break it anywhere, also inside a number
    head, *results = line.split(" = ")
    lines = [head]
    for result in results:
        longer = f"{lines[-1]} = {result}"
        lines[-1:] = [longer] if len(longer) <= width else [lines[-1], f"      = {result}"]
    return "\n".join(lines)


def laid_out(block: TextTable) -> RichTable:
    """Lay a table out: the first column to the left, numbers to the right."""
    gap = 2 if len(block.columns) < 8 else 1  # so that light stairs' nine columns fit 80 characters
    laid = RichTable(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
    for index, column in enumerate(block.columns):
        laid.add_column(column, justify="right" if index and not block.words else "left", no_wrap=not index)
    for row in block.rows:
        laid.add_row(*row)
    return laid


def tile(pixels: np.ndarray, caption: str, coloured: bool) -> Text:
    """Draw a 2 x 2 image with its intensities written in, and its caption below."""
    text = Text()
    for row in np.reshape(pixels, (2, 2)):
        for numbers in (False, True):
            for value in row:
                text.append(*_cell(int(value), numbers, coloured))
            text.append("\n")
    return text.append(caption)


def _cell(value: int, number: bool, coloured: bool) -> tuple[str, str]:
    if coloured:
        # on the shade that the pixel has in the article's figures
        gray = 255 - value
        ink = "black" if gray > 127 else "white"
        return (f"{value:^{_CELL}}" if number else " " * _CELL), f"{ink} on rgb({gray},{gray},{gray})"
    shade = _SHADES[value * len(_SHADES) // 256]
    return (f" {value:>3} " if number else shade * _CELL), ""
