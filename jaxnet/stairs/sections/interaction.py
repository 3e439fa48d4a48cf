"""The argument for hidden layers: what a pixel means depends on another pixel, and one unit cannot say so."""

import numpy as np

from jaxnet.stairs.blocks import Paragraph, Section, TextTable, Tiles
from jaxnet.stairs.diagrams import diagram_of
from jaxnet.stairs.hand_set_networks import HAND_SET
from jaxnet.stairs.images import DARKEST, chosen, load
from jaxnet.stairs.verdicts import formulas, shares_right, verdicts_on
from jaxnet.stairs.writing import decimal

_BLACK, _LIGHT = int(DARKEST), 30
CORNERS = ("both white", "x2 black", "x1 black", "both black")  # of x1 and x2, the upper pixels
_NETWORKS = tuple(name for name in HAND_SET if name != "logistic")  # of two fits of one model, the figure's


def corner_images(lower: tuple[int, int], dark: int = _BLACK) -> np.ndarray:
    """Return four images [4, 4] of one lower row: the upper pixels white or ``dark``, in the order of ``CORNERS``."""
    return np.array([[x1, x2, *lower] for x1 in (0, dark) for x2 in (0, dark)], np.uint8)


def _answers(name: str, lower: tuple[int, int]) -> list[float]:
    # for the network of light stairs, 30 is dark
    dark = _LIGHT if name == "light_stairs" else _BLACK
    return [each.answer for each in verdicts_on(name, corner_images(lower, dark))]


def interaction_section(image: int | None) -> Section:
    """Ask every network about four images that differ in x1 and x2 only, over the lower row of the chosen image or a
    black one."""
    lower = (_BLACK, _BLACK) if image is None else tuple(chosen(image).x[0, 2:].tolist())
    answers = {name: _answers(name, lower) for name in _NETWORKS}
    wanted = ("wanted", "low", "high", "high", "low")
    rows = tuple((name, *(decimal(value, 3) for value in values)) for name, values in answers.items())
    train, test = shares_right("interaction", load())
    row = "a black lower row" if image is None else f"the lower row of image {image}, {lower[0]} and {lower[1]},"
    blocks = (
        Paragraph(
            "Two things are left over. A single unit is monotonic in each input: with a weight of one sign, a darker "
            "pixel can only raise the answer, or only lower it, so that lightly shaded stairs cannot be told from dark "
            "ones. And it knows no interaction. Over a dark lower row, darkening x2 should raise the answer where x1 "
            "is white, for that makes stairs, and lower it where x1 is black. (The article ends this argument with x3, "
            f"a slip for x2.) Over {row} the four corners are:"
        ),
        Tiles(corner_images(lower), CORNERS),
        TextTable(("answer", *CORNERS), (*rows, wanted)),
        Paragraph(
            "It is XOR over a dark row. To one unit, the step from white to black in x2 adds the same to its sum "
            "whatever x1 is; so one unit, a straight line, must get one of the four wrong. That is the reason for "
            "hidden layers. The article's own two-layer networks, below, were not built for it (light_stairs is asked "
            f"with {_LIGHT} for black, which is dark enough for it). The one called interaction was, by us, with "
            "weights of the article's kind and biases of the right size:"
        ),
        formulas("interaction"),
        diagram_of("interaction"),
        Paragraph(
            f"It is right on {train:.2%} of the training images and {test:.0%} of the test images, and it is not "
            "monotonic in x2."
        ),
    )
    numbers = {
        "lower_row": list(lower),
        "answers": {name: dict(zip(CORNERS, a, strict=True)) for name, a in answers.items()},
    }
    return Section(blocks, numbers | {"accuracy": {"train": train, "test": test}})
