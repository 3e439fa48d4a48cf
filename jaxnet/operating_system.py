"""What operating systems do differently: locks, signals, files, memory, processes. Here alone stand names that
Windows lacks, and a law sees to that.

Each function is there twice, for POSIX systems and for Windows, and does the same in both as far as can be; where it
cannot, its docstring says so.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

if sys.platform == "win32":
    import ctypes
    import msvcrt
    import struct

    ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGBREAK)  # a console that is closed sends the third
    NO_TRANSLATION = os.O_BINARY  # else a byte 10 is written as two
    CAREFULLY = os.O_BINARY | os.O_NOINHERIT
    _BEYOND = 2**30  # the byte that is locked: one that is locked can nobody else read, so none that is written
    _PAUSES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.3)  # seconds
    _LONGEST_PAUSE = 0.05

    def lock(descriptor: int) -> None:
        """Lock an open file until it is closed or its process ends; BlockingIOError where another process has it."""
        os.lseek(descriptor, _BEYOND, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(error.errno, error.strerror) from error
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)

    def sync_folder(folder: Path) -> None:
        """Nothing: a folder cannot be synchronised, and NTFS keeps a journal of its names."""

    def take_for_owner(folder: Path) -> None:
        """Nothing: who may enter follows from the folder above; the user's own lets nobody else in."""

    def replace(source: Path, target: Path) -> None:
        """Rename a file over another. Whoever reads the other, a virus scanner too, prevents that: it is tried for a
        second. Raises OSError."""
        for pause in _PAUSES:
            try:
                return os.replace(source, target)
            except PermissionError:
                time.sleep(pause)
        return os.replace(source, target)

    def read_at(descriptor: int, view: memoryview, position: int) -> int:
        """Read into a view from a position of a file; return how many bytes. Two threads share a file's position, so
        each reads through a handle of its own, which begins wherever it is put."""
        kernel: Any = ctypes.WinDLL("kernel32", use_last_error=True)
        read = ctypes.c_ulong()
        wanted = min(len(view), 2**30)
        # where a read begins stands in this structure, in place of in the file: so threads may read at once
        place = ctypes.create_string_buffer(struct.pack("=QQIIQ", 0, 0, position & 0xFFFFFFFF, position >> 32, 0))
        target = (ctypes.c_char * wanted).from_buffer(view)
        handle = ctypes.c_void_p(msvcrt.get_osfhandle(descriptor))
        if not kernel.ReadFile(handle, target, wanted, ctypes.byref(read), place) and ctypes.get_last_error() != 38:
            raise ctypes.WinError(ctypes.get_last_error())  # but for 38, the end of the file
        return read.value

    def write_at(descriptor: int, content: bytes, position: int) -> None:
        """Write bytes at a position of a file that no other thread uses; raises OSError."""
        os.lseek(descriptor, position, os.SEEK_SET)
        os.write(descriptor, content)

    def at_fork(**functions: Callable[[], None]) -> None:
        """Nothing: a process is never forked."""

    def pipe_of_signals() -> tuple[int, int]:
        """Return the two ends of a pipe that the system may write the numbers of signals to."""
        return os.pipe()

    def readable(descriptor: int, seconds: float | None) -> bool:
        """Wait until a pipe has something to read or has ended, for ``seconds`` at most; whether it has."""
        kernel: Any = ctypes.WinDLL("kernel32")
        handle, there = ctypes.c_void_p(msvcrt.get_osfhandle(descriptor)), ctypes.c_ulong()
        ends, pause = None if seconds is None else time.monotonic() + seconds, 0.001
        while kernel.PeekNamedPipe(handle, None, 0, None, ctypes.byref(there), None) and not there.value:
            if ends is not None and time.monotonic() >= ends:
                return False
            time.sleep(pause)  # there is nothing that waits for a pipe with a limit
            pause = min(_LONGEST_PAUSE, 1.5 * pause)
        return True

    def free_memory() -> int:
        """Return the bytes of the host's memory that are free."""
        status = ctypes.create_string_buffer(struct.pack("=II7Q", 64, *[0] * 8))
        ctypes.WinDLL("kernel32").GlobalMemoryStatusEx(status)
        return int(struct.unpack("=II7Q", status.raw[:64])[3])

    def hand_over(*descriptors: int) -> tuple[list[str], dict[str, Any]]:
        """Say under which names a process that is to be started finds open files, and the arguments that start it."""
        handles = [msvcrt.get_osfhandle(descriptor) for descriptor in descriptors]
        for handle in handles:
            os.set_handle_inheritable(handle, True)
        return list(map(str, handles)), {
            "startupinfo": subprocess.STARTUPINFO(lpAttributeList={"handle_list": handles})
        }

    def taken_over(name: str, flags: int) -> int:
        """Return the descriptor of a file that was handed over under a name."""
        return msvcrt.open_osfhandle(int(name), flags | os.O_BINARY)

    def end_with_its_own(process: "subprocess.Popen[Any]") -> None:
        """End a process; what it has started ends with it where it is contained (``grading.containment``)."""
        process.kill()

