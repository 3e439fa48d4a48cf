"""Populations: fans of curves, a parameter against the score, maps of two, parallel axes, ranks over rungs, budgets."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxnet import checks
from jaxnet.figures import inputs, theme
from jaxnet.types import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CONTOURED = 5  # points, up to which contours would show nothing but their triangles
FAN = 6  # configurations that a fan can tell apart


def curve_fans(curves: Mapping[str, ArrayLike], *, y_label: str = "", log: bool = False) -> "Figure":
    """Draw the curves [S, E] of the seeds of a few configurations, a colour each: how much is chance?

    NaN, after divergence or pruning, is a gap. Raises ValueError for more than 6 configurations.
    """
    checks.require(len(curves) <= FAN, "curves", f"at most {FAN} configurations", checks.Words(str(len(curves))))
    fans = inputs.named_arrays("curves", curves, ("S", "E"), gaps=True)
    figure = theme.new_figure(6.4, 3.8 + 0.17 * len(fans))
    axes = figure.subplots()
    for index, (name, values) in enumerate(fans.items()):
        for seed, curve in enumerate(values):
            style: dict[str, Any] = {"color": theme.colour(index), "linewidth": 1.0, "alpha": 0.7}
            axes.plot(np.arange(1, len(curve) + 1), curve, label="_" if seed else name, **style)
    axes.locator_params(axis="x", integer=True)
    _finish(axes, x="epoch", y=y_label, log_y=log)
    theme.legend(axes, loc="upper center", bbox_to_anchor=(0.5, -0.16))
    return figure


def parameter_slice(
    x: ArrayLike,
    scores: ArrayLike,
    diverged: ArrayLike,
    *,
    x_label: str = "",
    y_label: str = "",
    log_x: bool = False,
    log_y: bool = False,
) -> "Figure":
    """Draw the score [C, S] of each seed of each configuration over one parameter [C], and where training diverges.

    ``diverged`` [C] is the share of each configuration's seeds that diverged. The region from the smallest value
    above which every configuration had a diverged seed is hatched, up to the end of the axis.
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
        axes.update_datalim(np.stack([at, at], axis=1), updatey=False)  # also where nothing finite is drawn
        axes.autoscale_view()
        left, right = axes.get_xlim()
        axes.set_xlim(left, right)
        axes.axvspan(beyond[0], right, facecolor="none", edgecolor=theme.FAINT, hatch="///", label="diverged")
        theme.legend(axes)
    _finish(axes, x=x_label, y=y_label, log_y=log_y)
    return figure


def value_strips(
    at: ArrayLike,
    scores: ArrayLike,
    labels: Sequence[str],
    *,
    x_label: str = "",
    y_label: str = "",
    log_y: bool = False,
) -> "Figure":
    """Draw the score [C, S] of each seed of each configuration above the value that it has of one parameter.

    ``at`` [C] is the value's position among ``labels``; the configurations of a value stand side by side.
    """
    positions = inputs.array("at", at, ("C",))
    values = inputs.array("scores", scores, (len(positions), "S"), gaps=True)
    figure = theme.new_figure(6.4, 4.0)
    axes = figure.subplots()
    for position in range(len(labels)):
        mine = np.flatnonzero(positions == position)
        spread = position + (np.arange(len(mine)) - (len(mine) - 1) / 2) * 0.6 / max(len(mine), 1)
        each = np.repeat(spread, values.shape[1])
        style: dict[str, Any] = {"linestyle": "", "marker": "o", "markersize": 4, "alpha": 0.6}
        axes.plot(each, values[mine].ravel(), color=theme.colour(0), **style)
    axes.set_xticks(range(len(labels)), labels=list(labels))
    _finish(axes, x=x_label, y=y_label, log_y=log_y)
    return figure


def parameter_map(
    x: ArrayLike, y: ArrayLike, scores: ArrayLike, *, labels: tuple[str, str, str], log: tuple[bool, bool, bool]
) -> "Figure":
    """Draw the score [C] of each configuration by its colour, over two parameters [C], with contours between them; NaN
    (diverged) is a cross.

    ``labels`` name the two parameters and the score; ``log`` says which of the three are logarithmic.
    """
    across = inputs.array("x", x, ("C",))
    up, values = inputs.array("y", y, (len(across),)), inputs.array("scores", scores, (len(across),), gaps=True)
    figure = theme.new_figure(6.0, 4.6)
    axes = figure.subplots()
    finite = np.isfinite(values)
    style: dict[str, Any] = {"cmap": "viridis", "s": 70, "edgecolor": "white", "norm": "log" if log[2] else "linear"}
    scaled_at = [np.log(v[finite]) if is_log else v[finite] for v, is_log in zip((across, up), log[:2], strict=True)]
    if (
        finite.sum() > _CONTOURED
        and np.linalg.matrix_rank(np.array(scaled_at) - np.mean(scaled_at, 1, keepdims=True)) == 2
    ):
        # between the points straight lines of the axes' own scales: more is not known there
        from matplotlib.tri import Triangulation

        mesh = Triangulation(across[finite], up[finite], Triangulation(*scaled_at).triangles)
        axes.tricontourf(mesh, values[finite], levels=12, cmap="viridis", alpha=0.4, norm=style["norm"])
    dots = axes.scatter(across[finite], up[finite], c=values[finite], **style)
    if not finite.all():
        axes.scatter(across[~finite], up[~finite], marker="x", color=theme.INK, s=40, label="diverged")
        theme.legend(axes)
    for scaled, set_scale in zip(log[:2], (axes.set_xscale, axes.set_yscale), strict=True):
        if scaled:
            set_scale("log")
    _finish(axes, x=labels[0], y=labels[1])
    theme.colour_bar(figure, dots, [axes], title=labels[2])
    return figure


