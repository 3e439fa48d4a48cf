"""What a section of the story is made of: numbers for machines and blocks for people, rendered elsewhere."""

import dataclasses
from typing import Any, TypeAlias

import numpy as np


@dataclasses.dataclass(frozen=True)
class Paragraph:
    """Running text, to be wrapped to the page."""

    text: str


@dataclasses.dataclass(frozen=True)
class Verbatim:
    """Formulas and matrices: lines to be shown as they stand; a page folds them away under ``fold``, if it is given."""

    lines: tuple[str, ...]
    fold: str = ""


@dataclasses.dataclass(frozen=True)
class Tiles:
    """Images [M, 4] of intensities 0 to 255, each with a caption (lines)."""

    images: np.ndarray
    captions: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class TextTable:
    """Cells already written out; a column is aligned to the right unless it is the first, or holds ``words``."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: bool = False


Block: TypeAlias = Paragraph | Verbatim | Tiles | TextTable


@dataclasses.dataclass(frozen=True)
class Section:
    """A section of the story: ``blocks`` to read in order, ``numbers`` the same as plain dicts, lists and numbers."""

    blocks: tuple[Block, ...]
    numbers: dict[str, Any]
