"""Two layers: perceptrons that each look for one thing, and one that weighs what they say."""

from typing import Any

import numpy as np

from jaxnet.reference.operations import sigmoid
from jaxnet.stairs.blocks import Block, Paragraph, Section, TextTable, Tiles, Verbatim
from jaxnet.stairs.diagrams import diagram_of
from jaxnet.stairs.hand_set_networks import HAND_SET, LIGHT_IMAGES, LIGHT_LABELS, LIGHT_STAIRS, hand_set_float64
from jaxnet.stairs.images import Images, chosen, every, load
from jaxnet.stairs.verdicts import (
    PIXELS,
    Verdict,
    as_numbers,
    formulas,
    formulas_of,
    shares_right,
    shares_right_of,
    tiles,
    verdicts_on,
    yes_or_no,
)
from jaxnet.stairs.writing import coefficient, decimal, formula


def layers_section(image: int | None) -> Section:
    """Show both hand-set networks with a hidden layer, and what becomes of them without the sigmoid."""
    shown = chosen(image)
    blocks: list[Block] = [
        Paragraph(
            "Both are solved by a hidden layer, of such units, that feeds another one: the plain neural network. A "
            "perceptron with one layer of output units is a single-layer perceptron; these have two layers of units, "
            "so two-layer perceptrons, and as networks three layers: input, hidden and output."
        )
    ]
    numbers: dict[str, Any] = {}
    for name, remarks in (("left_right", _either), ("bottom_and_top", _slips)):
        scores = dict(zip(("train", "test"), shares_right(name, load()), strict=True))
        blocks += [*_network(name, shown, scores), *remarks()]
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


def _either() -> list[Block]:
    """Say what the article's "both" means: one of the two hidden units is enough."""
    out = HAND_SET["left_right"].out
    one, both = (sum(out.weights[:count]) + out.bias for count in (1, 2))
    return [
        Paragraph(
            "The article says that the last unit fires if both hidden answers are large, a slip for either: one that "
            f"is 1 gives z = {coefficient(one)} and an answer of {decimal(float(sigmoid(np.array(one))), 2)}, two give "
            f"z = {coefficient(both)}; an image is never both left and right stairs."
        )
    ]


def _slips() -> list[Block]:
    """Name the weight and the biases that were meant otherwise, with what they do to the answers."""
    net, params = hand_set_float64("bottom_and_top")
    bottom = HAND_SET["bottom_and_top"].hidden[0]
    faint = 20  # of 510, what two lower pixels can add up to
    shaded = float(sigmoid(np.array(bottom.weights[2] * faint + bottom.bias)))
    mirrored = [{leaf: values.copy() for leaf, values in layer.items()} for layer in params]
    mirrored[0]["w"][1, 2] = 0.1
    train, test = shares_right_of(net, mirrored, load())
    mirrored[0]["b"] = np.array([unit.bias for unit in HAND_SET["interaction"].hidden])
    both_train, both_test = shares_right_of(net, mirrored, load())
    return [
        Paragraph(
            "The last unit wants two of the three, and dark x1 and dark x2 cannot both be large, for one falls with "
            "what the other rises with. Two slips: dark x2 has the weight .01 where its mirror has .1, and biases of "
            f"-.5 and -.05 do nothing beside pixels up to 255: dark bottom is {decimal(shaded, 2)} where x3 + x4 is "
            f"{faint} of 510. With .1 alone, dark x1 and dark x2 always add up to nearly 1 and nearly all images are "
            f"called stairs ({train:.2%} and {test:.0%} right); with biases of -20 and -5, too, it is right on "
            f"{both_train:.2%} and {both_test:.0%}."
        )
    ]


def _network(name: str, shown: Images, scores: dict[str, float]) -> list[Block]:
    verdicts = verdicts_on(name, shown.x)
    columns = ("image", *(unit.name for unit in HAND_SET[name].hidden), "z", "answer")
    rows = [
        (str(id), *(decimal(value, 2) for value in (*verdict.hidden, verdict.weighted_sum, verdict.answer)))
        for id, verdict in zip(shown.ids, verdicts, strict=True)
    ]
    right = f"{scores['train']:.2%} of the training images and {scores['test']:.0%} of the test images"
    return [
        Paragraph(f"{name} looks for {HAND_SET[name].looks_for}:"),
        formulas(name),
        diagram_of(name),
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


def _says(verdict: Verdict) -> str:
    return yes_or_no(verdict.yes)


def light_stairs_section(image: int | None) -> Section:
    """Judge the article's own six images of light stairs, three hidden units that see shading and three that see
    darkness, and fill in the chosen image, if any."""
    name = "light_stairs"
    verdicts = verdicts_on(name, LIGHT_IMAGES)
    order = np.argsort([verdict.answer for verdict in verdicts], kind="stable")
    labelled = list(zip(verdicts, LIGHT_LABELS.tolist(), strict=True))
    rows = [
        (str(list(each.x)), *(decimal(value, 2) for value in (*each.hidden, each.answer)), says, yes_or_no(light))
        for each, says, light in zip(verdicts, map(_says, verdicts), LIGHT_STAIRS.tolist(), strict=True)
    ]
    captions = tuple(
        f"{decimal(verdicts[i].answer, 2)} {_says(verdicts[i])}\n"
        f"{'right' if verdicts[i].yes == LIGHT_STAIRS[i] else 'wrong'}"
        for i in order
    )
    blocks: tuple[Block, ...] = (
        Paragraph(
            "Some stairs are only lightly shaded. Three hidden units see shading, three more see that it is "
            "too dark and count against it, so the network rises and falls again as an image darkens: no "
            "single perceptron can."
        ),
        formulas(name),
        diagram_of(name),
        TextTable(
            ("image", *(unit.name for unit in HAND_SET[name].hidden), "answer", "says", "light stairs"), tuple(rows)
        ),
        Tiles(LIGHT_IMAGES[order], captions),
        Paragraph(
            "It looks for light stairs: yes to the two of them, and no to the two images of stairs that are too dark, "
            "as it was built to."
        ),
    )
    numbers = {"verdicts": [{"stairs": bool(label), **each._asdict()} for each, label in labelled]}
    if image is not None:
        # only where one is asked for: this network was made for images of its own
        lines = formulas_of(name, verdicts_on(name, chosen(image).x)[0])
        blocks += (Paragraph(f"Image {image} filled in:"), Verbatim(tuple(lines)))
        numbers["shown"] = as_numbers(name, chosen(image))
    return Section(blocks, numbers)
