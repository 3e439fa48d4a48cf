"""One unit whose weights were set by hand: a straight line, the line made a probability, and why that is better."""

import numpy as np

from jaxnet.reference.operations import sigmoid
from jaxnet.stairs.blocks import Paragraph, Section, TextTable, Tiles, Verbatim
from jaxnet.stairs.diagrams import diagram_of
from jaxnet.stairs.hand_set_networks import HAND_SET
from jaxnet.stairs.images import DARKEST, Images, case_images, chosen, load
from jaxnet.stairs.verdicts import as_numbers, formulas, formulas_of, shares_right, tiles, verdicts_on
from jaxnet.stairs.writing import coefficient, decimal

_HALVES = (slice(0, 2), slice(2, 4))  # the upper row's pixels and the lower row's
_CURVE = (-6, -4, -2, -1, 0, 1, 2, 4, 6)  # where the sigmoid is written out


def perceptron_section(image: int | None) -> Section:
    """Fill the images into the formula of a straight line, and say how often it is right, why, and what it cannot."""
    name, shown = "perceptron", chosen(image)
    bias = HAND_SET[name].out.bias
    train, test = shares_right(name, load())
    low, high = score_range(name)
    blocks = (
        Paragraph(
            "A perceptron multiplies each pixel by a weight, adds up, and holds the sum against a threshold: it says "
            "stairs if w1 x1 + w2 x2 + w3 x3 + w4 x4 > threshold. The same with the threshold on the other side, where "
            f"its negative is called the bias b: the score w·x + b says stairs above 0. Here b = {coefficient(bias)}, "
            f"a threshold of {coefficient(-bias)}."
        ),
        formulas(name),
        diagram_of(name),
        _filled_in(name, shown),
        tiles(name, shown),
        Paragraph(f"It is right on {train:.2%} of the training images and {test:.0%} of the test images."),
        _why_the_lower_row(),
        Paragraph(
            "Problem 1: a higher score means that stairs are likelier, but it is no probability. "
            f"{_lowest_score(name, shown)} Over all images that there can be, it runs from {decimal(low, 3)} to "
            f"{decimal(high, 3)}, below 0 and above 1. Problem 2: a straight line cannot bend. What that costs is seen "
            "in cases A and B below."
        ),
    )
    numbers = {"verdicts": as_numbers(name, shown), "accuracy": {"train": train, "test": test}}
    return Section(blocks, numbers | {"score_range": [low, high], "threshold": -bias})


def score_range(name: str) -> tuple[float, float]:
    """Return the lowest and the highest weighted sum that a single unit can have over all possible images."""
    unit = HAND_SET[name].out
    # each pixel is all white or all black, whichever its weight's sign likes
    sums = [DARKEST * sum(w for w in unit.weights if (w > 0) == up) + unit.bias for up in (False, True)]
    return sums[0], sums[1]


def _lowest_score(name: str, shown: Images) -> str:
    verdicts = zip(shown.ids, verdicts_on(name, shown.x), strict=True)
    id, lowest = min(verdicts, key=lambda each: each[1].weighted_sum)
    where = "inside" if 0 <= lowest.weighted_sum <= 1 else "outside"
    return f"Image {id} gets {decimal(lowest.weighted_sum)}, {where} [0, 1]."


def _why_the_lower_row() -> Paragraph:
    """Say why two weights are positive: what is dark in stairs, and what a guess is worth."""
    train, _ = load()
    upper, lower = ([float(train.x[train.y == label, half].mean()) for label in (1, 0)] for half in _HALVES)
    guess = max(train.y.mean(), 1 - train.y.mean())
    return Paragraph(
        f"That is better than always giving the commoner answer ({guess:.2%}), and plausible: in stairs the lower row "
        f"is dark, on average {lower[0]:.0f} against {lower[1]:.0f} elsewhere, hence the positive weights of x3 and "
        f"x4; the upper row is lighter, {upper[0]:.0f} against {upper[1]:.0f}, hence the negative ones."
    )


def logistic_section(image: int | None) -> Section:
    """Fill the images into the formula with the figure's weights, and score both sets of weights."""
    shown = chosen(image)
    names = text, figure = "logistic", "logistic_figure"
    scores = {name: shares_right(name, load()) for name in names}
    answers = [verdict.answer for verdict in verdicts_on(figure, shown.x)]
    blocks = (
        Paragraph(
            "sigmoid(z) = 1 / (1 + exp(-z)) squeezes the weighted sum z into a probability: the further from 0, the "
            "surer. This is logistic regression; seen as a perceptron whose sum passes through an activation, it can "
            "be built upon. (The article's first formula for z leaves out the bias b, a slip: its next one has it. And "
            "its text and its figure use different weights, two fits of the same model:)"
        ),
        Verbatim(
            (
                *(f"text:   {line}" for line in formulas(text).lines),
                *(f"figure: {line}" for line in formulas(figure).lines),
            )
        ),
        diagram_of(figure),
        _s_curve(),
        Paragraph(
            "It says stairs above .5, and sigmoid(z) is above .5 exactly where z is above 0: the border between yes "
            "and no is a straight line still. With the weights of the figure:"
        ),
        _filled_in(figure, shown),
        tiles(figure, shown),
        TextTable(
            ("weights", "train", "test"), tuple((name, *(f"{score:.2%}" for score in scores[name])) for name in names)
        ),
        Paragraph(
            f"Problem 1 is gone: the answers here, from {decimal(min(answers))} to {decimal(max(answers))}, never "
            "leave [0, 1]. Its slope needs no exponential once the value is known: sigmoid'(z) = sigmoid(z) (1 - "
            "sigmoid(z))."
        ),
    )
    numbers = {
        name: {"verdicts": as_numbers(name, shown), "accuracy": dict(zip(("train", "test"), scores[name], strict=True))}
        for name in names
    }
    return Section(blocks, numbers)


def _s_curve() -> Verbatim:
    z = np.array(_CURVE, float)
    cells = [[decimal(value, 0) for value in z], [decimal(value, 3) for value in sigmoid(z)]]
    return Verbatim(
        tuple(
            f"{name:<12}{''.join(f'{cell:>7}' for cell in row)}"
            for name, row in zip(("z", "sigmoid(z)"), cells, strict=True)
        )
    )


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
            "steep around 0 and flat where it is sure, so it rises much in A and hardly in B: problem 2 is gone."
        ),
    )
    return Section(blocks, rises)


def _rise(name: str, images: np.ndarray) -> dict[str, float]:
    before, after = (verdict.answer for verdict in verdicts_on(name, images))
    return {"before": before, "after": after, "rise": after - before}
