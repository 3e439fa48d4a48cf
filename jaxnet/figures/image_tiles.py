"""2x2 images, and weights of the same shape, as tiles."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxnet import checks
from jaxnet.figures import inputs, theme
from jaxnet.types import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS, _SIDE = 6, 1.55  # tiles in a row, inches a tile
_LIGHT = 0.53  # luminance from which dark text reads better than white


def gallery(images: ArrayLike, captions: Sequence[str], *, wrong: Sequence[bool] = ()) -> "Figure":
    """Draw M gray images of 2x2 pixels as shaded tiles, each under its caption and with its intensities
    written in.

    ``images`` [M, 4] holds intensities from 0 = white to 255 = black in the order R1C1, R1C2, R2C1, R2C2,
    as in the article; ``wrong`` says of each whether its answer is wrong: such a tile has an orange frame. Raises
    ValueError for another shape, an intensity outside 0..255 or another number of captions.
    """
    values = inputs.array("images", images, ("M", 4))
    low, high = values.min(), values.max()
    inside = low >= 0 and high <= 255
    checks.require(inside, "images", "intensities from 0 to 255", checks.Words(f"intensities from {low:g} to {high:g}"))
    figure, panels = theme.grid_of_panels(len(values), columns=_COLUMNS, width=_SIDE, height=_SIDE + 0.2)
    scale = {"cmap": theme.SHADES, "vmin": 0, "vmax": 255}
    marked = list(wrong) or [False] * len(values)
    checks.require(
        len(marked) == len(values), "wrong", "one bool for each tile", checks.Words(f"{len(marked)} of them")
    )
    texts = inputs.captions(captions, len(values))
    for panel, value, caption, amiss in zip(panels, values, texts, marked, strict=True):
        _tile(panel, value, caption, scale)
        if amiss:
            panel.spines[:].set(color=theme.COLOURS[1], linewidth=3)
            panel.title.set_color(theme.COLOURS[1])
    return figure


def weight_tiles(weights: ArrayLike, captions: Sequence[str]) -> "Figure":
    """Draw M perceptrons' weights of the four pixels as tiles: red is negative, blue positive, white 0, on
    one scale.

    ``weights`` [M, 4] in the order R1C1, R1C2, R2C1, R2C2: for a layer's ``w`` [4, H], give ``w.T``. Raises
    ValueError for another shape, NaN or another number of captions.
    """
    values = inputs.array("weights", weights, ("M", 4))
    texts = inputs.captions(captions, len(values))
    figure, panels = theme.grid_of_panels(len(values), columns=_COLUMNS, width=_SIDE + 0.1, height=_SIDE + 0.2)
    # one scale for all tiles, or a weight of .1 would look like one of 10
    scale: dict[str, Any] = {"cmap": theme.signed_colours(), **theme.symmetric(values)}
    tiles = [_tile(*each, scale) for each in zip(panels, values, texts, strict=True)]
    theme.colour_bar(figure, tiles[-1], panels, title="weight")
    return figure


def _tile(axes: "Axes", value: np.ndarray, caption: str, scale: dict[str, Any]) -> Any:
    image = axes.imshow(value.reshape(2, 2), **scale)
    axes.set_title(caption, fontsize=theme.SMALL, color=theme.INK)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_color(theme.FAINT)
    for pixel, number in enumerate(value):
        # dark or white, whichever the eye tells better from the pixel's own shade (weights of ITU-R BT.709)
        light = np.dot(image.to_rgba(number)[:3], (0.2126, 0.7152, 0.0722)) > _LIGHT
        shade = theme.INK if light else "white"
        row, column = divmod(pixel, 2)
        axes.text(column, row, f"{number:.3g}", ha="center", va="center", fontsize=theme.SMALL, color=shade)
    return image
