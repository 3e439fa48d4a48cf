"""The sigmoid of a weighted sum: a number between 0 and 1, to be read as a probability of stairs."""

from jaxnet.stairs.blocks import Lines, Paragraph, Section, Table
from jaxnet.stairs.images import chosen, load
from jaxnet.stairs.verdicts import accuracy, as_numbers, formulas, formulas_of, judge, tiles

NAMES = ("logistic", "logistic_figure")


def section(image: int | None) -> Section:
    """Fill the images into the formula with the figure's weights, and score both sets of weights."""
    shown = chosen(image)
    text, figure = NAMES
    lines = [
        f"image {id}: {formulas_of(figure, verdict)[0]}"
        for id, verdict in zip(shown.ids, judge(figure, shown.x), strict=True)
    ]
    scores = {name: [accuracy(name, images) for images in load()] for name in NAMES}
    blocks = (
        Paragraph(
            "sigmoid(z) = 1 / (1 + exp(-z)) squeezes the weighted sum z into a probability: the further from "
            "0, the surer. Above .5 it says stairs. The article's text and its figure use different weights:"
        ),
        Lines(
            (
                *(f"text:   {line}" for line in formulas(text).lines),
                *(f"figure: {line}" for line in formulas(figure).lines),
            )
        ),
        Paragraph("With the weights of the figure:"),
        Lines(tuple(lines)),
        tiles(figure, shown),
        Table(
            ("weights", "train", "test"), tuple((name, *(f"{score:.2%}" for score in scores[name])) for name in NAMES)
        ),
        Paragraph("Its slope needs no exponential once the value is known: sigmoid'(z) = sigmoid(z) (1 - sigmoid(z))."),
    )
    numbers = {
        name: {"verdicts": as_numbers(name, shown), "accuracy": dict(zip(("train", "test"), scores[name], strict=True))}
        for name in NAMES
    }
    return Section(blocks, numbers)
