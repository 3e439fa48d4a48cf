"""One unit whose weights were set by hand: a straight line, the line made a probability, and why that is better."""

import numpy as np

from jaxnet.stairs.blocks import Paragraph, Section, TextTable, Tiles, Verbatim
from jaxnet.stairs.images import Images, case_images, chosen, load
from jaxnet.stairs.verdicts import as_numbers, formulas, formulas_of, shares_right, tiles, verdicts_on
from jaxnet.stairs.writing import decimal


def perceptron_section(image: int | None) -> Section:
    """Fill the images into the formula of a straight line, and say how often it is right."""
    name, shown = "perceptron", chosen(image)
    train, test = shares_right(name, load())
    blocks = (
        Paragraph("A perceptron multiplies each pixel by a weight and adds a bias. Above 0 it says stairs."),
        formulas(name),
        _filled_in(name, shown),
        tiles(name, shown),
        Paragraph(f"It is right on {train:.2%} of the training images and {test:.0%} of the test images."),
    )
    return Section(blocks, {"verdicts": as_numbers(name, shown), "accuracy": {"train": train, "test": test}})


def logistic_section(image: int | None) -> Section:
    """Fill the images into the formula with the figure's weights, and score both sets of weights."""
    shown = chosen(image)
    names = text, figure = "logistic", "logistic_figure"
    scores = {name: shares_right(name, load()) for name in names}
    blocks = (
        Paragraph(
            "sigmoid(z) = 1 / (1 + exp(-z)) squeezes the weighted sum z into a probability: the further from "
            "0, the surer. Above .5 it says stairs. The article's text and its figure use different weights:"
        ),
        Verbatim(
            (
                *(f"text:   {line}" for line in formulas(text).lines),
                *(f"figure: {line}" for line in formulas(figure).lines),
            )
        ),
        Paragraph("With the weights of the figure:"),
        _filled_in(figure, shown),
        tiles(figure, shown),
        TextTable(
            ("weights", "train", "test"), tuple((name, *(f"{score:.2%}" for score in scores[name])) for name in names)
        ),
        Paragraph("Its slope needs no exponential once the value is known: sigmoid'(z) = sigmoid(z) (1 - sigmoid(z))."),
    )
    numbers = {
        name: {"verdicts": as_numbers(name, shown), "accuracy": dict(zip(("train", "test"), scores[name], strict=True))}
        for name in names
    }
    return Section(blocks, numbers)


def _filled_in(name: str, shown: Images) -> Verbatim:
    verdicts = zip(shown.ids, verdicts_on(name, shown.x), strict=True)
    return Verbatim(tuple(f"image {id}: {formulas_of(name, verdict)[0]}" for id, verdict in verdicts))


def cases_section(image: int | None) -> Section:
    """Ask the perceptron and the sigmoid about cases A and B, in which the same change of a pixel means much in one
    image and little in the other; the chosen image plays no part."""
    names = ("perceptron", "logistic", "logistic_figure")
    rises = {case: {name: _rise(name, images) for name in names} for case, images in case_images().items()}
    rows = [
        (f"{case}: {name}", *(decimal(value) for value in rise.values()))
        for case, of in rises.items()
        for name, rise in of.items()
    ]
    a, b = case_images().values()
    blocks = (
        Paragraph(
            "In case A the lower left pixel of [100, 0, 0, 125] darkens from 0 to 60, and the image becomes "
            "stairs; in case B it darkens from 60 to 120, and the image was stairs already. A should matter "
            "more."
        ),
        # B begins where A ends, so three images show both
        Tiles(np.array([*a, b[1]]), ("x3 = 0", "x3 = 60", "x3 = 120")),
        TextTable(("case", "before", "after", "rise"), tuple(rows)),
        Paragraph(
            "To the line both are the same 60 steps of .0020: it rises by .12 either way. The sigmoid is "
            "steep around 0 and flat where it is sure, so it rises much in A and hardly in B."
        ),
    )
    return Section(blocks, rises)


def _rise(name: str, images: np.ndarray) -> dict[str, float]:
    before, after = (verdict.answer for verdict in verdicts_on(name, images))
    return {"before": before, "after": after, "rise": after - before}
