"""Limits that a process puts on itself before it runs a stranger's code: memory, time, files, no other processes.

Two of Linux do the work where it has them, for the superuser too: a filter of system calls (seccomp) and rules about
files (Landlock). On Windows a job holds memory, time and processes, and files can be changed. Elsewhere there are the
limits of POSIX, and the grader's clock.

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
_CREATE_RULES, _ADD_RULE, _RESTRICT = 444, 445, 446  # system calls of Landlock, the same on all machines
_FIRST_VERSION, _BENEATH = 1, 1  # flag: ask for the version; kind of rule: a folder with all that is in it
# the rights to write, by the version that knows them: file, folder and link made or removed; moved; cut; and network
_WRITING, _MOVING, _CUTTING, _NETWORK = 0b1111111110010, 1 << 13, 1 << 14, 0b11
_NO_NEW_PRIVILEGES, _SET_FILTER, _FILTER_MODE = 38, 22, 2

# a job of Windows: its limits as they lie in memory; which count: time, processes, memory; their kind
_JOB_LIMITS, _JOB_FLAGS, _JOB_KIND = "=qqI4xQQI4xQII6Q4Q", 0x2 | 0x8 | 0x100, 9


def contain(memory: int, seconds: float) -> bool:
    """Limit this process to ``memory`` MB and about ``seconds`` of CPU, and to itself; True if no other can be started.

    Where the system has no such limit, it is left out: the grader's clock still ends the process. Files outside the
    current folder can be read and not changed, and nothing is sent over TCP, where Linux has Landlock.
    """
    if sys.platform == "win32":
        return _in_a_job(memory, seconds)
    import resource  # which Windows lacks

    limits = {
        "RLIMIT_AS": memory * _MEGABYTE,
        "RLIMIT_CPU": int(seconds) + _SPARE_SECONDS,
        "RLIMIT_FSIZE": _LARGEST_FILE,
        "RLIMIT_CORE": 0,
    }
    for name, limit in limits.items():
        _set_limit(resource, name, limit)
    _write_only_here()
    if _no_processes():
        return True
    _set_limit(resource, "RLIMIT_NPROC", 0)  # which does nothing for the superuser
    return os.getuid() != 0


def _in_a_job(memory: int, seconds: float) -> bool:
    """Put this process alone into a job of Windows, which ends it beyond ``memory`` MB and ``seconds`` of CPU."""
    kernel = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined, unused-ignore]
    kernel.CreateJobObjectW.restype = kernel.GetCurrentProcess.restype = ctypes.c_void_p
    job = ctypes.c_void_p(kernel.CreateJobObjectW(None, None))
    ticks = int(seconds + _SPARE_SECONDS) * 10**7  # of 100 ns
    limits = struct.pack(_JOB_LIMITS, ticks, 0, _JOB_FLAGS, 0, 0, 1, 0, 0, 0, *[0] * 6, memory * _MEGABYTE, 0, 0, 0)
    told = kernel.SetInformationJobObject(job, _JOB_KIND, ctypes.create_string_buffer(limits), len(limits))
    mine = ctypes.c_void_p(kernel.GetCurrentProcess())
    return bool(told and kernel.AssignProcessToJobObject(job, mine))  # the job's handle stays open until it ends


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


def _write_only_here() -> bool:
    """Have the kernel refuse to change files outside the current folder and /dev, and to use TCP; False without it."""
    if sys.platform != "linux" or platform.machine() not in _CALLS:
        return False
    kernel = ctypes.CDLL(None, use_errno=True)
    version = kernel.syscall(_CREATE_RULES, None, 0, _FIRST_VERSION)
    if version < 1 or kernel.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        return False
    rights = _WRITING | (_MOVING if version >= 2 else 0) | (_CUTTING if version >= 3 else 0)
    handled = struct.pack("QQ", rights, _NETWORK) if version >= 4 else struct.pack("Q", rights)
    rules = kernel.syscall(_CREATE_RULES, ctypes.create_string_buffer(handled, len(handled)), len(handled), 0)
    for folder in (os.getcwd(), "/dev"):  # where /dev/null and shared memory are
        opened = os.open(folder, os.O_PATH)
        rule = struct.pack("=Qi", rights, opened)
        kernel.syscall(_ADD_RULE, rules, _BENEATH, ctypes.create_string_buffer(rule, len(rule)), 0)
        os.close(opened)
    done = kernel.syscall(_RESTRICT, rules, 0) == 0
    os.close(rules)
    return done


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
