"""One quiet progress bar for a whole run, drawn between chunks: on standard error in a terminal, in the cell of a
notebook, and nowhere else."""

import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from jaxnet.training.notebook_bar import NotebookBar, in_notebook


class Progress:
    """A context in which ``advance`` moves the bar; does nothing unless ``shown``, in a terminal or a notebook."""

    def __init__(self, epochs: int, *, shown: bool) -> None:
        self._bar: Any = progress_bar("epoch") if shown else None
        self._epochs = epochs

    def __enter__(self) -> "Progress":
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task("", total=self._epochs, text="compiling")
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()

    def advance(self, epochs: int, values: Mapping[str, Any]) -> None:
        """Show how many epochs are done and the last value of each name of the history."""
        if self._bar is not None:
            text = "  ".join(f"{name} {value:.4g}" for name, value in values.items())
            self._bar.update(self._task, completed=epochs, text=text)


def progress_bar(unit: str) -> Any:
    """Return a bar, whose tasks have a ``text`` behind it: of rich on standard error in a terminal, a
    ``NotebookBar`` in a notebook; None elsewhere."""
    if in_notebook():
        return NotebookBar(unit)
    if not sys.stderr.isatty():
        return None
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = [
        TextColumn(unit),
        MofNCompleteColumn(),
        BarColumn(bar_width=12),  # leaves room for the text in 80 columns
        TimeRemainingColumn(),
        TextColumn("{task.fields[text]}"),
    ]
    return RichProgress(*columns, console=Console(stderr=True))
