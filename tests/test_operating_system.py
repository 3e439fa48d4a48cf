"""What is done differently on Windows, on a Linux from which everything is taken that Windows lacks.

A process of its own loads the libraries, loses those names and gets stand-ins for Windows' own, and then uses jaxnet.
That the stand-ins are like Windows is what a run on Windows shows; here it is that nothing else is needed.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jaxnet import operating_system

from .laws import test_portability as law

WITHOUT = """
import ctypes, fcntl, os, select, signal, struct, subprocess, sys, types
import jax, numpy as np, optax, rich.console, safetensors.numpy, sqlite3, tempfile, shutil

real = types.SimpleNamespace(flock=fcntl.flock, preadv=os.preadv, select=select.select, unblocked=os.set_blocking)
for name in {gone!r}:
    sys.modules[name] = None  # importing it is an ImportError
for module, names in {lacking!r}.items():
    for name in names:
        if hasattr(sys.modules[module], name) and not name.startswith("_"):
            delattr(sys.modules[module], name)
os.O_BINARY, os.O_NOINHERIT, signal.SIGBREAK = 0, 0, signal.SIGUSR1 if hasattr(signal, "SIGUSR1") else 10


def locking(descriptor, mode, count):
    assert os.lseek(descriptor, 0, os.SEEK_CUR) == 2**30, "a byte that somebody reads would be locked"
    try:
        real.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise PermissionError(13, "Permission denied") from error


class Kernel:
    def ReadFile(self, handle, target, wanted, read, place):
        position = struct.unpack("=QQIIQ", place.raw[:32])
        read._obj.value = real.preadv(handle.value, [target], position[2] | position[3] << 32)
        return 1

    def PeekNamedPipe(self, handle, _, __, ___, there, ____):
        there._obj.value = len(real.select([handle.value], [], [], 0)[0])
        return 1

    def GlobalMemoryStatusEx(self, status):
        status[16:24] = struct.pack("=Q", 2**34)
        return 1


ctypes.WinDLL = lambda name, **_: Kernel()
sys.modules["msvcrt"] = types.SimpleNamespace(locking=locking, LK_NBLCK=2, get_osfhandle=lambda descriptor: descriptor)
sys.platform = "win32"
pipe, unblocked = os.pipe, real.unblocked
os.pipe = lambda: tuple(unblocked(end, False) or end for end in pipe())  # Linux itself asks that of a pipe of signals
import jaxnet.operating_system
sys.platform = "linux"  # the libraries have been built for it

from pathlib import Path
import jaxnet as jn
from jaxnet.storage import Locked, hold
from jaxnet.data.stored_arrays import read_npy

assert jaxnet.operating_system.free_memory() == 2**34
folder, (train, _) = Path(sys.argv[1]), jn.stairs.load()
net = jn.MLP((4, 3, 2), output="softmax")
f, params = jn.objective(net), net.init(jax.random.key(0))
fit = lambda epochs, **more: jn.fit(f, params, (train.x / 255, train.y), optimizer=optax.sgd(.1), epochs=epochs, **more)
fit(3, out=folder / "run")
assert np.array_equal(fit(6, out=folder / "run").params[0]["w"], fit(6).params[0]["w"])
np.save(folder / "rows.npy", np.arange(12.0).reshape(6, 2))
assert read_npy(folder / "rows.npy")[[4, 1]].tolist() == [[8, 9], [2, 3]]
with hold(folder / "run"):
    try:
        with hold(folder / "run"):
            print("held twice")
    except Locked as error:
        print("by", error.args[0].rpartition(" ")[2], "which is", os.getpid())

# a file that is read meanwhile is not replaced on Windows: it is tried again
asked, replace = [], os.replace
def busy(source, target):
    asked.append(source)
    if len(asked) < 3:
        raise PermissionError(13, "in use")
    replace(source, target)
os.replace = busy
jaxnet.storage.write_atomically(folder / "a", b"1\\n2")
assert len(asked) == 3 and (folder / "a").read_bytes() == b"1\\n2"
os.replace = lambda source, target: (_ for _ in ()).throw(PermissionError(13, "in use"))
try:
    jaxnet.storage.write_atomically(folder / "a", b"3")
except OSError as error:
    print(error.strerror, sorted(each.name for each in folder.iterdir() if each.is_file()))
os.replace = replace

from jaxnet.cli import main
(folder / "t.csv").write_text("\\n".join(["x,kind"] + [f"{{i % 7}},{{'ab'[i % 7 > 3]}}" for i in range(60)]), encoding="utf-8")
assert main(["train", str(folder / "t.csv"), "--target", "kind", "--hidden", "3", "--epochs", "4", "--learning-rate", "0.1",
             "--out", str(folder / "trained")]) == 0
assert main(["show", str(folder / "trained")]) == 0
assert main(["predict", str(folder / "trained"), str(folder / "t.csv")]) == 0
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux lends what stands in for Windows")
def test_training_going_on_reading_rows_locks_and_commands_need_nothing_that_windows_lacks(tmp_path: Path) -> None:
    # the processes and the parts of libraries that are loaded later stay those of Linux, and keep what they need
    kept = {"fork", "waitpid", "set_blocking", "sched_getaffinity", "get_blocking", "SIGUSR1", "getuid", "geteuid"}
    lacking = {module: sorted(law.lacking(module) - kept) for module in ("os", "signal")}
    script = WITHOUT.format(
        gone=sorted({"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog"}), lacking=lacking
    )
    ended = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr[-2000:]
    told = ended.stdout.splitlines()
    assert told[0].split()[1] == told[0].split()[4]  # the owner's number could be read
    assert told[1] == "could not write 1 bytes (in use) ['a', 'rows.npy']"
    assert told[-60:][0].startswith(("a,", "b,"))


def test_a_pipe_is_readable_when_it_has_something_or_has_ended() -> None:
    reading, writing = operating_system.pipe_of_signals()
    assert not operating_system.readable(reading, 0.01)
    os.write(writing, b"1")
    assert operating_system.readable(reading, 0.0)
    os.read(reading, 1)
    os.close(writing)
    assert operating_system.readable(reading, None)
    os.close(reading)
