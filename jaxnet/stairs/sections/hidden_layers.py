"""Two layers: perceptrons that each look for one thing, and one that weighs what they say."""

from typing import Any

import numpy as np

from jaxnet.stairs.blocks import Block, Paragraph, Section, TextTable, Tiles, Verbatim
from jaxnet.stairs.hand_set_networks import HAND_SET, LIGHT_IMAGES, LIGHT_LABELS, hand_set_float64
from jaxnet.stairs.images import Images, chosen, every, load
from jaxnet.stairs.verdicts import (
    PIXELS,
    as_numbers,
    formulas,
    formulas_of,
    shares_right,
    tiles,
    verdicts_on,
    yes_or_no,
)
from jaxnet.stairs.writing import decimal, formula


def layers_section(image: int | None) -> Section:
    """Show both hand-set networks with a hidden layer, and what becomes of them without the sigmoid."""
    shown = chosen(image)
    blocks: list[Block] = []
    numbers: dict[str, Any] = {}
    for name in ("left_right", "bottom_and_top"):
        scores = dict(zip(("train", "test"), shares_right(name, load()), strict=True))
        blocks += _network(name, shown, scores)
        numbers[name] = {"verdicts": as_numbers(name, shown), "accuracy": scores}
    weights, bias, difference = collapsed("left_right")
    # ten digits hide the rounding of the product, and are more than the article's weights have
    short = formula(np.round(weights, 10), round(bias, 10), PIXELS)
    blocks += [
        Paragraph(
            "The sigmoid between the layers is what makes two layers more than one. With the identity in its "
            "place, left_right is one perceptron, whose weights are the product of the two layers':"
        ),
        Verbatim((f"stairs = {short}",)),
        Paragraph(f"Over all 500 images the two differ by at most {difference:.1e} in float64: rounding."),
    ]
    numbers["identity"] = {"weights": weights.tolist(), "bias": bias, "largest_difference": difference}
    return Section(tuple(blocks), numbers)


def _network(name: str, shown: Images, scores: dict[str, float]) -> list[Block]:
    verdicts = verdicts_on(name, shown.x)
    columns = ("image", *(unit.name for unit in HAND_SET[name].hidden), "z", "answer")
    rows = [
        (str(id), *(f"{value:.2f}" for value in (*verdict.hidden, verdict.weighted_sum, verdict.answer)))
        for id, verdict in zip(shown.ids, verdicts, strict=True)
    ]
    right = f"{scores['train']:.2%} of the training images and {scores['test']:.0%} of the test images"
    return [
        Paragraph(f"{name} looks for {HAND_SET[name].looks_for}:"),
        formulas(name),
        Paragraph(f"Image {shown.ids[0]} filled in:"),
        Verbatim(tuple(formulas_of(name, verdicts[0]))),
        TextTable(columns, tuple(rows)),
        tiles(name, shown),
        Paragraph(f"It is right on {right}."),
    ]


def collapsed(name: str) -> tuple[np.ndarray, float, float]:
    """Return weights [4] and bias of the one perceptron that a network with identity activations equals, and the
    largest difference between the two over the 500 images."""
    _, (first, second) = hand_set_float64(name)
    weights = (first["w"] @ second["w"])[:, 0]
    bias = float((first["b"] @ second["w"] + second["b"])[0])
    x = every().x.astype(np.float64)
    two_layers = (x @ first["w"] + first["b"]) @ second["w"] + second["b"]
    return weights, bias, float(np.abs(two_layers[:, 0] - (x @ weights + bias)).max())


def light_stairs_section(image: int | None) -> Section:
    """Judge the article's own six images of light stairs, three hidden units that see shading and three that see
    darkness, and fill in the chosen image, if any."""
    name = "light_stairs"
    verdicts = verdicts_on(name, LIGHT_IMAGES)
    order = np.argsort([verdict.answer for verdict in verdicts])
    labelled = list(zip(verdicts, LIGHT_LABELS.tolist(), strict=True))
    rows = [
        (str(list(each.x)), *(f"{value:.2f}" for value in (*each.hidden, each.answer)), yes_or_no(label))
        for each, label in labelled
    ]
    captions = tuple(f"{decimal(verdicts[i].answer, 2)} {yes_or_no(verdicts[i].yes)}" for i in order)
    blocks: tuple[Block, ...] = (
        Paragraph(
            "Some stairs are only lightly shaded. Three hidden units see shading, three more see that it is "
            "too dark and count against it, so the network rises and falls again as an image darkens: no "
            "single perceptron can."
        ),
        formulas(name),
        TextTable(("image", *(unit.name for unit in HAND_SET[name].hidden), "answer", "stairs"), tuple(rows)),
        Tiles(LIGHT_IMAGES[order], captions),
        Paragraph(
            "The last column is what the image shows. The network answers yes to the two light stairs and no "
            "to the two that are too dark, as it was built to."
        ),
    )
    numbers = {"verdicts": [{"stairs": bool(label), **each._asdict()} for each, label in labelled]}
    if image is not None:
        # only where one is asked for: this network was made for images of its own
        lines = formulas_of(name, verdicts_on(name, chosen(image).x)[0])
        blocks += (Paragraph(f"Image {image} filled in:"), Verbatim(tuple(lines)))
        numbers["shown"] = as_numbers(name, chosen(image))
    return Section(blocks, numbers)
