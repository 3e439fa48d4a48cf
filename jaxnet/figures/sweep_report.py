"""A sweep on one page: what was tried, what came out and how sure that is, as one self-contained HTML file."""

import contextlib
import html
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from jaxnet.figures import sweeps as figures
from jaxnet.figures.dark import darkened
from jaxnet.figures.sweep_axes import ParameterAxis, parameter_axes, value_words, wide
from jaxnet.html_blocks import html_page, html_picture, html_table, html_text
from jaxnet.storage import write_atomically
from jaxnet.sweeps import Result
from jaxnet.sweeps.history import fronts_of, objective_means
from jaxnet.sweeps.result.columns import Columns
from jaxnet.sweeps.result.summaries import summary_columns
from jaxnet.sweeps.store import sweep_manifest
from jaxnet.user_paths import file_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROWS = 50  # of the table of configurations
# lines break where they are too long for the screen, for a box that moves sideways hides what is beside it
_BODY = """<style>h1, .relative td + td {{ overflow-wrap: anywhere }}
.said pre {{ white-space: pre-wrap; overflow-wrap: anywhere }}
.sorted th {{ cursor: pointer }} .sorted tr:hover td {{ background: var(--box) }}</style>
<h1>{title}</h1>
<div class="said">{said}</div>
<h2>Configurations, the best first</h2>
<p>{table}</p>
<div class="wide sorted">{rows}</div>
{figures}
<h2>What every bit of it is relative to</h2>
<div class="wide relative">{relative}</div>"""


class Drawn(NamedTuple):
    """A figure of the report: its title, and what it shows in a sentence."""

    title: str
    caption: str
    figure: "Figure"


def write_report(result: Result, path: str | os.PathLike[str]) -> Path:
    """Write the report of a sweep, atomically; return its path. It loads nothing from anywhere."""
    plan = result.plan
    varied = ", ".join(axis.name for axis in parameter_axes(result)) or "nothing but seeds"
    count = len(plan.configurations)
    relative = {**sweep_manifest(plan)["must be the same"], "epochs": plan.epochs, "method": plan.method}
    title, (alike, summary) = f"{count} configurations of {varied}", _told(summary_columns(plan, result.history).told())
    rows = zip(*(map(_cell, list(column)[:_ROWS]) for _, column in summary.items()), strict=True)
    body = _BODY.format(
        title=html.escape(title),
        said=html_text(result),
        table=html.escape(_about_table(result) + alike),
        rows=html_table(rows, list(summary)),
        figures="\n".join(map(_figure, draw(result))),
        relative=html_table((name, _cell(value)) for name, value in relative.items() if value is not None),
    )
    path = file_path("path", path)
    write_atomically(path, html_page(title, body, sorting=True).encode())
    return path


def draw(result: Result) -> Iterator[Drawn]:
    """Yield the figures that a sweep has data for."""
    metric, order, seeds = result.plan.metric, result.ranking(), np.asarray(result.values())
    best = {_name(result, c): result.curves(metric)[result.plan.members_of([c])] for c in order[: figures.FAN]}
    log = wide(np.concatenate([curves.ravel() for curves in best.values()]))
    caption = "One line a seed and fold; how far those of one colour lie apart is chance."
    yield Drawn("Curves of the best", caption, figures.curve_fans(best, y_label=metric, log=log))
    if result.plan.others:
        caption = "One point a configuration: none beats those of the front in all objectives."
        yield Drawn("Pareto front", caption, _pareto(result))
    axes = parameter_axes(result)
    diverged = (result.history.diverged > 0).reshape(len(order), -1).mean(axis=1)
    for axis in axes:
        caption = f"One point a configuration, seed and fold{_pruned(result)}."
        yield Drawn(f"{metric} over {axis.name}", caption, _slice(axis, seeds, diverged, metric))
    with contextlib.suppress(ImportError):  # Optuna and scikit-learn are extras
        if len(axes) >= 2 and (shares := result.importances()):
            caption = "Functional ANOVA of a forest fitted to the finished configurations; pairs take the rest."
            yield Drawn("What the score depends on", caption, figures.importance_bars(shares))
    numbers = [axis for axis in axes if not axis.labels]
    if len(numbers) >= 2:
        caption = "One point a configuration, the mean over its seeds and folds; the first two parameters of the space."
        yield Drawn("Two parameters", caption, _map(result, *numbers[:2]))
    yield from _whole(result, axes)


