"""Cases A and B: the same change of a pixel means much in one image and little in another."""

import numpy as np

from jaxnet.stairs.blocks import Paragraph, Section, Table, Tiles
from jaxnet.stairs.cases import case_images
from jaxnet.stairs.verdicts import judge
from jaxnet.stairs.writing import decimal

NAMES = ("perceptron", "logistic", "logistic_figure")


def section(image: int | None) -> Section:
    """Ask the perceptron and the sigmoid about both cases; the chosen image plays no part."""
    rises = {case: {name: _rise(name, images) for name in NAMES} for case, images in case_images().items()}
    rows = [
        (f"{case}: {name}", *(decimal(value) for value in rise.values()))
        for case, of in rises.items()
        for name, rise in of.items()
    ]
    a, b = case_images().values()
    blocks = (
        Paragraph(
            "In case A the lower left pixel of [100, 0, 0, 125] darkens from 0 to 60, and the image becomes "
            "stairs; in case B it darkens from 60 to 120, and the image was stairs already. A should matter "
            "more."
        ),
        Tiles(np.array([*a, b[1]]), ("x3 = 0", "x3 = 60", "x3 = 120")),
        Table(("case", "before", "after", "rise"), tuple(rows)),
        Paragraph(
            "To the line both are the same 60 steps of .0020: it rises by .12 either way. The sigmoid is "
            "steep around 0 and flat where it is sure, so it rises much in A and hardly in B."
        ),
    )
    return Section(blocks, rises)


def _rise(name: str, images: np.ndarray) -> dict[str, float]:
    before, after = (verdict.answer for verdict in judge(name, images))
    return {"before": before, "after": after, "rise": after - before}
