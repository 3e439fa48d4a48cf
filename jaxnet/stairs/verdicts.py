"""What a hand-set network says of images, with every number on the way to its answer, in float64."""

from typing import Any, NamedTuple

import numpy as np

from jaxnet.reference.losses import OUTPUTS
from jaxnet.reference.network import forward
from jaxnet.stairs.blocks import Lines, Tiles
from jaxnet.stairs.images import Images
from jaxnet.stairs.models import MODELS, Model, exact
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


def judge(name: str, x: np.ndarray) -> list[Verdict]:
    """Return what the hand-set network ``name`` says of images [N, 4] of raw intensities."""
    net, params = exact(name)
    layers, sums = forward(params, ("sigmoid",) * (len(params) - 1), x.astype(np.float64))
    answers = OUTPUTS[net.output].forward(sums)
    nothing = np.empty((len(x), 0))
    hidden = layers[0] if layers else (nothing, nothing)
    rows = zip(*(each.tolist() for each in (x, *hidden, sums[:, 0], answers[:, 0])), strict=True)
    return [Verdict(tuple(x), tuple(z), tuple(a), total, answer, total > 0) for x, z, a, total, answer in rows]


def accuracy(name: str, images: Images) -> float:
    """The share of images that the hand-set network judges rightly."""
    said = np.array([verdict.yes for verdict in judge(name, images.x)])
    return float(np.mean(said == images.y))


def formulas(name: str) -> Lines:
    """Write a hand-set network as the article does, one line a unit."""
    model = MODELS[name]
    units = [f"{unit.name} = sigmoid({formula(unit.weights, unit.bias, PIXELS)})" for unit in model.hidden]
    inputs = [unit.name for unit in model.hidden] or PIXELS
    total = formula(model.out.weights, model.out.bias, inputs)
    return Lines((*units, f"{model.out.name} = {_through(model, total)}"))


def formulas_of(name: str, verdict: Verdict) -> list[str]:
    """Write the same with one image's numbers filled in, and each result."""
    model = MODELS[name]
    units = [
        f"{unit.name} = sigmoid({filled(unit.weights, unit.bias, verdict.x)}) = sigmoid({decimal(z, 2)}) = {decimal(a)}"
        for unit, z, a in zip(model.hidden, verdict.hidden_sums, verdict.hidden, strict=True)
    ]
    values, digits = (verdict.hidden, 4) if model.hidden else (verdict.x, 0)
    total = filled(model.out.weights, model.out.bias, values, digits)
    steps = [_through(model, total)]
    if model.output == "sigmoid":
        steps.append(f"sigmoid({decimal(verdict.weighted_sum, 2)})")
    return [*units, f"{model.out.name} = {' = '.join(steps)} = {decimal(verdict.answer)} -> {word(verdict.yes)}"]


def _through(model: Model, total: str) -> str:
    return total if model.output == "identity" else f"sigmoid({total})"


def word(yes: bool | int | np.integer) -> str:
    """Say yes or no."""
    return "yes" if yes else "no"


def tiles(name: str, images: Images) -> Tiles:
    """Show images from the lowest answer to the highest, each with its id, the answer and what it really shows."""
    order = np.argsort([verdict.answer for verdict in judge(name, images.x)], kind="stable")
    captions = [_caption(name, images.only([images.ids[row]])) for row in order]
    return Tiles(images.x[order], tuple(captions))


def _caption(name: str, image: Images) -> str:
    verdict = judge(name, image.x)[0]
    right = "right" if verdict.yes == bool(image.y[0]) else "wrong"
    return f"image {image.ids[0]}\n{decimal(verdict.answer, 2)} {word(verdict.yes)}\n{right}"


def as_numbers(name: str, images: Images) -> list[dict[str, Any]]:
    """The verdicts as plain dicts, for machines."""
    labels = zip(images.ids.tolist(), images.y.tolist(), judge(name, images.x), strict=True)
    return [{"id": id, "stairs": bool(y), **verdict._asdict()} for id, y, verdict in labels]
