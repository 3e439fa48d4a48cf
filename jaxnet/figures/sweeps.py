"""Populations: fans of curves, a parameter against the score, maps of two, parallel axes, ranks over rungs, budgets."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxnet import checks
from jaxnet.figures import inputs, theme
from jaxnet.types import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FAN = 6  # configurations that a fan can tell apart


def curve_fans(curves: Mapping[str, ArrayLike], *, y_label: str = "", log: bool = False) -> "Figure":
    """Draw the curves [S, E] of the seeds of a few configurations, a colour each: how much is chance?

    NaN, after divergence or pruning, is a gap. Raises ValueError for more than 6 configurations.
    """
    checks.require(len(curves) <= FAN, "curves", f"at most {FAN} configurations", checks.Words(str(len(curves))))
    fans = inputs.named_arrays("curves", curves, ("S", "E"), gaps=True)
    figure = theme.new_figure(6.4, 4.0)
    axes = figure.subplots()
    for index, (name, values) in enumerate(fans.items()):
        for seed, curve in enumerate(values):
            style: dict[str, Any] = {"color": theme.colour(index), "linewidth": 1.0, "alpha": 0.7}
            axes.plot(np.arange(1, len(curve) + 1), curve, label="_" if seed else name, **style)
    axes.locator_params(axis="x", integer=True)
    _finish(axes, x="epoch", y=y_label, log_y=log)
    theme.legend(axes)
    return figure


def parameter_slice(
    x: ArrayLike, scores: ArrayLike, diverged: ArrayLike, *, x_label: str = "", y_label: str = "", log_x: bool = False
) -> "Figure":
    """Draw the score [C, S] of each seed of each configuration over one parameter [C], and where training diverges.

    ``diverged`` [C] is the share of each configuration's seeds that diverged. The region from the smallest value
    above which every configuration had a diverged seed is hatched.
    """
    at = inputs.array("x", x, ("C",))
    values = inputs.array("scores", scores, (len(at), "S"), gaps=True)
    share = inputs.array("diverged", diverged, (len(at),))
    figure = theme.new_figure(6.4, 4.0)
    axes = figure.subplots()
    each = np.repeat(at, values.shape[1])
    axes.plot(each, values.ravel(), linestyle="", marker="o", markersize=4, alpha=0.6, color=theme.colour(0))
    if log_x:
        axes.set_xscale("log")
    order = np.argsort(at)
    whole = np.flatnonzero(share[order] == 0)
    beyond = at[order][whole[-1] + 1 :] if len(whole) else at[order]
    if len(beyond):
        axes.axvspan(beyond[0], at.max(), facecolor="none", edgecolor=theme.FAINT, hatch="///", label="diverged")
        theme.legend(axes)
    _finish(axes, x=x_label, y=y_label)
    return figure


def parameter_map(
    x: ArrayLike, y: ArrayLike, scores: ArrayLike, *, labels: tuple[str, str, str], log: tuple[bool, bool]
) -> "Figure":
    """Draw the score [C] of each configuration by its colour, over two parameters [C]; NaN (diverged) is a cross.

    ``labels`` name the two parameters and the score; ``log`` says which of the parameters has a logarithmic axis.
    """
    across = inputs.array("x", x, ("C",))
    up, values = inputs.array("y", y, (len(across),)), inputs.array("scores", scores, (len(across),), gaps=True)
    figure = theme.new_figure(6.0, 4.6)
    axes = figure.subplots()
    finite = np.isfinite(values)
    dots = axes.scatter(across[finite], up[finite], c=values[finite], cmap="viridis", s=70, edgecolor="white")
    if not finite.all():
        axes.scatter(across[~finite], up[~finite], marker="x", color=theme.INK, s=40, label="diverged")
        theme.legend(axes)
    for scaled, set_scale in zip(log, (axes.set_xscale, axes.set_yscale), strict=True):
        if scaled:
            set_scale("log")
    _finish(axes, x=labels[0], y=labels[1])
    theme.colour_bar(figure, dots, [axes], title=labels[2])
    return figure


def parallel_coordinates(columns: Mapping[str, ArrayLike], scores: ArrayLike, *, title: str = "") -> "Figure":
    """Draw each configuration as a line through its parameters, the better the darker.

    ``columns`` maps a parameter to its place on its axis [C], from 0 to 1; ``scores`` [C] run from 0, the best, to 1,
    the worst; a configuration with NaN is left out.
    """
    quality = inputs.array("scores", scores, ("C",), gaps=True)
    places = inputs.named_arrays("columns", columns, (len(quality),), gaps=True)
    from matplotlib import colormaps

    figure = theme.new_figure(max(4.0, 1.3 * len(places)), 3.6)
    axes = figure.subplots()
    lines = np.stack(list(places.values()))
    for index in np.argsort(-np.where(np.isfinite(quality), quality, 1)):
        if np.isfinite(quality[index]):
            colour = colormaps["viridis"](quality[index])
            axes.plot(lines[:, index], color=colour, alpha=1 - 0.7 * quality[index], linewidth=1.2)
    axes.set_xticks(range(len(places)), labels=list(places))
    axes.set_yticks([0, 1], labels=["low", "high"])
    _finish(axes, y=title)
    return figure


def rank_flow(ranks: ArrayLike, epochs: ArrayLike) -> "Figure":
    """Draw how the ranks [R, C] of configurations move from rung to rung; NaN where one was pruned.

    ``epochs`` [R] are those of the rungs. A line that comes from far below shows what halving would have missed.
    """
    at = inputs.array("epochs", epochs, ("R",))
    places = inputs.array("ranks", ranks, (len(at), "C"), gaps=True)
    figure = theme.new_figure(6.4, 4.0)
    axes = figure.subplots()
    last = np.isfinite(places[-1])
    for index in range(places.shape[1]):
        colour, width = (theme.colour(0), 1.4) if last[index] else (theme.FAINT, 0.8)
        axes.plot(range(len(at)), places[:, index], color=colour, linewidth=width, marker="o", markersize=3)
    axes.set_xticks(range(len(at)), labels=[f"{epoch:g}" for epoch in at])
    axes.invert_yaxis()
    _finish(axes, x="epochs of the rung", y="rank")
    return figure


def expected_best(values: Mapping[str, ArrayLike], *, y_label: str = "") -> "Figure":
    """Draw the expected best score [n] over the number of configurations tried, a line an estimator."""
    lines = inputs.named_arrays("values", values, ("n",), gaps=True)
    figure = theme.new_figure(6.4, 4.0)
    axes = figure.subplots()
    for index, (name, line) in enumerate(lines.items()):
        axes.plot(np.arange(1, len(line) + 1), line, color=theme.colour(index), linewidth=1.5, label=name)
    _finish(axes, x="configurations tried", y=y_label)
    theme.legend(axes)
    return figure


def _finish(axes: "Axes", *, x: str = "", y: str = "", log_y: bool = False) -> None:
    if log_y:
        axes.set_yscale("log")
    theme.label(axes, x=x, y=y)
    theme.rule(axes)
