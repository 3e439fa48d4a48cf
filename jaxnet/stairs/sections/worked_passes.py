"""The worked example's first step, forward and backward, with one cell of each matrix written out."""

import itertools
import math
from typing import Any

import numpy as np

from jaxnet.stairs.blocks import Block, Paragraph, Section, TextTable, Verbatim
from jaxnet.stairs.diagrams import diagram
from jaxnet.stairs.example import ARTICLE_STEP, Trace, initial_weights, one_step
from jaxnet.stairs.hand_set_networks import Unit
from jaxnet.stairs.images import Images, chosen, load
from jaxnet.stairs.writing import decimal, matrix, products

_ARTICLE_IDS = (1, 2, 3)  # the rows that the article prints


def _traces(image: int | None) -> tuple[Images, Trace, Trace]:
    """Return the chosen images, by default the article's, their rows of the first step, and the step as it is taken,
    over all training images."""
    shown, (train, _) = chosen(image, _ARTICLE_IDS), load()
    first = lambda images: one_step(initial_weights(), images.x, images.targets, ARTICLE_STEP)
    return shown, first(shown), first(train)


def _gradients(image: int | None, rows: Trace, whole: Trace) -> tuple[Trace, str]:
    """Return the step whose gradients are shown, and whose they are: all images', or the chosen one's alone."""
    if image is None:
        return whole, f"the gradients are means over all {len(whole.X1)} training images."
    return rows, f"the gradients are those of image {image} alone, a mini-batch of one."


def _numbers(trace: Trace, *names: str) -> dict[str, Any]:
    return {name: getattr(trace, name).tolist() for name in names}


def forward_section(image: int | None) -> Section:
    """Trace the chosen images, by default the article's first three, through the untrained network."""
    shown, rows, whole = _traces(image)
    a, b = (decimal(z, 6) for z in rows.Z2[0])
    hidden = [
        *matrix("X1", rows.X1, 0),
        *matrix("W1", rows.W1, 10),
        *matrix("Z1 = X1 W1", rows.Z1),
        f"   Z1[1,1] = {products(rows.W1[:, 0], rows.X1[0])}",
        f"           = {decimal(rows.Z1[0, 0])}",
        *matrix("X2 = [1, sigmoid(Z1)]", rows.X2),
        f"   X2[1,2] = 1 / (1 + exp({decimal(-rows.Z1[0, 0])})) = {decimal(rows.X2[0, 1])}",
    ]
    output = [
        *matrix("W2", rows.W2, 10),
        *matrix("Z2 = X2 W2", rows.Z2, 6),
        f"   Z2[1,1] = {products(rows.W2[:, 0], rows.X2[0])} = {decimal(rows.Z2[0, 0], 6)}",
        *matrix("Yhat = softmax(Z2)", rows.Yhat, 5),
        f"   Yhat[1,1] = exp({a}) / (exp({a}) + exp({b})) = {decimal(rows.Yhat[0, 0], 5)}",
    ]
    blocks = (
        Paragraph(
            "The forward pass: 4 pixels, 2 hidden units with the sigmoid, 2 outputs with the softmax: stairs and "
            "something else. The bias is the weight of a first column of ones. The weights are the article's, drawn by "
            f"R from U(-.01, .01). Below are the rows of image {', '.join(map(str, shown.ids))}; the real "
            f"matrices have {len(whole.X1)} rows, one a training image. All in float64."
        ),
        worked_diagram(),
        Verbatim(tuple(hidden), "the hidden layer in numbers"),
        Verbatim(tuple(output), "the output layer in numbers"),
        *_loss_and_gpu(shown, rows, whole),
    )
    numbers = {"ids": shown.ids.tolist(), **_numbers(rows, "X1", "W1", "Z1", "X2", "W2", "Z2", "Yhat")}
    return Section(blocks, numbers | {"loss": whole.loss, "accuracy": whole.accuracy})


def _update(mean: Trace) -> list[str]:
    """Write out the step down the gradient."""
    step = decimal(ARTICLE_STEP, 1)
    old, slope, new = (decimal(m[0, 0], 10) for m in (mean.W2, mean.gradient_W2, mean.new_W2))
    return [
        *matrix(f"new W2 = W2 - {step} gradient", mean.new_W2, 10),
        f"   [1,1] = {old} - {step}·{slope} = {new}",
        *matrix(f"new W1 = W1 - {step} gradient", mean.new_W1, 10),
    ]


def worked_diagram() -> Verbatim:
    """Draw the worked example with its first weights, rounded to four decimals."""
    layers = [
        [
            Unit(f"{letter}{k + 1}", tuple(np.round(W[1:, k], 4).tolist()), round(float(W[0, k]), 4))
            for k in range(W.shape[1])
        ]
        for letter, W in zip("hz", initial_weights(), strict=True)
    ]
    return diagram(layers, activation="sigmoid", output="softmax of z1, z2")