def _whole(result: Result, axes: list[ParameterAxis]) -> Iterator[Drawn]:
    order = np.array(result.ranking())
    if len(axes) >= 2 and len(order) > 1:
        quality = np.empty(len(order))
        quality[order] = np.linspace(0, 1, len(order))
        places, ends = {axis.name: axis.places for axis in axes}, {axis.name: axis.ends for axis in axes}
        caption = "One line a configuration through all its parameters: the darker, the better its rank."
        yield Drawn("Parallel coordinates", caption, figures.parallel_coordinates(places, quality, ends=ends))
    ranks, epochs = _ranks(result)
    if len(epochs) > 1:
        caption = "One line a configuration; blue are those that were trained to the end."
        several = len(result.plan.brackets)
        caption += f" The first of {several} brackets, the one that prunes most." if several > 1 else ""
        yield Drawn("Ranks over rungs", caption, figures.rank_flow(ranks, epochs))
    elif len(order) > 1 and (result.levels() == result.plan.epochs).all() and np.isfinite(result.values()).all(1).any():
        lines = {estimator: result.expected_best(estimator) for estimator in ("unbiased", "plug-in")}
        caption = "The mean best of so many of the configurations: where it is flat, trying more pays little."
        drawn = figures.expected_best(lines, y_label=result.plan.metric, log_y=wide(lines["unbiased"]))
        yield Drawn("Expected best against budget", caption, drawn)


def _pareto(result: Result) -> "Figure":
    """Draw the first two objectives; the front is that of all of them."""
    means, front = objective_means(result.plan, result.history), fronts_of(result.plan, result.history)
    (x, _), (y, _), *_ = result.plan.objectives
    return figures.pareto_front(means[:, :2], front, [str(c) for c in range(len(front))], labels=(x, y))


def _slice(axis: ParameterAxis, seeds: np.ndarray, diverged: np.ndarray, metric: str) -> "Figure":
    has = np.isfinite(axis.at)
    log = wide(seeds[has])
    if axis.labels:
        return figures.value_strips(axis.at[has], seeds[has], axis.labels, x_label=axis.name, y_label=metric, log_y=log)
    return figures.parameter_slice(
        axis.at[has], seeds[has], diverged[has], x_label=axis.name, y_label=metric, log_x=axis.log, log_y=log
    )


def _map(result: Result, a: ParameterAxis, b: ParameterAxis) -> "Figure":
    has = np.isfinite(a.at) & np.isfinite(b.at)
    scores = result.values().mean(axis=1)[has]
    labels, log = (a.name, b.name, result.plan.metric), (a.log, b.log, wide(scores))
    return figures.parameter_map(a.at[has], b.at[has], scores, labels=labels, log=log)


def _ranks(result: Result) -> tuple[np.ndarray, np.ndarray]:
    """Return the ranks [R, C] in the first bracket, NaN where a configuration had been pruned, and the epochs [R]."""
    rungs = [decision for decision in result.history.decisions if decision.bracket == 0]
    ranks = np.full((len(rungs), len(result.plan.configurations)), np.nan)
    for row, decision in zip(ranks, rungs, strict=True):
        row[list(decision.ranked)] = np.arange(1, len(decision.ranked) + 1)
    inside = list(rungs[0].ranked) if rungs else []
    return ranks[:, inside], np.array([decision.epochs for decision in rungs])


def _pruned(result: Result) -> str:
    pruned = int(np.sum((result.levels() > 0) & (result.levels() < result.plan.epochs)))
    return f", at its last rung where it was pruned ({pruned} of {len(result.levels())})" if pruned else ""


def _name(result: Result, configuration: int) -> str:
    values = result.plan.configurations[configuration]
    varied = [axis.name for axis in parameter_axes(result)]
    parts = [f"{name} {value_words(values[name])}" for name in varied if name in values]
    return f"{configuration}: {', '.join(parts)}"


def _about_table(result: Result) -> str:
    count = len(result.plan.configurations)
    shown = f"The first {_ROWS} of {count}. " if count > _ROWS else ""
    return (
        f"{shown}Mean, standard deviation and 95 % interval (low to high) of {result.plan.metric} over n seeds and "
        "folds, at the last of its epochs; that of the best allows for its having been chosen; tied: a comparison of "
        "all with all cannot tell it from the best; "
        "diverged: the share of its runs."
    )


def _told(summary: Columns) -> tuple[str, Columns]:
    """Return in words what is the same in all rows, and the columns that differ, so that the table is no wider."""
    rows = len(summary["configuration"])
    same = {name: _cell(column[0]) for name, column in summary.items() if len({_cell(v) for v in column}) == 1}
    if rows == 1 or not same:
        return "", summary
    words = ", ".join(f"{name} {value or 'none'}" for name, value in same.items())
    return f" The same in all rows: {words}.", Columns({k: v for k, v in summary.items() if k not in same})


def _cell(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _figure(drawn: Drawn) -> str:
    title, caption = html.escape(drawn.title), html.escape(drawn.caption)
    image = html_picture(drawn.figure, drawn.title, darkened)
    return f"<figure><h2>{title}</h2>{image}<figcaption>{caption}</figcaption></figure>"
