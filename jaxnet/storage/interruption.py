"""Signals ask a run to end; it ends when what it has done is saved.

The first SIGINT, SIGTERM or SIGHUP (on Windows Ctrl-C, Ctrl-Break or a closed console) only raises a flag, which is
looked at between two calls of the compiled program. The second ends the process at once, unless the user has a handler
of his own, which it goes to; what is saved is safe either way. While a program is compiled or runs, Python hears of no
signal; so a thread listens, says that the first was heard, and ends the process at the second.

A script that does not catch ``Interrupted`` ends as a command does: with 130, 143 or 129 and one line, no traceback.
"""

import contextlib
import os
import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any

from jaxnet.operating_system import ENDING_SIGNALS, pipe_of_signals, readable

SIGNALS = ENDING_SIGNALS
_PATIENCE = 2.0  # seconds, after which somebody who waits for the end is told that the signal was heard
_DEFAULT = (signal.SIG_DFL, signal.default_int_handler)


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
        self._pipe: tuple[int, int] | None = None
        self._listener: threading.Thread | None = None
        self.caught: int | None = None

    def __enter__(self) -> "Watch":
        if threading.current_thread() is threading.main_thread():
            heard = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]  # nohup ignores SIGHUP
            self._before = {number: signal.signal(number, self._note) for number in heard}
            self._listen()
            end_scripts_with_a_status()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._pipe is not None:
            signal.set_wakeup_fd(-1)
            os.write(self._pipe[1], b"\0")  # ends the listener
        if self._listener is not None:
            self._listener.join()
        self._put_back()

    def check(self) -> None:
        """Raise ``Interrupted`` if a signal came."""
        if self.caught is not None:
            raise Interrupted(self.caught)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.caught = self.caught or number
        if self._listener is None:
            self._put_back()
            return
        for other, handler in self._before.items():  # what ends a process is left to the listener
            if handler not in _DEFAULT:
                signal.signal(other, handler)

    def _put_back(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def _listen(self) -> None:
        reading, writing = pipe_of_signals()
        # the system writes each signal's number there, also while Python waits for a compiled program
        other = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        if other != -1:  # an event loop listens already: it needs the signals more
            signal.set_wakeup_fd(other, warn_on_full_buffer=False)
            os.close(reading)
            os.close(writing)
            return
        self._pipe = reading, writing
        ending = () if interactive() else tuple(n for n, handler in self._before.items() if handler in _DEFAULT)
        self._listener = threading.Thread(
            target=_answer, args=(*self._pipe, ending), name="jaxnet signals", daemon=True
        )
        self._listener.start()


def _answer(reading: int, writing: int, ending: tuple[int, ...]) -> None:
    """Answer what comes through the pipe of a ``Watch``, until a zero byte; then close it.

    ``ending`` are the signals of which a second one ends the process.
    """
    first, told = _next(reading, None), False
    while first:
        again = _next(reading, None if told else _PATIENCE)
        if again is None:
            name = signal.Signals(first).name
            _say(f"{name}: ends when what is being computed is saved; once more: at once, with what was saved before")
            told = True
        elif again in ending:
            _say(f"{signal.Signals(again).name}: ended at once; what was saved before is whole")
            os._exit(128 + again)
        elif again == 0:
            break
    for descriptor in (reading, writing):
        os.close(descriptor)


def _next(reading: int, seconds: float | None) -> int | None:
    """Wait for the next signal and return its number, 0 for the end of the watch, None where it took too long."""
    while readable(reading, seconds):
        number = os.read(reading, 1)[0]
        if number == 0 or number in SIGNALS:
            return number
    return None


def _say(words: str) -> None:
    with contextlib.suppress(OSError):
        os.write(2, f"{words}\n".encode())  # at once, and never in the middle of what Python is writing


def interactive() -> bool:
    """Whether somebody types at Python, in a terminal or a notebook, and wants to go on after a Ctrl-C."""
    return hasattr(sys, "ps1") or bool(sys.flags.interactive) or "ipykernel" in sys.modules


def end_scripts_with_a_status() -> None:
    """Let a script that ``Interrupted`` ends, because nothing catches it, say so in one line and exit with its status.

    Python would show a traceback and exit with 1, from which a scheduler cannot tell that all is saved. An interactive
    session goes on.
    """
    if getattr(sys.excepthook, "_of_jaxnet", False):
        return
    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not isinstance(error, Interrupted) or interactive():
            return before(kind, error, trace)
        with contextlib.suppress(ValueError):  # a hook that is called in another thread takes no handlers
            for number in SIGNALS:  # it ends in this moment, and a second one would take its status from it
                signal.signal(number, signal.SIG_IGN)
        print(error, file=sys.stderr)
        raise SystemExit(error.status)

    hook._of_jaxnet = True  # type: ignore[attr-defined]
    sys.excepthook = hook
