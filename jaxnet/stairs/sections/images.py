"""The problem: 500 images of 2 x 2 pixels, some of which show stairs."""

import numpy as np

from jaxnet.stairs.blocks import Block, Paragraph, Section, Table, Tiles
from jaxnet.stairs.images import TABLE_IDS, Images, chosen, every, load
from jaxnet.stairs.verdicts import word

NEARLY = 367


def section(image: int | None) -> Section:
    """Show the article's table and the chosen images."""
    shown = chosen(image)
    train, test = load()
    table = every().only(TABLE_IDS)
    counts = {"train": _counts(train), "test": _counts(test)}
    blocks: tuple[Block, ...] = (
        Paragraph(
            "An image has four pixels, from 0 (white) to 255 (black): x1 and x2 above, x3 and x4 below. It "
            "shows stairs when three pixels are dark and one of the upper two is light. Half of the images "
            "were drawn so; the others are noise, of which 6 in 1000 look just like stairs, so no program "
            "can be right every time."
        ),
        Table(("image", "x1", "x2", "x3", "x4", "stairs"), tuple(_row(table, row) for row in range(len(table.x)))),
        Paragraph(
            f"{counts['train']['images']} images are for training, {counts['train']['stairs']} of them stairs; "
            f"{counts['test']['images']} are kept for testing, {counts['test']['stairs']} of them stairs."
        ),
        Tiles(shown.x, tuple(f"image {id}\nstairs: {word(y)}" for id, y in zip(shown.ids, shown.y, strict=True))),
    )
    if NEARLY in shown.ids:
        blocks += (
            Paragraph(
                f"Image {NEARLY} is not called stairs, though it nearly is: for the label, its x2 is a little "
                "too dark and its x4 a little too light."
            ),
        )
    return Section(blocks, {**counts, "table": _as_dicts(table), "shown": _as_dicts(shown)})


def _counts(images: Images) -> dict[str, int]:
    return {"images": len(images.y), "stairs": int(np.sum(images.y))}


def _row(images: Images, row: int) -> tuple[str, ...]:
    return (str(images.ids[row]), *(str(value) for value in images.x[row]), word(images.y[row]))


def _as_dicts(images: Images) -> list[dict]:
    rows = zip(images.ids.tolist(), images.x.tolist(), images.y.tolist(), strict=True)
    return [{"id": id, "x": x, "stairs": bool(y)} for id, x, y in rows]
