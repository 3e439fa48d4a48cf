"""One perceptron whose weights were set by hand: the answer is a straight line in every pixel."""

from jaxnet.stairs.blocks import Lines, Paragraph, Section
from jaxnet.stairs.images import chosen, load
from jaxnet.stairs.verdicts import accuracy, as_numbers, formulas, formulas_of, judge, tiles

NAME = "perceptron"


def section(image: int | None) -> Section:
    """Fill the images into the formula and say how often it is right."""
    shown = chosen(image)
    scores = {part: accuracy(NAME, images) for part, images in zip(("train", "test"), load(), strict=True)}
    lines = [
        f"image {id}: {formulas_of(NAME, verdict)[0]}"
        for id, verdict in zip(shown.ids, judge(NAME, shown.x), strict=True)
    ]
    blocks = (
        Paragraph("A perceptron multiplies each pixel by a weight and adds a bias. Above 0 it says stairs."),
        formulas(NAME),
        Lines(tuple(lines)),
        tiles(NAME, shown),
        Paragraph(
            f"It is right on {scores['train']:.2%} of the training images and {scores['test']:.0%} of the test images."
        ),
    )
    return Section(blocks, {"verdicts": as_numbers(NAME, shown), "accuracy": scores})
