"""Curves: cases on the sigmoid, a run's history, means with their intervals."""

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxnet import checks
from jaxnet.figures import inputs, theme
from jaxnet.types import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HELD_OUT = ("validation_", "test_")  # beginnings of names that share a panel with the training data's
_MOST_INSIDE = 3  # names of a legend inside a panel
_FEW = 12  # points of a line that are marked and named on the axis each


def sigmoid_cases(cases: Mapping[str, ArrayLike]) -> "Figure":
    """Draw the sigmoid and each case's weighted sums as dots on it: the article's figure of cases A and B.

    ``cases`` maps a name to its sequence of z, such as {"A": [-5.98, 2.18], "B": [2.18, 10.34]}; the legend
    says from which probability to which each goes. Raises ValueError for an empty case and NaN, TypeError for what
    is no mapping.
    """
    sums = inputs.named_arrays("cases", cases, ("T",))
    every = np.concatenate(list(sums.values()))
    # beyond 6 the curve is flat to the eye: no wider than the cases ask for
    curve = np.linspace(min(-6.0, every.min() - 1), max(6.0, every.max() + 1), 400)
    figure = theme.new_figure(6.4, 3.6)
    axes = figure.subplots()
    axes.plot(curve, _sigmoid(curve), color=theme.INK, linewidth=1.2, label="sigmoid")
    for index, (name, z) in enumerate(sums.items()):
        p = _sigmoid(z)
        way = " → ".join(f"{value:.3f}" for value in p)
        # hollow and wider from case to case, so that a dot shared by two cases shows both
        dots: dict[str, Any] = {"marker": theme.marker(index), "markersize": 7 + 5 * index, "markerfacecolor": "none"}
        dots |= {"markeredgewidth": 1.8, "label": f"{name}: {way}"}
        axes.plot(z, p, color=theme.colour(index), linestyle="", **dots)
        for here, there in pairwise(zip(z, p, strict=True)):
            bow = {"arrowstyle": "-|>", "color": theme.colour(index), "connectionstyle": "arc3,rad=-0.25", "shrinkB": 8}
            axes.annotate("", xy=there, xytext=here, arrowprops=bow)
    theme.label(axes, x="weighted sum z", y="sigmoid(z)")
    theme.rule(axes)
    theme.legend(axes, loc="upper left")
    return figure


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return (1 + np.tanh(z / 2)) / 2  # where 1 / (1 + exp(-z)) would overflow


def activation_panels(z: ArrayLike, values: Mapping[str, ArrayLike], slopes: Mapping[str, ArrayLike]) -> "Figure":
    """Draw activations over z [G], a panel each: the values [G] and, dashed, the slopes [G].

    Raises ValueError for other lengths and where ``slopes`` names other functions than ``values``.
    """
    at = inputs.array("z", z, ("G",), shortest=2)
    curves = inputs.named_arrays("values", values, (len(at),))
    steep = inputs.named_arrays("slopes", slopes, (len(at),))
    words = f"the names of values ({', '.join(curves)})"
    checks.require(list(steep) == list(curves), "slopes", words, checks.Words(", ".join(steep)))
    figure, panels = theme.grid_of_panels(len(curves), columns=3, width=2.7, height=2.5)
    for index, (panel, name) in enumerate(zip(panels, curves, strict=True)):
        panel.plot(at, curves[name], color=theme.colour(index), linewidth=1.8, label="value")
        panel.plot(at, steep[name], color=theme.INK, linewidth=1.2, linestyle="--", label="slope")
        theme.label(panel, title=name, x="z")
        theme.rule(panel)
        theme.legend(panel, loc="upper left")
    return figure


def learning_curves(history: Mapping[str, ArrayLike], *, log: bool = False, log_x: bool = False) -> "Figure":
    """Draw a run's history, one panel a quantity: "loss" and "validation_loss" share one.

    ``history`` maps a name to one number an epoch [E], as ``jn.fit(...).history`` does; names that begin with
    "validation_" or "test_" are drawn beside the training data's. NaN and infinity are gaps. ``log`` makes
    the vertical axes logarithmic, ``log_x`` the epochs, so that the first ones can be seen. Raises ValueError for
    curves that are not [E], TypeError for what is no mapping.
    """
    curves = inputs.named_arrays("history", history, ("E",), gaps=True)
    panels: dict[str, dict[str, np.ndarray]] = {}
    for name, values in curves.items():
        held_out = next((word for word in _HELD_OUT if name.startswith(word)), "")
        quantity = name.removeprefix(held_out)
        # "validation_loss" is the loss, and its line is called "validation"
        panels.setdefault(quantity, {})[held_out.rstrip("_") or "training"] = values
    figure, axes = theme.grid_of_panels(len(panels), columns=2, width=4.2, height=3.0)
    for panel, (quantity, series) in zip(axes, panels.items(), strict=True):
        for index, (name, values) in enumerate(series.items()):
            # the first on top: the held-out curve is noisier and would hide the training data's
            style: dict[str, Any] = {"color": theme.colour(index), "linewidth": 1.2, "zorder": 3 - index}
            panel.plot(np.arange(1, len(values) + 1), values, label=name, **style)
        if log_x:
            panel.set_xscale("log")
        _finish(panel, log, x="epoch", y=quantity.replace("_", " "))
    return figure


def intervals(
    x: ArrayLike,
    means: Mapping[str, ArrayLike],
    halves: Mapping[str, ArrayLike] | None = None,
    *,
    x_label: str = "",
    y_label: str = "",
    log_x: bool = False,
    log_y: bool = False,
) -> "Figure":
    """Draw lines of means [S] over ``x`` [S], each in a band of mean ± half.

    ``halves`` maps the names of ``means`` to the half-widths [S] of their intervals; without it only lines
    are drawn. NaN and infinity are gaps. Raises ValueError for a length that is not that of ``x`` and for
    other names.
    """
    at = inputs.array("x", x, ("S",))
    lines = inputs.named_arrays("means", means, (len(at),), gaps=True)
    bands = {} if halves is None else inputs.named_arrays("halves", halves, (len(at),), gaps=True)
    stray = sorted(set(bands) - set(lines))
    checks.require(not stray, "halves", f"names of means ({', '.join(lines)})", checks.Words(", ".join(stray)))
    figure = theme.new_figure(6.4, 4.0)
    axes = figure.subplots()
    few = len(at) <= _FEW
    for index, (name, mean) in enumerate(lines.items()):
        sign = theme.marker(index) if few else ""
        axes.plot(at, mean, label=name, color=theme.colour(index), marker=sign, linewidth=1.5, markersize=5)
        if name in bands:
            low, high = mean - bands[name], mean + bands[name]
            axes.fill_between(at, low, high, color=theme.colour(index), alpha=0.18, linewidth=0)
    if log_x:
        axes.set_xscale("log")
    if few:
        axes.set_xticks(at, labels=[f"{value:g}" for value in at])
        # a logarithmic axis would put its own signs between
        axes.set_xticks([], minor=True)
    _finish(axes, log_y, x=x_label, y=y_label, lines=len(lines))
    return figure


def _finish(axes: "Axes", log: bool, *, x: str, y: str, lines: int = 0) -> None:
    if log:
        axes.set_yscale("log")
    theme.label(axes, x=x, y=y)
    theme.rule(axes)
    # many names would hide a curve wherever they stand inside
    beside: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1, 1)} if lines > _MOST_INSIDE else {}
    theme.legend(axes, **beside)
