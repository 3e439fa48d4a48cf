"""A figure on disk: whole or not there at all."""

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from jaxnet import checks
from jaxnet.operating_system import replace
from jaxnet.user_paths import file_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = (".pdf", ".png", ".svg")


def save(figure: "Figure", path: str | os.PathLike[str]) -> Path:
    """Write a figure as PNG, SVG or PDF, by the ending of ``path``; return the path, made with its folders.

    The file is written beside ``path`` and then renamed over it, so an interrupted save leaves the old file
    as it was. Raises ValueError for another ending, TypeError for anything but a figure.
    """
    target = file_path("path", path)
    checks.require(hasattr(figure, "savefig"), "figure", "a matplotlib figure", figure, TypeError)
    checks.choice("path's ending", target.suffix, FORMATS)
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("wb") as file:
            figure.savefig(file, format=target.suffix[1:], bbox_inches="tight")
            file.flush()
            os.fsync(file.fileno())
        replace(beside, target)
    finally:
        beside.unlink(missing_ok=True)
    return target
