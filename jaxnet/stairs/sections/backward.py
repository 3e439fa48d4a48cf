"""The worked example's backward pass: how the loss changes with every weight, and the first step."""

from jaxnet.stairs.blocks import Lines, Paragraph, Section
from jaxnet.stairs.example import STEP, initial_weights
from jaxnet.stairs.images import Images, chosen, load
from jaxnet.stairs.sections.forward import ARTICLE_IDS
from jaxnet.stairs.trace import Trace, one_step
from jaxnet.stairs.writing import decimal, matrix, products


def section(image: int | None) -> Section:
    """Pass the error of the chosen images back, and take the mean over all training images for the first step."""
    shown = chosen(image, ARTICLE_IDS)
    train, _ = load()
    rows = one_step(initial_weights(), shown.x, shown.targets, STEP)
    whole = one_step(initial_weights(), train.x, train.targets, STEP)
    blocks = (
        Paragraph(
            "Backwards, from the loss to each weight. Rows are those of image "
            f"{', '.join(map(str, shown.ids))}; the gradients are means over all {len(train.x)} training "
            "images."
        ),
        Lines(tuple(_output(rows, whole))),
        Lines(tuple(_hidden(rows, whole))),
        Lines(tuple(_update(whole))),
        Paragraph(
            "A trap: both gradients must come from the old weights. The article's author also printed a "
            "check made with Keras, whose new W2 agrees with this one and whose new W1 does not: it is what "
            "comes out when d1 is passed back through the W2 that was already updated."
        ),
    )
    return Section(blocks, _numbers(shown, rows, whole))


def _output(rows: Trace, whole: Trace) -> list[str]:
    return [
        *matrix("d1 = Yhat - Y   (dloss/dZ2 of each image)", rows.d1),
        f"   d1[1,1] = {decimal(rows.Yhat[0, 0])} - {rows.Y[0, 0]:g} = {decimal(rows.d1[0, 0])}",
        *matrix("gradient of W2 = X2' d1 / N", whole.gradient_W2, 10),
        f"   [h1,1] = ({products(whole.X2[:, 1], whole.d1[:, 0], 3)}) / {len(whole.X2)} "
        f"= {decimal(whole.gradient_W2[1, 0])}",
    ]


def _hidden(rows: Trace, whole: Trace) -> list[str]:
    a = decimal(rows.X2[0, 1])
    return [
        *matrix("d2 = d1 W2'   (without the bias: dloss/dX2)", rows.d2, 6),
        f"   d2[1,1] = {products(rows.d1[0], rows.W2[1], digits=6)} = {decimal(rows.d2[0, 0], 6)}",
        *matrix("d3 = d2 X2 (1 - X2)   (entry by entry: dloss/dZ1)", rows.d3, 6),
        f"   d3[1,1] = {decimal(rows.d2[0, 0], 6)}·{a}·(1 - {a}) = {decimal(rows.d3[0, 0], 6)}",
        *matrix("gradient of W1 = X1' d3 / N", whole.gradient_W1, 10),
        f"   [x1,h1] = ({products(whole.X1[:, 1], whole.d3[:, 0], 3)}) / {len(whole.X1)} "
        f"= {decimal(whole.gradient_W1[1, 0])}",
    ]


def _update(whole: Trace) -> list[str]:
    old, slope, new = (decimal(m[0, 0], 10) for m in (whole.W2, whole.gradient_W2, whole.new_W2))
    return [
        *matrix(f"new W2 = W2 - {decimal(STEP, 1)} gradient", whole.new_W2, 10),
        f"   [1,1] = {old} - {decimal(STEP, 1)}·{slope} = {new}",
        *matrix(f"new W1 = W1 - {decimal(STEP, 1)} gradient", whole.new_W1, 10),
    ]


def _numbers(shown: Images, rows: Trace, whole: Trace) -> dict:
    of_rows = {name: getattr(rows, name).tolist() for name in ("d1", "d2", "d3")}
    of_all = {name: getattr(whole, name).tolist() for name in ("gradient_W2", "gradient_W1", "new_W2", "new_W1")}
    return {"ids": shown.ids.tolist(), "step": STEP, **of_rows, **of_all}
