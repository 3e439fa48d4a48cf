"""Maps of the plane: what units answer on a slice of the input space, and the loss over two parameters."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxnet import checks
from jaxnet.figures import inputs, theme
from jaxnet.types import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_Extent = tuple[float, float, float, float]  # left, right, bottom, top, in the units of the axes


def boundary_slices(
    maps: Mapping[str, ArrayLike],
    extent: Sequence[float],
    *,
    labels: tuple[str, str] = ("x", "y"),
    threshold: float = 0.5,
) -> "Figure":
    """Draw what each unit answers over a plane of inputs, with the line where it changes its mind.

    Args:
        maps: from a panel's title to the unit's answers [G, G]: row i from bottom to top, column j from
            left to right.
        extent: left, right, bottom, top of the plane, in the units of the inputs.
        labels: the names of the horizontal and the vertical input.
        threshold: where the line is drawn and the colours are white; .5 for a sigmoid, 0 for a weighted sum.

    Raises ValueError for maps that are not square, NaN and an empty extent.
    """
    values = inputs.named_arrays("maps", maps, ("G", "G"), shortest=2)
    edges = _extent(extent)
    figure, panels = theme.grid_of_panels(len(values), columns=4, width=theme.PANEL, height=theme.PANEL + 0.1)
    every = np.concatenate([each.ravel() for each in values.values()])
    scale: dict[str, Any] = {"cmap": theme.signed_colours(), **theme.symmetric(every, threshold)}
    # one scale over all panels, so that a colour means the same in each
    for panel, (name, each) in zip(panels, values.items(), strict=True):
        image = panel.imshow(
            each, origin="lower", extent=edges, aspect=_aspect(edges), interpolation="bilinear", **scale
        )
        _line(panel, each, edges, threshold)
        theme.label(panel, title=name, x=labels[0], y=labels[1])
    theme.colour_bar(figure, image, panels, title="answer")
    return figure


def _aspect(edges: _Extent) -> str:
    # equal ranges are drawn equal; others may differ by any factor, so they fill their panel
    left, right, bottom, top = edges
    return "equal" if right - left == top - bottom else "auto"


def _extent(extent: Sequence[float]) -> _Extent:
    left, right, bottom, top = (float(edge) for edge in inputs.array("extent", list(extent), (4,)))
    wide = left < right and bottom < top
    checks.require(wide, "extent", "left < right and bottom < top", (left, right, bottom, top))
    return left, right, bottom, top


def _line(axes: "Axes", values: np.ndarray, edges: _Extent, threshold: float) -> None:
    # matplotlib warns when a contour is nowhere: a unit that never changes its mind has no line
    if values.min() < threshold < values.max():
        x, y = (np.linspace(low, high, len(values)) for low, high in (edges[:2], edges[2:]))
        axes.contour(x, y, values, levels=[threshold], colors=theme.INK, linewidths=1.4)


def loss_surface(
    x: ArrayLike,
    y: ArrayLike,
    losses: ArrayLike,
    paths: Mapping[str, ArrayLike],
    *,
    labels: tuple[str, str] = ("x", "y"),
) -> "Figure":
    """Draw the loss over two parameters as a contour map and the paths that training runs take over it.

    Args:
        x: the values of the first parameter [G], rising; y: those of the second.
        losses: the loss [G, G] at (x[j], y[i]) in row i, column j.
        paths: from a run's name to the parameters after each step [T, 2]; what leaves the map is cut off,
            and a diverged run's NaN and infinity are gaps. A disc marks where a path begins, a cross where
            it ends, a star the lowest loss of the map.
        labels: the names of the two parameters.

    Raises ValueError for other shapes and for coordinates that do not rise.
    """
    columns, rows = _rising("x", x), _rising("y", y)
    heights = inputs.array("losses", losses, (len(rows), len(columns)))
    runs = inputs.named_arrays("paths", paths, ("T", 2), gaps=True)
    figure = theme.new_figure(6.4, 4.8)
    axes = figure.subplots()
    image = axes.contourf(columns, rows, heights, levels=24, cmap=theme.HEIGHTS)
    axes.contour(columns, rows, heights, levels=24, colors="white", linewidths=0.4)
    for index, (name, path) in enumerate(runs.items()):
        _path(axes, path, name, index)
    row, column = np.unravel_index(np.argmin(heights), heights.shape)
    star: dict[str, Any] = {"marker": "*", "markersize": 13, "markeredgecolor": theme.INK, "linestyle": ""}
    axes.plot(columns[column], rows[row], color="white", label="lowest loss", zorder=5, **star)
    theme.label(axes, x=labels[0], y=labels[1])
    axes.set(xlim=columns[[0, -1]], ylim=rows[[0, -1]])
    theme.legend(axes)
    bar = theme.colour_bar(figure, image, [axes], title="loss")
    bar.locator = theme.round_ticks()
    bar.update_ticks()
    return figure


def _rising(argument: str, value: ArrayLike) -> np.ndarray:
    found = inputs.array(argument, value, ("G",), shortest=2)
    checks.require(np.all(np.diff(found) > 0), argument, "rising coordinates", found.tolist())
    return found


def _path(axes: "Axes", path: np.ndarray, name: str, index: int) -> None:
    # blue is the map's own colour
    colour = ("#D55E00", theme.INK, "#CC79A7", "#E69F00")[index % 4]
    axes.plot(*path.T, color=colour, linewidth=1.4, marker=".", markersize=4, label=name)
    # wider from path to path and hollow: paths that begin at one point all show that they do
    axes.plot(*path[0], color=colour, marker="o", markersize=6 + 5 * index, markerfacecolor="none", markeredgewidth=1.6)
    axes.plot(*path[-1], color=colour, marker="X", markersize=9, markeredgecolor="white")
