"""The programs of the playground: one for each size that data is padded to, compiled in the background when it is
first asked for, so that the page never waits.
"""

import threading
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnet.network import MLP
from jaxnet.playground.masked_network import GOALS, MOST_OUTPUTS, flat_params, padded_params, structure_of
from jaxnet.playground.masked_training import PlayNumbers, Progressed, Shown, frame
from jaxnet.playground.optimizer_slots import empty_slots
from jaxnet.playground.planes import SIDE
from jaxnet.playground.shown_data import MOST_HELD, MOST_INPUTS, MOST_SHOWN
from jaxnet.training.batches import Examples

_INPUTS, _ROWS, _HELD = (16, 64, MOST_INPUTS), (512, MOST_SHOWN), (512, MOST_HELD)  # what data is padded to


class Bucket(NamedTuple):
    """What the data is padded to: a program is compiled for each."""

    inputs: int
    rows: int
    held: int


def _fitting(sizes: tuple[int, ...], count: int) -> int:
    return next(size for size in sizes if size >= count)


def bucket_for(inputs: int, rows: int, held: int) -> Bucket:
    """Return the size that data of so many inputs and rows is padded to."""
    return Bucket(_fitting(_INPUTS, inputs), _fitting(_ROWS, rows), _fitting(_HELD, held))


def begun_state(flat: Any, optimizer: str, rows: int) -> Progressed:
    """Return the state in which flat parameters [P] begin, for data padded to so many rows."""
    numbers = np.int32(0), np.int32(0), np.zeros(rows, np.int32), np.float32(0), np.float32(np.nan), np.bool_(True)
    # on the device, as every later state is: arguments of another kind would be compiled for once more
    return Progressed(flat, empty_slots(optimizer, flat), *[jax.device_put(number) for number in numbers])


def widened(values: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Return values [N, D] with zeros around them, float32 [rows, columns]."""
    padded = np.zeros((rows, columns), np.float32)
    padded[: values.shape[0], : values.shape[1]] = values
    return padded


def padded_examples(X: np.ndarray, y: np.ndarray, inputs: int, length: int) -> Examples:
    """Pad rows [N, D] and dense targets [N, K] to [length, inputs] and [length, MOST_OUTPUTS]."""
    weight: Any = (np.arange(length) < len(X)).astype(np.float32)
    x: Any = widened(X, length, inputs)
    targets: Any = widened(y, length, MOST_OUTPUTS)
    rows: Any = np.int32(len(X))
    return Examples(x, targets, weight, rows)


_ready: dict[Bucket, threading.Event] = {}
_lock = threading.Lock()


def compiled(bucket: Bucket) -> bool:
    """Whether the program for data of this size is there; where it is not, begin to compile it, in the background."""
    with _lock:
        if bucket not in _ready:
            _ready[bucket] = threading.Event()
            threading.Thread(target=_compile, args=(bucket,), daemon=True).start()
    return _ready[bucket].is_set()


def wait_for(bucket: Bucket, seconds: float | None = None) -> bool:
    """Compile the program for data of this size and wait for it; return whether it is there."""
    return compiled(bucket) or _ready[bucket].wait(seconds)


def _compile(bucket: Bucket) -> None:
    """Call the program once on nothing, with arguments that look as every later call's do."""
    net = MLP((2, 2), output="softmax")
    flat = jax.device_put(flat_params(padded_params(net.init(jax.random.key(0)), bucket.inputs)))
    state = begun_state(flat, "sgd", bucket.rows)
    nothing = np.zeros((0, 2)), np.zeros((0, 2))
    examples, held = (padded_examples(*nothing, bucket.inputs, length) for length in (bucket.rows, bucket.held))
    grid = np.zeros((SIDE * SIDE + 1, bucket.inputs), np.float32)
    seen = jax.device_put((examples, Shown(held, grid, np.float32(0), np.float32(0))))
    structure = structure_of(net.sizes, (), GOALS[0])
    zero = np.float32(0)
    numbers_set = PlayNumbers(zero, zero, zero, zero, np.int32(1), np.int32(0))
    key = jax.random.key(0)
    done = frame(state, structure, numbers_set, seen, key=key, updates=np.int32(0))
    jax.block_until_ready(done)
    _ready[bucket].set()
