"""What must not grow: a soak."""

import contextlib
import gc
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import jax
import numpy as np
import optax

import jaxnet as jn
from jaxnet.gradients.truth import oracles
from jaxnet.sweeps import engine
from jaxnet.training import loop, run_manifest
from scripts.fault_trials import trained
from scripts.fault_trials.rows import LOST, SILENT, SURVIVED, Budget, Row, in_child

_ARENAS = 20 * 1024  # KiB that allocators take in one go, at some moment
_MOST = 40 * 1024  # KiB that may be there more after the first third, however many calls follow
# kind -> calls in short and in long, and KiB that each may take: a program that is not let go takes 2,000
_KINDS = {
    "new lambdas": (30, 2_000, 120.0),
    "fits and predictions": (900, 100_000, 3.0),
    "checks": (12, 1_000, 20.0),
    "small sweeps": (12, 1_000, 20.0),
}
_FULL = 4  # programs of each kind


def soak(budget: Budget) -> Iterator[str]:
    """Call again and again, with functions written anew each time: memory, descriptors and caches stay flat."""
    for kind, (few, many, each) in _KINDS.items():
        status, found = in_child(_soaked, kind, budget.pick(few, many), each)
        if status or found:
            print(f"{kind}: {found}", file=sys.stderr)
        yield LOST if status else SILENT if found else SURVIVED


def _soaked(kind: str, calls: int, each: float) -> str:
    """Make the calls; say what has grown after the first third."""
    # soon full, for flat is what comes after
    caches: list[Any] = [loop._programs, run_manifest._traced, engine._programs]
    for cache in caches:
        cache._most = min(cache._most, _FULL)
    oracles._KEPT = min(oracles._KEPT, _FULL)
    caches.append(oracles._remembered)
    call, warm = _CALLS[kind](), calls // 3
    every = 1000 if each < 10 else 10
    _many(call, range(warm), every)
    memory, files = _resident(), len(os.listdir("/proc/self/fd"))
    _many(call, range(warm, calls), every)
    more, opened = _resident() - memory, len(os.listdir("/proc/self/fd")) - files
    kept = max(map(len, caches))
    flat = more < min(each * (calls - warm), _MOST) + _ARENAS and opened == 0 and kept <= _FULL
    return "" if flat else f"{more:.0f} KiB, {opened} descriptors, {kept} programs"


def _new_lambdas() -> Callable[[int], Any]:
    _, params, _ = _trained()

    def call(i: int) -> None:
        own = lambda q, x, y: (1 + i % 997) * jax.numpy.mean(q[0]["w"] ** 2)
        jn.fit(own, params, (trained.X, trained.Y), optimizer=optax.sgd(0.1), epochs=1)

    return call


def _fits() -> Callable[[int], Any]:
    net, params, f = _trained()

    def call(i: int) -> None:
        run = jn.fit(f, params, (trained.X, trained.Y), optimizer=optax.sgd(0.1 + i * 1e-9), epochs=1)
        net.predict(run.params, trained.X)

    return call


def _checks() -> Callable[[int], Any]:
    x, y = trained.X[:5].astype(np.float64), trained.Y[:5].astype(np.float64)

    def call(i: int) -> None:
        f = lambda w, x, y: (1 + i % 97) * jax.numpy.mean((x @ w - y) ** 2)
        report = jn.check_gradient(f, np.ones(3), x, y, gradient=(1 + i % 97) * 2 * x.T @ (x @ np.ones(3) - y) / 5)
        if not report.ok:
            raise AssertionError(str(report))

    return call


def _sweeps() -> Callable[[int], Any]:
    space = jn.Space(learning_rate=jn.Float(1e-2, 1, log=True), hidden=(4,))

    def call(i: int) -> None:
        jn.sweep(jn.plan(space, (trained.X + np.float32(i), trained.Y), n=2, epochs=1, root=i))

    return call


def _trained() -> tuple[Any, Any, Any]:
    net = jn.MLP((3, 2), output="softmax")
    return net, net.init(jax.random.key(0)), jn.objective(net)


_CALLS = {"new lambdas": _new_lambdas, "fits and predictions": _fits, "checks": _checks, "small sweeps": _sweeps}


def _many(call: Callable[[int], None], numbers: range, every: int) -> None:
    for i in numbers:
        call(i)
        if i % every == 0:
            gc.collect()  # what is let go waits for it in cycles, and few calls do not make it come
    gc.collect()


def _resident() -> float:
    """Return the memory of this process in KiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024


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


ROWS = [
    Row(
        "soak", "calls with functions written anew, fits and predictions, checks, small sweeps: memory, descriptors and caches are flat after the "  # noqa: E501
        "first third", soak, kept_for_ever, as_users=True,
    ),
]  # fmt: skip
