"""A row of the table: a claim in words, the trials that hold it against the code, and a break that they must see."""

import contextlib
import importlib
import json
import os
import random
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

SURVIVED, LOST, SILENT = "survived", "lost", "silent"


class Skipped(Exception):
    """A row that cannot be tried on this machine, with the reason."""


class Budget(NamedTuple):
    """How much is tried: ``pick(few, many)`` is one of the two; a folder of one's own for every trial."""

    long: bool
    folder: Path
    random: random.Random
    cache: str  # of compiled programs, for all rows, so that each is compiled once

    def pick(self, few: int, many: int) -> int:
        """Return how often something is tried."""
        return many if self.long else few

    def fresh(self) -> Path:
        """Return a new, empty folder."""
        return Path(tempfile.mkdtemp(dir=self.folder))


class Row(NamedTuple):
    """``trials(budget)`` yields SURVIVED, LOST or SILENT; ``broken()`` is a context in which some must not survive.

    ``long_only`` rows are not in the short version, for another row of it tries nearly the same. ``as_users``: in the
    long version it is compiled as it is for users, and not in a hurry.
    """

    name: str
    claim: str
    trials: Callable[[Budget], Iterator[str]]
    broken: Callable[[], contextlib.AbstractContextManager[Any]]
    long_only: bool = False
    as_users: bool = False


def count(row: Row, budget: Budget) -> Counter[str]:
    """Run the trials of a row."""
    return Counter(row.trials(budget))


def in_child(work: Callable[..., Any], *arguments: Any) -> tuple[int, Any]:
    """Call a function in a forked process; return its exit status (negative for a signal) and its answer.

    The parent must not have computed with JAX, whose threads do not live through a fork. An exception is an answer
    {"error": its type, "words": its words}.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        status, answer = 1, None
        try:
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            answer, status = work(*arguments), 0
        except BaseException as error:
            answer = {"error": type(error).__name__, "words": str(error)}
        finally:
            with contextlib.suppress(BaseException), os.fdopen(writing, "wb") as pipe:
                pipe.write(json.dumps(answer).encode())
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        content = pipe.read()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), json.loads(content) if content else None


def killed(status: int) -> bool:
    """Whether a child was killed as planned."""
    return status == -signal.SIGKILL


_BREAK = "JAXNET_FAULTS_BREAK"  # module and name of a break, for processes that are started anew


@contextlib.contextmanager
def also_in_new_processes(home: str, name: str) -> Iterator[None]:
    """Enter a break, a function of a module of this folder; processes that are started enter it, too."""
    with mock.patch.dict(os.environ, {_BREAK: f"{home}:{name}"}), _named_break():
        yield


def break_as_asked() -> None:
    """Enter the break of the process that started this one, where it has one; for good."""
    if _BREAK in os.environ:
        _entered.append(_named_break())  # one that nobody holds would be left at once
        _entered[-1].__enter__()


_entered: list[Any] = []


def _named_break() -> Any:
    home, name = os.environ[_BREAK].split(":")
    return getattr(importlib.import_module(f"scripts.fault_trials.{home}"), name)()
