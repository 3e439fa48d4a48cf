"""A moment of the page: all that a training is at one time, and, in a race, what runs beside it from the same start."""

import dataclasses
from typing import NamedTuple

import jax
import numpy as np

from jaxnet.playground.compiled_programs import Bucket, begun_state
from jaxnet.playground.masked_network import flat_params, padded_params
from jaxnet.playground.masked_training import Progressed
from jaxnet.playground.play_settings import PlaySettings

# by these, and nothing else, the two of a race differ: they have one start, and one loss to go down
RACED = ("optimizer", "rate", "momentum", "l2", "dropout", "batch")


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
    rival: "Moment | None" = None  # the other one of a race, from the same origin; it has no rival itself
    lane: str = "A"  # "B" for the one that began as the rival, also when it is the one that is looked at

    @property
    def untouched(self) -> bool:
        """Whether these weights are still those that were drawn."""
        return self.origin.drawn and not int(self.state.epoch) and not int(self.state.step)


def begun_moment(settings: PlaySettings, origin: Origin, bucket: Bucket, rival: PlaySettings | None = None) -> Moment:
    """Return the moment at which a training begins; given the settings of a rival, that of both."""
    flat = jax.device_put(flat_params(padded_params(origin.params, bucket.inputs)))
    state = begun_state(flat, settings.optimizer, bucket.rows)
    other = None if rival is None else begun_moment(rival_settings(settings, rival), origin, bucket)._replace(lane="B")
    return Moment(settings, state, origin, ((0, 0, settings),), other)


def rival_settings(settings: PlaySettings, rival: PlaySettings) -> PlaySettings:
    """Return a rival's settings beside others: those that two of a race share are the others'."""
    return dataclasses.replace(settings, **{name: getattr(rival, name) for name in RACED})


def changed_moment(moment: Moment, settings: PlaySettings) -> Moment:
    """Return a moment with other settings from here on; a rival follows in what the two share."""
    now = int(moment.state.epoch), int(moment.state.step)
    before = tuple(change for change in moment.changes if change[:2] != now)
    other = moment.rival
    if other is not None:
        other = changed_moment(other, rival_settings(settings, other.settings))
    return moment._replace(settings=settings, changes=(*before, (*now, settings)), rival=other)


def exchanged_moment(moment: Moment) -> Moment:
    """Return a moment of a race with the two in each other's place; one without a rival stays as it is."""
    return moment if moment.rival is None else moment.rival._replace(rival=moment._replace(rival=None))


def updates_of_rival(moment: Moment, rows: int) -> int:
    """Return how many updates the rival is behind: both go through as many examples, each with its own batch size."""
    other = moment.rival
    if other is None:
        return 0
    mine, theirs = (updates_an_epoch(each.settings, rows) for each in (moment, other))
    # whole numbers, so that no rounding lets one of them fall behind
    done = int(moment.state.epoch) * mine + int(moment.state.step)
    reached = int(other.state.epoch) * theirs + int(other.state.step)
    return max(0, done * theirs // mine - reached)


def updates_an_epoch(settings: PlaySettings, rows: int) -> int:
    """Return how many updates an epoch of so many rows takes."""
    return -(-rows // min(settings.batch, rows))
