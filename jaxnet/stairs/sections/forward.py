"""The worked example's forward pass from the published weights, one cell of each matrix written out."""

from jaxnet.stairs.blocks import Lines, Paragraph, Section
from jaxnet.stairs.example import STEP, initial_weights
from jaxnet.stairs.images import Images, chosen, load
from jaxnet.stairs.trace import Trace, one_step
from jaxnet.stairs.writing import decimal, matrix, products

ARTICLE_IDS = (1, 2, 3)  # the rows that the article prints


def section(image: int | None) -> Section:
    """Trace the chosen images, by default the article's first three, through the untrained network."""
    shown = chosen(image, ARTICLE_IDS)
    train, _ = load()
    rows = one_step(initial_weights(), shown.x, shown.targets, STEP)
    whole = one_step(initial_weights(), train.x, train.targets, STEP)
    blocks = (
        Paragraph(
            "4 pixels, 2 hidden units with the sigmoid, 2 outputs with the softmax: stairs and something "
            "else. The bias is the weight of a first column of ones. The weights are the article's, drawn by "
            f"R from U(-.01, .01). Below are the rows of image {', '.join(map(str, shown.ids))}; the real "
            f"matrices have {len(train.x)} rows, one a training image. All in float64."
        ),
        Lines(tuple(_hidden(rows))),
        Lines(tuple(_output(rows))),
        Paragraph(
            "The loss is the cross-entropy: the mean over the images of minus the log of the probability "
            f"given to the right answer, {whole.loss:.15f} over the {len(train.x)} training images. An "
            "untrained network gives each answer about a half, so it begins near log 2 = .6931. Its larger "
            f"output is the right one for {whole.accuracy:.2%} of them."
        ),
    )
    return Section(blocks, _numbers(shown, rows) | {"loss": whole.loss, "accuracy": whole.accuracy})


def _hidden(rows: Trace) -> list[str]:
    return [
        *matrix("X1", rows.X1, 0),
        *matrix("W1", rows.W1, 10),
        *matrix("Z1 = X1 W1", rows.Z1),
        f"   Z1[1,1] = {products(rows.W1[:, 0], rows.X1[0])}",
        f"           = {decimal(rows.Z1[0, 0])}",
        *matrix("X2 = [1, sigmoid(Z1)]", rows.X2),
        f"   X2[1,2] = 1 / (1 + exp({decimal(-rows.Z1[0, 0])})) = {decimal(rows.X2[0, 1])}",
    ]


def _output(rows: Trace) -> list[str]:
    a, b = (decimal(z, 6) for z in rows.Z2[0])
    return [
        *matrix("W2", rows.W2, 10),
        *matrix("Z2 = X2 W2", rows.Z2, 6),
        f"   Z2[1,1] = {products(rows.W2[:, 0], rows.X2[0])} = {decimal(rows.Z2[0, 0], 6)}",
        *matrix("Yhat = softmax(Z2)", rows.Yhat, 5),
        f"   Yhat[1,1] = exp({a}) / (exp({a}) + exp({b})) = {decimal(rows.Yhat[0, 0], 5)}",
    ]


def _numbers(shown: Images, rows: Trace) -> dict:
    names = ("X1", "W1", "Z1", "X2", "W2", "Z2", "Yhat")
    return {"ids": shown.ids.tolist(), **{name: getattr(rows, name).tolist() for name in names}}
