"""The small trainings by which the story shows what the article only says: kinds, depth, minima, steps, overfitting.

Each costs a second or two, most of it for compiling, and is computed once a process.
"""

import functools
from typing import NamedTuple

import jax
import numpy as np
import optax

from jaxnet.losses import objective
from jaxnet.network import MLP
from jaxnet.stairs.images import DARKEST, Images, load
from jaxnet.training import fit
from jaxnet.types import Params

IMAGE_KINDS = ("left stairs", "right stairs", "something else")
XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float), np.array([0, 1, 1, 0])
DEPTHS = ((4, 8, 2), (4, 5, 5, 2), (4, 4, 4, 4, 2))  # 58, 67 and 70 parameters
XOR_STARTS = 20
_WIDE = "uniform(-1, 1)"


def kinds(images: Images) -> np.ndarray:
    """Say of each image which of the ``IMAGE_KINDS`` it is [N]: stairs are left where x1 is darker than x2."""
    return np.where(images.y == 0, 2, np.where(images.x[:, 0] > images.x[:, 1], 0, 1))


@functools.cache
def three_kinds() -> tuple[MLP, Params, float]:
    """Train 4-6-3 with a softmax to tell the three kinds apart; return it with its accuracy on the test images."""
    train, test = load()
    net = MLP((4, 6, 3), activation="sigmoid", output="softmax", weights=_WIDE, biases=_WIDE)
    data, held = ((part.x / DARKEST, kinds(part)) for part in (train, test))
    run = fit(
        objective(net), net.init(jax.random.key(0)), data, optimizer=optax.sgd(1.0, momentum=0.9), epochs=2000,
        validation=held, metrics=["accuracy"],
    )  # fmt: skip
    return net, run.params, float(run.history["validation_accuracy"][-1])


@functools.cache
def depth_losses(sizes: tuple[int, ...], epochs: int = 3000, starts: int = 5) -> np.ndarray:
    """Train a tanh network of these sizes from several starts; return the loss of every epoch [starts, epochs]."""
    train, _ = load()
    net = MLP(sizes, activation="tanh", output="softmax")
    f, data = objective(net), (train.x / DARKEST, train.targets)
    runs = (
        fit(f, net.init(jax.random.key(start)), data, optimizer=optax.sgd(0.1, momentum=0.9), epochs=epochs)
        for start in range(starts)
    )
    return np.stack([run.history["loss"] for run in runs])


class Ending(NamedTuple):
    """Where a run on XOR ended: its loss and its four answers."""

    loss: float
    answers: tuple[float, ...]

    @property
    def solved(self) -> bool:
        """Whether all four answers lie on the right side of .5."""
        return bool(np.all((np.array(self.answers) > 0.5) == XOR[1]))


@functools.cache
def xor_endings(hidden: int) -> tuple[Ending, ...]:
    """Train 2-``hidden``-1 on XOR from ``XOR_STARTS`` starts, 3,000 steps each."""
    net = MLP((2, hidden, 1), activation="sigmoid", output="sigmoid", weights=_WIDE, biases=_WIDE)
    f, found = objective(net), []
    for start in range(XOR_STARTS):
        run = fit(f, net.init(jax.random.key(start)), XOR, optimizer=optax.sgd(0.5, momentum=0.9), epochs=3000)
        answers = np.asarray(net.predict(run.params, XOR[0]))[:, 0].tolist()
        found.append(Ending(float(run.history["loss"][-1]), tuple(answers)))
    return tuple(found)


@functools.cache
def overfitted(hidden: int, wrong: int = 20) -> tuple[float, float, float]:
    """Learn 100 images of which ``wrong`` have the wrong label.

    Returns the last training loss, the last test loss, all test images being labelled rightly, and the lowest test
    loss on the way.
    """
    train, test = load()
    labels = train.targets[:100].copy()
    labels[:wrong] = 1 - labels[:wrong]
    net = MLP((4, hidden, 2), activation="sigmoid", output="softmax", weights=_WIDE, biases=_WIDE)
    run = fit(
        objective(net), net.init(jax.random.key(0)), (train.x[:100] / DARKEST, labels),
        optimizer=optax.sgd(0.3, momentum=0.9), epochs=5000, validation=(test.x / DARKEST, test.targets),
    )  # fmt: skip
    held = run.history["validation_loss"]
    return float(run.history["loss"][-1]), float(held[-1]), float(held.min())
