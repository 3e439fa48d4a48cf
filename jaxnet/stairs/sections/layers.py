"""Two layers: perceptrons that each look for one thing, and one that weighs what they say."""

import numpy as np

from jaxnet.stairs.blocks import Block, Lines, Paragraph, Section, Table
from jaxnet.stairs.images import Images, chosen, every, load
from jaxnet.stairs.models import MODELS, exact
from jaxnet.stairs.verdicts import PIXELS, accuracy, as_numbers, formulas, formulas_of, judge, tiles
from jaxnet.stairs.writing import formula

NAMES = ("left_right", "bottom_and_top")


def section(image: int | None) -> Section:
    """Show both hand-set networks with a hidden layer, and what becomes of them without the sigmoid."""
    shown = chosen(image)
    scores = {name: [accuracy(name, images) for images in load()] for name in NAMES}
    blocks = [block for name in NAMES for block in _network(name, shown, scores[name])]
    weights, bias, difference = collapsed("left_right")
    blocks += [
        Paragraph(
            "The sigmoid between the layers is what makes two layers more than one. With the identity in its "
            "place, left_right is one perceptron, whose weights are the product of the two layers':"
        ),
        Lines((f"stairs = {formula(np.round(weights, 10), round(bias, 10), PIXELS)}",)),
        Paragraph(f"Over all 500 images the two differ by at most {difference:.1e} in float64: rounding."),
    ]
    numbers: dict[str, dict] = {
        name: {"verdicts": as_numbers(name, shown), "accuracy": dict(zip(("train", "test"), scores[name], strict=True))}
        for name in NAMES
    }
    numbers["identity"] = {"weights": weights.tolist(), "bias": bias, "largest_difference": difference}
    return Section(tuple(blocks), numbers)


def _network(name: str, shown: Images, scores: list[float]) -> list[Block]:
    verdict = judge(name, shown.x[:1])[0]
    return [
        Paragraph(f"{name} looks for {MODELS[name].looks_for}:"),
        formulas(name),
        Paragraph(f"Image {shown.ids[0]} filled in:"),
        Lines(tuple(formulas_of(name, verdict))),
        _table(name, shown),
        tiles(name, shown),
        Paragraph(f"It is right on {scores[0]:.2%} of the training images and {scores[1]:.0%} of the test images."),
    ]


def _table(name: str, shown: Images) -> Table:
    columns = ("image", *(unit.name for unit in MODELS[name].hidden), "z", "answer")
    rows = [
        (str(id), *(f"{value:.2f}" for value in (*verdict.hidden, verdict.weighted_sum, verdict.answer)))
        for id, verdict in zip(shown.ids, judge(name, shown.x), strict=True)
    ]
    return Table(columns, tuple(rows))


def collapsed(name: str) -> tuple[np.ndarray, float, float]:
    """Return weights [4] and bias of the one perceptron that a network with identity activations equals, and the
    largest difference between the two over the 500 images."""
    _, (first, second) = exact(name)
    weights = (first["w"] @ second["w"])[:, 0]
    bias = float((first["b"] @ second["w"] + second["b"])[0])
    x = every().x.astype(np.float64)
    two_layers = (x @ first["w"] + first["b"]) @ second["w"] + second["b"]
    return weights, bias, float(np.abs(two_layers[:, 0] - (x @ weights + bias)).max())
