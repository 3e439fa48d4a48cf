"""One training on the page: settings and data in, frames out; nothing of it knows of sockets.

A control that changes a number, an activation or a loss goes on from the weights as they are; one that changes the
structure keeps the trained entries and draws the new ones; another seed or start draws all of them.
"""

import collections
import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnet import checks
from jaxnet.network import MLP
from jaxnet.playground.compiled_programs import bucket_for, compiled, padded_examples, widened
from jaxnet.playground.masked_network import Structure, layers_of, structure_of, true_params
from jaxnet.playground.masked_training import Picture, PlayNumbers, Progressed, Shown, frame
from jaxnet.playground.moments import (
    RACED,
    Moment,
    Origin,
    begun_moment,
    changed_moment,
    exchanged_moment,
    updates_an_epoch,
    updates_of_rival,
)
from jaxnet.playground.optimizer_slots import OPTIMIZERS_SHOWN, empty_slots
from jaxnet.playground.planes import Plane, plane_of
from jaxnet.playground.play_settings import PlaySettings, goals_for, outputs_of, settings_from
from jaxnet.playground.shown_data import TableChoice, shown_data
from jaxnet.playground.untrained_picture import picture_in_numpy
from jaxnet.training.batches import Examples

MOMENTS = 300  # states that one can go back to
MOST_UPDATES = 5_000  # of a frame


class Pictures(NamedTuple):
    """What a frame shows: of the network that is looked at, and, in a race, of the other one."""

    shown: Picture
    rival: Picture | None


