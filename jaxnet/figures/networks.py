"""A network as nodes and arrows: weights on the arrows, biases and activations in the nodes."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxnet import checks
from jaxnet.figures import inputs, theme
from jaxnet.types import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ACROSS, _DOWN = 3.0, 0.95  # inches between layers and between the units of one
_RADIUS = 0.2  # inches, of a node
_THIN, _THICK = 0.8, 3.0  # points, of the smallest and the largest weight's arrow
_PLACES = (0.17, 0.27, 0.37)  # of the way: where labels stand, in turn, so that those of neighbours do not meet


def network_diagram(
    names: Sequence[Sequence[str]], weights: Sequence[ArrayLike], captions: Sequence[Sequence[str]]
) -> "Figure":
    """Draw layers from left to right: a node a unit, an arrow a weight, blue for positive and orange for negative.

    Args:
        names: what stands in the nodes, layer by layer, the inputs first.
        weights: from each layer to the next, [D, H]; a weight of 0 has no arrow.
        captions: what stands below each unit but the inputs, such as its bias.

    Raises ValueError for weights of other shapes and another number of captions.
    """
    sizes = [len(layer) for layer in names]
    fits = len(sizes) >= 2 and len(weights) == len(captions) == len(sizes) - 1
    checks.require(fits, "names", "one layer more than there are weights and captions", checks.Words(f"{len(sizes)}"))
    values = [
        inputs.array(f"weights[{k}]", w, pair) for k, (w, pair) in enumerate(zip(weights, pairwise(sizes), strict=True))
    ]
    below = [inputs.captions(each, size) for each, size in zip(captions, sizes[1:], strict=True)]
    height = max(sizes) * _DOWN
    figure = theme.new_figure((len(sizes) - 1) * _ACROSS + 1.6, height + 0.2)
    axes = figure.subplots()
    axes.set(xlim=(-0.5, (len(sizes) - 1) * _ACROSS + 1.1), ylim=(-height / 2, height / 2), aspect="equal")
    axes.axis("off")
    largest = [float(np.abs(layer).max()) or 1.0 for layer in values]
    for layer, w in enumerate(values):
        for (i, j), weight in np.ndenumerate(w):
            if weight:
                ends = _place(layer, i, sizes), _place(layer + 1, j, sizes)
                _arrow(axes, ends, float(weight), turn=i + j, size=abs(weight) / largest[layer])
    for layer, each in enumerate(names):
        for unit, name in enumerate(each):
            _node(axes, _place(layer, unit, sizes), name, below[layer - 1][unit] if layer else "")
    return figure


def _place(layer: int, unit: int, sizes: Sequence[int]) -> np.ndarray:
    return np.array([layer * _ACROSS, ((sizes[layer] - 1) / 2 - unit) * _DOWN])


def _arrow(axes: "Axes", ends: tuple[np.ndarray, np.ndarray], weight: float, *, turn: int, size: float) -> None:
    start, end = ends
    way = (end - start) / np.linalg.norm(end - start)
    colour = theme.COLOURS[0] if weight > 0 else theme.COLOURS[1]
    style = {
        "arrowstyle": "-|>",
        "color": colour,
        "linewidth": _THIN + (_THICK - _THIN) * size,
        "shrinkA": 0,
        "shrinkB": 0,
    }
    axes.annotate("", xy=end - _RADIUS * way, xytext=start + _RADIUS * way, arrowprops=style)
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
    # near the unit that it comes from, where the arrows are still apart
    x, y = start + _PLACES[turn % len(_PLACES)] * (end - start)
    axes.text(x, y, f"{weight:.4g}", ha="center", va="center", fontsize=theme.SMALL, color=colour, bbox=box)


def _node(axes: "Axes", at: np.ndarray, name: str, caption: str) -> None:
    axes.plot(
        *at, marker="o", markersize=2 * _RADIUS * 72, markerfacecolor="white", markeredgecolor=theme.INK, zorder=4
    )
    inside = len(name) <= 3
    style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": theme.SMALL, "color": theme.INK, "zorder": 5}
    if inside:
        axes.text(at[0], at[1], name, **style)
    words = "\n".join(word for word in ("" if inside else name, caption) if word)
    if words:
        paper = {"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.8}
        axes.text(at[0], at[1] - _RADIUS - 0.04, words, **{**style, "va": "top"}, bbox=paper)
