"""A progress bar in a Jupyter notebook: one output that is drawn again, without widgets."""

import html
import sys
from typing import Any


class NotebookBar:
    """What ``Progress`` asks of a bar of rich, shown as an HTML element in the cell that runs."""

    def __init__(self, unit: str) -> None:
        self._unit, self._total, self._handle = unit, 0, None

    def start(self) -> None:
        """Show nothing yet: the number of steps is not known."""

    def add_task(self, name: str, *, total: int, text: str) -> int:
        """Show the empty bar; there is one task."""
        self._total = total
        self.update(0, completed=0, text=text)
        return 0

    def update(self, task: int, *, completed: int, text: str) -> None:
        """Draw the bar again, with so many of its steps done and a text behind it."""
        from IPython.display import display

        said = f"{self._unit} {completed}/{self._total}  {text}"
        bar = f"<progress value='{completed}' max='{self._total}'></progress> <code>{html.escape(said)}</code>"
        bundle: dict[str, Any] = {"text/plain": said, "text/html": bar}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)

    def stop(self) -> None:
        """Leave the bar as it stands."""


def in_notebook() -> bool:
    """Whether this is the kernel of a notebook; IPython in a terminal is none."""
    ipython = sys.modules.get("IPython")  # a kernel has imported it already
    shell = None if ipython is None else ipython.get_ipython()
    return shell is not None and hasattr(shell, "kernel")
