"""Gradient descent in eight steps on the worked example's numbers, and how far they can be repeated."""

import itertools

import numpy as np

from jaxnet.stairs.blocks import Lines, Paragraph, Section, Table
from jaxnet.stairs.example import ACCURACY_RANGE, EPOCHS, REPRODUCIBLE, STEP, initial_weights
from jaxnet.stairs.images import load
from jaxnet.stairs.trace import Trace, steps
from jaxnet.stairs.writing import decimal

EPOCHS_SHOWN = (1, 2, 3, 4, 5, 10, 15, 20, 25)
COMPARED = (1, 10, 25, 40, 60, 100, 1000, 1500)
NUDGE = 1e-15  # of each weight: a few units in the last place of float64


def section(image: int | None) -> Section:
    """Walk through the first step, then follow the loss; the chosen image plays no part."""
    first, losses, changed = _runs()
    low, high = ACCURACY_RANGE
    differences = [
        (str(e), f"{losses[e - 1]:.9f}", f"{changed[e - 1]:.9f}", f"{abs(losses[e - 1] - changed[e - 1]):.0e}")
        for e in COMPARED
    ]
    blocks = (
        Lines(tuple(_eight_steps(first, losses[1]))),
        Table(("before step", "loss"), tuple((str(e), f"{losses[e - 1]:.9f}") for e in EPOCHS_SHOWN)),
        Paragraph(
            f"Only these first {REPRODUCIBLE} epochs can be repeated to nine digits. Steps of "
            f"{decimal(STEP, 1)} are too big for pixels up to 255, so rounding errors grow until they decide "
            f"where the run goes. Here is the same run beside one whose weights W1 were changed by {NUDGE:g} "
            "of themselves:"
        ),
        Table(("before step", "loss", "changed", "difference"), tuple(differences)),
        Paragraph(
            f"So no one can promise the final accuracy. Over 30 such runs it lay between {decimal(low, 2)} "
            f"and {decimal(high, 2)} on the test images; the article's own run got .87."
        ),
    )
    numbers = {
        "losses": losses[:REPRODUCIBLE].tolist(),
        "reproducible_epochs": REPRODUCIBLE,
        "test_accuracy_range": [low, high],
    }
    numbers["chaos"] = [{"epoch": e, "loss": losses[e - 1], "changed": changed[e - 1]} for e in COMPARED]
    return Section(blocks, numbers)


def _runs() -> tuple[Trace, np.ndarray, np.ndarray]:
    """Return the first step's trace, the losses of the run, and those of the run from weights changed by NUDGE."""
    train, _ = load()
    W1, W2 = initial_weights()
    run = lambda weights: itertools.islice(steps(weights, train.x, train.targets, STEP), EPOCHS)
    first = next(run((W1, W2)))
    losses, changed = (np.array([t.loss for t in run((w, W2))]) for w in (W1, W1 * (1 + NUDGE)))
    return first, losses, changed


def _eight_steps(first: Trace, next_loss: float) -> list[str]:
    w, g, new = (decimal(m[1, 0], 6) for m in (first.W1, first.gradient_W1, first.new_W1))
    return [
        f"1  Draw weights:         W1[x1,h1] = {w}, and {first.W1.size + first.W2.size - 1} more",
        f"2  Go forward:           image 1 is stairs with probability {decimal(first.Yhat[0, 0])}",
        f"3  Measure the loss:     {first.loss:.6f}, the mean over {len(first.X1)} images",
        f"4  Error at the output:  d1 = Yhat - Y, {decimal(first.d1[0, 0])} for image 1",
        f"5  Gradient of W2:       X2' d1 / N, {decimal(first.gradient_W2[1, 0])} for h1",
        f"6  Gradient of W1:       X1' d3 / N with d3 passed back, {g} for [x1,h1]",
        f"7  Step down:            {w} - {decimal(STEP, 1)}·{g} = {new}",
        f"8  Again from 2:         the loss is now {next_loss:.6f}",
    ]
