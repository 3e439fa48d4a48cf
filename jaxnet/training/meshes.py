"""One network on several devices: its batches in parts along the first axis of a mesh, wide layers along the second.

The trainer is the same: XLA divides the work by where the arrays lie (``NamedSharding``), and sums over devices where
the trainer sums over a batch. Sums are then added up in another order, so results agree with those of one device to
rounding, and not to the bit.
"""

from typing import Any, TypeVar

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from jaxnet import checks
from jaxnet.types import Pytree

_WIDE = 32  # columns that a device should have at least, for a layer to be divided
_Tree = TypeVar("_Tree")


def check_mesh(mesh: Any, size: int, rows: int) -> Mesh:
    """Return a mesh whose sharding XLA works out; batches have ``size`` of ``rows`` examples.

    Raises TypeError for what is no mesh, ValueError for one of more than two axes and for batches that its first axis
    does not divide.
    """
    words = "a jax.sharding.Mesh of one axis (batches) or two (batches, wide layers)"
    checks.require(isinstance(mesh, Mesh), "mesh", f"{words}, as jax.make_mesh((4,), ('batch',))", mesh, TypeError)
    checks.require(len(mesh.axis_names) in (1, 2), "mesh", words, checks.Words(f"one of the axes {mesh.axis_names}"))
    parts = mesh.devices.shape[0]
    name = "batch_size" if size < rows else "data"
    expected = f"a multiple of {parts} examples a batch, the devices of the mesh's axis {mesh.axis_names[0]!r}"
    checks.require(size % parts == 0, name, expected, size)
    return Mesh(mesh.devices, mesh.axis_names, axis_types=(AxisType.Auto,) * len(mesh.axis_names))


def device_of(mesh: Any, device: Any) -> Any:
    """Return the device on which what a mesh does not hold is computed; raises ValueError where both are given."""
    checks.require(mesh is None or device is None, "device", "none beside mesh=", device)
    return device if not isinstance(mesh, Mesh) else mesh.local_devices[0]


def in_parts(mesh: Mesh | None, batch: _Tree) -> _Tree:
    """Divide a batch [B, ...] within a compiled program; one that the devices do not divide stays whole."""
    if mesh is None or len(jax.tree.leaves(batch)[0]) % mesh.devices.shape[0]:
        return batch
    divided = NamedSharding(mesh, PartitionSpec(mesh.axis_names[0]))
    return jax.tree.map(lambda leaf: jax.lax.with_sharding_constraint(leaf, divided), batch)


def in_place(mesh: Mesh | None, state: _Tree) -> _Tree:
    """Keep a state where it lies, within a compiled program."""
    if mesh is None:
        return state
    return jax.tree.map(lambda leaf: jax.lax.with_sharding_constraint(leaf, _of_state(mesh, leaf)), state)


def everywhere(mesh: Mesh | None, tree: _Tree) -> _Tree:
    """Let every device have all of a tree, within a compiled program."""
    if mesh is None:
        return tree
    return jax.tree.map(lambda leaf: jax.lax.with_sharding_constraint(leaf, NamedSharding(mesh, PartitionSpec())), tree)


def put_state(mesh: Mesh, state: _Tree) -> _Tree:
    """Lay parameters, the optimizer's state and what stands beside them onto a mesh."""
    return jax.tree.map(lambda leaf: _put(leaf, _of_state(mesh, leaf)), state)


def put_data(mesh: Mesh, data: _Tree, *, full_batch: bool) -> _Tree:
    """Lay examples [M, ...] onto a mesh: in parts where a step looks at all of them, else to every device, which takes
    its part of every batch from there."""
    parts = mesh.devices.shape[0]

    def one(leaf: Any) -> Any:
        divided = full_batch and leaf.ndim and len(leaf) % parts == 0
        return _put(leaf, NamedSharding(mesh, PartitionSpec(mesh.axis_names[0]) if divided else PartitionSpec()))

    return jax.tree.map(one, data)


def put_key(mesh: Mesh, key: Any) -> Any:
    """Lay a key onto a mesh."""
    data = _put(jax.random.key_data(key), NamedSharding(mesh, PartitionSpec()))
    return jax.random.wrap_key_data(data, impl=jax.random.key_impl(key))


def several_processes(mesh: Mesh | None) -> bool:
    """Say whether some devices of a mesh are those of other processes."""
    return mesh is not None and any(device.process_index != jax.process_index() for device in mesh.devices.flat)


def said_by_the_first(mesh: Mesh | None, number: int) -> int:
    """Return what the first process has, for a call must be the same in all."""
    return int(multihost_utils.broadcast_one_to_all(np.int32(number))) if several_processes(mesh) else number


def brought_together(mesh: Mesh | None, state: Pytree) -> Pytree:
    """Return a state that every process has all of."""
    if not several_processes(mesh):
        return state
    return jax.tree.map(lambda leaf: jax.device_put(multihost_utils.process_allgather(leaf, tiled=True)), state)


def _put(leaf: Any, sharding: NamedSharding) -> Any:
    if isinstance(leaf, jax.Array) and leaf.is_fully_addressable and sharding.is_fully_addressable:
        return jax.device_put(leaf, sharding)
    whole = np.asarray(leaf)  # every process has the same, and gives its devices their parts
    return jax.make_array_from_callback(whole.shape, sharding, lambda index: whole[index])


def _of_state(mesh: Mesh, leaf: Any) -> NamedSharding:
    """Divide what is as wide as a wide layer, its weights [D, H] and biases [H], by their columns."""
    if len(mesh.axis_names) == 2 and leaf.ndim:
        parts = mesh.devices.shape[1]
        if leaf.shape[-1] % parts == 0 and leaf.shape[-1] >= _WIDE * parts:
            return NamedSharding(mesh, PartitionSpec(*[None] * (leaf.ndim - 1), mesh.axis_names[1]))
    return NamedSharding(mesh, PartitionSpec())