def importance_bars(shares: Mapping[str, float]) -> "Figure":
    """Draw the share of the variance that each parameter explains, the largest at the top."""
    figure = theme.new_figure(6.4, 1.2 + 0.35 * len(shares))
    axes = figure.subplots()
    at = np.arange(len(shares))[::-1]
    axes.barh(at, list(shares.values()), color=theme.colour(0), height=0.6)
    axes.set_yticks(at, labels=list(shares))
    axes.set_xlim(0, 1)
    _finish(axes, x="share of the variance", y="")
    return figure


def pareto_front(values: ArrayLike, fronts: ArrayLike, names: Sequence[str], *, labels: tuple[str, str]) -> "Figure":
    """Draw two objectives [C, 2] of each configuration against each other, those of the Pareto front (``fronts`` [C] of
    1) by name; NaN (diverged) is left out."""
    at = inputs.array("values", values, ("C", 2), gaps=True)
    front = inputs.array("fronts", fronts, (len(at),)) == 1
    figure = theme.new_figure(6.4, 4.0)
    axes = figure.subplots()
    style: dict[str, Any] = {"linestyle": "", "marker": "o", "markersize": 5}
    axes.plot(*at[~front].T, color=theme.FAINT, label="beaten in all objectives", **style)
    order = np.flatnonzero(front)[np.argsort(at[front, 0])]
    axes.plot(*at[order].T, color=theme.colour(0), label="Pareto front", **(style | {"linestyle": "-"}))
    for index in order:
        axes.annotate(names[index], at[index], textcoords="offset points", xytext=(5, 5), fontsize=theme.SMALL)
    theme.legend(axes)
    _finish(axes, x=labels[0], y=labels[1])
    return figure


def parallel_coordinates(
    columns: Mapping[str, ArrayLike], scores: ArrayLike, *, ends: Mapping[str, tuple[str, str]], title: str = ""
) -> "Figure":
    """Draw each configuration as a line through its parameters, the better the darker.

    ``columns`` maps a parameter to its place on its axis [C], from 0 to 1, and ``ends`` to the words for 0 and 1;
    ``scores`` [C] run from 0, the best, to 1, the worst; a configuration with NaN is left out.
    """
    quality = inputs.array("scores", scores, ("C",), gaps=True)
    places = inputs.named_arrays("columns", columns, (len(quality),), gaps=True)
    from matplotlib import colormaps

    figure = theme.new_figure(max(4.0, 1.5 * len(places)), 3.8)
    axes = figure.subplots()
    lines = np.stack(list(places.values()))
    for index in np.argsort(-np.where(np.isfinite(quality), quality, 1)):
        if np.isfinite(quality[index]):
            colour = colormaps["viridis"](quality[index])
            axes.plot(lines[:, index], color=colour, alpha=1 - 0.7 * quality[index], linewidth=1.2)
    for index, name in enumerate(places):
        low, high = ends[name]
        axes.plot([index, index], [0, 1], color=theme.FAINT, linewidth=0.8, zorder=0)
        for place, word, side in ((-0.03, low, "top"), (1.03, high, "bottom")):
            axes.text(index, place, word, ha="center", va=side, fontsize=theme.SMALL, color=theme.INK)
    axes.set(ylim=(-0.14, 1.14), yticks=[])
    axes.set_xticks(range(len(places)), labels=list(places))
    theme.label(axes, title=title)
    axes.spines[:].set_visible(False)
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


def expected_best(values: Mapping[str, ArrayLike], *, y_label: str = "", log_y: bool = False) -> "Figure":
    """Draw the expected best score [n] over the number of configurations tried, a line an estimator."""
    lines = inputs.named_arrays("values", values, ("n",), gaps=True)
    figure = theme.new_figure(6.4, 4.0)
    axes = figure.subplots()
    for index, (name, line) in enumerate(lines.items()):
        axes.plot(np.arange(1, len(line) + 1), line, color=theme.colour(index), linewidth=1.5, label=name)
    _finish(axes, x="configurations tried", y=y_label, log_y=log_y)
    theme.legend(axes)
    return figure


def _finish(axes: "Axes", *, x: str = "", y: str = "", log_y: bool = False) -> None:
    if log_y:
        axes.set_yscale("log")
    theme.label(axes, x=x, y=y)
    theme.rule(axes)
