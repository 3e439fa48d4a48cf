"""Signals ask a run to end; it ends when what it has done is saved.

The first SIGINT, SIGTERM or SIGHUP only raises a flag, which is looked at between two calls of the compiled program.
From then on signals do again what they did before, so a second Ctrl-C ends the process at once; what is saved is safe
either way.
"""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(KeyboardInterrupt):
    """A run was asked to end and has saved what it had; ``status`` is what its process exits with (128 + signal)."""

    def __init__(self, number: int) -> None:
        super().__init__(f"interrupted by {signal.Signals(number).name}; what was done is saved, the same call goes on")
        self.status = 128 + number


class Watch:
    """A context in which signals are noted; ``check`` raises ``Interrupted`` when one came.

    Outside the main thread, where Python takes no handlers, it does nothing.
    """

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self.caught: int | None = None

    def __enter__(self) -> "Watch":
        if threading.current_thread() is threading.main_thread():
            heard = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]  # nohup ignores SIGHUP
            self._before = {number: signal.signal(number, self._note) for number in heard}
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._put_back()

    def check(self) -> None:
        """Raise ``Interrupted`` if a signal came."""
        if self.caught is not None:
            raise Interrupted(self.caught)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.caught = number
        self._put_back()

    def _put_back(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
