"""The report as a figure: data in, matplotlib figure out. matplotlib is the extra ``jaxnet[plots]``."""

from typing import TYPE_CHECKING, Any

import numpy as np

from jaxnet import checks
from jaxnet.gradients.diagnosis.backward import implied_slopes
from jaxnet.gradients.diagnosis.passes import model_of
from jaxnet.gradients.problem import Problem
from jaxnet.gradients.text import headline, name
from jaxnet.gradients.truth.differences import Taylor
from jaxnet.gradients.verdict import excesses

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from jaxnet.gradients.report import Report

RIGHT, WRONG = "seagreen", "firebrick"
_LEAST = 1e-3  # of the noise: less is drawn as this


def figure(report: "Report") -> "Figure":
    """Draw error against noise for each leaf, yours against true, the Taylor remainders with their verdict in words.

    A wrong gradient function of a network also has, for each hidden layer, the derivative of the activation that it
    implies over the true curve. Raises ValueError when some leaf could not be compared, ImportError without matplotlib.
    """
    from matplotlib.figure import Figure

    problem, taylor = report.problem, report.taylor
    expected = "a gradient whose every leaf could be compared"
    checks.require(problem is not None, "figure", expected, checks.Words("one that could not; print the report"))
    curves = {} if report.ok or problem is None else _implied(problem)
    canvas = Figure(figsize=(4.4 * (3 + len(curves)), 3.8), layout="constrained")
    canvas.suptitle(headline(report), color=_color(report.ok))
    axes: Any = canvas.subplots(1, 3 + len(curves))
    if problem is not None and taylor is not None:
        _errors(axes[0], problem)
        _pairs(axes[1], problem)
        _remainders(axes[2], taylor, corner=report.corner)
    for place, (layer, curve) in zip(axes[3:], curves.items(), strict=True):
        _slopes(place, layer, curve)
    return canvas


def _color(right: bool) -> str:
    return RIGHT if right else WRONG


def _errors(axes: "Axes", problem: Problem) -> None:
    for place, (path, yours) in enumerate(problem.yours.items()):
        excess = np.clip(excesses(yours, problem.true[path], problem.noise[path]).ravel(), _LEAST, 1e20)
        axes.plot(excess, np.full(excess.size, place), "|", color=_color(bool((excess <= 1).all())))
    axes.set_yticks(range(len(problem.yours)), [name(path) for path in problem.yours])
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xscale("log")
    axes.set(title="beyond the line: not rounding", xlabel="|yours - true| / noise")


def _pairs(axes: "Axes", problem: Problem) -> None:
    for path, yours in problem.yours.items():
        axes.plot(problem.true[path].ravel(), yours.ravel(), ".", label=name(path))
    true = np.concatenate([leaf.ravel() for leaf in problem.true.values()])
    ends = np.array([true.min(), true.max()])
    axes.plot(ends, ends, color="black", linewidth=0.8)
    axes.set(title="on the line: right", xlabel="true", ylabel="yours")
    axes.legend(fontsize="small")


def _remainders(axes: "Axes", taylor: Taylor, *, corner: bool) -> None:
    axes.loglog(taylor.steps, np.maximum(taylor.remainders, 1e-300), "o-", markersize=3)
    axes.axhline(taylor.floor, color="black", linewidth=0.8)
    axes.set(title=words(taylor, corner=corner), xlabel="step h", ylabel="|f(p + h d) - f(p) - h <yours, d>|")
    axes.set_ylim(bottom=max(taylor.floor, 1e-300) / 10)


def words(taylor: Taylor, *, corner: bool) -> str:
    """Say what the slope of the Taylor remainders means."""
    if corner:
        return "at a corner: no verdict from the slope"
    if np.isnan(taylor.slope):
        return "all rounding: no verdict from the slope"
    meaning = "as h², right" if taylor.slope > 1.5 else "as h, wrong"
    return f"shrinks as h^{taylor.slope:.2f}: {meaning}"


def _implied(problem: Problem) -> dict[int, tuple[np.ndarray, ...]]:
    """For each hidden layer: weighted sums, the slopes implied there, and a grid with the true slopes."""
    model = None if problem.network is None else model_of(problem)
    if model is None:
        return {}
    found = implied_slopes(problem, model)
    run = model.forward(problem.params, *problem.data)
    grids = {layer: np.linspace(z.min(), z.max(), 200) for layer, (z, _) in found.items()}
    return {k: (z, s, grids[k], run.activations[k - 1].slope(grids[k])) for k, (z, s) in found.items()}


def _slopes(axes: "Axes", layer: int, curve: tuple[np.ndarray, ...]) -> None:
    z, implied, grid, true = curve
    axes.plot(grid, true, color="black", linewidth=0.8, label="true")
    seen = np.isfinite(implied)
    axes.plot(z[seen], implied[seen], ".", label="implied by yours")
    axes.set(title=f"derivative of the activation, layer {layer}", xlabel=f"z{layer}")
    axes.legend(fontsize="small")
