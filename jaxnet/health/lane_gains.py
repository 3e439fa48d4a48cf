"""What the lanes of a population gained: losses as shares explained, each lane beside the recipe as it was."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jaxnet.health.experiment_rows import Rows
from jaxnet.health.subject import NumpyRows, Subject
from jaxnet.health.trials import Outcomes, Trial
from jaxnet.health.yardsticks import Yardstick


class Gains(NamedTuple):
    """What came of a population, as shares explained of rows trained on and held out, by lane."""

    outcomes: Outcomes
    train: dict[str, float]
    held: dict[str, float]
    apart: bool
    epochs: int

    def over(self, name: str, beside: float, other: str = "as it was") -> float:
        """Return by how much more a lane explains than another, and than ``beside``, of both kinds of rows: the lower
        gain counts, for what is learnt by heart is none."""
        if name not in self.train:
            return 0.0
        base = {"train": _part(self.train.get(other, 0.0)), "held": _part(self.held.get(other, 0.0))}
        gain = _part(self.train[name]) - max(base["train"], _part(beside))
        return min(gain, _part(self.held[name]) - base["held"]) if self.apart else gain

    def best(self, names: Sequence[str], beside: float) -> tuple[str, float]:
        """Return the lane among ``names`` that gained most, and its gain; ("", 0) without any."""
        found = [(self.over(name, beside), name) for name in names if name in self.train]
        gain, name = max(found, default=(0.0, ""))
        return name, gain

    def top(self, prefix: str) -> str:
        """Return the lane, among those whose names begin so, that explains most of the rows held out."""
        return max((name for name in self.train if name.startswith(prefix)), key=lambda name: self.held[name])


def _part(explained: float) -> float:
    """Worse than a constant is as bad as a constant: to become as good as one is no gain."""
    return max(0.0, float(explained))


def judged(subject: Subject, outcomes: Outcomes, trials: Sequence[Trial], *, rows: Rows, epochs: int) -> Gains:
    """Turn losses into shares explained, each lane by the targets that it was given."""
    train, held = {}, {}
    sticks: dict[int, list[Yardstick]] = {}
    for at, trial in enumerate(trials):
        key = id(trial.train.y)
        if key not in sticks:
            plain = [trial.train._replace(weight=rows.train.weight), trial.held]
            sticks[key] = [yardstick_of(subject, part) for part in plain]
        train[trial.name] = float(sticks[key][0].explained(outcomes.train[at]))
        held[trial.name] = float(sticks[key][1].explained(outcomes.held[at]))
    return Gains(outcomes, train, held, rows.apart, epochs)


def yardstick_of(subject: Subject, rows: NumpyRows) -> Yardstick:
    """Return what losses are worth; of an objective that is not known, from where it began to 0 or below."""
    stick = subject.yardstick(rows)
    if stick is not None:
        return stick
    rng = np.random.default_rng(0)
    # right targets for the wrong rows: what an answer is worth that has nothing to do with its input
    order = rng.permutation(len(rows.x))
    loss = subject.loss((subject.params if subject.start is None else subject.start), rows._replace(y=rows.y[order]))
    loss = min(loss, subject.loss(subject.params, rows._replace(y=rows.y[order]))) if np.isfinite(loss) else loss
    loss = loss if np.isfinite(loss) else 1.0
    return Yardstick(loss, min(0.0, loss))


def joined(subject: Subject, parts: Sequence[tuple[Outcomes, Rows]], apart: bool, epochs: int) -> Gains:
    """Join populations of one lane of interest each, the first of their lanes, under their names."""
    train, held = {}, {}
    for outcomes, rows in parts:
        sticks = [yardstick_of(subject, part) for part in (rows.train, rows.held)]
        train[outcomes.names[0]] = float(sticks[0].explained(outcomes.train[0]))
        held[outcomes.names[0]] = float(sticks[1].explained(outcomes.held[0]))
    return Gains(parts[0][0], train, held, apart, epochs)
