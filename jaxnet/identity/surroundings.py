"""What, beside the program and its arrays, the bits of a run depend on: versions, precision, and the device."""

from importlib.metadata import PackageNotFoundError, version
from typing import Any

import jax

from jaxnet.accelerators import local_devices, platform, products_precision

PARTITIONABLE = "threefry_partitionable"  # JAX's setting of how random numbers are drawn from a key
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
    }


def installed(name: str, otherwise: str = "not installed") -> str:
    """Return the version of a distribution; other words where it is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return otherwise
