"""What must not grow, and what must not matter: a soak, and the same run under other settings."""

import contextlib
import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from scripts.fault_trials import trained
from scripts.fault_trials.rows import LOST, SILENT, SURVIVED, Budget, Row, in_child

_KIB = 3.0  # a call, beyond which memory grows: a program that is not let go takes 2,000
_ARENAS = 20 * 1024  # KiB that the compiler's allocator takes in one go, at some moment


def soak(budget: Budget) -> Iterator[str]:
    """Call again and again, with functions written anew each time: memory, descriptors and caches stay flat."""
    for kind, calls in (("new lambdas", budget.pick(60, 2_000)), ("fits and predictions", budget.pick(1_500, 100_000))):
        status, found = in_child(_soaked, kind, calls)
        yield (SURVIVED if found else SILENT) if status == 0 else LOST


def _soaked(kind: str, calls: int) -> bool:
    import jax
    import jax.numpy as jnp
    import optax

    import jaxnet as jn
    from jaxnet.training import loop

    net = jn.MLP((3, 2), output="softmax")
    params, f = net.init(jax.random.key(0)), jn.objective(net)
    loop._programs._most = min(loop._programs._most, 12)  # soon full, for flat is what comes after

    def call(i: int) -> None:
        if kind == "new lambdas":
            own = lambda q, x, y: (1 + i % 997) * jnp.mean(q[0]["w"] ** 2)
            jn.fit(own, params, (trained.X, trained.Y), optimizer=optax.sgd(0.1), epochs=1)
            if i % 10 == 0:
                gc.collect()  # what is let go waits for it in cycles, and few calls do not make it come
        else:
            run = jn.fit(f, params, (trained.X, trained.Y), optimizer=optax.sgd(0.1 + i * 1e-9), epochs=1)
            net.predict(run.params, trained.X)

    resident = lambda: int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024
    descriptors = lambda: len(os.listdir("/proc/self/fd"))
    warm = calls // 3
    for i in range(warm):
        call(i)
    gc.collect()
    memory, files = resident(), descriptors()
    for i in range(warm, calls):
        call(i)
    gc.collect()
    limit = _KIB * (calls - warm)
    limit = 40 * limit + _ARENAS if kind == "new lambdas" else limit
    return resident() - memory < limit and descriptors() == files and len(loop._programs) <= 12


@contextlib.contextmanager
def kept_for_ever() -> Iterator[None]:
    """Break: no program is ever let go."""
    from jaxnet.identity import KeptPrograms

    real = KeptPrograms.get

    def get(self: Any, key: Any, make: Any) -> Any:
        self._most = 10**9
        return real(self, key, make)

    with mock.patch.object(KeptPrograms, "get", get):
        yield


_SETTINGS: dict[str, dict[str, str]] = {
    "hash seed": {"PYTHONHASHSEED": "7"},
    "one thread": {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"},
    "two devices": {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"},
    "no cache": {"JAXNET_COMPILATION_CACHE": "off"},
    "no home": {"HOME": "/nonexistent", "XDG_CACHE_HOME": "/proc/nowhere"},
    "optimised": {"PYTHONOPTIMIZE": "1"},
    "one core": {},
}
_LINE = "import sys; from scripts.fault_trials import trained; print(trained.fit(None, sys.argv[1]{more}))"
_other_data = False


def settings(budget: Budget) -> Iterator[str]:
    """Train the same run under other settings: the same bits."""
    found = {}
    for name, change in {"as it is": {}, **_SETTINGS}.items():
        if not budget.long and name in ("two devices", "optimised", "no cache"):
            continue
        more = ""
        if _other_data and name != "as it is":
            more = ", progress=(setattr(trained, 'X', trained.X + 1), False)[1]"
        command = [sys.executable, "-c", _LINE.format(more=more), str(budget.fresh())]
        command = ["taskset", "-c", "0", *command] if name == "one core" else command
        done = subprocess.run(command, env={**os.environ, **change}, capture_output=True, text=True)
        found[name] = done.stdout.strip() if done.returncode == 0 else None
    for name, digest in found.items():
        if name != "as it is":
            yield LOST if digest is None else SURVIVED if digest == found["as it is"] else SILENT


@contextlib.contextmanager
def other_data() -> Iterator[None]:
    """Break: another setting is another run."""
    global _other_data
    _other_data = True
    try:
        yield
    finally:
        _other_data = False


ROWS = [
    Row(
        "soak", "calls with functions written anew, fits and predictions: memory, descriptors and caches are flat after the "  # noqa: E501
        "first third", soak, kept_for_ever,
    ),
    Row(
        "settings", "hash seed, threads, cores, devices, cache, no home and python -O do not change a bit", settings,
        other_data,
    ),
]  # fmt: skip
