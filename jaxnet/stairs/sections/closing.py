"""The end of the story: JAX held against the NumPy reference, and the article's closing challenges."""

import dataclasses
import itertools

import jax
import numpy as np

from jaxnet.reference.operations import ACTIVATIONS, Activation
from jaxnet.reference_agreement import agreement
from jaxnet.stairs.blocks import Paragraph, Section, TextTable, Verbatim
from jaxnet.stairs.example import worked_example
from jaxnet.stairs.images import load

# ends the story with something of the reader's own
GO_ON = (
    "jaxnet stairs --exercises exercises    # ten files with blanks; jaxnet grade exercises marks them",
    "jaxnet train FILE.csv --target COLUMN  # from your own table to a model that predicts",
    "jaxnet stairs --html lesson.html       # the whole lesson as a page, with pictures",
)
_DEPTHS = ((4, 2), (4, 2, 2), (4, 5, 2), (4, 5, 3, 4, 2), (4, 8, 8, 8, 8, 8, 2))
# a central difference is wrong by width^2 and by rounding over width: 1e-5 keeps both below the nine digits shown
_POINT, _WIDTH = 0.7, 1e-5


def reference_section(image: int | None) -> Section:
    """Compare outputs, loss, gradients and a few training steps in float64; the chosen image plays no part."""
    train, _ = load()
    with jax.enable_x64(True):
        net, params = worked_example()
        # each optimizer costs a compilation; the package's tests hold all of them against the reference
        found = agreement(net, params, train.x, train.targets, optimizers=("sgd",))
    rows = [(entry.name, f"{entry.difference:.1e}", f"{entry.bound:.1e}") for entry in found.entries]
    blocks = (
        Paragraph(
            "JAX derives the gradients that train these networks. A reference in plain NumPy "
            "(jaxnet/reference), whose backward pass was derived by hand, computes the same a second time. "
            "Here both are on the worked example in float64, beside how far apart rounding alone may bring "
            "them:"
        ),
        TextTable(("compared", "difference", "rounding bound"), tuple(rows)),
        Paragraph(
            "Every entry is within its bound."
            if found.ok
            else "NOT every entry is within its bound: one side is wrong."
        ),
    )
    entries = [dataclasses.asdict(entry) for entry in found.entries]
    return Section(blocks, {"ok": found.ok, "dtype": found.dtype, "entries": entries})


def challenge_section(image: int | None) -> Section:
    """Hold slopes made from values against measured ones, and name one program for any depth; the image plays no
    part."""
    slopes = {name: _slopes(ACTIVATIONS[name]) for name in ("sigmoid", "tanh")}
    rows = [(f"{name}'({_POINT})", *(f"{value:.9f}" for value in slope)) for name, slope in slopes.items()]
    networks = [(sizes, sum((a + 1) * b for a, b in itertools.pairwise(sizes))) for sizes in _DEPTHS]
    blocks = (
        Paragraph(
            "Put the tanh in the place of the sigmoid: all that backpropagation needs is its slope, and that "
            "follows from its value, as the sigmoid's does: sigmoid' = s (1 - s), tanh' = (1 - t) (1 + t). "
            "Beside it the measured quotient (f(z + h) - f(z - h)) / 2h:"
        ),
        TextTable(("slope", "from the value", "measured"), tuple(rows)),
        Paragraph(
            "Write one program for any number of layers and nodes. (Use TensorFlow, the article says; if you insist, "
            "the gradient is the hard part.) A network of L layers is a network of L - 1 layers that feeds some "
            "perceptrons, so its gradient is a recursive function. jaxnet/network/mlp.py says so going forward, and "
            "jaxnet/reference/network.py going backward, each delta made from the one above it. The article calls the "
            "recursion automatic differentiation; it is an instance of it: automatic differentiation applies the chain "
            "rule to any program, step by step, and jax.grad does so here. Any sizes will do:"
        ),
        TextTable(("sizes", "parameters"), tuple(("-".join(map(str, sizes)), str(count)) for sizes, count in networks)),
        Paragraph("To go on: derive something yourself, train on a table of your own, see all of this on one page:"),
        Verbatim(GO_ON),
    )
    numbers = {"slopes": {name: {"from_value": a, "measured": b} for name, (a, b) in slopes.items()}}
    return Section(blocks, numbers | {"networks": [{"sizes": list(s), "parameters": n} for s, n in networks]})


def _slopes(activation: Activation) -> tuple[float, float]:
    """Return the slope from the value and the slope measured, at _POINT."""
    z = np.array([_POINT, _POINT + _WIDTH, _POINT - _WIDTH])
    a = activation.forward(z)
    return float(activation.derivative(z, a)[0]), float(a[1] - a[2]) / (2 * _WIDTH)
