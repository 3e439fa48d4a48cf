"""A sweep on one page: what was tried, what came out and how sure that is, as one self-contained HTML file."""

import base64
import html
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxnet.figures import sweeps as figures
from jaxnet.storage import write_atomically
from jaxnet.sweeps import Result
from jaxnet.sweeps.parameters import Choice, Float, Int, Layers, unconditional

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROWS = 50  # of the table of configurations
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sweep</title><style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 62em; color: #262626; padding: 0 1em }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px }}
th, td {{ padding: .2em .7em; text-align: right; border-bottom: 1px solid #ddd }}
pre {{ background: #f6f6f6; padding: 1em; overflow-x: auto }} figure {{ margin: 1.5em 0 }} img {{ max-width: 100% }}
</style></head><body>
<h1>Sweep</h1>
<pre>{said}</pre>
<h2>Configurations, the best first</h2>
<div style="overflow-x: auto"><table>{rows}</table></div>
{figures}
<h2>Plan</h2>
<pre>{plan}</pre>
</body></html>
"""


def write_report(result: Result, path: str | os.PathLike) -> Path:
    """Write the report of a sweep, atomically; return its path. It loads nothing from anywhere."""
    drawn = "\n".join(
        f"<figure><h2>{html.escape(title)}</h2>{_image(figure)}</figure>" for title, figure in draw(result)
    )
    page = _PAGE.format(
        said=html.escape(str(result)), rows=_rows(result), figures=drawn, plan=html.escape(str(result.plan))
    )
    write_atomically(path, page.encode())
    return Path(path)


def draw(result: Result) -> Iterator[tuple[str, "Figure"]]:
    """Yield the figures that a sweep has data for, each with its title."""
    metric, order = result.plan.metric, result.ranking()
    seeds = np.asarray(result.values())
    best = {_name(result, c): result.curves(metric)[result.plan.members_of([c])] for c in order[: figures.FAN]}
    yield "Curves of the best", figures.curve_fans(best, y_label=metric)
    numeric = _numeric(result)
    diverged = (result.ledger.diverged > 0).reshape(len(order), -1).mean(axis=1)
    for name, parameter in numeric.items():
        x = result.parameters()[name].astype(float)
        has = np.isfinite(x)
        drawn = figures.parameter_slice(
            x[has], seeds[has], diverged[has], x_label=name, y_label=metric, log_x=parameter.log
        )
        yield f"{metric} over {name}", drawn
    if len(numeric) >= 2:
        yield "Two parameters", _map(result, numeric)
    yield from _whole(result)


def _whole(result: Result) -> Iterator[tuple[str, "Figure"]]:
    places = parameter_places(result)
    order = np.array(result.ranking())
    if len(places) >= 2 and len(order) > 1:
        quality = np.empty(len(order))
        quality[order] = np.linspace(0, 1, len(order))
        yield "Parallel coordinates", figures.parallel_coordinates(places, quality, title=result.plan.metric)
    ranks, epochs = _ranks(result)
    if len(epochs) > 1:
        yield "Ranks over rungs", figures.rank_flow(ranks, epochs)
    elif len(order) > 1 and np.isfinite(result.values().mean(axis=1)).any():
        lines = {estimator: result.expected_best(estimator) for estimator in ("unbiased", "plug-in")}
        yield "Expected best against budget", figures.expected_best(lines, y_label=result.plan.metric)


def parameter_places(result: Result) -> dict[str, np.ndarray]:
    """Return where on its range, from 0 to 1, each configuration's value of each varied parameter lies."""
    places = {}
    for name, parameter in result.plan.space.parameters.items():
        inner = unconditional(parameter)
        given = [configuration.get(name) for configuration in result.plan.configurations]
        if isinstance(inner, Float | Int):
            places[name] = np.array([np.nan if value is None else inner.unit(value) for value in given])
        elif isinstance(inner, Choice | Layers):
            levels: list[Any] = inner.levels(None)
            last = max(len(levels) - 1, 1)
            places[name] = np.array([levels.index(value) / last if value in levels else np.nan for value in given])
    return places


def _numeric(result: Result) -> dict[str, Any]:
    inner = {
        name: unconditional(parameter)
        for name, parameter in result.plan.space.parameters.items()
    }
    return {name: parameter for name, parameter in inner.items() if isinstance(parameter, Float | Int)}


def _map(result: Result, numeric: dict[str, Any]) -> "Figure":
    (a, first), (b, second) = list(numeric.items())[:2]
    x, y = (result.parameters()[name].astype(float) for name in (a, b))
    has = np.isfinite(x) & np.isfinite(y)
    scores = result.values().mean(axis=1)[has]
    labels = (a, b, result.plan.metric)
    return figures.parameter_map(x[has], y[has], scores, labels=labels, log=(first.log, second.log))


def _ranks(result: Result) -> tuple[np.ndarray, np.ndarray]:
    """Return the ranks [R, C] in the first bracket, NaN where a configuration had been pruned, and the epochs [R]."""
    rungs = [decision for decision in result.ledger.decisions if decision.bracket == 0]
    ranks = np.full((len(rungs), len(result.plan.configurations)), np.nan)
    for row, decision in zip(ranks, rungs, strict=True):
        row[list(decision.ranked)] = np.arange(1, len(decision.ranked) + 1)
    inside = list(rungs[0].ranked) if rungs else []
    return ranks[:, inside], np.array([decision.epochs for decision in rungs])


def _name(result: Result, configuration: int) -> str:
    values = result.plan.configurations[configuration]
    varied = parameter_places(result)
    parts = [
        f"{name} {values[name]:.3g}" if isinstance(values[name], float) else f"{name} {values[name]}"
        for name in varied
        if name in values
    ]
    return f"{configuration}: {', '.join(parts)}"


def _rows(result: Result) -> str:
    table = result.summary()
    cells = [f"<tr>{''.join(f'<th>{html.escape(str(name))}</th>' for name in table)}</tr>"]
    for row in list(zip(*(list(column)[:ROWS] for _, column in table.items()), strict=True)):
        cells.append(f"<tr>{''.join(f'<td>{html.escape(_cell(value))}</td>' for value in row)}</tr>")
    return "".join(cells)


def _cell(value: Any) -> str:
    return f"{value:.5g}" if isinstance(value, float) else "" if value is None else str(value)


def _image(figure: "Figure") -> str:
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110)
    return f'<img alt="" src="data:image/png;base64,{base64.b64encode(picture.getvalue()).decode()}">'
