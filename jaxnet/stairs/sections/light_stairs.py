"""Light stairs: six hidden units, three that see shading and three that see darkness and object."""

import numpy as np

from jaxnet.stairs.blocks import Block, Lines, Paragraph, Section, Table, Tiles
from jaxnet.stairs.images import chosen
from jaxnet.stairs.models import LIGHT_IMAGES, LIGHT_LABELS, MODELS
from jaxnet.stairs.verdicts import Verdict, as_numbers, formulas, formulas_of, judge, word
from jaxnet.stairs.writing import decimal

NAME = "light_stairs"


def section(image: int | None) -> Section:
    """Judge the article's own six images for this network, and fill in the chosen image, if any."""
    verdicts = judge(NAME, LIGHT_IMAGES)
    order = np.argsort([verdict.answer for verdict in verdicts])
    columns = ("image", *(unit.name for unit in MODELS[NAME].hidden), "answer", "stairs")
    rows = [_row(verdict, label) for verdict, label in zip(verdicts, LIGHT_LABELS, strict=True)]
    captions = tuple(f"{decimal(verdicts[i].answer, 2)} {word(verdicts[i].yes)}" for i in order)
    blocks: tuple[Block, ...] = (
        Paragraph(
            "Some stairs are only lightly shaded. Three hidden units see shading, three more see that it is "
            "too dark and count against it, so the network rises and falls again as an image darkens: no "
            "single perceptron can."
        ),
        formulas(NAME),
        Table(columns, tuple(rows)),
        Tiles(LIGHT_IMAGES[order], captions),
        Paragraph(
            "The last column is what the image shows. The network answers yes to the two light stairs and no "
            "to the two that are too dark, as it was built to."
        ),
    )
    pairs = zip(verdicts, LIGHT_LABELS.tolist(), strict=True)
    numbers = {"verdicts": [{"stairs": bool(label), **verdict._asdict()} for verdict, label in pairs]}
    if image is not None:
        lines = formulas_of(NAME, judge(NAME, chosen(image).x)[0])
        blocks += (Paragraph(f"Image {image} filled in:"), Lines(tuple(lines)))
        numbers["shown"] = as_numbers(NAME, chosen(image))
    return Section(blocks, numbers)


def _row(verdict: Verdict, label: int) -> tuple[str, ...]:
    values = (f"{value:.2f}" for value in (*verdict.hidden, verdict.answer))
    return (str(list(verdict.x)), *values, word(label))
