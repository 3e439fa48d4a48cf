"""A mistake is a wrong line of the backward pass, with the causes that explain it.

``causes`` are kinds of ``report.causes``: any of them is right, nothing else is. ``on`` are the problems on which the
mistake is planted; ``layer`` is the one layer where it is made, by default all.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from .backpropagation import RIGHT, backpropagate, with_mistakes


@dataclasses.dataclass(frozen=True)
class Mistake:
    """One wrong line of the backward pass, or a pair of lines that make one mistake."""

    name: str
    causes: frozenset[str]
    on: tuple[str, ...]
    layer: int | None
    lines: dict[str, Callable]


@dataclasses.dataclass(frozen=True)
class Planted:
    """Mistakes made at once on one problem."""

    mistakes: tuple[Mistake, ...]
    problem: object

    def __str__(self):
        return f"{' and '.join(mistake.name for mistake in self.mistakes)} ({self.problem.name})"

    def gradient(self, params, X, y):
        """The wrong gradient, as its author's function computes it."""
        return backpropagate(with_mistakes(self.mistakes), self.problem, params, X, y)

    def wrong_leaves(self):
        """The leaves that differ from the sound gradient by more than rounding."""
        problem = self.problem
        sound = backpropagate(RIGHT, problem, problem.params, *problem.data)
        mine = self.gradient(problem.params, *problem.data)
        pairs = [(f"[{l}]['{k}']", mine[l][k], sound[l][k]) for l in range(len(sound)) for k in ("w", "b")]
        return {name for name, got, true in pairs if np.abs(got - true).max() > 1e-12 * np.abs(true).max()}


def mistake(name, causes, on, layer=None, **lines):
    """A mistake with its causes and problems as words in one string, separated by commas."""
    causes, on = ([part.strip() for part in text.split(",")] for text in (causes, on))
    return Mistake(name, frozenset(causes), tuple(on), layer, lines)
