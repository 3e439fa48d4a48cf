"""What, beside the program and its arrays, the bits of a run depend on: versions, precision, and the device."""

import os
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import jax

from jaxnet.accelerators import local_devices, platform, products_precision

PARTITIONABLE = "threefry_partitionable"  # JAX's setting of how random numbers are drawn from a key
XLA_FLAGS = "xla_flags"  # how XLA was told to compile
# flags that change no bit, as scripts/faults tries: how many threads and devices there are, and what is written down
_NO_BITS = ("--xla_cpu_multi_thread_eigen", "--xla_force_host_platform_device_count", "--xla_dump_")
# settings of the user's, which can be set back; of the others a change is warned of
MUST_STAY = ("x64", "precision", PARTITIONABLE)


def surroundings() -> dict[str, Any]:
    """Return names and values, as JSON has them."""
    config: Any = jax.config
    return {
        "jax": jax.__version__,
        "jaxlib": installed("jaxlib"),
        "optax": installed("optax"),
        "jaxnet": installed("jaxnet"),
        "platform": platform(),
        "device": local_devices()[0].device_kind,
        "x64": bool(config.jax_enable_x64),
        "precision": products_precision(),
        PARTITIONABLE: bool(config.jax_threefry_partitionable),
        XLA_FLAGS: xla_flags(),
    }


def xla_flags() -> str:
    """Return the flags of XLA_FLAGS that may change bits, sorted, or "none"."""
    given = os.environ.get("XLA_FLAGS", "").split()
    return " ".join(sorted(flag for flag in given if not flag.startswith(_NO_BITS))) or "none"


def installed(name: str, otherwise: str = "not installed") -> str:
    """Return the version of a distribution; other words where it is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return otherwise
