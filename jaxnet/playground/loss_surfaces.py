"""The training loss over a plane of the weights, with the ways that trainings took: of the one on the screen and, in a
race, of the other one.

The plane goes through the start and the ends of both, so that what is drawn at these three is their loss; of one
training alone its second direction is the one in which the way departs most from a straight line.
"""

import dataclasses
import itertools
from typing import Any, NamedTuple

import numpy as np

from jaxnet.playground.live_training import LiveTrainer
from jaxnet.playground.masked_network import flat_params, layers_of_shapes
from jaxnet.playground.moments import Moment
from jaxnet.reference.network import forward, loss_at_logits
from jaxnet.reference.refusals import check_problem

SURFACE_SIDE = 25  # points of the surface along a side
MOST_SURFACE_ROWS = 512  # of the training rows, evenly chosen: every point asks all of them
_MOST_STEPS = 60  # points of a way
_MARGIN = 0.3  # of the widest extent of the ways, added on each side


class _Way(NamedTuple):
    """What a training, "A" or "B", went through: parameters [T, P], from the start to its end."""

    lane: str
    points: np.ndarray


def surface_of(trainer: LiveTrainer) -> dict[str, Any]:
    """Return the loss, without penalty and dropout, over the plane of two directions, and the ways on it.

    ``values`` are the losses row by row from the top left corner, None where one is not finite; ``low`` and ``high``
    the corners, in distances of the weights from the start, which is (0, 0); ``ways`` have a ``lane``, points (u, v,
    loss) with the loss where the training was, not where it is drawn, and ``within``, the share of the way, by squares,
    that lies in the plane.
    """
    moment = trainer.moment
    ways = [_way(trainer, each) for each in (moment, moment.rival) if each is not None]
    start = ways[0].points[0]
    directions = plane_through([way.points - start for way in ways])
    places = [(way.points - start) @ directions.T for way in ways]
    low, high = _corners(np.concatenate(places))
    loss = _Loss(trainer)
    u, v = (np.linspace(a, b, SURFACE_SIDE) for a, b in zip(low, high, strict=True))
    values = [loss(start + a * directions[0] + b * directions[1]) for b in v[::-1] for a in u]
    return {
        "low": low.tolist(),
        "high": high.tolist(),
        "side": SURFACE_SIDE,
        "values": values,
        "ways": [_shown(way, place, start, loss) for way, place in zip(ways, places, strict=True)],
        "rows": [len(loss.rows), len(trainer.data.X)],
    }


def plane_through(offsets: list[np.ndarray]) -> np.ndarray:
    """Return two orthonormal directions [2, P] that hold the ends of ways [T, P] from one start, 0; where these span no
    plane, those in which the ways are widest; where there are none, any two, always the same."""
    span: list[np.ndarray] = []
    everything = np.concatenate(offsets)
    any_two = np.random.default_rng(0).normal(size=(2, everything.shape[1]))
    # rounding leaves something of a direction that is not there
    least = 1e-6 * max(float(np.linalg.norm(everything, axis=1).max()), 1e-6)

    def add(candidates: np.ndarray) -> None:
        for each in candidates:
            # twice, for once leaves an angle where little is left of a candidate
            left = _outside(_outside(each, span), span)
            length = float(np.linalg.norm(left))
            if len(span) < 2 and length > least:
                span.append(left / length)

    add(np.stack([way[-1] for way in offsets]))
    if len(span) < 2:
        rest = np.stack([_outside(each, span) for each in everything])
        strengths, widest = np.linalg.svd(rest, full_matrices=False)[1:]
        add(widest[strengths > least])
    add(any_two)
    # a single weight has no second direction: along nothing the loss stays as it is
    return np.stack([*span, np.zeros(everything.shape[1])][:2])


def _outside(vector: np.ndarray, span: list[np.ndarray]) -> np.ndarray:
    for each in span:
        vector = vector - (vector @ each) * each
    return vector


def _way(trainer: LiveTrainer, end: Moment) -> _Way:
    """List where a training was at the states of the ring, of which the earliest may be gone; its start never is."""
    been = [moment for moment in list(trainer.moments)[: trainer.at] if moment.origin is end.origin]
    # the two may have been exchanged on the way
    mine = [each for moment in been for each in (moment, moment.rival) if each is not None and each.lane == end.lane]
    mine = mine[:: -(-len(mine) // _MOST_STEPS)] if mine else []
    points = [end.origin.params, *[trainer.params_at(each) for each in [*mine, end]]]
    return _Way(end.lane, np.stack([flat_params(each).astype(np.float64) for each in points]))


def _corners(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the corners of a square that holds all places [T, 2]: one length is as long in both directions."""
    low, high = places.min(axis=0), places.max(axis=0)
    middle, half = (low + high) / 2, (0.5 + _MARGIN) * max(float((high - low).max()), 1e-2)
    return middle - half, middle + half


class _Loss:
    """The mean loss of the training rows for flat parameters [P], by the NumPy reference."""

    def __init__(self, trainer: LiveTrainer) -> None:
        data, self._net = trainer.data, dataclasses.replace(trainer.net, dropout=0.0)
        count = min(MOST_SURFACE_ROWS, len(data.X))
        self.rows = np.linspace(0, len(data.X) - 1, count).astype(int)
        X, y = data.X[self.rows], data.dense(data.y[self.rows], self._net.sizes[-1])
        self._problem = check_problem(self._net, X, y, loss=trainer.settings.goal.loss, l2=0.0, weight=None)

    def __call__(self, flat: np.ndarray) -> float | None:
        layers = layers_of_shapes(flat, itertools.pairwise(self._net.sizes))
        with np.errstate(all="ignore"):
            _, Z = forward(layers, self._problem.activations, self._problem.X)
            loss = float(loss_at_logits(self._problem, Z)[0])
        return loss if np.isfinite(loss) else None


def _shown(way: _Way, place: np.ndarray, start: np.ndarray, loss: _Loss) -> dict[str, Any]:
    whole = float(np.square(way.points - start).sum())
    points = [[float(u), float(v), loss(point)] for (u, v), point in zip(place, way.points, strict=True)]
    return {"lane": way.lane, "points": points, "within": float(np.square(place).sum()) / whole if whole else 1.0}
