"""Where a process dies: at a moment of its progress, of which an undisturbed process has counted and timed all.

Killed after so many seconds, most processes die while they start. Here a moment is a call of a function: the nth
step, the nth fsync, the nth rename; and a death is before it, after it, or a part of its time into it. Every death
that is planned comes: a process that is not killed as planned is an error of the trial.
"""

import os
import signal
import threading
import time
from typing import Any, NamedTuple
from unittest import mock

# moment -> what is called in it, as module or class and name
PLACES = {
    "compiling": (("jaxnet.training.run", "run_program"),),
    "stepping": (("jaxnet.training.run", "run_program"),),
    "saving": (("os", "fsync"),),
    "renaming": (("os", "replace"),),
    "recovering": (("os", "open"), ("os", "fsync"), ("os", "link"), ("os", "replace"), ("os", "ftruncate")),
    "sweep compiling": (("jaxnet.sweeps.engine.Engine", "train"),),
    "sweep stepping": (("jaxnet.sweeps.engine.Engine", "train"),),
    "sweep saving": (("jaxnet.sweeps.members_database.MembersDatabase", "save"),),
    "sweep ranking": (("jaxnet.sweeps.execution", "decide"),),
    "sweep recovering": (
        ("jaxnet.sweeps.store.Store", "_restore_one"), ("jaxnet.sweeps.store.Store", "_say"), ("os", "open"),
    ),
}  # fmt: skip


class Death(NamedTuple):
    """The ``number``-th call in a moment, ``seconds`` into it; before it with 0, when it is done with infinity."""

    moment: str
    number: int
    seconds: float


def planned(moment: str, durations: list[float], deaths: int) -> list[Death]:
    """Spread deaths over all calls of a moment, and over before, within and after each."""
    calls = range(2, len(durations) + 1) if moment.endswith("stepping") else range(1, len(durations) + 1)
    calls = range(1, 2) if moment.endswith("compiling") else calls
    found = []
    for i in range(deaths):
        number = calls[(2 * i + 1) * len(calls) // (2 * deaths)]
        part = (i + 0.5) / deaths if moment.endswith("compiling") else (0.0, 0.5, float("inf"))[i % 3]
        found.append(Death(moment, number, part * durations[number - 1] if part else 0.0))
    return found


def counted(moment: str) -> list[float]:
    """Begin to count the calls of a moment in this process; return the list into which their seconds come."""
    durations: list[float] = []

    def counting(real: Any, *arguments: Any, **options: Any) -> Any:
        began = time.monotonic()
        try:
            return real(*arguments, **options)
        finally:
            durations.append(time.monotonic() - began)

    _replaced(moment, counting)
    return durations


def die(death: Death) -> None:
    """Make this process die so."""
    calls: list[int] = []

    def dying(real: Any, *arguments: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == death.number:
            meet(real, *arguments, **options)
        return real(*arguments, **options)

    def meet(real: Any, *arguments: Any, **options: Any) -> None:
        if 0 < death.seconds < float("inf"):
            threading.Thread(target=_kill, args=(death.seconds,), daemon=True).start()
            real(*arguments, **options)
            time.sleep(death.seconds + 10)  # it comes, however fast the call was
        elif death.seconds:
            real(*arguments, **options)
        _kill()

    _replaced(death.moment, dying)


def _replaced(moment: str, act: Any) -> None:
    for home, name in PLACES[moment]:
        module, _, attribute = home.rpartition(".") if home.rpartition(".")[2][0].isupper() else (home, "", "")
        target = __import__(module, fromlist=["_"])
        target = getattr(target, attribute) if attribute else target
        real = getattr(target, name)
        mock.patch.object(target, name, lambda *a, _real=real, **o: act(_real, *a, **o)).start()


def _kill(after: float = 0.0) -> None:
    time.sleep(after)
    os.kill(os.getpid(), signal.SIGKILL)
