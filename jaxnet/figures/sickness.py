"""Pictures of a diagnosis: activations by layer, gradients by layer, curves and their turning point, answers beside
the rows of each class, and what was tried."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxnet import checks
from jaxnet.figures import inputs, theme
from jaxnet.types import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BINS = 30
_WIDTH, _HEIGHT = 4.2, 3.0  # inches of a panel


def sickness_panels(
    *,
    activations: Mapping[str, ArrayLike] | None = None,
    dead: Mapping[str, float] | None = None,
    gradients: Mapping[str, float] | None = None,
    curves: Mapping[str, ArrayLike] | None = None,
    turning_epoch: int | None = None,
    answers: Mapping[str, ArrayLike] | None = None,
    tried: Mapping[str, float] | None = None,
) -> "Figure":
    """Draw what a diagnosis has seen, a panel for each thing that is given.

    Args:
        activations: layer -> activations, any shape: a histogram each.
        dead: layer -> share of its units that are dead, 0 to 1.
        gradients: layer -> norm of the gradient there, on a logarithmic axis.
        curves: name -> one number an epoch [E].
        turning_epoch: from 1, marked on the curves.
        answers: "rows" and "answers" -> their number by class [K].
        tried: what was changed -> share explained.

    Raises ValueError or TypeError for other shapes, and ValueError where nothing is given.
    """
    panels: list[tuple[Any, Any]] = [
        (_histograms, activations), (_shares, dead), (_norms, gradients), (_lines, curves), (_classes, answers),
        (_lanes, tried),
    ]  # fmt: skip
    given = [(draw, values) for draw, values in panels if values]
    checks.require(given, "sickness_panels", "at least one thing to draw", checks.Words("none"))
    figure, axes = theme.grid_of_panels(len(given), columns=2, width=_WIDTH, height=_HEIGHT)
    for panel, (draw, values) in zip(axes, given, strict=True):
        draw(panel, values)
        if draw is _lines and turning_epoch is not None:
            panel.axvline(turning_epoch, color=theme.INK, linewidth=1, linestyle="--", label=f"epoch {turning_epoch}")
            theme.legend(panel)
        theme.rule(panel)
    return figure


def _histograms(axes: "Axes", values: Mapping[str, ArrayLike]) -> None:
    for index, (name, each) in enumerate(values.items()):
        found = np.ravel(np.asarray(each, np.float64))
        finite = found[np.isfinite(found)]
        # steps and not bars: layers lie over each other
        style: dict[str, Any] = {"histtype": "step", "color": theme.colour(index), "label": name}
        axes.hist(finite, bins=_BINS, weights=np.full(len(finite), 1 / max(1, len(finite))), **style)
    theme.label(axes, title="activations", x="activation", y="share")
    theme.legend(axes)


def _shares(axes: "Axes", values: Mapping[str, float]) -> None:
    axes.bar(list(values), list(values.values()), color=theme.colour(1))
    axes.set_ylim(0, 1)
    theme.label(axes, title="dead units", y="share of a layer")


def _norms(axes: "Axes", values: Mapping[str, float]) -> None:
    at = np.arange(len(values))
    axes.plot(at, list(values.values()), color=theme.colour(0), marker=theme.marker(0))
    axes.set_yscale("log")
    axes.set_xticks(at, labels=list(values))
    theme.label(axes, title="gradients", y="norm")


def _lines(axes: "Axes", values: Mapping[str, ArrayLike]) -> None:
    for index, (name, curve) in enumerate(inputs.named_arrays("curves", values, ("E",), gaps=True).items()):
        axes.plot(np.arange(1, len(curve) + 1), curve, color=theme.colour(index), label=name.replace("_", " "))
    theme.label(axes, title="curves", x="epoch", y="loss")
    theme.legend(axes)


def _classes(axes: "Axes", values: Mapping[str, ArrayLike]) -> None:
    bars = inputs.named_arrays("answers", values, ("K",))
    width = 0.8 / len(bars)
    for index, (name, counts) in enumerate(bars.items()):
        at = np.arange(len(counts)) + (index - (len(bars) - 1) / 2) * width
        axes.bar(at, counts, width, color=theme.colour(index), label=name)
    theme.label(axes, title="answers beside base rate", x="class", y="rows")
    theme.legend(axes)


def _lanes(axes: "Axes", values: Mapping[str, float]) -> None:
    names = list(values)
    # worse than a constant is all the same, and would flatten the rest
    axes.barh(names, [max(0.0, value) for value in values.values()], color=theme.colour(2))
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    theme.label(axes, title="tried", x="share explained")
