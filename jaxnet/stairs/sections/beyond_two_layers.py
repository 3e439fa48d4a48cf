"""What can stand in a network beside sigmoids, two answers and one hidden layer: activations, kinds, depth."""

import itertools
from collections.abc import Callable

import numpy as np

from jaxnet.reference.operations import ACTIVATIONS
from jaxnet.stairs.blocks import Paragraph, Section, TextTable, Verbatim
from jaxnet.stairs.images import DARKEST, chosen
from jaxnet.stairs.small_runs import DEPTHS, IMAGE_KINDS, depth_losses, kinds, three_kinds
from jaxnet.stairs.writing import decimal

_POINTS = np.array([-4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0])
_SHOWN = ("sigmoid", "tanh", "relu")
_KINDS_IDS = (240, 407, 4)  # a right stairs, a left stairs and something else
_STAIRCASES = (4, 16, 64, 256)  # hidden units of the networks built by hand
_REACHED = 0.2  # the loss whose epoch is compared between depths
_DEPTH_EPOCHS, _DEPTH_STARTS = 3000, 3


def activations_section(image: int | None) -> Section:
    """Write out sigmoid, tanh and relu with their slopes, each made from its value; the image plays no part."""
    values = {name: ACTIVATIONS[name].forward(_POINTS) for name in _SHOWN}
    slopes = {name: ACTIVATIONS[name].derivative(_POINTS, values[name]) for name in _SHOWN}
    rows = tuple(
        (f"{name}{mark}", *(decimal(value, 3) for value in of[name]))
        for name in _SHOWN
        for mark, of in (("(z)", values), ("'(z)", slopes))
    )
    blocks = (
        Paragraph(
            "The sigmoid is not the only activation. The tanh is a sigmoid stretched to (-1, 1), tanh(z) = "
            "2 sigmoid(2z) - 1; the relu, max(0, z), leaves what is positive as it is and is common in deep networks. "
            "Without any, as shown above, layers collapse into one perceptron: an activation has to bend."
        ),
        TextTable(("z", *(decimal(z, 0) for z in _POINTS)), rows),
        Paragraph(
            "The slopes follow from the values: sigmoid' = s (1 - s), tanh' = (1 - t) (1 + t), relu' = 1 where its "
            "value is positive, else 0. Far from 0 the first two are nearly flat, so little of an error comes back "
            f"through them: at 4 the sigmoid's slope is {decimal(slopes['sigmoid'][-1])}, the relu's 1."
        ),
    )
    numbers = {name: {"values": values[name].tolist(), "slopes": slopes[name].tolist()} for name in _SHOWN}
    return Section(blocks, {"z": _POINTS.tolist(), **numbers})


def classes_section(image: int | None) -> Section:
    """Train a network with three outputs and show its softmax on an image of each kind, or on the chosen one."""
    net, params, accuracy = three_kinds()
    shown = chosen(image, _KINDS_IDS)
    logits = np.stack([np.asarray(net.apply(params, x)) for x in (shown.x / DARKEST).astype(np.float32)])
    answers = np.asarray(net.predict(params, shown.x / DARKEST), np.float64)
    rows = tuple(
        (str(id), *(decimal(p) for p in answer), decimal(answer.sum(), 2), IMAGE_KINDS[kind])
        for id, answer, kind in zip(shown.ids, answers, kinds(shown), strict=True)
    )
    a, b, c = (decimal(z, 3) for z in logits[0])
    blocks = (
        Paragraph(
            f"More than two answers need one output unit each. Here are {len(IMAGE_KINDS)} kinds of images: "
            f"{', '.join(IMAGE_KINDS)}. The softmax turns the outputs' sums z into probabilities, exp(z) of each "
            "divided by the sum of all, so they are positive and sum to 1. It is the sigmoid again where there are "
            "two: softmax(a, b) = sigmoid(a - b). A network 4-6-3, trained on the same 400 images, says:"
        ),
        TextTable(("image", *IMAGE_KINDS, "sum", "it is"), rows),
        Verbatim(
            (
                f"image {shown.ids[0]}: z = {a}, {b}, {c}",
                f"{IMAGE_KINDS[0]} = exp({a}) / (exp({a}) + exp({b}) + exp({c})) = {decimal(answers[0, 0])}",
            )
        ),
        Paragraph(f"It is right on {accuracy:.0%} of the test images."),
    )
    rows_as_numbers = [
        {
            "id": int(id),
            "probabilities": dict(zip(IMAGE_KINDS, answer.tolist(), strict=True)),
            "kind": IMAGE_KINDS[kind],
        }
        for id, answer, kind in zip(shown.ids, answers, kinds(shown), strict=True)
    ]
    return Section(blocks, {"kinds": list(IMAGE_KINDS), "shown": rows_as_numbers, "test_accuracy": accuracy})


