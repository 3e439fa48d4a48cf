"""Networks that found their weights themselves: beside those set by hand, and by mini-batches and momentum."""

import itertools
from typing import Any

import numpy as np

from jaxnet.stairs.blocks import Block, Paragraph, Section, TextTable, Verbatim
from jaxnet.stairs.example import ACCURACY_RANGE, REPRODUCIBLE, initial_weights, one_step
from jaxnet.stairs.images import DARKEST, chosen, every, load
from jaxnet.stairs.sections.interaction import CORNERS, corner_images
from jaxnet.stairs.trained_networks import ARTICLE, BEST, LADDER, RunSettings, trained_network
from jaxnet.stairs.verdicts import shares_right, yes_or_no
from jaxnet.stairs.writing import decimal

_BY_HAND = ("perceptron", "logistic", "logistic_figure", "left_right", "bottom_and_top")


def training_section(image: int | None) -> Section:
    """Train every network of the ladder, score it, and ask the article's and the best one about the chosen images."""
    scores, rows = _scores()
    shown = chosen(image)
    article, best = (trained_network(settings).answers(shown.x).tolist() for settings in (ARTICLE, BEST))
    answers = list(zip(shown.ids.tolist(), article, best, map(bool, shown.y), strict=True))
    asked = [(str(id), decimal(a), decimal(b), yes_or_no(b > 0.5), yes_or_no(y)) for id, a, b, y in answers]
    corners = {name: _at_corners(settings) for name, settings in (("the article's", ARTICLE), ("the best", BEST))}
    low, high = (decimal(value, 2) for value in ACCURACY_RANGE)
    blocks = (
        Paragraph(
            "Now gradient descent sets the weights, 4-2-2 as in the article and then a little better each "
            f"time (in {trained_network(BEST).params[0]['w'].dtype}):"
        ),
        TextTable(("network", "loss", "train", "test"), rows),
        Paragraph(
            f"The article's own run is chaotic: on raw pixels, even in float64, only its first {REPRODUCIBLE} "
            f"epochs can be repeated to nine digits, and its final test accuracy is somewhere between {low} "
            f"and {high}, whichever way the last digits round. With pixels from 0 to 1 the run is tame but "
            "slow, a larger step makes up for it, and more hidden units with momentum leave the hand-set "
            "networks far behind."
        ),
        Paragraph("The probability of stairs that the article's own network and the best one give:"),
        TextTable(("image", "the article's", "the best", "says", "stairs"), tuple(asked)),
        *_interaction_learnt(corners),
    )
    numbers = {
        **scores,
        "corners": corners,
        "answers": [{"id": id, "article": a, "best": b, "stairs": y} for id, a, b, y in answers],
    }
    return Section(blocks, numbers)


def _scores() -> tuple[dict[str, Any], tuple[tuple[str, ...], ...]]:
    """Score all networks: as numbers, and as rows of a table."""
    runs = {name: trained_network(settings) for name, settings in LADDER.items()}
    by_hand = {name: tuple(shares_right(name, load())) for name in _BY_HAND}
    by_training = {name: run.accuracy for name, run in runs.items()}
    losses = {name: decimal(float(run.history["loss"][-1])) for name, run in runs.items()}
    rows = tuple(
        (label, loss, f"{train:.2%}", f"{test:.0%}")
        for label, loss, (train, test) in (
            *((f"by hand: {name}", "", scores) for name, scores in by_hand.items()),
            *((name, losses[name], scores) for name, scores in by_training.items()),
        )
    )
    as_dicts = lambda scores: {name: {"train": train, "test": test} for name, (train, test) in scores.items()}
    return {"by_hand": as_dicts(by_hand), "trained": as_dicts(by_training)}, rows


def _at_corners(settings: RunSettings) -> list[float]:
    return trained_network(settings).answers(corner_images((200, 200))).tolist()


def _interaction_learnt(corners: dict[str, list[float]]) -> list[Block]:
    """Show what trained networks answer to the interaction, and say how far that can be trusted."""
    return [
        Paragraph(
            "Have they learnt the interaction? Over a lower row of 200, low, high, high, low is wanted. Yet only "
            f"{_white_above_dark()} of the 400 images are white above and dark below: where there are no images, a "
            "trained network is no guide."
        ),
        TextTable(
            ("answer", *CORNERS), tuple((name, *(decimal(value) for value in each)) for name, each in corners.items())
        ),
    ]


def _white_above_dark() -> int:
    """Count the training images whose upper pixels are both nearly white and whose lower ones are both dark."""
    train, _ = load()
    return int(np.sum((train.x[:, :2] < 30).all(axis=1) & (train.x[:, 2:] > 150).all(axis=1)))


_EPOCHS, _IMAGES, _STEP = 100, 400, 0.5
_BATCH_RUNS = {
    (size, momentum): RunSettings(8, _STEP, _EPOCHS, momentum=momentum, batch_size=size)
    for size, momentum in itertools.product((None, 100, 20), (0.0, 0.9))
}


def batches_section(image: int | None) -> Section:
    """Update three times from three images, then train with and without mini-batches and momentum; the chosen image
    plays no part."""
    updated, lines = three_updates()
    runs = [
        {
            "batch_size": size or _IMAGES,
            "momentum": momentum,
            # a last batch that is not full is an update, too
            "updates": _EPOCHS * -(-_IMAGES // (size or _IMAGES)),
            "loss": float(trained_network(settings).history["loss"][-1]),
            "test": trained_network(settings).accuracy[1],
        }
        for (size, momentum), settings in _BATCH_RUNS.items()
    ]
    rows = [
        (
            f"all {_IMAGES}" if run["batch_size"] == _IMAGES else str(run["batch_size"]),
            str(run["updates"]),
            decimal(run["momentum"], 1),
            f"{run['loss']:.4f}",
            f"{run['test']:.0%}",
        )
        for run in runs
    ]
    blocks = (
        Paragraph(
            f"A gradient need not wait for all the images. Cut into the mini-batches {{1}}, {{2}}, {{3}}, "
            "three images update the weights three times an epoch, each time from the weights that the last "
            f"one left. Here W1[x1,h1] of the worked example, with pixels from 0 to 1 and step {_STEP:g}:"
        ),
        Verbatim(tuple(lines)),
        Paragraph(
            "Momentum adds to each step .9 of the one before, so steps that agree grow and steps that "
            "contradict each other cancel. It is one of several such heuristics; jn.fit takes any optimizer of "
            f"optax, Adam for one. 8 hidden units, step {_STEP:g}, {_EPOCHS} epochs, from the same "
            "weights:"
        ),
        TextTable(("batch", "updates", "momentum", "loss", "test"), tuple(rows)),
    )
    return Section(blocks, {"three_updates": updated, "runs": runs})


def three_updates() -> tuple[list[float], list[str]]:
    """Step down the gradient of image 1 alone, then of image 2, then of image 3: W1[x1,h1] after each step, and the
    step in words."""
    weights = initial_weights()
    updated, lines = [], []
    for id in (1, 2, 3):
        images = every().only([id])
        trace = one_step(weights, images.x / DARKEST, images.targets, _STEP)
        old, slope, new = (decimal(m[1, 0], 6) for m in (trace.W1, trace.gradient_W1, trace.new_W1))
        updated.append(float(trace.new_W1[1, 0]))
        lines.append(f"image {id}: {old} - {decimal(_STEP, 1)}·{slope} = {new}")
        weights = trace.new_W1, trace.new_W2
    return updated, lines
