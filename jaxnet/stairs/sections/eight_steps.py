"""Gradient descent in eight steps on the worked example's numbers, and how far they can be repeated."""

import itertools

import numpy as np

from jaxnet.stairs.blocks import Paragraph, Section, TextTable, Verbatim
from jaxnet.stairs.example import (
    ACCURACY_RANGE,
    ARTICLE_EPOCHS,
    ARTICLE_STEP,
    REPRODUCIBLE,
    Trace,
    initial_weights,
    steps,
)
from jaxnet.stairs.images import load
from jaxnet.stairs.writing import decimal

_EPOCHS_SHOWN = (1, 2, 3, 4, 5, 10, 15, 20, 25)  # those that the article prints
_COMPARED = (1, 10, 25, 40, 60, 100, 1000, 1500)
_NUDGE = 1e-15  # of each weight: a few units in the last place of float64


def descent_section(image: int | None) -> Section:
    """Walk through the first step, then follow the loss; the chosen image plays no part."""
    train, _ = load()
    W1, W2 = initial_weights()
    run = lambda weights: itertools.islice(steps(weights, train.x, train.targets, ARTICLE_STEP), ARTICLE_EPOCHS)
    first = next(run((W1, W2)))
    # the same run twice, from weights that differ by as little as two machines' sums may
    losses, changed = (np.array([trace.loss for trace in run((w, W2))]) for w in (W1, W1 * (1 + _NUDGE)))
    low, high = ACCURACY_RANGE
    differences = [
        (str(e), f"{losses[e - 1]:.9f}", f"{changed[e - 1]:.9f}", f"{abs(losses[e - 1] - changed[e - 1]):.0e}")
        for e in _COMPARED
    ]
    blocks = (
        Verbatim(_eight(first, losses[1])),
        TextTable(("before step", "loss"), tuple((str(e), f"{losses[e - 1]:.9f}") for e in _EPOCHS_SHOWN)),
        Paragraph(
            f"Only these first {REPRODUCIBLE} epochs can be repeated to nine digits. Steps of "
            f"{decimal(ARTICLE_STEP, 1)} are too big for pixels up to 255, so rounding errors grow until they decide "
            f"where the run goes. Here is the same run beside one whose weights W1 were changed by {_NUDGE:g} "
            "of themselves:"
        ),
        TextTable(("before step", "loss", "changed", "difference"), tuple(differences)),
        Paragraph(
            f"So no one can promise the final accuracy. Over 30 such runs it lay between {decimal(low, 2)} "
            f"and {decimal(high, 2)} on the test images; the article's own run got .87."
        ),
    )
    numbers = {
        "losses": losses[:REPRODUCIBLE].tolist(),
        "reproducible_epochs": REPRODUCIBLE,
        "test_accuracy_range": [low, high],
        "chaos": [{"epoch": e, "loss": losses[e - 1], "changed": changed[e - 1]} for e in _COMPARED],
    }
    return Section(blocks, numbers)


def _eight(first: Trace, next_loss: float) -> tuple[str, ...]:
    w, g, new = (decimal(m[1, 0], 6) for m in (first.W1, first.gradient_W1, first.new_W1))
    return (
        f"1  Draw weights:         W1[x1,h1] = {w}, and {first.W1.size + first.W2.size - 1} more",
        f"2  Go forward:           image 1 is stairs with probability {decimal(first.Yhat[0, 0])}",
        f"3  Measure the loss:     {first.loss:.6f}, the mean over {len(first.X1)} images",
        f"4  Error at the output:  d1 = Yhat - Y, {decimal(first.d1[0, 0])} for image 1",
        f"5  Gradient of W2:       X2' d1 / N, {decimal(first.gradient_W2[1, 0])} for h1",
        f"6  Gradient of W1:       X1' d3 / N with d3 passed back, {g} for [x1,h1]",
        f"7  Step down:            {w} - {decimal(ARTICLE_STEP, 1)}·{g} = {new}",
        f"8  Again from 2:         the loss is now {next_loss:.6f}",
    )
