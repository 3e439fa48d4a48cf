"""The panels of a diagnosis that show layers: activations, units that fire, gradients, weights."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxnet.figures import theme
from jaxnet.types import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BINS = 40
_OVERLAP = 0.9  # height of a layer's histogram, of the distance between two layers


def histograms(axes: "Axes", values: Mapping[str, ArrayLike]) -> None:
    """Draw the activations of each layer as a histogram above a line of its own, the first layer on top."""
    found = {name: np.ravel(np.asarray(each, np.float64)) for name, each in values.items()}
    found = {name: each[np.isfinite(each)] for name, each in found.items()}
    every = np.concatenate([*found.values(), [0.0]])
    # where all are the same there is no range of their own
    top = every.max() if np.ptp(every) > 0 else every.min() + 1
    edges = np.linspace(every.min(), top, _BINS + 1)
    for index, each in enumerate(found.values()):
        counts, _ = np.histogram(each, edges)
        base = len(found) - 1 - index
        height = base + _OVERLAP * counts / max(1, counts.max())
        axes.stairs(height, edges, baseline=base, fill=True, color=theme.colour(0), alpha=0.6)
    axes.set_yticks(np.arange(len(found))[::-1], labels=list(found))
    theme.label(axes, title="activations", x="activation")
    theme.rule(axes)


def firing(axes: "Axes", values: Mapping[str, ArrayLike]) -> None:
    """Draw of each layer how often its units fire, a point a unit, the rarest first; dead ones are counted."""
    for index, (name, each) in enumerate(values.items()):
        share = np.sort(np.asarray(each, np.float64))
        at, dead = np.linspace(0, 1, len(share)) if len(share) > 1 else np.zeros(1), share == 0
        style: dict[str, Any] = {"color": theme.colour(index), "marker": theme.marker(index), "markersize": 4}
        axes.plot(at, share, label=f"{name}: {dead.sum()} of {len(share)} dead", **style)
    axes.set_ylim(-0.03, 1.03)
    axes.set_xticks([0, 1], labels=["rarest unit", "most frequent"])
    theme.label(axes, title="dead units", y="share of rows above 0")
    theme.rule(axes)
    theme.legend(axes)


def norms(axes: "Axes", values: Mapping[str, Mapping[str, float]]) -> None:
    """Draw the norm of the gradient at each layer, from the input on, a line for each time; 0 has no place there."""
    names = list(dict.fromkeys(name for each in values.values() for name in each))
    for index, (when, each) in enumerate(values.items()):
        shown = [each.get(name, np.nan) or np.nan for name in names]
        style: dict[str, Any] = {"color": theme.colour(index), "marker": theme.marker(index), "label": when}
        axes.plot(np.arange(len(names)), shown, **style)
    axes.set_yscale("log")
    axes.set_xticks(np.arange(len(names)), labels=names, rotation=30, ha="right")
    theme.label(axes, title="gradients", y="norm")
    theme.rule(axes)
    if len(values) > 1:
        theme.legend(axes)


def weight_table(axes: "Axes", values: Mapping[str, ArrayLike]) -> None:
    """Draw the weights of a layer, a column a unit: equal columns are equal units."""
    ((name, each),) = values.items()
    w = np.asarray(each, np.float64)
    limits: dict[str, Any] = theme.symmetric(w)
    image = axes.imshow(w, cmap=theme.signed_colours(), aspect="auto", **limits)
    theme.label(axes, title=f"weights into {name}", x="unit", y="from")
    axes.xaxis.set_major_locator(theme.round_ticks())
    figure: Any = axes.figure
    theme.colour_bar(figure, image, [axes], title="weight")