def _shared_derivatives() -> list[Block]:
    """Count what the chain rule costs when every weight follows its own paths, and when they share what they can."""
    rows = []
    for sizes in ((4, 2, 2), (4, 8, 8, 8, 8, 8, 2), (784, 100, 100, 100, 10)):
        paths, shared = chain_rule_products(sizes)
        rows.append(("-".join(map(str, sizes)), f"{paths:,}", f"{shared:,}"))
    return [
        Paragraph(
            "The loss depends on every unit of every layer, so the chain rule looks like a nightmare: a weight acts on "
            "the loss along every path from it to the output, each a product of slopes. The key is that most of these "
            "paths share their later part. d1 above was computed once and serves the six weights of W2, and d2 and d3 "
            "for the ten of W1 are made of it. Products for one image, each path for itself, and shared:"
        ),
        TextTable(("network", "each path for itself", "shared"), tuple(rows)),
        Paragraph(
            "What is more, the slope s (1 - s) is made of X2, which the forward pass has computed already: that saves "
            "time, and the memory of a second copy."
        ),
    ]


def chain_rule_products(sizes: tuple[int, ...]) -> tuple[int, int]:
    """Count multiplications of one example's backward pass: along every path of every weight, and shared.

    A path from layer l to the output multiplies a slope and a weight for every layer that it crosses. Shared, each
    layer's delta is made of the one after it once, and each weight's slope is one product of a delta and an input.
    """
    layers = list(itertools.pairwise(sizes))
    paths = sum(
        (a + 1) * b * math.prod(sizes[k + 2 :]) * (1 + 2 * (len(layers) - 1 - k)) for k, (a, b) in enumerate(layers)
    )
    # one product a weight; then a b to pass a delta back, b to form the sigmoid's slope and b to take it along
    shared = sum((a + 1) * b for a, b in layers) + sum(a * b + 2 * a for a, b in layers[1:])
    return paths, shared


def _loss_and_gpu(shown: Images, rows: Trace, whole: Trace) -> list[Block]:
    """Say what the loss is, and how much of this could be computed at once."""
    return [
        Paragraph(
            "The loss is the cross-entropy: the mean over the images of minus the log of the probability "
            f"given to the right answer, {decimal(rows.losses[0], 6)} for image {shown.ids[0]} and "
            f"{whole.loss:.15f} over the {len(whole.X1)} training images. An "
            "untrained network gives each answer about a half, so it begins near log 2 = .6931. Its larger "
            f"output is the right one for {whole.accuracy:.2%} of them."
        ),
        Paragraph(
            f"X1 W1 over all images is {whole.Z1.size} sums of {whole.W1.shape[0]} products, and none of these "
            f"{whole.Z1.size * whole.W1.shape[0]:,} products waits for another. That is what a GPU is for: thousands "
            "of them at once. It pays where there are millions; for a network of this size a CPU is faster (jaxnet "
            "doctor says where jaxnet computes)."
        ),
    ]


def backward_section(image: int | None) -> Section:
    """Pass the error of the chosen images back, and take the mean over all training images for the first step."""
    shown, rows, whole = _traces(image)
    mean, whose = _gradients(image, rows, whole)
    a = decimal(rows.X2[0, 1])
    output = [
        *matrix("d1 = Yhat - Y   (dloss/dZ2 of each image)", rows.d1),
        f"   d1[1,1] = {decimal(rows.Yhat[0, 0])} - {rows.Y[0, 0]:g} = {decimal(rows.d1[0, 0])}",
        *matrix("gradient of W2 = X2' d1 / N", mean.gradient_W2, 10),
        f"   [h1,1] = ({products(mean.X2[:, 1], mean.d1[:, 0], 3)}) / {len(mean.X2)} "
        f"= {decimal(mean.gradient_W2[1, 0])}",
    ]
    hidden = [
        *matrix("d2 = d1 W2'   (without the bias: dloss/dX2)", rows.d2, 6),
        f"   d2[1,1] = {products(rows.d1[0], rows.W2[1], digits=6)} = {decimal(rows.d2[0, 0], 6)}",
        *matrix("d3 = d2 X2 (1 - X2)   (entry by entry: dloss/dZ1)", rows.d3, 6),
        f"   d3[1,1] = {decimal(rows.d2[0, 0], 6)}·{a}·(1 - {a}) = {decimal(rows.d3[0, 0], 6)}",
        *matrix("gradient of W1 = X1' d3 / N", mean.gradient_W1, 10),
        f"   [x1,h1] = ({products(mean.X1[:, 1], mean.d3[:, 0], 3)}) / {len(mean.X1)} "
        f"= {decimal(mean.gradient_W1[1, 0])}",
    ]
    blocks: tuple[Block, ...] = (
        Paragraph(
            "The backward pass, from the loss to each weight. Rows are those of image "
            f"{', '.join(map(str, shown.ids))}; {whose}"
        ),
        *[
            Verbatim(tuple(lines), f"{what} in numbers")
            for what, lines in (("the output layer", output), ("the hidden layer", hidden), ("the step", _update(mean)))
        ],
        *_shared_derivatives(),
        Paragraph(
            "A trap: both gradients must come from the old weights. The article's author also printed a "
            "check made with Keras, whose new W2 agrees with this one and whose new W1 does not: it is what "
            "comes out when d1 is passed back through the W2 that was already updated."
        ),
    )
    steps = _numbers(mean, "gradient_W2", "gradient_W1", "new_W2", "new_W1")
    numbers = {"ids": shown.ids.tolist(), "step": ARTICLE_STEP, **_numbers(rows, "d1", "d2", "d3"), **steps}
    return Section(blocks, numbers)
