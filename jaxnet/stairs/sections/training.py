"""Networks that found their weights themselves, beside those that were set by hand."""

from jaxnet.stairs.blocks import Paragraph, Section, Table
from jaxnet.stairs.example import ACCURACY_RANGE, REPRODUCIBLE
from jaxnet.stairs.images import Images, chosen, load
from jaxnet.stairs.trained import ARTICLE, BEST, LADDER, trained
from jaxnet.stairs.verdicts import accuracy, word
from jaxnet.stairs.writing import decimal

HAND_SET = ("perceptron", "logistic", "logistic_figure", "left_right", "bottom_and_top")


def section(image: int | None) -> Section:
    """Train every network of the ladder, score it, and ask the article's and the best one about the chosen images."""
    shown = chosen(image)
    by_hand = {name: tuple(accuracy(name, images) for images in load()) for name in HAND_SET}
    by_training: dict[str, tuple[float, ...]] = {name: trained(recipe).accuracy for name, recipe in LADDER.items()}
    losses = {name: f"{trained(recipe).history['loss'][-1]:.4f}" for name, recipe in LADDER.items()}
    rows = [_row(f"by hand: {name}", "", scores) for name, scores in by_hand.items()]
    rows += [_row(name, losses[name], scores) for name, scores in by_training.items()]
    low, high = (decimal(value, 2) for value in ACCURACY_RANGE)
    blocks = (
        Paragraph(
            "Now gradient descent sets the weights, 4-2-2 as in the article and then a little better each "
            f"time (in {trained(BEST).params[0]['w'].dtype}):"
        ),
        Table(("network", "loss", "train", "test"), tuple(rows)),
        Paragraph(
            f"The article's own run is chaotic: on raw pixels, even in float64, only its first {REPRODUCIBLE} "
            f"epochs can be repeated to nine digits, and its final test accuracy is somewhere between {low} "
            f"and {high}, whichever way the last digits round. With pixels from 0 to 1 the run is tame but "
            "slow, a larger step makes up for it, and more hidden units with momentum leave the hand-set "
            "networks far behind."
        ),
        Paragraph("The probability of stairs that the article's own network and the best one give:"),
        _answers(shown),
    )
    numbers = {"by_hand": _as_dicts(by_hand), "trained": _as_dicts(by_training), "answers": _answers_as_numbers(shown)}
    return Section(blocks, numbers)


def _row(name: str, loss: str, scores: tuple[float, ...]) -> tuple[str, ...]:
    return (name, loss, f"{scores[0]:.2%}", f"{scores[1]:.0%}")


def _answers(shown: Images) -> Table:
    rows = [
        (
            str(each["id"]),
            f"{each['article']:.4f}",
            f"{each['best']:.4f}",
            word(each["best"] > 0.5),
            word(each["stairs"]),
        )
        for each in _answers_as_numbers(shown)
    ]
    return Table(("image", "the article's", "the best", "says", "stairs"), tuple(rows))


def _as_dicts(scores: dict[str, tuple[float, ...]]) -> dict[str, dict[str, float]]:
    return {name: {"train": train, "test": test} for name, (train, test) in scores.items()}


def _answers_as_numbers(shown: Images) -> list[dict]:
    article, best = (trained(recipe).answers(shown.x).tolist() for recipe in (ARTICLE, BEST))
    rows = zip(shown.ids.tolist(), article, best, shown.y.tolist(), strict=True)
    return [{"id": id, "article": a, "best": b, "stairs": bool(y)} for id, a, b, y in rows]
