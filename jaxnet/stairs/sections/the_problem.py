"""The problem: 500 images of 2 x 2 pixels, some of which show stairs."""

from typing import Any

from jaxnet.stairs.blocks import Block, Paragraph, Section, TextTable, Tiles
from jaxnet.stairs.images import TABLE_IDS, Images, chosen, every, load
from jaxnet.stairs.verdicts import yes_or_no

_NEARLY = 367  # noise by its making, and so by its label, that nearly looks like stairs


def images_section(image: int | None) -> Section:
    """Show the article's table and the chosen images."""
    shown, table = chosen(image), every().only(TABLE_IDS)
    parts = dict(zip(("train", "test"), load(), strict=True))
    counts = {part: {"images": len(images.y), "stairs": int(images.y.sum())} for part, images in parts.items()}
    rows = [(str(id), *map(str, x), yes_or_no(y)) for id, x, y in zip(table.ids, table.x, table.y, strict=True)]
    captions = [f"image {id}\nstairs: {yes_or_no(y)}" for id, y in zip(shown.ids, shown.y, strict=True)]
    blocks: tuple[Block, ...] = (
        Paragraph(
            "An image has four pixels, from 0 (white) to 255 (black): x1 and x2 above, x3 and x4 below. It "
            "shows stairs when three pixels are dark and one of the upper two is light. Half of the images "
            "were drawn so; the others are noise, of which 6 in 1000 look just like stairs, so no program "
            "can be right every time. (Image files usually count the other way, 0 for black.)"
        ),
        Paragraph(
            "The four pixels are the input, the vector x; the answer is yes or no. First we look for models that could "
            "give it at all, with weights set by hand; how to find good weights comes after."
        ),
        TextTable(("image", "x1", "x2", "x3", "x4", "stairs"), tuple(rows)),
        Paragraph(
            f"{counts['train']['images']} images are for training, {counts['train']['stairs']} of them stairs; "
            f"{counts['test']['images']} are kept for testing, {counts['test']['stairs']} of them stairs."
        ),
        Tiles(shown.x, tuple(captions)),
    )
    if _NEARLY in shown.ids:
        blocks += (
            Paragraph(
                f"Image {_NEARLY} is not called stairs, though it nearly is: for the label, its x2 is a little "
                "too dark and its x4 a little too light."
            ),
        )
    return Section(blocks, {**counts, "table": _as_dicts(table), "shown": _as_dicts(shown)})


def _as_dicts(images: Images) -> list[dict[str, Any]]:
    rows = zip(images.ids.tolist(), images.x.tolist(), images.y.tolist(), strict=True)
    return [{"id": id, "x": x, "stairs": bool(y)} for id, x, y in rows]
