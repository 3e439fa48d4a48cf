"""One compiled program is shared by all tests of the playground: it takes seconds to compile, and never needs two."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet.playground.compiled_programs import Bucket, wait_for
from jaxnet.playground.masked_network import (
    MOST_OUTPUTS,
    flat_params,
    layers_of,
    padded_params,
    structure_of,
    true_params,
)
from jaxnet.playground.masked_training import PlayNumbers, Progressed, Shown, frame
from jaxnet.playground.optimizer_slots import OPTIMIZERS_SHOWN, empty_slots
from jaxnet.training.batches import Examples

ROWS, INPUTS = 512, 16  # what the program is padded to


def padded_examples(x, y, length):
    """Pad rows [N, D] and dense targets [N, K] to what the program takes."""
    both = np.zeros((length, INPUTS), np.float32), np.zeros((length, MOST_OUTPUTS), np.float32)
    for wide, given in zip(both, (x, y), strict=True):
        wide[: given.shape[0], : given.shape[1]] = given
    return Examples(*both, (np.arange(length) < len(x)).astype(np.float32), np.int32(len(x)))


class Masked:
    """A training by the masked program, with the arguments of jn.fit."""

    def __init__(self, net, params, goal, **numbers):
        self.structure = structure_of(net.sizes, net.activations, goal)
        self.sizes = net.sizes
        flat = jnp.asarray(flat_params(padded_params(params, INPUTS)))
        numbers = {
            "rate": 0.05,
            "momentum": 0.0,
            "l2": 0.0,
            "dropout": net.dropout,
            "batch": 25,
            "optimizer": "sgd",
        } | numbers
        name, batch = numbers.pop("optimizer"), numbers.pop("batch")
        position = np.int32(list(OPTIMIZERS_SHOWN).index(name))
        self.numbers = PlayNumbers(
            **{k: np.float32(v) for k, v in numbers.items()}, batch=np.int32(batch), optimizer=position
        )
        numbers = np.int32(0), np.int32(0), np.zeros(ROWS, np.int32), np.float32(0), np.float32(np.nan), np.bool_(True)
        self.state = Progressed(flat, empty_slots(name, flat), *map(jax.device_put, numbers))

    def train(self, x, y, updates, held=None, grid=None):
        held = padded_examples(*(held or (x[:0], y[:0])), ROWS)
        points = np.zeros((60 * 60 + 1, INPUTS), np.float32)
        if grid is not None:
            points[: len(grid), : grid.shape[1]] = grid
        shown = Shown(held, points, np.float32(0.5), np.float32(0.5))
        seen = jax.device_put((padded_examples(x, y, ROWS), shown))
        self.state, self.picture = frame(
            self.state, self.structure, self.numbers, seen, key=jax.random.key(7), updates=np.int32(updates)
        )
        return self.picture

    @property
    def padded(self):
        return layers_of(np.asarray(self.state.flat), INPUTS)

    @property
    def params(self):
        return true_params(self.padded, self.sizes)


@pytest.fixture(scope="session")
def masked():
    return Masked


@pytest.fixture(scope="session")
def ready():
    """The program for small data, compiled; where a test waits for it, the trainer trains from its first frame on."""
    assert wait_for(Bucket(INPUTS, ROWS, ROWS), 600)
