"""Which devices a sweep runs on, and how much they hold.

A CPU is one device to JAX, whatever its cores; a population wants one device a core. That must be said before JAX
starts, so every entrance to a sweep says it, and where it comes too late, ``advice`` tells the user what to do.
"""

import os

import jax

from jaxnet.accelerators import local_devices
from jaxnet.operating_system import free_memory


def use_all_cores() -> None:
    """Let JAX see one CPU device a core, unless it has started or the user has decided."""
    decided = "xla_force_host_platform_device_count" in os.environ.get("XLA_FLAGS", "")
    if decided or jax.config.values["jax_num_cpu_devices"] > 0:
        return
    try:
        jax.config.update("jax_num_cpu_devices", cores())
    except RuntimeError:  # JAX has started
        return


def cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def advice() -> str | None:
    """Say what to do where JAX started with fewer CPU devices than there are cores; else None."""
    devices = local_devices()
    if devices[0].platform != "cpu" or len(devices) >= cores():
        return None
    return (
        f"JAX started with {len(devices)} CPU device(s), so {cores() - len(devices)} of {cores()} cores are idle: "
        f'call jax.config.update("jax_num_cpu_devices", {cores()}) before the first use of JAX'
    )


def memory_limit() -> int:
    """Return the bytes that one device may hold: its own memory, or its share of what the host has left."""
    device = local_devices()[0]
    statistics = device.memory_stats() or {}
    if "bytes_limit" in statistics:
        return int(statistics["bytes_limit"])
    return free_memory() // len(local_devices())
