"""What scikit-learn draws from ``random_state``, in its order: initial weights, then one shuffle an epoch."""

import itertools
import pickle
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np


def initial_parameters(
    random: np.random.RandomState, sizes: Sequence[int], activations: Sequence, dtype: np.dtype
) -> list[dict[str, np.ndarray]]:
    """Draw from U(±sqrt(f / (D + H))) with f = 2 for logistic units and 6 for others, biases with the same bound.

    ``activations`` has one a layer; scikit-learn treats the output layer as if it were hidden. Source: Glorot and
    Bengio 2010, as scikit-learn applies it: layer by layer, weights first, drawn in float64.
    """
    layers = []
    for inputs, units, activation in zip(sizes, sizes[1:], activations, strict=False):
        bound = np.sqrt((2.0 if activation == "sigmoid" else 6.0) / (inputs + units))
        w = random.uniform(-bound, bound, (inputs, units))
        b = random.uniform(-bound, bound, units)
        layers.append({"w": w.astype(dtype), "b": b.astype(dtype)})
    return layers


def shuffles(random: np.random.RandomState, rows: int) -> Iterator[np.ndarray]:
    """Yield an order [N] an epoch, each a shuffle of the one before."""
    order = np.arange(rows)
    while True:
        shuffled = np.arange(rows)
        random.shuffle(shuffled)
        order = order[shuffled]
        yield order


class Shuffles:
    """The orders of the epochs of one run, from a stream that stays where it is."""

    def __init__(self, random: np.random.RandomState, rows: int) -> None:
        self._state: Any = random.get_state(legacy=False)
        self._rows = rows

    def after(self, epochs: int) -> Iterator[np.ndarray]:
        """Yield the orders of the epochs that follow ``epochs`` others."""
        generator = getattr(np.random, self._state["bit_generator"])(0)
        generator.state = self._state
        return itertools.islice(shuffles(np.random.RandomState(generator), self._rows), epochs, None)

    def identity(self) -> bytes:
        """Return what two streams of the same orders have in common."""
        return pickle.dumps((self._state, self._rows))


class StreamDraws:
    """What the sweeps' engine draws for streams, which it knows by their places: each has its shuffles, or none, and
    the seed of its dropout."""

    def __init__(self, streams: Sequence[tuple[Shuffles | None, int]]) -> None:
        self._streams = streams
        self.ordered = streams[0][0] is not None
        self._at: dict[int, tuple[int, Iterator[np.ndarray]]] = {}  # which epoch comes next, and the orders from it on

    def key(self, seed: int) -> np.ndarray:
        """Return the data of the key that dropout is drawn from."""
        return np.array([0, self._streams[seed][1]], np.uint32)

    def orders(self, seed: int, rows: int, epochs: range, *, size: int) -> np.ndarray:
        """Return the orders [len(epochs), size] (int32) of these epochs, padding last."""
        shuffles: Any = self._streams[seed][0]
        following, stream = self._at.get(seed, (-1, iter(())))
        if following != epochs.start:
            stream = shuffles.after(epochs.start)
        drawn = np.tile(np.arange(size, dtype=np.int32), (len(epochs), 1))
        for row, order in zip(drawn, stream, strict=False):
            row[:rows] = order
        self._at[seed] = epochs.stop, stream
        return drawn


def advance(random: np.random.RandomState, rows: int, epochs: int) -> None:
    """Draw and forget the shuffles of some epochs."""
    for _ in itertools.islice(shuffles(random, rows), epochs):
        pass
