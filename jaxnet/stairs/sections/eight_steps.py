"""Gradient descent in eight steps on the worked example's numbers, and how far they can be repeated."""

import functools
import itertools
import math

import numpy as np

from jaxnet.stairs.blocks import Block, Paragraph, Section, TextTable, Verbatim
from jaxnet.stairs.example import (
    ACCURACY_RANGE,
    ARTICLE_EPOCHS,
    ARTICLE_STEP,
    REPRODUCIBLE,
    Trace,
    initial_weights,
    one_step,
    steps,
)
from jaxnet.stairs.images import every, load
from jaxnet.stairs.writing import coefficient, decimal

_EPOCHS_SHOWN = (1, 2, 3, 4, 5, 10, 15, 20, 25)  # those that the article prints
_COMPARED = (1, 10, 25, 40, 60, 100, 1000, 1500)
_PRINTED = (1.5, 2.2, 0.001)  # the article's own example of a step: weight w23, its slope, the step size
_NUDGE = 1e-15  # of each weight: a few units in the last place of float64


def descent_section(image: int | None) -> Section:
    """Walk through the article's eight steps with the chosen image or its first, then follow the loss."""
    train, _ = load()
    W1, W2 = initial_weights()
    first = one_step((W1, W2), train.x, train.targets, ARTICLE_STEP)
    losses, changed = run_and_its_double()
    one = one_step((W1, W2), *_pixels_and_target(image or 1), ARTICLE_STEP)
    lines, printed = _eight(image or 1, one, first, losses[1])
    blocks = (
        Paragraph("How are weights found, once there are labelled images? By gradient descent, in eight steps:"),
        Verbatim(lines),
        Paragraph(
            f"Step 7 in the article's own numbers: a weight w23 of 1.5 whose slope is 2.2, and a step size of .001, "
            f"make {printed}. In all it takes {ARTICLE_EPOCHS:,} steps."
        ),
        Paragraph(
            "Maximum likelihood is no other way, as the article has it, but a choice of the loss. Minimising the "
            "cross-entropy is maximum likelihood: the probability that the network gives to all the right answers "
            f"together is exp(-{len(first.X1)} loss), {_power_of_ten(losses[0], len(first.X1))} before the first step "
            f"and {_power_of_ten(losses[-1], len(first.X1))} before the last."
        ),
        TextTable(("before step", "loss"), tuple((str(e), f"{losses[e - 1]:.9f}") for e in _EPOCHS_SHOWN)),
        *_chaos(losses, changed),
    )
    numbers = {
        "losses": losses[:REPRODUCIBLE].tolist(),
        "reproducible_epochs": REPRODUCIBLE,
        "test_accuracy_range": list(ACCURACY_RANGE),
        "chaos": [{"epoch": e, "loss": losses[e - 1], "changed": changed[e - 1]} for e in _COMPARED],
    }
    return Section(blocks, numbers)


def _chaos(losses: np.ndarray, changed: np.ndarray) -> list[Block]:
    """Set the article's run beside one changed by a rounding error, and say what follows."""
    low, high = ACCURACY_RANGE
    differences = [
        (str(e), f"{losses[e - 1]:.9f}", f"{changed[e - 1]:.9f}", f"{abs(losses[e - 1] - changed[e - 1]):.0e}")
        for e in _COMPARED
    ]
    return [
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
    ]


@functools.cache
def run_and_its_double() -> tuple[np.ndarray, np.ndarray]:
    """Return the losses of the article's run, and of one from weights that differ by as little as two machines' sums
    may: both [ARTICLE_EPOCHS], in float64."""
    train, _ = load()
    W1, W2 = initial_weights()
    run = lambda weights: itertools.islice(steps(weights, train.x, train.targets, ARTICLE_STEP), ARTICLE_EPOCHS)
    losses, changed = (np.array([trace.loss for trace in run((w, W2))]) for w in (W1, W1 * (1 + _NUDGE)))
    return losses, changed


def _pixels_and_target(id: int) -> tuple[np.ndarray, np.ndarray]:
    images = every().only([id])
    return images.x, images.targets


def _power_of_ten(loss: float, images: int) -> str:
    """Write exp(-images loss), which may be too small for a float, as a power of ten."""
    return f"10^{-images * loss / math.log(10):.1f}"


def _eight(id: int, one: Trace, first: Trace, next_loss: float) -> tuple[tuple[str, ...], str]:
    """Write the steps with their numbers, and the article's own example of step 7."""
    w, g, new = (decimal(m[1, 0], 6) for m in (first.W1, first.gradient_W1, first.new_W1))
    step, slope, size = _PRINTED
    weights = first.W1.size + first.W2.size
    printed = f"{coefficient(step)} - {coefficient(size)}·{coefficient(slope)} = {coefficient(step - size * slope)}"
    return (
        f"1  Labelled data:      {len(first.X1)} images, {first.Y[:, 0].sum():g} of them stairs",
        "2  A loss with slopes: cross-entropy, the mean of -log p of the right answer",
        f"3  A structure:        4 pixels, 2 hidden units, 2 outputs: {weights} weights",
        f"4  Random weights:     W1[x1,h1] is {w}, and {weights - 1} more",
        f"5  Forward:            {decimal(one.Yhat[0, 0])} for image {id}; the mean loss is {decimal(first.loss, 6)}",
        f"6  Backward:           d1 is {decimal(one.d1[0, 0])} for image {id}; the slope of W1[x1,h1] {g}",
        f"7  A small step down:  {w} - {coefficient(ARTICLE_STEP)}·{g} = {new}",
        f"8  Again from 5:       the loss is now {decimal(next_loss, 6)}; until it converges",
    ), printed
