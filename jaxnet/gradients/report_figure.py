"""The report as a figure: data in, matplotlib figure out. matplotlib is the extra ``jaxnet[plots]``."""

from typing import TYPE_CHECKING, Any

import numpy as np

from jaxnet.gradients.diagnosis.delta_reading import implied_slopes
from jaxnet.gradients.diagnosis.passes import model_of
from jaxnet.gradients.evidence import Evidence
from jaxnet.gradients.truth.finite_differences import Taylor
from jaxnet.gradients.verdict import excesses, leaf_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LEAST, _MOST = 1e-3, 1e20  # of the noise: what is less or more, 0 and infinity too, is drawn at this end
_INVISIBLE = 1e-300  # stands for 0 on a logarithmic axis
_SLOPE_BETWEEN = 1.5  # a right gradient has slope 2, a wrong one 1
_GRID = 200  # points of a smooth curve


def draw_report(evidence: Evidence, taylor: Taylor | None, title: str, *, ok: bool, corner: bool) -> "Figure":
    """Draw what ``Report.figure`` says, of a gradient of which some leaf could be compared."""
    from matplotlib.figure import Figure

    whole = evidence.yours.keys() == evidence.true.keys()
    curves = {} if ok or not whole else _implied_curves(evidence)
    canvas = Figure(figsize=(4.4 * (3 + len(curves)), 3.8), layout="constrained")
    canvas.suptitle(title, color=_color(ok))
    axes: Any = canvas.subplots(1, 3 + len(curves))
    _draw_errors(axes[0], evidence)
    _draw_pairs(axes[1], evidence)
    if taylor is None:
        axes[2].set_axis_off()
    else:
        _draw_remainders(axes[2], taylor, corner=corner)
    for place, (layer, curve) in zip(axes[3:], curves.items(), strict=True):
        _draw_slopes(place, layer, curve)
    return canvas


def _color(right: bool) -> str:
    return "seagreen" if right else "firebrick"


def _draw_errors(axes: "Axes", evidence: Evidence) -> None:
    for place, path in enumerate(evidence.true):
        yours = evidence.yours.get(path)
        if yours is None:  # in no place of the axis, for it was not compared
            words = f"not compared: the parameter has shape {evidence.true[path].shape}"
            axes.text(0.02, place, words, transform=axes.get_yaxis_transform(), color=_color(False), va="center")
            continue
        excess = np.clip(excesses(yours, evidence.true[path], evidence.noise[path]).ravel(), _LEAST, _MOST)
        axes.plot(excess, np.full(excess.size, place), "|", color=_color(bool((excess <= 1).all())))
    axes.set_yticks(range(len(evidence.true)), [leaf_name(path) for path in evidence.true])
    axes.set_ylim(-0.5, len(evidence.true) - 0.5)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xscale("log")
    axes.set(title="beyond the line: not rounding", xlabel="|yours - true| / noise")


def _draw_pairs(axes: "Axes", evidence: Evidence) -> None:
    for path, yours in evidence.yours.items():
        axes.plot(evidence.true[path].ravel(), yours.ravel(), ".", label=leaf_name(path))
    true = np.concatenate([evidence.true[path].ravel() for path in evidence.yours])
    ends = np.array([true.min(), true.max()])
    axes.plot(ends, ends, color="black", linewidth=0.8)
    axes.set(title="on the line: right", xlabel="true", ylabel="yours")
    axes.legend(fontsize="small")


def _draw_remainders(axes: "Axes", taylor: Taylor, *, corner: bool) -> None:
    axes.loglog(taylor.steps, np.maximum(taylor.remainders, _INVISIBLE), "o-", markersize=3)
    axes.axhline(taylor.floor, color="black", linewidth=0.8)
    axes.set(title=_taylor_words(taylor, corner=corner), xlabel="step h", ylabel="|f(p + h d) - f(p) - h <yours, d>|")
    axes.set_ylim(bottom=max(taylor.floor, _INVISIBLE) / 10)


def _taylor_words(taylor: Taylor, *, corner: bool) -> str:
    """Say what the slope of the Taylor remainders means: beside a log-log plot people read it wrongly."""
    if corner:
        return "at a corner: no verdict from the slope"
    if np.isnan(taylor.slope):
        return "all rounding: no verdict from the slope"
    return f"shrinks as h^{taylor.slope:.2f}: {'as h², right' if taylor.slope > _SLOPE_BETWEEN else 'as h, wrong'}"


def _implied_curves(evidence: Evidence) -> dict[int, tuple[np.ndarray, ...]]:
    """For each hidden layer: weighted sums, the slopes implied there, and a grid with the true slopes."""
    model = None if evidence.network is None else model_of(evidence)
    if model is None:
        return {}
    run = model.forward(evidence.params, *evidence.data)
    curves: dict[int, tuple[np.ndarray, ...]] = {}
    for layer, (z, implied) in implied_slopes(evidence, model).items():
        grid = np.linspace(z.min(), z.max(), _GRID)
        curves[layer] = (z, implied, grid, run.activations[layer - 1].slope(grid))
    return curves


def _draw_slopes(axes: "Axes", layer: int, curve: tuple[np.ndarray, ...]) -> None:
    z, implied, grid, true = curve
    axes.plot(grid, true, color="black", linewidth=0.8, label="true")
    seen = np.isfinite(implied)  # where nothing came down from above there is no slope to see
    axes.plot(z[seen], implied[seen], ".", label="implied by yours")
    axes.set(title=f"derivative of the activation, layer {layer}", xlabel=f"z{layer}")
    axes.legend(fontsize="small")
