"""A submission as a function: each call goes to a process of its own, which has limits and can only harm itself."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from jaxnet import checks
from jaxnet.grading.wire import Unreadable, arrays_in, read_message, write_message
from jaxnet.operating_system import end_with_its_own, hand_over

_PACKAGES = str(Path(__file__).parents[2])  # where the process finds jaxnet
_LONGEST_START = 120.0  # seconds until Python has started, on a machine that is busy with other things
_KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT", "VIRTUAL_ENV")  # of the grader's environment


class Limits(NamedTuple):
    """What a submission may use: ``seconds`` in all, ``memory`` in MB."""

    seconds: float = 20.0
    memory: int = 2048


class Ended(RuntimeError):
    """The process of a submission is no more; ``kind`` says why: "start", "time", "exit", "crash" or "protocol"."""

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


class Raised(Exception):
    """The submission raised an error."""


class IsolatedGradient:
    """The gradient function of somebody's file, called in a process of its own; use it in a ``with`` block.

    ``file``: a .py file or a notebook. ``name``: of the function in it. The process runs in a temporary folder, with a
    copy of the file, or of the folder that it is in when ``folder`` is given. Calls raise ``Raised`` with the author's
    error, and ``Ended`` for all that ends the process, at once and for every later call.

    Attributes:
        spent: seconds that the process was waited for.
        ended: why the process is no more, or None.
    """

    def __init__(self, file: Path, name: str, limits: Limits, *, folder: Path | None = None) -> None:
        checks.require(file.is_file(), "file", "a Python file", str(file))
        self.limits, self.spent = limits, 0.0
        self._name, self._open, self._ready = name, True, False
        self._callable: bool | None = None  # unknown until the file is imported
        self.ended: Ended | None = None  # why the process is no more
        self._home = tempfile.TemporaryDirectory(prefix="submission-", ignore_cleanup_errors=True)
        home = Path(self._home.name)
        if folder is not None:
            shutil.copytree(folder, home, dirs_exist_ok=True, symlinks=True)
            self._file = home / file.relative_to(folder)
        else:
            self._file = Path(shutil.copy(file, home))
        if file.suffix == ".ipynb":
            self._file = self._file.with_suffix(".py")
            self._file.write_text(notebook_source(file.read_text(encoding="utf-8")), encoding="utf-8")
        self._process = self._start(home)

    def _start(self, home: Path) -> subprocess.Popen[bytes]:
        theirs, self._write = os.pipe()
        self._read, answers = os.pipe()
        names, handing = hand_over(theirs, answers)
        given = [*names, str(self.limits.memory), str(self.limits.seconds)]
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "jaxnet.grading.submission_process", *given],
            cwd=home, env=_environment(home), **handing,
            # what is printed goes nowhere: it may be without end
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs)
        os.close(answers)
        return process

    def __enter__(self) -> "IsolatedGradient":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def load(self) -> bool:
        """Import the file, once, and say whether the name is a function; raises Raised or Ended."""
        if self._callable is None:
            self._callable = bool(self._ask("load", str(self._file), self._name)["callable"])
        return self._callable

    def __call__(self, *arguments: Any) -> Any:
        """Return what the function returns; arguments that it changes in place are changed here, too."""
        return self._called(arguments, False)["value"]

    def with_locals(self, params: Any, *data: Any) -> tuple[Any, dict[str, Any]]:
        """Return what the function returns, and the arrays and numbers among its variables as it returned."""
        answer = self._called((params, *data), True)
        return answer["value"], answer["locals"]

    def _called(self, arguments: tuple[Any, ...], want_locals: bool) -> dict[str, Any]:
        self.load()
        answer = self._ask("gradient", arguments, want_locals)
        arrays = list(arrays_in(arguments))
        for place, new in answer["changed"]:
            if place < len(arrays) and arrays[place].shape == new.shape:  # arrays of JAX cannot be changed
                arrays[place][...] = new
        return answer

    def _ask(self, *request: Any) -> dict[str, Any]:
        if self.ended is not None:
            raise self.ended
        self._wait_until_ready()
        began = time.monotonic()
        try:
            write_message(self._write, request)
            answer = read_message(self._read, began + self.limits.seconds - self.spent)
            if not isinstance(answer, dict) or not ({"error"} <= answer.keys() or self._is_answer(request, answer)):
                raise Unreadable("an answer to nothing that was asked")
        except TimeoutError:
            raise self._end("time", f"takes longer than {self.limits.seconds:g} s") from None
        except Unreadable as error:
            raise self._end("protocol", f"writes into the grader's pipe ({error})") from None
        except (EOFError, OSError):
            raise self._end(*self._how_it_ended()) from None
        finally:
            self.spent += time.monotonic() - began
        if "error" in answer:
            place = f", at {answer['where']}" if answer.get("where") else ""
            # of the author's own type, whose name the report says
            raise type(str(answer["error"]), (Raised,), {})(f"{answer['message']}{place}")
        return answer

    def _wait_until_ready(self) -> None:
        """Wait for Python to start, which is not the author's time."""
        if self._ready:
            return
        try:
            self._ready = bool(read_message(self._read, time.monotonic() + _LONGEST_START))
        except (TimeoutError, EOFError, OSError, Unreadable):
            raise self._end("start", "has no process: Python did not start") from None

    @staticmethod
    def _is_answer(request: tuple[Any, ...], answer: dict[str, Any]) -> bool:
        expected = {"callable"} if request[0] == "load" else {"value", "changed", "locals"}
        return answer.keys() == expected

    def _how_it_ended(self) -> tuple[str, str]:
        try:
            status = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:  # it has closed the pipe and goes on
            return "protocol", "closes the grader's pipe"
        if status >= 0:
            return "exit", f"ends the process (exit status {status})"
        cause = {"SIGXCPU": ", time", "SIGKILL": ", memory or time"}
        name = signal.Signals(-status).name
        return "crash", f"crashes ({name}{cause.get(name, '')})"

    def _end(self, kind: str, sentence: str) -> Ended:
        self.ended = Ended(kind, sentence)
        self.close()
        return self.ended

    def close(self) -> None:
        """End the process with all that it started, and delete its folder."""
        if not self._open:  # a descriptor closed twice may be somebody else's by now
            return
        self._open = False
        for descriptor in (self._write, self._read):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            end_with_its_own(self._process)
        self._process.wait()
        self._home.cleanup()


def notebook_source(text: str) -> str:
    """Return the code of a notebook as one program, without lines that only IPython understands.

    A text that is no notebook becomes a program that says so when it is imported.
    """
    try:
        cells = [cell["source"] for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
        code = [source if isinstance(source, str) else "".join(source) for source in cells]
    except (ValueError, LookupError, TypeError):
        return 'raise ValueError("this is no notebook")\n'
    lines = "\n".join(code).splitlines()
    return "".join(("#" if line.lstrip().startswith(("%", "!")) else "") + line + "\n" for line in lines)


def _environment(home: Path) -> dict[str, str]:
    """The environment of a submission: nothing of the grader's that could be secret; one thread; float64 in JAX."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    homes = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"), str(home))  # by their names anywhere
    own = {"PYTHONPATH": _PACKAGES, "PYTHONDONTWRITEBYTECODE": "1"}
    return {**kept, **threads, **homes, **own, "JAX_ENABLE_X64": "1", "JAX_PLATFORMS": "cpu", "PYTHONHASHSEED": "0"}
