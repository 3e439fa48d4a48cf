"""Which device computes, how exactly, and how much it can hold: what goes without saying on a CPU, mostly.

A GPU or TPU multiplies float32 matrices in fewer bits unless told otherwise (TF32 keeps 10 bits of a fraction, bfloat16
7, float32 23). jaxnet says float32 and means it: its programs are compiled with JAX's "highest" precision, unless the
user has chosen one: ``with jax.default_matmul_precision("default"): jn.fit(...)`` trades bits for speed.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import jax

from jaxnet import checks
from jaxnet.operating_system import free_memory
from jaxnet.types import Pytree

EXACT = "highest"  # JAX's word for products in the precision of their operands
# Floating-point operations of a step below which a CPU is done before an accelerator has launched its kernels: on an
# H100 a step of .03 MFLOP took 81 us and on the CPU beside it 38, one of 1.3 MFLOP 63 and 77
WORTH_AN_ACCELERATOR = 1e6
_LITTLE = 2**28  # bytes, for which the memory that is free is not asked

_config: Any = jax.config  # which knows these options at run time only


def platform() -> str:
    """Return where JAX computes: "cpu", "gpu" or "tpu"; ``jax.default_device`` is heeded."""
    return str(local_devices()[0].platform)


def local_devices() -> list[jax.Device]:
    """Return the devices of this process that JAX computes on: the chosen one, or all of the platform."""
    chosen = _config.jax_default_device
    if isinstance(chosen, jax.Device):
        return [chosen]
    devices: list[jax.Device] = jax.local_devices(backend=chosen)
    return devices


def products_precision() -> str:
    """Return how exactly products of matrices are compiled: EXACT, unless the user has chosen otherwise."""
    return str(_config.jax_default_matmul_precision or EXACT)


@contextlib.contextmanager
def exact_products() -> Iterator[None]:
    """Compile products of matrices as ``products_precision`` says; a context or a decorator."""
    with jax.default_matmul_precision(products_precision()):
        yield


def training_device(device: Any, arrays: Pytree, operations: float) -> contextlib.AbstractContextManager[Any]:
    """Compute on a device that was asked for, or, where JAX has an accelerator, on the CPU what is too little for it.

    Args:
        device: None, a ``jax.Device``, or a platform such as "cpu" or "gpu".
        arrays: what is to be computed with. Arrays that were put on a device stay there.
        operations: floating-point operations of one step.

    Raises ValueError for a platform that JAX does not have here.
    """
    chosen: contextlib.AbstractContextManager[Any] = contextlib.nullcontext()
    placed = any(isinstance(leaf, jax.Array) and leaf.committed for leaf in jax.tree.leaves(arrays))
    free = _config.jax_default_device is None and not placed
    if device is not None:
        chosen = jax.default_device(_device(device))
    elif free and platform() != "cpu" and operations < WORTH_AN_ACCELERATOR:
        chosen = jax.default_device(jax.local_devices(backend="cpu")[0])
    return chosen


def _device(device: Any) -> jax.Device:
    if isinstance(device, jax.Device):
        return device
    expected = f"a jax.Device, or a platform that JAX has here such as {platform()!r}"
    checks.require(isinstance(device, str), "device", expected, device)
    try:
        return jax.local_devices(backend=device)[0]
    except RuntimeError:
        checks.refuse("device", expected, device)


def require_memory(argument: str, size: int, what: str) -> None:
    """Refuse, by a ValueError, ``what`` would take more bytes of the host than are free.

    Asked for, they may be granted, and the process be ended without a word when it uses them.
    """
    if size > _LITTLE and size > (free := free_memory()):
        expected = f"what fits in the {free / 2**30:.1f} GiB of memory that are free"
        checks.refuse(argument, expected, checks.Words(f"{what}, about {size / 2**30:.3g} GiB"))
