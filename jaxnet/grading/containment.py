"""Limits that a process puts on itself before it runs a stranger's code: memory, time, files, no other processes.

They are against accidents and tricks of learners, an endless loop or a fork bomb. They are no prison: who grades the
code of enemies does it in a container.
"""

import ctypes
import os
import platform
import struct
import sys
from typing import Any

_MEGABYTE = 2**20
_LARGEST_FILE = 64 * _MEGABYTE
_SPARE_SECONDS = 5  # of CPU beyond the wall clock's limit, by which the grader ends the process anyway

# System calls by machine. What starts a process or thread is looked into, what reaches for other processes is refused.
_CALLS = {
    "x86_64": {"arch": 0xC000003E, "clone": 56, "refused": (57, 58, 62, 101, 200, 311, 424), "clone3": 435},
    "aarch64": {"arch": 0xC00000B7, "clone": 220, "refused": (117, 129, 130, 271, 424), "clone3": 435},
}
_THREAD = 0x00010000  # CLONE_THREAD: a thread of this process and no process
_ALLOW, _REFUSE, _MISSING = 0x7FFF0000, 0x00050000 | 1, 0x00050000 | 38  # and what the caller is told: EPERM, ENOSYS
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # where these stand in what a filter sees
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06  # instructions of a filter
_NO_NEW_PRIVILEGES, _SET_FILTER, _FILTER_MODE = 38, 22, 2


def contain(memory: int, seconds: float) -> bool:
    """Limit this process to ``memory`` MB and about ``seconds`` of CPU, and to itself; True if no other can be started.

    Where the system has no such limit, it is left out: the grader's clock still ends the process.
    """
    import resource  # which Windows lacks

    limits = {
        "RLIMIT_AS": memory * _MEGABYTE,
        "RLIMIT_CPU": int(seconds) + _SPARE_SECONDS,
        "RLIMIT_FSIZE": _LARGEST_FILE,
        "RLIMIT_CORE": 0,
    }
    for name, limit in limits.items():
        _set_limit(resource, name, limit)
    if _no_processes():
        return True
    _set_limit(resource, "RLIMIT_NPROC", 0)  # which does nothing for the superuser
    return os.getuid() != 0


def _set_limit(resource: Any, name: str, limit: int) -> None:
    try:
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (limit, limit))
    except (AttributeError, OSError, ValueError):  # macOS refuses some of them
        return


def _no_processes() -> bool:
    """Have the kernel refuse new processes and signals to others, by a filter of system calls; threads are allowed."""
    calls: Any = _CALLS.get(platform.machine())
    if sys.platform != "linux" or calls is None:
        return False
    program = _filter(calls)
    code = ctypes.create_string_buffer(program, len(program))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code)))
    kernel = ctypes.CDLL(None, use_errno=True)
    if kernel.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        return False
    return kernel.prctl(_SET_FILTER, _FILTER_MODE, header, 0, 0) == 0


def _filter(calls: dict[str, Any]) -> bytes:
    """The filter's instructions: (code, jump if true, jump if false, number), eight bytes each."""
    step = lambda code, true, false, number: struct.pack("HBBI", code, true, false, number)
    program = [
        step(_LOAD, 0, 0, _ARCHITECTURE),
        step(_EQUAL, 1, 0, calls["arch"]),
        step(_RETURN, 0, 0, _REFUSE),
        step(_LOAD, 0, 0, _NUMBER),
    ]
    for number in calls["refused"]:
        program += [step(_EQUAL, 0, 1, number), step(_RETURN, 0, 0, _REFUSE)]
    # clone3 hides its flags from filters; told that it is missing, the C library falls back to clone
    program += [step(_EQUAL, 0, 1, calls["clone3"]), step(_RETURN, 0, 0, _MISSING)]
    program += [step(_EQUAL, 1, 0, calls["clone"]), step(_RETURN, 0, 0, _ALLOW)]
    program += [
        step(_LOAD, 0, 0, _FIRST_ARGUMENT),
        step(_ANY_BIT, 0, 1, _THREAD),
        step(_RETURN, 0, 0, _ALLOW),
        step(_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(program)
