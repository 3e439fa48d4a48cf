"""One training on the page: settings and data in, frames out; nothing of it knows of sockets.

A control that changes a number, an activation or a loss goes on from the weights as they are; one that changes the
structure keeps the trained entries and draws the new ones; another seed or start draws all of them.
"""

import collections
import dataclasses
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnet import checks
from jaxnet.network import MLP
from jaxnet.playground.compiled_programs import begun_state, bucket_for, compiled, padded_examples, widened
from jaxnet.playground.masked_network import (
    Structure,
    flat_params,
    layers_of,
    padded_params,
    structure_of,
    true_params,
)
from jaxnet.playground.masked_training import Picture, PlayNumbers, Progressed, Shown, frame
from jaxnet.playground.optimizer_slots import OPTIMIZERS_SHOWN, empty_slots
from jaxnet.playground.planes import Plane, plane_of
from jaxnet.playground.play_settings import PlaySettings, goals_for, outputs_of
from jaxnet.playground.shown_data import TableChoice, shown_data
from jaxnet.playground.untrained_picture import picture_in_numpy
from jaxnet.training.batches import Examples

MOMENTS = 300  # states that one can go back to
MOST_UPDATES = 5_000  # of a frame


class Origin(NamedTuple):
    """Where the weights began: these parameters, with an optimizer that remembered nothing, at epoch 0."""

    params: list[dict[str, np.ndarray]]
    drawn: bool  # by the settings' seed; else they are what was trained or edited before


