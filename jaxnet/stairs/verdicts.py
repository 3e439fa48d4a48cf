"""What a hand-set network says of images, with every number on the way to its answer, in float64."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnet.network import MLP
from jaxnet.reference.losses import OUTPUTS
from jaxnet.reference.network import forward
from jaxnet.stairs.blocks import Tiles, Verbatim
from jaxnet.stairs.hand_set_networks import HAND_SET, hand_set_float64
from jaxnet.stairs.images import Images
from jaxnet.stairs.writing import decimal, filled, formula

PIXELS = ("x1", "x2", "x3", "x4")


class Verdict(NamedTuple):
    """The numbers of one image: weighted sums and activations of the hidden units, then of the output unit."""

    x: tuple[int, ...]
    hidden_sums: tuple[float, ...]
    hidden: tuple[float, ...]
    weighted_sum: float
    answer: float
    yes: bool


def verdicts_on(name: str, x: np.ndarray) -> list[Verdict]:
    """Return what the hand-set network ``name`` says of images [N, 4] of raw intensities, a verdict an image."""
    return _verdicts_of(*hand_set_float64(name), x)


def _verdicts_of(net: MLP, params: list[dict[str, np.ndarray]], x: np.ndarray) -> list[Verdict]:
    layers, sums = forward(params, ("sigmoid",) * (len(params) - 1), x.astype(np.float64))
    answers = OUTPUTS[net.output].forward(sums)
    nothing = np.empty((len(x), 0))
    hidden = layers[0] if layers else (nothing, nothing)
    rows = zip(*(each.tolist() for each in (x, *hidden, sums[:, 0], answers[:, 0])), strict=True)
    # one rule for both outputs: above 0 is also where the sigmoid is above .5
    return [Verdict(tuple(x), tuple(z), tuple(a), total, answer, total > 0) for x, z, a, total, answer in rows]


def shares_right(name: str, parts: Sequence[Images]) -> list[float]:
    """Return the share of images that the hand-set network judges rightly, one for each of ``parts``."""
    return shares_right_of(*hand_set_float64(name), parts)


def shares_right_of(net: MLP, params: list[dict[str, np.ndarray]], parts: Sequence[Images]) -> list[float]:
    """Return the same for a network of one's own with one output and sigmoid units."""
    said = [[verdict.yes for verdict in _verdicts_of(net, params, images.x)] for images in parts]
    return [float(np.mean(np.array(yes) == images.y)) for yes, images in zip(said, parts, strict=True)]


def formulas(name: str) -> Verbatim:
    """Write a hand-set network as the article does, one line a unit."""
    network = HAND_SET[name]
    units = [f"{unit.name} = sigmoid({formula(unit.weights, unit.bias, PIXELS)})" for unit in network.hidden]
    inputs = [unit.name for unit in network.hidden] or PIXELS
    total = formula(network.out.weights, network.out.bias, inputs)
    return Verbatim((*units, f"{network.out.name} = {total if network.output == 'identity' else f'sigmoid({total})'}"))


def formulas_of(name: str, verdict: Verdict) -> list[str]:
    """Write the same with one image's numbers filled in, and each result."""
    network = HAND_SET[name]
    units = [
        f"{unit.name} = sigmoid({filled(unit.weights, unit.bias, verdict.x)}) = sigmoid({decimal(z, 2)}) = {decimal(a)}"
        for unit, z, a in zip(network.hidden, verdict.hidden_sums, verdict.hidden, strict=True)
    ]
    # pixels are whole numbers and stand as they are; what hidden units say is rounded to four decimals
    values, digits = (verdict.hidden, 4) if network.hidden else (verdict.x, 0)
    total = filled(network.out.weights, network.out.bias, values, digits)
    steps = [total] if network.output == "identity" else [f"sigmoid({total})"]
    if network.output == "sigmoid":
        steps.append(f"sigmoid({decimal(verdict.weighted_sum, 2)})")
    steps.append(f"{decimal(verdict.answer)} -> {yes_or_no(verdict.yes)}")
    return [*units, f"{network.out.name} = {' = '.join(steps)}"]


def yes_or_no(yes: bool | int | np.integer) -> str:
    """Say yes or no."""
    return "yes" if yes else "no"


def tiles(name: str, images: Images) -> Tiles:
    """Show images from the lowest answer to the highest, each with its id, the answer and what it really shows."""
    verdicts = verdicts_on(name, images.x)
    captions = [
        f"image {id}\n{decimal(each.answer, 2)} {yes_or_no(each.yes)}\n{'right' if each.yes == bool(y) else 'wrong'}"
        for id, y, each in zip(images.ids, images.y, verdicts, strict=True)
    ]
    # stable, so that images of one answer keep their order on every machine
    order = np.argsort([each.answer for each in verdicts], kind="stable")
    return Tiles(images.x[order], tuple(captions[row] for row in order))


def as_numbers(name: str, images: Images) -> list[dict[str, Any]]:
    """The verdicts as plain dicts, for machines."""
    labels = zip(images.ids.tolist(), images.y.tolist(), verdicts_on(name, images.x), strict=True)
    return [{"id": id, "stairs": bool(y), **verdict._asdict()} for id, y, verdict in labels]