else:
    import fcntl
    import resource
    import select

    ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    NO_TRANSLATION = 0
    CAREFULLY = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

    def lock(descriptor: int) -> None:
        """Lock an open file until it is closed or its process ends; BlockingIOError where another process has it."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def sync_folder(folder: Path) -> None:
        """Bring the names in a folder to the disk; raises OSError."""
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def take_for_owner(folder: Path) -> None:
        """Let only its owner enter a folder; raises OSError, for a link too."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            os.fchmod(descriptor, 0o700)  # through the descriptor: the very folder that was made
        finally:
            os.close(descriptor)

    def replace(source: Path, target: Path) -> None:
        """Rename a file over another, in one step, also while it is being read; raises OSError."""
        os.replace(source, target)

    def read_at(descriptor: int, view: memoryview, position: int) -> int:
        """Read into a view from a position of a file, as threads may at once; return how many bytes."""
        return os.preadv(descriptor, [view], position)

    def write_at(descriptor: int, content: bytes, position: int) -> None:
        """Write bytes at a position of a file; raises OSError."""
        os.pwrite(descriptor, content, position)

    def at_fork(**functions: Callable[[], None]) -> None:
        """Call functions at each fork, as ``os.register_at_fork`` does: ``before=``, ``after_in_child=``."""
        os.register_at_fork(**functions)

    def pipe_of_signals() -> tuple[int, int]:
        """Return the two ends of a pipe that the system may write the numbers of signals to."""
        ends = os.pipe()
        for descriptor in ends:
            os.set_blocking(descriptor, False)
        return ends

    def readable(descriptor: int, seconds: float | None) -> bool:
        """Wait until a pipe has something to read or has ended, for ``seconds`` at most; whether it has."""
        return bool(select.select([descriptor], [], [], seconds)[0])

    def free_memory() -> int:
        """Return the bytes of the host's memory that are free, on Linux, else all; or this process's limit."""
        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
        try:
            with open("/proc/meminfo", encoding="ascii") as file:
                lines = dict(line.split(":", 1) for line in file)
            free = int(lines["MemAvailable"].split()[0]) * 1024
        except (FileNotFoundError, KeyError):
            free = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        return free if soft == resource.RLIM_INFINITY else min(free, soft)

    def hand_over(*descriptors: int) -> tuple[list[str], dict[str, Any]]:
        """Say under which names a process that is to be started finds open files, and the arguments that start it."""
        return list(map(str, descriptors)), {"pass_fds": descriptors, "start_new_session": True}

    def taken_over(name: str, flags: int) -> int:
        """Return the descriptor of a file that was handed over under a name."""
        return int(name)

    def end_with_its_own(process: "subprocess.Popen[Any]") -> None:
        """End a process that ``hand_over`` had its arguments from, and all that it has started."""
        os.killpg(process.pid, signal.SIGKILL)
