"""Is everything here as it should be? What ``jaxnet doctor`` tells: versions, devices, settings, and a small training.

Each line is a question that people ask when something is slow or different on another machine. What is wrong is said
with what to do; what is merely so is said plainly.
"""

import os
import platform as python_platform
import time
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxnet import compilation_cache
from jaxnet.accelerators import local_devices, platform, products_precision
from jaxnet.identity import installed
from jaxnet.losses import objective
from jaxnet.network import MLP
from jaxnet.sweeps.devices import cores
from jaxnet.training import fit

_PACKAGES = ("jaxnet", "jax", "jaxlib", "optax", "numpy")
# of logits around 1 after a few steps, float32 on a device against the same on the CPU: some hundred roundings
_CLOSE = 1e-4


class Examination(NamedTuple):
    """One thing that was looked at: its name, what was found, whether that is as it should be, and what to do."""

    what: str
    found: str
    ok: bool = True
    advice: str = ""

    def __str__(self) -> str:
        mark = "ok " if self.ok else "NO "
        return f"{mark} {self.what:<22} {self.found}" + (f"\n    -> {self.advice}" if self.advice else "")


def examine_environment() -> list[Examination]:
    """Look at versions, devices, precision and settings, and train a small network where JAX computes."""
    return [_versions(), _devices(), _accelerator(), _precision(), _threads(), _cache(), _training()]


def _versions() -> Examination:
    packages = ", ".join(f"{name} {installed(name, 'not installed as a package')}" for name in _PACKAGES)
    return Examination("versions", f"Python {python_platform.python_version()}, {packages}")


def _devices() -> Examination:
    devices = local_devices()
    processes = f" in each of {jax.process_count()} processes" if jax.process_count() > 1 else ""
    return Examination("devices", f"{len(devices)} x {devices[0].device_kind} ({platform()}){processes}")


def _accelerator() -> Examination:
    """Whether an accelerator that the machine has is the one that JAX uses."""
    if platform() != "cpu":
        return Examination("accelerator", f"used: {local_devices()[0].device_kind}")
    present = os.path.exists("/dev/nvidiactl") or os.path.exists("/dev/accel0")
    if not present:
        return Examination("accelerator", "none in this machine")
    advice = "install jaxnet[cuda12], jaxnet[cuda13] or jaxnet[tpu]; or JAX_PLATFORMS or a default device says cpu"
    return Examination("accelerator", "there is one, and JAX computes on the CPU", False, advice)


def _precision() -> Examination:
    wide = "float64 is enabled" if jax.config.values["jax_enable_x64"] else "float64 is off (JAX_ENABLE_X64=1)"
    return Examination("precision", f"products of matrices: {products_precision()}; {wide}")


def _threads() -> Examination:
    return Examination("CPU cores", f"{cores()} of {os.cpu_count()} usable by this process")


def _cache() -> Examination:
    compilation_cache.enable()
    folder = jax.config.values["jax_compilation_cache_dir"]
    kept = (
        f"kept in {folder} ({compilation_cache.SWITCH}=off turns that off)" if folder else "kept in this process only"
    )
    return Examination("compiled programs", kept)


def _training() -> Examination:
    """Train on the device and, from the same parameters, on the CPU, and compare what the two networks say."""
    draw = np.random.default_rng(0)
    X = draw.standard_normal((256, 8)).astype(np.float32)
    y = (X[:, 0] * X[:, 1] > 0).astype(np.int32)
    net = MLP((8, 16, 2), activation="tanh", output="softmax")
    f, params = objective(net), net.init(jax.random.key(0))
    started = time.perf_counter()
    runs = [
        fit(f, params, (X, y), optimizer=optax.adam(0.01), epochs=20, batch_size=64, shuffle=False, device=device)
        for device in (local_devices()[0], "cpu")
    ]
    here, there = (np.asarray(f.logits(jax.device_get(run.params), jnp.asarray(X))) for run in runs)
    away = float(np.abs(here - there).max())
    lower = runs[0].history["loss"][-1] < runs[0].history["loss"][0]
    found = f"on {runs[0].device}, {time.perf_counter() - started:.1f} s; from the CPU's result {away:.1e} away"
    advice = "" if lower and away < _CLOSE else "a small network does not train here as it does on a CPU: report this"
    return Examination("a small training", found, not advice, advice)