class Moment(NamedTuple):
    """All that a state of the page is; what is set is shared by the moments between two changes."""

    settings: PlaySettings
    state: Progressed
    origin: Origin
    changes: tuple[tuple[int, int, PlaySettings], ...]  # (epoch, step) from which each setting held


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
        self._load(settings)

    def _load(self, settings: PlaySettings) -> None:
        data = shown_data(settings.data, self.own)
        checks.require(settings.goal in goals_for(data), "goal", f"one for {data.task}", list(settings.goal))
        params = _drawn(settings, data)
        # nothing is changed before all of it was found to fit
        self.data = data
        self.bucket = bucket_for(data.X.shape[1], len(data.X), len(data.held_X))
        self.moments: collections.deque[Moment] = collections.deque(maxlen=MOMENTS)
        self.at = -1
        self.choose(False, 0)
        self._begin(settings, params, drawn=True)

    def _begin(self, settings: PlaySettings, params: Any, *, drawn: bool) -> None:
        """Start anew from true parameters, with an optimizer that remembers nothing."""
        origin = Origin(jax.tree.map(np.array, params), drawn)
        flat = jax.device_put(flat_params(padded_params(origin.params, self.bucket.inputs)))
        state = begun_state(flat, settings.optimizer, self.bucket.rows)
        self._push(Moment(settings, state, origin, ((0, 0, settings),)))

    @property
    def moment(self) -> Moment:
        """The state that is shown."""
        return self.moments[self.at]

    @property
    def settings(self) -> PlaySettings:
        """What is set in the state that is shown."""
        return self.moment.settings

    @property
    def net(self) -> MLP:
        """The network that is shown, as ``jn.MLP`` describes it."""
        return self.settings.network(self.data)

    @property
    def params(self) -> list[dict[str, np.ndarray]]:
        """The parameters that are shown, in the structure of ``net``."""
        return true_params(layers_of(np.asarray(self.moment.state.flat), self.bucket.inputs), self.net.sizes)

    @property
    def batch(self) -> int:
        """Examples an update: as many as are set, at most all."""
        return min(self.settings.batch, len(self.data.X))

    def set(self, settings: PlaySettings) -> None:
        """Change what is set; raises ValueError for what does not fit the data."""
        old = self.settings
        if settings == old:
            return
        if settings.data != old.data:
            fitting = goals_for(shown_data(settings.data, self.own))
            # other data may need another goal; one that was asked for with it has to fit
            kept = settings.goal in fitting or settings.goal != old.goal
            self._load(settings if kept else dataclasses.replace(settings, goal=fitting[0]))
            return
        checks.require(settings.goal in goals_for(self.data), "goal", f"one for {self.data.task}", list(settings.goal))
        state, origin, _ = self.moment[1:]
        untouched = origin.drawn and not int(state.epoch) and not int(state.step)
        reshaped = self._shape(settings) != self._shape(old)
        # what was not trained yet has nothing to keep, and so stays a draw that jn.MLP.init makes
        if (settings.seed, settings.weights) != (old.seed, old.weights) or (reshaped and untouched):
            self._begin(settings, _drawn(settings, self.data), drawn=True)
        elif reshaped or settings.optimizer != old.optimizer:
            self._begin(settings, self._kept(settings), drawn=untouched)
        else:
            state, origin, changes = self.moment[1:]
            now = int(state.epoch), int(state.step)
            before = tuple(change for change in changes if change[:2] != now)
            self._push(Moment(settings, state, origin, (*before, (*now, settings))))

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
        self._begin(self.settings, _drawn(self.settings, self.data), drawn=True)

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
        self._begin(self.settings, params, drawn=False)

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

    def _arguments(self) -> tuple[Structure, PlayNumbers, tuple[Examples, Shown]]:
        if self._seen is None:
            self._seen = self._made()
        return self._seen

    def _made(self) -> tuple[Structure, PlayNumbers, tuple[Examples, Shown]]:
        settings, data = self.settings, self.data
        outputs = outputs_of(settings.goal, data)
        structure = structure_of(self.net.sizes, settings.activations, settings.goal)
        which = list(OPTIMIZERS_SHOWN).index(settings.optimizer)
        numbers = PlayNumbers(
            np.float32(settings.rate), np.float32(settings.momentum), np.float32(settings.l2),
            np.float32(settings.dropout), np.int32(self.batch), np.int32(which),
        )  # fmt: skip
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
        return structure, numbers, jax.device_put((examples, shown))

    def output_range(self) -> tuple[float, float]:
        """Return the middle of the outputs' colours, and how far from it they are full."""
        goal, y = self.settings.goal, self.data.y
        if not self.data.classes:
            return float(y.mean()), float(np.abs(y - y.mean()).max()) or 1.0
        return (0.0, 1.0) if goal.loss == "hinge" else (0.5, 0.5)

    def frame(self, updates: int) -> Picture:
        """Take steps, at most MOST_UPDATES, and return the picture; none are taken before the program is compiled."""
        updates = checks.integer("updates", updates, maximum=MOST_UPDATES)
        if not compiled(self.bucket):
            return picture_in_numpy(self.net, self.params, self._arguments()[2], self.output_range())
        before = self.moment
        structure, numbers, seen = self._arguments()
        key = jax.random.key(before.settings.seed)
        state, picture = frame(before.state, structure, numbers, seen, key=key, updates=np.int32(updates))
        if updates and bool(before.state.finite):
            kept = self._seen
            self._push(before._replace(state=state))
            self._seen = kept
        return jax.tree.map(np.asarray, picture)

    def gradient(self) -> list[dict[str, np.ndarray]]:
        """Return the gradient of the objective over all training rows, by the program itself: what plain descent
        without momentum remembers of its first step."""
        structure, numbers, seen = self._arguments()
        zero = np.float32(0)
        plain = numbers._replace(momentum=zero, dropout=zero, batch=np.int32(len(self.data.X)), optimizer=np.int32(0))
        state = self.moment.state
        fresh = state._replace(slots=empty_slots("sgd", state.flat), step=jax.device_put(np.int32(0)))
        after, _ = frame(fresh, structure, plain, seen, key=jax.random.key(0), updates=np.int32(1))
        return true_params(layers_of(np.asarray(after.slots.first), self.bucket.inputs), self.net.sizes)


def _drawn(settings: PlaySettings, data: Any) -> Any:
    """Draw the parameters that a network begins with."""
    return settings.network(data).init(jax.random.key(settings.seed))
