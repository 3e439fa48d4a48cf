"""A network as a table: layers, shapes, parameters, operations an example, bytes."""

from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp

if TYPE_CHECKING:
    from jaxnet.network.mlp import MLP

ROW = "{:<10} {:<12} {:<12} {:>14} {:>14} {:>14}"


def summary(net: "MLP", dtype: jax.typing.DTypeLike = jnp.float32) -> str:
    """Describe ``net`` layer by layer.

    Operations are floating-point operations of one forward pass for one example: a multiplication and an addition a
    weight (the sum of D products and a bias has D additions); activations are not counted. Bytes are those of the
    parameters in ``dtype``.
    """
    rows = [_row(net, depth, jnp.dtype(dtype).itemsize) for depth in range(len(net.sizes) - 1)]
    total = [sum(row[i] for row in rows) for i in (3, 4, 5)]
    lines = [ROW.format("layer", "activation", "shape", "parameters", "operations", "bytes")]
    lines += [ROW.format(*row[:3], *(f"{number:,}" for number in row[3:])) for row in rows]
    lines.append(ROW.format("total", "", "", *(f"{number:,}" for number in total)))
    dropped = f", dropout {net.dropout:g}" if net.dropout else ""
    return "\n".join([f"MLP {'-'.join(map(str, net.sizes))}{dropped}", *lines])


def _row(net: "MLP", depth: int, itemsize: int) -> tuple:
    inputs, outputs = net.sizes[depth : depth + 2]
    last = depth == len(net.sizes) - 2
    function = net.output if last else net.activations[depth]
    name = function if isinstance(function, str) else getattr(function, "__name__", "callable")
    parameters = (inputs + 1) * outputs
    kind = "output" if last else f"hidden {depth + 1}"
    return kind, name, f"{inputs} x {outputs}", parameters, 2 * inputs * outputs, parameters * itemsize
