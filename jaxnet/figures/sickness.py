"""Pictures of a diagnosis, a panel for each thing that is given; those of layers are in ``sickness_layers``."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxnet import checks
from jaxnet.figures import inputs, sickness_layers, theme
from jaxnet.types import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _HEIGHT = 4.4, 3.2  # inches of a panel
_BINS = 30
_MOST_CLASSES = 12  # whose numbers of rows are written into the fields of a table
_STEEP = 100.0  # times its lowest value: from there on a curve is drawn on a logarithmic axis


def sickness_panels(
    *,
    title: str = "",
    activations: Mapping[str, ArrayLike] | None = None,
    firing: Mapping[str, ArrayLike] | None = None,
    gradients: Mapping[str, Mapping[str, float]] | None = None,
    weights: Mapping[str, ArrayLike] | None = None,
    curves: Mapping[str, ArrayLike] | None = None,
    marks: Mapping[int, str] | None = None,
    confusion: ArrayLike | None = None,
    fitted: Mapping[str, ArrayLike] | None = None,
    reach: Mapping[str, Any] | None = None,
    rates: Mapping[str, Mapping[float, float]] | None = None,
    tried: Mapping[str, Mapping[str, float]] | None = None,
    scales: Mapping[str, ArrayLike] | None = None,
    rows: Mapping[str, int] | None = None,
) -> "Figure":
    """Draw what a diagnosis has seen, a panel for each thing that is given.

    Args:
        title: a headline; none by default.
        activations: layer -> activations, any shape: a histogram each.
        firing: layer -> share [H] of the rows for which each of its units is above 0; those at 0 are marked.
        gradients: when -> layer -> norm of the gradient there, on a logarithmic axis.
        weights: layer -> its weights [D, H], a column a unit.
        curves: name -> one number an epoch [E].
        marks: epoch, from 1 -> what happened then, on the curves.
        confusion: how many rows of each class got each answer [K, K], a row a class, beside the share of its rows.
        fitted: "target" and "prediction" [N].
        reach: "targets" [any shape], and the "low" and "high" end of what an output can give.
        rates: which rows -> times the learning rate of the run -> share explained.
        tried: which rows -> what was changed -> share explained.
        scales: "mean" and "deviation" [D] of columns, beside 0 ± 1.
        rows: what they are -> how many.

    Raises ValueError or TypeError for other shapes, and ValueError where nothing is given.
    """
    panels: list[tuple[Any, Any]] = [
        (_rates, rates), (_scales, scales), (sickness_layers.weight_table, weights),
        (sickness_layers.histograms, activations), (sickness_layers.firing, firing), (sickness_layers.norms, gradients),
        (lambda axes, values: _lines(axes, values, marks or {}), curves), (_confusion, confusion), (_fitted, fitted),
        (_reach, reach), (_lanes, tried), (_rows, rows),
    ]  # fmt: skip
    given = [(draw, values) for draw, values in panels if values is not None and len(values)]
    checks.require(given, "sickness_panels", "at least one thing to draw", checks.Words("none"))
    figure, axes = theme.grid_of_panels(len(given), columns=2, width=_WIDTH, height=_HEIGHT)
    for panel, (draw, values) in zip(axes, given, strict=True):
        draw(panel, values)
    return theme.headline(figure, title) if title else figure


def _lines(axes: "Axes", values: Mapping[str, ArrayLike], marks: Mapping[int, str]) -> None:
    drawn = inputs.named_arrays("curves", values, ("E",), gaps=True)
    for index, (name, curve) in enumerate(drawn.items()):
        point = theme.marker(index) if len(curve) == 1 else None  # of one number there is no line
        style: dict[str, Any] = {"color": theme.colour(index), "marker": point, "label": name.replace("_", " ")}
        axes.plot(np.arange(1, len(curve) + 1), curve, **style)
    for epoch, word in marks.items():
        axes.axvline(epoch, color=theme.INK, linewidth=1, linestyle="--", label=f"epoch {epoch}: {word}")
    seen = np.concatenate([curve[np.isfinite(curve)] for curve in drawn.values()])
    if len(seen) and seen.min() > 0 and seen.max() > _STEEP * seen.min():
        axes.set_yscale("log")
    theme.label(axes, title="curves", x="epoch", y="loss")
    theme.rule(axes)
    theme.legend(axes)


def _confusion(axes: "Axes", values: ArrayLike) -> None:
    counts = inputs.array("confusion", values, ("K", "K"))
    of = counts.sum(axis=1)
    shares = counts / np.maximum(of, 1)[:, None]
    axes.imshow(shares, cmap=theme.HEIGHTS, vmin=0, vmax=1, aspect="auto")
    classes = np.arange(len(counts))
    base = [f"{k}   ({share:.1%} of the rows)" for k, share in enumerate(of / max(1, of.sum()))]
    axes.set_yticks(classes, labels=base if len(counts) <= _MOST_CLASSES else [str(k) for k in classes])
    axes.set_xticks(classes)
    if len(counts) <= _MOST_CLASSES:
        for true, answer in np.ndindex(counts.shape):
            if counts[true, answer]:
                ink = "white" if shares[true, answer] > 0.6 else "black"
                text: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": theme.SMALL, "color": ink}
                axes.text(answer, true, f"{int(counts[true, answer])}", **text)
    theme.label(axes, title="answers beside base rate", x="answer", y="class")


def _fitted(axes: "Axes", values: Mapping[str, ArrayLike]) -> None:
    both = inputs.named_arrays("fitted", values, ("N",), gaps=True)
    target, prediction = both["target"], both["prediction"]
    axes.scatter(target, prediction, s=8, alpha=0.5, color=theme.colour(0), edgecolors="none")
    ends = [float(np.nanmin(target)), float(np.nanmax(target))]
    axes.plot(ends, ends, color=theme.INK, linewidth=1, label="as it should be")
    axes.axhline(float(np.nanmean(target)), color=theme.colour(1), linestyle="--", linewidth=1, label="the mean")
    theme.label(axes, title="answers beside the mean", x="target", y="answer")
    theme.rule(axes)
    theme.legend(axes)


def _reach(axes: "Axes", values: Mapping[str, Any]) -> None:
    found = np.ravel(np.asarray(values["targets"], np.float64))
    axes.hist(found, bins=_BINS, color=theme.colour(0), label="targets")
    low, high = values["low"], min(values["high"], max(found.max(), values["low"] + 1))
    axes.axvspan(low, high, color=theme.colour(2), alpha=0.25, label="what the output can give")
    theme.label(axes, title="targets and output", x="value", y="targets")
    theme.rule(axes)
    theme.legend(axes)


def _rates(axes: "Axes", values: Mapping[str, Mapping[float, float]]) -> None:
    for index, (which, explained) in enumerate(values.items()):
        factors = sorted(explained)
        style: dict[str, Any] = {"color": theme.colour(index), "marker": theme.marker(index), "label": which}
        axes.plot(factors, [_shown(explained[factor]) for factor in factors], **style)
    axes.axvline(1, color=theme.INK, linewidth=1, linestyle="--", label="the run's rate")
    axes.set_xscale("log")
    axes.set_ylim(-0.03, 1.03)
    theme.label(axes, title="rates tried", x="times the learning rate", y="share explained")
    theme.rule(axes)
    theme.legend(axes)


def _lanes(axes: "Axes", values: Mapping[str, Mapping[str, float]]) -> None:
    names = list(dict.fromkeys(name for explained in values.values() for name in explained))
    width = 0.8 / len(values)
    for index, (which, explained) in enumerate(values.items()):
        at = np.arange(len(names)) + (index - (len(values) - 1) / 2) * width
        shares = [_shown(explained.get(name, 0.0)) for name in names]
        axes.barh(at, shares, width, color=theme.colour(index), label=which)
    axes.set_yticks(np.arange(len(names)), labels=names)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    theme.label(axes, title="tried", x="share explained")
    theme.rule(axes)
    if len(values) > 1:
        # below the panel, for bars may be long anywhere in it
        theme.legend(axes, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=len(values))


def _shown(explained: float) -> float:
    """Worse than a constant is all the same, and would flatten the rest."""
    return max(0.0, float(explained))


def _scales(axes: "Axes", values: Mapping[str, ArrayLike]) -> None:
    both = inputs.named_arrays("scales", values, ("D",))
    mean, deviation = both["mean"], both["deviation"]
    at, constant = np.arange(len(mean)), deviation == 0
    axes.axhspan(-1, 1, color=theme.colour(2), alpha=0.25, label="0 ± 1")
    style: dict[str, Any] = {"fmt": "o", "markersize": 3, "capsize": 2}
    axes.errorbar(at, mean, deviation, color=theme.colour(0), label="mean ± deviation", **style)
    if constant.any():
        axes.plot(at[constant], mean[constant], "D", color=theme.colour(1), label="one value")
    if np.max(np.abs(mean) + deviation, initial=0.0) > 2 * _WIDTH:
        axes.set_yscale("symlog")
    axes.xaxis.set_major_locator(theme.round_ticks())
    theme.label(axes, title="columns", x="column", y="value")
    theme.rule(axes)
    theme.legend(axes)


def _rows(axes: "Axes", values: Mapping[str, int]) -> None:
    bars = axes.bar(list(values), list(values.values()), color=theme.colour(1), width=0.6)
    axes.bar_label(bars, fontsize=theme.SMALL, color=theme.INK)
    theme.label(axes, title="validation rows", y="rows")
    theme.rule(axes)
