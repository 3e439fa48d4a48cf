"""Mini-batches: more steps from the same look at the data; momentum: steps that remember where they were going."""

import itertools
from collections.abc import Iterator

from jaxnet.stairs.blocks import Lines, Paragraph, Section, Table
from jaxnet.stairs.example import initial_weights
from jaxnet.stairs.images import every
from jaxnet.stairs.trace import Trace, one_step
from jaxnet.stairs.trained import DARKEST, Recipe, trained
from jaxnet.stairs.writing import decimal

EPOCHS, IMAGES = 100, 400
STEP = 0.5
RECIPES = {
    (size, momentum): Recipe(8, STEP, EPOCHS, momentum=momentum, batch_size=size)
    for size, momentum in itertools.product((None, 100, 20), (0.0, 0.9))
}


def section(image: int | None) -> Section:
    """Update three times from three images, then train with and without; the chosen image plays no part."""
    updates = list(three_updates())
    runs = {setting: trained(recipe) for setting, recipe in RECIPES.items()}
    rows = [
        (
            _name(size),
            str(_updates(size)),
            decimal(momentum, 1),
            f"{run.history['loss'][-1]:.4f}",
            f"{run.accuracy[1]:.0%}",
        )
        for (size, momentum), run in runs.items()
    ]
    blocks = (
        Paragraph(
            f"A gradient need not wait for all the images. Cut into the mini-batches {{1}}, {{2}}, {{3}}, "
            "three images update the weights three times an epoch, each time from the weights that the last "
            f"one left. Here W1[x1,h1] of the worked example, with pixels from 0 to 1 and step {STEP:g}:"
        ),
        Lines(tuple(_line(number, trace) for number, trace in enumerate(updates, start=1))),
        Paragraph(
            "Momentum adds to each step .9 of the one before, so steps that agree grow and steps that "
            f"contradict each other cancel. 8 hidden units, step {STEP:g}, {EPOCHS} epochs, from the same "
            "weights:"
        ),
        Table(("batch", "updates", "momentum", "loss", "test"), tuple(rows)),
    )
    numbers = [
        {
            "batch_size": size or IMAGES,
            "momentum": momentum,
            "updates": _updates(size),
            "loss": float(run.history["loss"][-1]),
            "test": run.accuracy[1],
        }
        for (size, momentum), run in runs.items()
    ]
    return Section(blocks, {"three_updates": [float(trace.new_W1[1, 0]) for trace in updates], "runs": numbers})


def three_updates() -> Iterator[Trace]:
    """Step down the gradient of image 1 alone, then of image 2, then of image 3."""
    weights = initial_weights()
    for id in (1, 2, 3):
        images = every().only([id])
        trace = one_step(weights, images.x / DARKEST, images.targets, STEP)
        yield trace
        weights = trace.new_W1, trace.new_W2


def _line(number: int, trace: Trace) -> str:
    old, slope, new = (decimal(m[1, 0], 6) for m in (trace.W1, trace.gradient_W1, trace.new_W1))
    return f"image {number}: {old} - {decimal(STEP, 1)}·{slope} = {new}"


def _name(size: int | None) -> str:
    return f"all {IMAGES}" if size is None else str(size)


def _updates(size: int | None) -> int:
    return EPOCHS * -(-IMAGES // (size or IMAGES))
