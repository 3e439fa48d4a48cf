"""Candidates of several shapes in one program: hidden layers are padded to shapes that candidates have in common, where
that takes less time than compiling a program for every shape.

A padded network computes what its own does, up to rounding. It is trained where padding changes nothing else: by a
solver that looks at each weight alone, and without dropout, which is drawn unit by unit.
"""

import dataclasses
import itertools
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

import numpy as np

from jaxnet.estimators.descent_plan import Descent, DescentChunk, inputs_of
from jaxnet.estimators.rules import Moments, Momentum
from jaxnet.network import MLP
from jaxnet.network.padded_mlp import PaddedMLP, counted_state, layers_in_zeros
from jaxnet.types import Params

Hidden = tuple[int, ...]  # units of each hidden layer

# Floating-point operations that one program less to compile is worth: it takes 3 CPU seconds, in which two small
# networks are trained by three times as many; but runs that end early do fewer, and compiled programs are kept on disk
_PROGRAM = 5e10
_PASSES = 6  # a multiplication and an addition a weight and example, forwards and twice backwards


class ShapeWork(NamedTuple):
    """What the candidates of one shape have before them."""

    hidden: Hidden
    examples: float  # looked at in all epochs, by all of them
    several: bool = False  # depths, so that layers pass on what those before them have, and are as wide

    def operations(self, ends: tuple[int, int]) -> float:
        """Count floating-point operations, between so many inputs and outputs."""
        sizes = (ends[0], *self.hidden, ends[1])
        return _PASSES * self.examples * sum(a * b for a, b in itertools.pairwise(sizes))

    def joined(self, other: "ShapeWork") -> "ShapeWork":
        """Return the work of both in the shape that has room for either."""
        several = self.several or other.several or len(self.hidden) != len(other.hidden)
        hidden = tuple(map(max, zip(self.hidden, other.hidden, strict=False)))
        if several:
            hidden = (max(self.hidden + other.hidden),) * max(len(self.hidden), len(other.hidden))
        return ShapeWork(hidden, self.examples + other.examples, several)


class SharedShapes:
    """Which shapes the candidates of a search are trained in; ``works`` are their descents and how many rows and how
    many epochs of them each looks at."""

    def __init__(self, works: Sequence[tuple[Descent, int, float]]) -> None:
        kinds: dict[_Kind, dict[Hidden, float]] = {}
        hidden_layers = {descent.objective.network.sizes[1:-1] for descent, _, _ in works}
        for descent, rows, epochs in works if len(hidden_layers) > 1 else ():
            hidden = descent.objective.network.sizes[1:-1]
            if (kind := _kind(descent, rows)) is not None:
                found = kinds.setdefault(kind, {})
                found[hidden] = found.get(hidden, 0) + rows * epochs
        self._shapes: dict[tuple[_Kind | None, Hidden], Hidden] = {}
        for kind, examples in kinds.items():
            shapes = shapes_in_common([ShapeWork(*each) for each in examples.items()], kind.ends)
            self._shapes |= {(kind, hidden): shape for hidden, shape in shapes.items()}

    def padded(self, descent: Descent, rows: int) -> Descent:
        """Return a descent as it is trained."""
        network, kind = descent.objective.network, _kind(descent, rows) if self._shapes else None
        shape = self._shapes.get((kind, network.sizes[1:-1]))
        if shape is None:
            return descent
        widths = [*map(float, network.sizes[1:-1]), *[0.0] * (len(shape) + 2 - len(network.sizes))]
        sizes = (network.sizes[0], *shape, network.sizes[-1])
        given = {field.name: getattr(network, field.name) for field in dataclasses.fields(MLP)} | {"sizes": sizes}
        zeros = list(itertools.pairwise(sizes))
        return _with_network(descent, PaddedMLP(**given, widths=tuple(widths)), lambda p: layers_in_zeros(p, zeros))


def shapes_in_common(works: Sequence[ShapeWork], ends: tuple[int, int]) -> dict[Hidden, Hidden]:
    """Return the shape in which those are trained that share one, so that what is compiled and what is computed take
    the least together; ``ends`` are inputs and outputs.

    Neighbours in the order of depth and widths are joined, first those that gain most by it, as long as any do.
    """
    joined = [(work, [work.hidden]) for work in sorted(works, key=lambda work: (len(work.hidden), work.hidden))]
    while len(joined) > 1:
        gains = [
            _PROGRAM + a.operations(ends) + b.operations(ends) - a.joined(b).operations(ends)
            for (a, _), (b, _) in itertools.pairwise(joined)
        ]
        best = int(np.argmax(gains))
        if gains[best] <= 0:
            break
        (a, of_a), (b, of_b) = joined[best : best + 2]
        joined[best : best + 2] = [(a.joined(b), of_a + of_b)]
    return {hidden: work.hidden for work, of in joined if len(of) > 1 for hidden in of}


def in_own_shape(chunk: DescentChunk, network: MLP) -> DescentChunk:
    """Return what a candidate has come to as its own network has it; ``network`` is the one that was trained."""
    return chunk._replace(state=counted_state(network, chunk.state)) if isinstance(network, PaddedMLP) else chunk


class _Kind(NamedTuple):
    """What candidates have in common that differ in their hidden layers only."""

    program: Hashable
    ends: tuple[int, int]


def _kind(descent: Descent, rows: int) -> _Kind | None:
    """Return the kind of a candidate that may be padded, None for others."""
    network, params = descent.objective.network, descent.params
    ends = network.sizes[0], network.sizes[-1]
    if len(params) == 1 or network.dropout or not isinstance(network.activation, str):
        return None
    single = dataclasses.replace(network, sizes=(ends[0], 1, ends[1]))
    start = inputs_of(_with_network(descent, single, _first_unit), rows)
    return _Kind(start.program, ends) if isinstance(start.state.optimizer, Moments | Momentum) else None


def _first_unit(params: Params) -> Params:
    first, last = params[0], params[-1]
    return [{"w": first["w"][:, :1], "b": first["b"][:1]}, {"w": last["w"][:1], "b": last["b"]}]


def _with_network(descent: Descent, network: MLP, params_of: Callable[[Params], Params]) -> Descent:
    """Return a descent with another network, whose parameters are made of the descent's."""
    objective = dataclasses.replace(descent.objective, network=network)
    best = descent.best
    best = best if best.params is None else best._replace(params=params_of(best.params))
    return descent._replace(objective=objective, params=params_of(descent.params), best=best)
