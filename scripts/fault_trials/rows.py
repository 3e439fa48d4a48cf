"""A row of the table: a claim in words, the trials that hold it against the code, and a break that they must see."""

import contextlib
import json
import os
import random
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

SURVIVED, LOST, SILENT = "survived", "lost", "silent"


class Budget(NamedTuple):
    """How much is tried: ``pick(few, many)`` is one of the two; a folder of one's own for every trial."""

    long: bool
    folder: Path
    random: random.Random

    def pick(self, few: int, many: int) -> int:
        """Return how often something is tried."""
        return many if self.long else few

    def fresh(self) -> Path:
        """Return a new, empty folder."""
        return Path(tempfile.mkdtemp(dir=self.folder))


class Row(NamedTuple):
    """``trials(budget)`` yields SURVIVED, LOST or SILENT; ``broken()`` is a context in which some must not survive."""

    name: str
    claim: str
    trials: Callable[[Budget], Iterator[str]]
    broken: Callable[[], contextlib.AbstractContextManager[Any]]


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
        status = 1
        try:
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            answer, status = work(*arguments), 0
        except BaseException as error:
            answer = {"error": type(error).__name__, "words": str(error)}
        finally:
            with contextlib.suppress(BaseException):
                os.write(writing, json.dumps(answer).encode())
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        content = pipe.read()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), json.loads(content) if content else None


def killed(status: int) -> bool:
    """Whether a child was killed as planned."""
    return status == -signal.SIGKILL