def staircase_error(units: int, f: Callable[[np.ndarray], np.ndarray]) -> float:
    """Build one hidden layer of steep sigmoids that imitates ``f`` on [0, 1]; return its largest error.

    Unit k is a step between two of the points 0, 1/units, ..., 1 and counts by as much as f rises between them.
    """
    points = np.linspace(0, 1, units + 1)
    steps, rises = (points[:-1] + points[1:]) / 2, np.diff(f(points))
    x = np.linspace(0, 1, 2001)
    # steep beside the distance of two steps, which is 1/units
    hidden = ACTIVATIONS["sigmoid"].forward(40.0 * units * (x[:, None] - steps))
    return float(np.abs(f(points[:1]) + hidden @ rises - f(x)).max())


def deep_section(image: int | None) -> Section:
    """Build ever wider layers by hand, and train deeper networks of nearly as many weights; the image plays no part."""
    wave = lambda x: np.sin(2 * np.pi * x)
    errors = {units: staircase_error(units, wave) for units in _STAIRCASES}
    losses = {sizes: depth_losses(sizes, _DEPTH_EPOCHS, _DEPTH_STARTS) for sizes in DEPTHS}
    rows, numbers = [], []
    for sizes, runs in losses.items():
        # every run of these gets there; one that did not would count as never
        reached = [int(np.argmax(run < _REACHED)) + 1 if run.min() < _REACHED else _DEPTH_EPOCHS for run in runs]
        weights = sum((a + 1) * b for a, b in itertools.pairwise(sizes))
        middle, last = float(np.median(reached)), float(np.median(runs[:, -1]))
        rows.append(("-".join(map(str, sizes)), str(weights), f"{middle:.0f}", decimal(last)))
        numbers.append({"sizes": list(sizes), "parameters": weights, "epochs": reached, "last_loss": last})
    blocks = (
        Paragraph(
            "More hidden layers can follow, each fed by the one before: deep learning, which works very well in "
            "practice. Yet one hidden layer is enough in principle: with enough units it approximates any continuous "
            "function on a bounded region as closely as one likes (universal approximation; the article says that it "
            "can imitate any deeper network, which is meant so). The proof can be built by hand: steep sigmoids are "
            "the steps of a staircase. For sin(2 pi x) on [0, 1] the largest error is:"
        ),
        TextTable(("hidden units", *map(str, errors)), (("largest error", *(decimal(e) for e in errors.values())),)),
        Paragraph(
            "The article says that deep networks are preferred because they tend to converge faster. That is "
            "contested; the reason usually given is that depth expresses some functions with far fewer units "
            f"(Telgarsky 2015). On the stairs, with nearly as many weights (tanh, "
            f"momentum .9, medians of {_DEPTH_STARTS} starts):"
        ),
        TextTable(
            ("sizes", "weights", f"epochs to loss {decimal(_REACHED, 1)}", f"loss after {_DEPTH_EPOCHS}"), tuple(rows)
        ),
        Paragraph(
            "experiments/universal_approximation.py trains one layer of 1 to 32 units and deeper networks on a harder "
            "function, and builds Telgarsky's."
        ),
    )
    return Section(blocks, {"staircase_errors": {str(u): e for u, e in errors.items()}, "depths": numbers})