class LiveTrainer:
    """A network that is trained frame by frame.

    Attributes:
        settings, data, net: what is trained on what.
        point: [D], the chosen example; ``chosen`` its place, (held or not, row), or None after an edit.
        plane: over which the units are drawn.
        moments, at: the ring of states, and which of them is shown.

    Raises ValueError or TypeError for settings that do not fit; DataError for a table that cannot be prepared.
    """

    _seen: Any  # what the program is given for the state that is shown; None where it has to be made

    def __init__(self, settings: PlaySettings, own: TableChoice | None = None) -> None:
        self.own = own
        self._load(settings, None)

    def _load(self, settings: PlaySettings, rival: PlaySettings | None) -> None:
        data = shown_data(settings.data, self.own)
        checks.require(settings.goal in goals_for(data), "goal", f"one for {data.task}", list(settings.goal))
        params = _drawn(settings, data)
        # nothing is changed before all of it was found to fit
        self.data = data
        self.bucket = bucket_for(data.X.shape[1], len(data.X), len(data.held_X))
        self.moments: collections.deque[Moment] = collections.deque(maxlen=MOMENTS)
        self.at = -1
        self.choose(False, 0)
        self._begin(settings, params, drawn=True, rival=rival)

    def _begin(self, settings: PlaySettings, params: Any, *, drawn: bool, rival: PlaySettings | None) -> None:
        """Start anew from true parameters, with an optimizer that remembers nothing; a rival starts there, too."""
        origin = Origin(jax.tree.map(np.array, params), drawn)
        self._push(begun_moment(settings, origin, self.bucket, rival))

    @property
    def moment(self) -> Moment:
        """The state that is shown."""
        return self.moments[self.at]

    @property
    def settings(self) -> PlaySettings:
        """What is set in the state that is shown."""
        return self.moment.settings

    @property
    def rival(self) -> PlaySettings | None:
        """What is set for the other one of a race; None where there is none."""
        return None if self.moment.rival is None else self.moment.rival.settings

    @property
    def net(self) -> MLP:
        """The network that is shown, as ``jn.MLP`` describes it."""
        return self.settings.network(self.data)

    @property
    def params(self) -> list[dict[str, np.ndarray]]:
        """The parameters that are shown, in the structure of ``net``."""
        return self.params_at(self.moment)

    def params_at(self, moment: Moment) -> list[dict[str, np.ndarray]]:
        """Return the parameters of a moment that has the structure of ``net``."""
        return true_params(layers_of(np.asarray(moment.state.flat), self.bucket.inputs), self.net.sizes)

    def set(self, settings: PlaySettings) -> None:
        """Change what is set; raises ValueError for what does not fit the data."""
        old = self.settings
        if settings == old:
            return
        if settings.data != old.data:
            fitting = goals_for(shown_data(settings.data, self.own))
            # other data may need another goal; one that was asked for with it has to fit
            kept = settings.goal in fitting or settings.goal != old.goal
            self._load(settings if kept else dataclasses.replace(settings, goal=fitting[0]), self.rival)
            return
        checks.require(settings.goal in goals_for(self.data), "goal", f"one for {self.data.task}", list(settings.goal))
        untouched, rival = self.moment.untouched, self.rival
        reshaped = self._shape(settings) != self._shape(old)
        # what was not trained yet has nothing to keep, and so stays a draw that jn.MLP.init makes
        if (settings.seed, settings.weights) != (old.seed, old.weights) or (reshaped and untouched):
            self._begin(settings, _drawn(settings, self.data), drawn=True, rival=rival)
        elif reshaped or settings.optimizer != old.optimizer:
            self._begin(settings, self._kept(settings), drawn=untouched, rival=rival)
        else:
            self._push(changed_moment(self.moment, settings))

    def race(self, change: Mapping[str, Any] | None) -> None:
        """Set numbers of a rival, by name, and put both back to their common start; None ends the race.

        Raises ValueError or TypeError, naming the field, for what two of a race share and for a value not allowed.
        """
        if change is None:
            self._push(self.moment._replace(rival=None))
            return
        checks.require(isinstance(change, Mapping), "rival", "an object with fields", change, TypeError)
        for name in change:
            checks.choice("rival", name, RACED)
        rival = settings_from(change, self.rival or self.settings)
        origin = self.moment.origin
        self._begin(self.settings, origin.params, drawn=origin.drawn, rival=rival)

    def exchange(self) -> None:
        """Look at the other one of a race; what was looked at goes on as its rival."""
        self._push(exchanged_moment(self.moment))

    def _shape(self, settings: PlaySettings) -> tuple[int, ...]:
        return (*settings.hidden, outputs_of(settings.goal, self.data))

    def _kept(self, settings: PlaySettings) -> list[dict[str, np.ndarray]]:
        """Draw parameters for a new structure, and put the trained entries into their places."""
        old, kept = self.params, jax.tree.map(np.array, _drawn(settings, self.data))
        # an output layer that hangs on another layer than before has nothing to keep
        count = len(old) if len(old) == len(kept) else min(len(old), len(kept)) - 1
        for theirs, mine in zip(old[:count], kept[:count], strict=True):
            rows, columns = np.minimum(theirs["w"].shape, mine["w"].shape)
            mine["w"][:rows, :columns], mine["b"][:columns] = theirs["w"][:rows, :columns], theirs["b"][:columns]
        return kept

    def restart(self) -> None:
        """Draw the weights anew, by the seed that is set."""
        self._begin(self.settings, _drawn(self.settings, self.data), drawn=True, rival=self.rival)

    def edit(self, layer: int, row: int, unit: int, value: float) -> None:
        """Set one weight, or, with row -1, one bias, and train on from there. Raises ValueError for a place that is not
        there and a value that is not finite."""
        params = self.params
        layer = checks.integer("layer", layer, maximum=len(params) - 1)
        rows, columns = params[layer]["w"].shape
        row = checks.integer("row", row, minimum=-1, maximum=rows - 1)
        unit = checks.integer("unit", unit, maximum=columns - 1)
        value = checks.number("value", value, minimum=-1e6, maximum=1e6)
        if row < 0:
            params[layer]["b"][unit] = value
        else:
            params[layer]["w"][row, unit] = value
        self.put(params)

    def put(self, params: Any) -> None:
        """Go on from given parameters of the network that is shown."""
        self._begin(self.settings, params, drawn=False, rival=self.rival)

    def go_to(self, at: int) -> None:
        """Show an earlier state of the ring, or a later one that was left; raises ValueError for one not there."""
        self.at = checks.integer("at", at, maximum=len(self.moments) - 1)
        self._seen = None

    def choose(self, held: bool, row: int) -> None:
        """Choose an example by its row; raises ValueError for one that is not there."""
        rows = self.data.held_X if held else self.data.X
        row = checks.integer("row", row, maximum=len(rows) - 1)
        self.chosen: tuple[bool, int] | None = (held, row)
        self.look(rows[row], None)

    def look(self, point: np.ndarray, inputs: tuple[int, int] | None) -> None:
        """Put the plane of two inputs through a point [D] that is the chosen example."""
        kept = self.plane.inputs if inputs is None and getattr(self, "_of", None) is self.data else inputs
        self.plane: Plane = plane_of(self.data, point, kept)
        self.point, self._of = np.asarray(point, np.float32), self.data
        self._seen = None

    def _push(self, moment: Moment) -> None:
        while len(self.moments) > self.at + 1:
            self.moments.pop()
        self.moments.append(moment)
        self.at = len(self.moments) - 1
        self._seen = None

    def _arguments(self) -> tuple[Structure, tuple[Examples, Shown]]:
        if self._seen is None:
            self._seen = self._made()
        return self._seen

    def _made(self) -> tuple[Structure, tuple[Examples, Shown]]:
        settings, data = self.settings, self.data
        outputs = outputs_of(settings.goal, data)
        structure = structure_of(self.net.sizes, settings.activations, settings.goal)
        grid = np.concatenate([self.plane.grid(), self.point[None]])
        examples, held = (
            padded_examples(X, data.dense(y, outputs), self.bucket.inputs, length)
            for X, y, length in (
                (data.X, data.y, self.bucket.rows),
                (data.held_X, data.held_y, self.bucket.held),
            )
        )
        centre, spread = self.output_range()
        shown = Shown(held, widened(grid, len(grid), self.bucket.inputs), np.float32(centre), np.float32(spread))
        # on the device once, and not with every frame
        return structure, jax.device_put((examples, shown))

    def output_range(self) -> tuple[float, float]:
        """Return the middle of the outputs' colours, and how far from it they are full."""
        goal, y = self.settings.goal, self.data.y
        if not self.data.classes:
            return float(y.mean()), float(np.abs(y - y.mean()).max()) or 1.0
        return (0.0, 1.0) if goal.loss == "hinge" else (0.5, 0.5)

    def frame(self, updates: int) -> Pictures:
        """Take steps, at most MOST_UPDATES, and return the pictures; none are taken before the program is compiled. A
        rival goes through as many examples, and the steps are fewer where it would take more than MOST_UPDATES."""
        updates = checks.integer("updates", updates, maximum=MOST_UPDATES)
        if not compiled(self.bucket):
            shown = picture_in_numpy(self.net, self.params, self._arguments()[1], self.output_range())
            # not trained yet, so at the start that is theirs together
            return Pictures(shown, None if self.rival is None else shown)
        before, rows = self.moment, len(self.data.X)
        if self.rival is not None:
            mine, theirs = (updates_an_epoch(each, rows) for each in (self.settings, self.rival))
            updates = min(updates, max(1, MOST_UPDATES * mine // theirs))
        state, shown = self._advanced(before, updates)
        after, other = before._replace(state=state), None
        if after.rival is not None:
            theirs_state, other = self._advanced(after.rival, updates_of_rival(after, rows) if updates else 0)
            after = after._replace(rival=after.rival._replace(state=theirs_state))
        if updates and bool(before.state.finite):
            kept = self._seen
            self._push(after)
            self._seen = kept
        return Pictures(shown, other)

    def _advanced(self, moment: Moment, updates: int) -> tuple[Progressed, Picture]:
        structure, seen = self._arguments()
        numbers, key = play_numbers(moment.settings, len(self.data.X)), jax.random.key(moment.settings.seed)
        state, picture = frame(moment.state, structure, numbers, seen, key=key, updates=np.int32(updates))
        return state, jax.tree.map(np.asarray, picture)

    def gradient(self) -> list[dict[str, np.ndarray]]:
        """Return the gradient of the objective over all training rows, by the program itself: what plain descent
        without momentum remembers of its first step."""
        structure, seen = self._arguments()
        zero = np.float32(0)
        plain = play_numbers(self.settings, len(self.data.X))._replace(
            momentum=zero, dropout=zero, batch=np.int32(len(self.data.X)), optimizer=np.int32(0)
        )
        state = self.moment.state
        fresh = state._replace(slots=empty_slots("sgd", state.flat), step=jax.device_put(np.int32(0)))
        after, _ = frame(fresh, structure, plain, seen, key=jax.random.key(0), updates=np.int32(1))
        return true_params(layers_of(np.asarray(after.slots.first), self.bucket.inputs), self.net.sizes)


def play_numbers(settings: PlaySettings, rows: int) -> PlayNumbers:
    """Return the numbers that are set, as the program takes them; a batch is at most all rows."""
    which = list(OPTIMIZERS_SHOWN).index(settings.optimizer)
    return PlayNumbers(
        np.float32(settings.rate), np.float32(settings.momentum), np.float32(settings.l2),
        np.float32(settings.dropout), np.int32(min(settings.batch, rows)), np.int32(which),
    )  # fmt: skip


def _drawn(settings: PlaySettings, data: Any) -> Any:
    """Draw the parameters that a network begins with."""
    return settings.network(data).init(jax.random.key(settings.seed))
