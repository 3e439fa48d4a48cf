"""All that is known of a run, and the thresholds it is judged by: shares explained (see ``yardsticks``), so that they
mean the same for every loss."""

import dataclasses
from collections.abc import Callable

import numpy as np

from jaxnet.health.experiment_rows import Rows
from jaxnet.health.lane_gains import Gains, yardstick_of
from jaxnet.health.layer_looks import Look
from jaxnet.health.subject import Subject
from jaxnet.health.yardsticks import Yardstick

HELPS = 0.12  # of what can be explained: a change that gains less is not called a remedy
GOOD = 0.97  # explained: nothing that training could do better is worth a word
SOLVED = 0.3  # gained by another start: then it is the start
STARTS = 0.3  # share of the other starts that have to do better: two of six, for one may be luck
AT_REST = 0.02  # explained: what the curve of a run that has come to rest moves over its last quarter, ...
MOST_STARTS, CREEPING = 0.5, 0.1  # ... or what one that creeps along a plateau moves, where most starts get past
LEARNABLE = 0.05  # explained of held-out rows by the soundest lane: below, there is nothing to learn; and by chance
LUCK = 0.3  # more, over the root of their number
CONSTANT = 0.03  # explained: no better than a constant
EXPLODING, VANISHING = 20.0, 0.02
MOST = 0.6  # of the units of a layer, or of their activations
GOES_ON = 0.06  # gained by as many epochs again
SMALL_BATCH = 8  # rows, up to which the noise of batches is looked for at all
FEW_STEPS = 300  # in which a usual rate cannot have got far
UNHELD = "without penalty or dropout"  # the lane
UNDERFITTED = 0.75  # explained at most by a network that is too small


@dataclasses.dataclass
class Chart:
    """All that is known of a subject; experiments are asked for when a question needs them."""

    subject: Subject
    rows: Rows
    stick: Yardstick
    explained: float  # of the training rows by the parameters that are judged
    held: float | None  # of the validation rows
    start: Look | None
    end: Look
    experiments: bool
    variations: Callable[[], Gains | None]
    far_rates: Callable[[], Gains | None]
    larger_batches: Callable[[], Gains | None]
    longer: Callable[[], Gains | None]
    undecayed: Callable[[], Gains | None]
    sound: Callable[[], Gains | None]
    wider: Callable[[], Gains | None]
    relus: Callable[[], Gains | None]

    @property
    def bad(self) -> bool:
        """Whether training might have done better."""
        return self.subject.diverged or not self.end.finite or self.explained < GOOD

    @property
    def useless(self) -> bool:
        """Whether a constant would do as well."""
        return self.explained < CONSTANT

    @property
    def best_held(self) -> float:
        """The share explained of the validation rows in the best epoch of the run; -inf where it is not known."""
        curve = self.subject.history.get("validation_loss", np.zeros(0))
        if self.subject.validation is None or not np.isfinite(curve).any():
            return -np.inf
        stick = yardstick_of(self.subject, self.subject.validation)
        return float(stick.explained(np.nanmin(curve)))

    @property
    def last_quarter(self) -> np.ndarray:
        """The losses of the last quarter of the epochs, two of them at least."""
        loss = self.subject.history.get("loss", np.zeros(0))
        return loss[-max(2, len(loss) // 4) :]

    @property
    def motion(self) -> float:
        """How much the loss moved over the last quarter of the run, in shares explained."""
        last = self.last_quarter
        if len(last) < 2 or not np.isfinite(last).all():
            return float("inf") if len(last) else 0.0
        return float(np.ptp(self.stick.explained(last)))

    def gain(self, *names: str) -> tuple[str, float]:
        """Return the lane of the variations among ``names`` that gained most over the run, and by how much."""
        gains = self.variations()
        return ("", 0.0) if gains is None else gains.best(names, beside=self.explained)

    def told(self, name: str, gains: Gains | None = None) -> str:
        """Say what a lane did."""
        gains = gains or self.variations()
        if gains is None or name not in gains.train:
            return ""
        rows = "training rows" if not gains.apart else "training rows, {:.0%} of rows held out"
        base = "as it was" if "as it was" in gains.train else ""
        after = f"after {gains.epochs} epochs" if gains.epochs != 1 else "after 1 epoch"
        word = rows.format(_shown(gains.held[name]))
        beside = f" instead of {_shown(gains.train[base]):.0%}" if base else ""
        return f"{name}: {after} it explains {_shown(gains.train[name]):.0%}{beside} of the {word}"

    def all_told(self, *names: str) -> tuple[str, ...]:
        """Say what some lanes of the variations did, those that there are."""
        return tuple(words for name in names if (words := self.told(name)))


def _shown(explained: float) -> float:
    return max(-9.99, float(explained))
