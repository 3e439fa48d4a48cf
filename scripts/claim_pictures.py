"""Draw what an experiment claims, from its results as they are kept, where it drew no figure of its name itself.

python scripts/claim_pictures.py draws all of them into experiments/pictures; scripts/reproduce calls ``draw`` for those
that it ran. No number is typed here: a pattern picks claims, what it captures names a row.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jaxnet.figures import theme

EXPERIMENTS = Path(__file__).parents[1] / "experiments"


class Row(NamedTuple):
    """One line of a picture: a name, a number with half of its interval, and what was published, where it was."""

    name: str
    value: float
    half: float
    published: float | None


class Picture(NamedTuple):
    """Which claims are drawn and how.

    Attributes:
        claims: what a claim's words must match in full; its groups, joined, name the row.
        number: where the number stands in what was measured, its groups "of" and "half" where there are such.
        axis: the words below the axis.
        title: what there is to see.
        log: whether the axis is logarithmic.
        line: where the reader compares with, such as 1 for a ratio.
    """

    claims: str
    number: str
    axis: str
    title: str
    log: bool = False
    line: float | None = None


_MEAN = r"(?P<value>[-+\d.e]+)(?: ± (?P<half>[\d.e-]+))?"
_SHARE = r"(?P<value>\d+) of (?P<of>\d+)"
PICTURES = {
    "check_gradient": Picture(
        r"(the printed W1, .+)", r"differ by (?P<value>[\d.e-]+)", "largest difference",
        "Only with W2 updated first does the gradient give the W1 that was printed", log=True,
    ),
    "estimators": Picture(
        r"(fit, .+|search, \d+ hidden units)", r": (?P<value>[\d.]+) times", "scikit-learn's seconds / jaxnet's",
        "The same fits and searches take scikit-learn longer, and a search by far", log=True, line=1,
    ),
    "gradient_checkers": Picture(
        r"(mistakes flagged|mistakes named|false alarms)(, .+)", _SHARE, "%",
        "All three flag most mistakes; one says which line is wrong, and it gives no false alarm",
    ),
    "hand_derived": Picture(
        r"(slips flagged|causes named|causes unknown|causes named falsely|slips flagged, .+)(?:, and said so)?", _SHARE,
        "% of the slips", "Of the slips in hand-derived layers all are flagged, and nearly all named by their cause",
    ),
    "mnist": Picture(
        r"(.+): error in %", _MEAN, "error on the test images, %",
        "Plain networks err as little as published, the older ones about half as often",
    ),
    "mnist1d": Picture(
        r"(width \d+.*): error in %", _MEAN, "error, %",
        "With noisy labels the middle width errs most; with its best penalty a wider one is better",
    ),
    "modular_addition": Picture(
        r"built, (\d+ units): share of pairs right", _MEAN, "share of pairs added rightly",
        "Weights set by a formula add modulo 97 once there are enough units",
    ),
    "toys": Picture(
        r"(.+): jaxnet - (PyTorch|scikit-learn)", _MEAN, "jaxnet's accuracy minus the other's, points",
        "On small tables three libraries with one recipe are equally accurate", line=0,
    ),
    "universal_approximation": Picture(
        r"trained, (\d+ units): RMS error", _MEAN, "RMS error",
        "One hidden layer comes ever closer to a continuous function as it grows", log=True,
    ),
    "vanishing_gradients": Picture(
        r"(.+, \d hidden layers): factor a layer back", _MEAN, "norm of the gradient, one layer back / here",
        "Back through a layer of sigmoids a gradient shrinks to a fifth, through relu to two thirds", line=1,
    ),
}  # fmt: skip


def rows_of(picture: Picture, claims: list[dict[str, Any]]) -> list[Row]:
    """Return the rows of the claims that match; a share of a count is in %."""
    rows = []
    for claim in claims:
        named, found = re.fullmatch(picture.claims, claim["what"]), re.search(picture.number, claim["measured"])
        if named and found:
            parts = found.groupdict()
            scale = 100 / float(parts["of"]) if parts.get("of") else 1.0
            published = re.match(r"([\d.]+)(?= ±| \(|$)", claim["published"])
            name = ", ".join(part.strip(", ") for part in named.groups() if part)
            half = float(parts.get("half") or 0)
            rows.append(Row(name, scale * float(parts["value"]), half, float(published[0]) if published else None))
    return rows


def figure(picture: Picture, claims: list[dict[str, Any]]) -> Any:
    """Draw the rows from top to bottom; raises ValueError where no claim matches."""
    rows = rows_of(picture, claims)
    if not rows:
        raise ValueError(f"claims: expected some that match {picture.claims}, got {len(claims)} others")
    drawn = theme.new_figure(7.2, 1.0 + 0.27 * len(rows))
    axes = drawn.subplots()
    places = range(len(rows))[::-1]
    style = {"color": theme.colour(0), "label": "measured", "markersize": 5, "capsize": 2}
    axes.errorbar([row.value for row in rows], places, xerr=[row.half for row in rows], fmt="o", **style)
    published = [(row.published, place) for row, place in zip(rows, places, strict=True) if row.published is not None]
    if published:
        axes.plot(*zip(*published, strict=True), "D", color=theme.colour(1), label="published", fillstyle="none")
        theme.legend(axes)
    if picture.line is not None:
        axes.axvline(picture.line, color="0.5", linewidth=1, linestyle="--")
    axes.set_yticks(places, labels=[row.name for row in rows])
    if picture.log:
        axes.set_xscale("log")
    theme.label(axes, x=picture.axis)
    theme.rule(axes)
    return theme.headline(drawn, picture.title)


def draw(name: str, claims: list[dict[str, Any]], folder: Path) -> Path | None:
    """Draw the picture of an experiment into a folder; return its path, None where none is planned."""
    from jaxnet import figures

    return figures.save(figure(PICTURES[name], claims), folder / f"{name}.png") if name in PICTURES else None


def kept(name: str) -> Mapping[str, Any]:
    """Return what was kept of an experiment."""
    return json.loads((EXPERIMENTS / "results" / f"{name}.json").read_text())


def main() -> None:
    """Draw all pictures of ``PICTURES`` from the kept results."""
    for name in PICTURES:
        print(draw(name, kept(name)["claims"], EXPERIMENTS / "pictures"))


if __name__ == "__main__":
    main()
