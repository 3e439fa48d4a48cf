"""A confusion matrix: how often each class is taken for each."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from jaxnet import checks
from jaxnet.figures import inputs, theme
from jaxnet.types import ArrayLike

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIDE = 0.62  # inches a cell
_DARK = 0.45  # share of the darkest cell from which white text reads better
_PALE = 0.25  # share up to which orange stands out from the shade below it


def confusion_matrix(counts: ArrayLike, classes: Sequence[str]) -> "Figure":
    """Draw counts [K, K], the class down and the prediction across, each cell shaded by its share of its class.

    Mistakes have an orange number where their shade is pale. Raises ValueError for a matrix that is not square, a count
    below 0 or another number of names than classes.
    """
    values = inputs.array("counts", counts, ("K", "K"))
    checks.require(values.min() >= 0, "counts", "counts from 0", checks.Words(f"{values.min():g} among them"))
    names = inputs.captions(classes, len(values))
    figure = theme.new_figure(1.6 + _SIDE * len(values), 1.1 + _SIDE * len(values))
    axes = figure.subplots()
    # a class without an example is white all over, and not 0 / 0
    shares = values / np.maximum(values.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap=theme.SHADES, vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(values):
        readable = "white" if shares[row, column] > _DARK else theme.INK
        mistake = row != column and count and shares[row, column] <= _PALE
        colour = theme.COLOURS[1] if mistake else readable
        axes.text(column, row, f"{count:g}", ha="center", va="center", fontsize=theme.TEXT, color=colour)
    axes.set_xticks(range(len(names)), labels=names)
    axes.set_yticks(range(len(names)), labels=names)
    theme.label(axes, x="prediction", y="class")
    return figure
