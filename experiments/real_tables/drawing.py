"""The picture of the comparison on real tables: each model's error on each table beside one rival's."""

from typing import Any

from real_tables.comparing import SHIFT, Judged

TICKS = (0.25, 0.5, 1, 2, 4)


def draw_errors(tables: list[Judged], models: list[str], beside: str) -> Any:
    """Draw errors of ``models`` as shares of the error of ``beside``, a line a table; left of 1 fewer are made."""
    from jaxnet.figures import theme

    rows = sorted((each for each in tables if beside in each.errors), key=lambda each: (each.classes, each.name))
    figure = theme.new_figure(7.2, 1.2 + 0.27 * len(rows))
    axes = figure.subplots()
    for index, model in enumerate(models):
        places = [place for place, each in enumerate(rows) if model in each.errors]
        shares = [(rows[p].errors[model] + SHIFT) / (rows[p].errors[beside] + SHIFT) for p in places]
        axes.plot(shares, places, theme.marker(index), color=theme.colour(index), label=model, markersize=5)
    axes.axvline(1, color="0.5", linewidth=1, linestyle="--")
    axes.set_yticks(range(len(rows)), labels=[f"{each.name}{'' if each.classes else ' (numbers)'}" for each in rows])
    axes.set_xscale("log")
    axes.set_xticks(TICKS, labels=[f"{tick:g}" for tick in TICKS])
    axes.set_xticks([], minor=True)
    theme.rule(axes)
    theme.label(axes, x=f"error / {beside}'s (each + {SHIFT:g})")
    theme.legend(axes, loc="upper left", bbox_to_anchor=(1, 1))
    return theme.headline(figure, f"Errors on real tables beside {beside}'s: left of the dashed line there are fewer")
