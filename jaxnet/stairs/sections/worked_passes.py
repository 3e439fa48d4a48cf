"""The worked example's first step, forward and backward, with one cell of each matrix written out."""

from typing import Any

from jaxnet.stairs.blocks import Block, Paragraph, Section, Verbatim
from jaxnet.stairs.example import ARTICLE_STEP, Trace, initial_weights, one_step
from jaxnet.stairs.images import Images, chosen, load
from jaxnet.stairs.writing import decimal, matrix, products

_ARTICLE_IDS = (1, 2, 3)  # the rows that the article prints


def _traces(image: int | None) -> tuple[Images, Trace, Trace]:
    """Return the chosen images, by default the article's, their rows of the first step, and the step as it is taken,
    over all training images."""
    shown, (train, _) = chosen(image, _ARTICLE_IDS), load()
    first = lambda images: one_step(initial_weights(), images.x, images.targets, ARTICLE_STEP)
    return shown, first(shown), first(train)


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
            "4 pixels, 2 hidden units with the sigmoid, 2 outputs with the softmax: stairs and something "
            "else. The bias is the weight of a first column of ones. The weights are the article's, drawn by "
            f"R from U(-.01, .01). Below are the rows of image {', '.join(map(str, shown.ids))}; the real "
            f"matrices have {len(whole.X1)} rows, one a training image. All in float64."
        ),
        Verbatim(tuple(hidden)),
        Verbatim(tuple(output)),
        Paragraph(
            "The loss is the cross-entropy: the mean over the images of minus the log of the probability "
            f"given to the right answer, {whole.loss:.15f} over the {len(whole.X1)} training images. An "
            "untrained network gives each answer about a half, so it begins near log 2 = .6931. Its larger "
            f"output is the right one for {whole.accuracy:.2%} of them."
        ),
    )
    numbers = {"ids": shown.ids.tolist(), **_numbers(rows, "X1", "W1", "Z1", "X2", "W2", "Z2", "Yhat")}
    return Section(blocks, numbers | {"loss": whole.loss, "accuracy": whole.accuracy})


def backward_section(image: int | None) -> Section:
    """Pass the error of the chosen images back, and take the mean over all training images for the first step."""
    shown, rows, whole = _traces(image)
    step, a = decimal(ARTICLE_STEP, 1), decimal(rows.X2[0, 1])
    output = [
        *matrix("d1 = Yhat - Y   (dloss/dZ2 of each image)", rows.d1),
        f"   d1[1,1] = {decimal(rows.Yhat[0, 0])} - {rows.Y[0, 0]:g} = {decimal(rows.d1[0, 0])}",
        *matrix("gradient of W2 = X2' d1 / N", whole.gradient_W2, 10),
        f"   [h1,1] = ({products(whole.X2[:, 1], whole.d1[:, 0], 3)}) / {len(whole.X2)} "
        f"= {decimal(whole.gradient_W2[1, 0])}",
    ]
    hidden = [
        *matrix("d2 = d1 W2'   (without the bias: dloss/dX2)", rows.d2, 6),
        f"   d2[1,1] = {products(rows.d1[0], rows.W2[1], digits=6)} = {decimal(rows.d2[0, 0], 6)}",
        *matrix("d3 = d2 X2 (1 - X2)   (entry by entry: dloss/dZ1)", rows.d3, 6),
        f"   d3[1,1] = {decimal(rows.d2[0, 0], 6)}·{a}·(1 - {a}) = {decimal(rows.d3[0, 0], 6)}",
        *matrix("gradient of W1 = X1' d3 / N", whole.gradient_W1, 10),
        f"   [x1,h1] = ({products(whole.X1[:, 1], whole.d3[:, 0], 3)}) / {len(whole.X1)} "
        f"= {decimal(whole.gradient_W1[1, 0])}",
    ]
    old, slope, new = (decimal(m[0, 0], 10) for m in (whole.W2, whole.gradient_W2, whole.new_W2))
    update = [
        *matrix(f"new W2 = W2 - {step} gradient", whole.new_W2, 10),
        f"   [1,1] = {old} - {step}·{slope} = {new}",
        *matrix(f"new W1 = W1 - {step} gradient", whole.new_W1, 10),
    ]
    blocks: tuple[Block, ...] = (
        Paragraph(
            f"Backwards, from the loss to each weight. Rows are those of image {', '.join(map(str, shown.ids))}; the "
            f"gradients are means over all {len(whole.X1)} training images."
        ),
        *[Verbatim(tuple(lines)) for lines in (output, hidden, update)],
        Paragraph(
            "A trap: both gradients must come from the old weights. The article's author also printed a "
            "check made with Keras, whose new W2 agrees with this one and whose new W1 does not: it is what "
            "comes out when d1 is passed back through the W2 that was already updated."
        ),
    )
    steps = _numbers(whole, "gradient_W2", "gradient_W1", "new_W2", "new_W1")
    numbers = {"ids": shown.ids.tolist(), "step": ARTICLE_STEP, **_numbers(rows, "d1", "d2", "d3"), **steps}
    return Section(blocks, numbers)
