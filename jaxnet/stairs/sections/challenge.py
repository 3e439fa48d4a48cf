"""The article's closing challenges, and where this package answers them."""

import itertools

import numpy as np

from jaxnet.reference.operations import ACTIVATIONS, Activation
from jaxnet.stairs.blocks import Paragraph, Section, Table

DEPTHS = ((4, 2), (4, 2, 2), (4, 5, 2), (4, 5, 3, 4, 2), (4, 8, 8, 8, 8, 8, 2))
POINT, WIDTH = 0.7, 1e-5


def section(image: int | None) -> Section:
    """Hold slopes made from values against measured ones, and name one program for any depth; the image plays no
    part."""
    slopes = {name: _slopes(ACTIVATIONS[name]) for name in ("sigmoid", "tanh")}
    rows = [(f"{name}'({POINT})", *(f"{value:.9f}" for value in slope)) for name, slope in slopes.items()]
    networks = [(sizes, sum((a + 1) * b for a, b in itertools.pairwise(sizes))) for sizes in DEPTHS]
    blocks = (
        Paragraph(
            "Put the tanh in the place of the sigmoid: all that backpropagation needs is its slope, and that "
            "follows from its value, as the sigmoid's does: sigmoid' = s (1 - s), tanh' = (1 - t) (1 + t). "
            "Beside it the measured quotient (f(z + h) - f(z - h)) / 2h:"
        ),
        Table(("slope", "from the value", "measured"), tuple(rows)),
        Paragraph(
            "Write one program for any number of layers and nodes: a network of L layers is a network of L - "
            "1 layers that feeds some perceptrons. jaxnet/network/mlp.py says so going forward, and "
            "jaxnet/reference/network.py going backward, each delta made from the one above it. Any sizes "
            "will do:"
        ),
        Table(("sizes", "parameters"), tuple(("-".join(map(str, sizes)), str(count)) for sizes, count in networks)),
        Paragraph("Now one of your own: jaxnet.MLP((4, 5, 3, 4, 2), activation='tanh', output='softmax')."),
    )
    numbers = {"slopes": {name: {"from_value": a, "measured": b} for name, (a, b) in slopes.items()}}
    return Section(blocks, numbers | {"networks": [{"sizes": list(s), "parameters": n} for s, n in networks]})


def _slopes(activation: Activation) -> tuple[float, float]:
    """Return the slope from the value and the slope measured, at POINT."""
    z = np.array([POINT, POINT + WIDTH, POINT - WIDTH])
    a = activation.forward(z)
    return float(activation.derivative(z, a)[0]), float(a[1] - a[2]) / (2 * WIDTH)
