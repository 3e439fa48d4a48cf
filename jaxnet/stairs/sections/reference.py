"""JAX held against the NumPy reference on the worked example, in float64."""

import dataclasses

import jax

from jaxnet.reference_agreement import agreement
from jaxnet.stairs.blocks import Paragraph, Section, Table
from jaxnet.stairs.example import worked_example
from jaxnet.stairs.images import load

OPTIMIZERS = ("sgd",)  # each costs a compilation; the package's tests hold all of them against the reference


def section(image: int | None) -> Section:
    """Compare outputs, loss, gradients and a few training steps; the chosen image plays no part."""
    train, _ = load()
    with jax.enable_x64(True):
        net, params = worked_example()
        found = agreement(net, params, train.x, train.targets, optimizers=OPTIMIZERS)
    rows = [(entry.name, f"{entry.difference:.1e}", f"{entry.bound:.1e}") for entry in found.entries]
    blocks = (
        Paragraph(
            "JAX derives the gradients that train these networks. A reference in plain NumPy "
            "(jaxnet/reference), whose backward pass was derived by hand, computes the same a second time. "
            "Here both are on the worked example in float64, beside how far apart rounding alone may bring "
            "them:"
        ),
        Table(("compared", "difference", "rounding bound"), tuple(rows)),
        Paragraph(
            "Every entry is within its bound."
            if found.ok
            else "NOT every entry is within its bound: one side is wrong."
        ),
    )
    entries = [dataclasses.asdict(entry) for entry in found.entries]
    return Section(blocks, {"ok": found.ok, "dtype": found.dtype, "entries": entries})
