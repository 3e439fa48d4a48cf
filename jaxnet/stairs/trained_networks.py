"""The networks that the story trains, from the article's own run to one that beats every hand-set network."""

import dataclasses
import functools
from collections.abc import Mapping
from typing import NamedTuple

import jax
import numpy as np
import optax

from jaxnet.losses import objective
from jaxnet.network import MLP
from jaxnet.stairs.example import ARTICLE_EPOCHS, ARTICLE_STEP, worked_example
from jaxnet.stairs.images import DARKEST, load
from jaxnet.training import fit
from jaxnet.types import Params


@dataclasses.dataclass(frozen=True)
class RunSettings:
    """How a network of the story is trained: ``hidden`` sigmoid units, softmax outputs, plain or heavy-ball steps.

    ``scaled`` divides intensities by 255; ``published`` starts from the article's weights instead of U(-1, 1);
    ``batch_size`` None is the full batch.
    """

    hidden: int
    step: float
    epochs: int
    momentum: float = 0.0
    scaled: bool = True
    published: bool = False
    batch_size: int | None = None


ARTICLE = RunSettings(hidden=2, step=ARTICLE_STEP, epochs=ARTICLE_EPOCHS, scaled=False, published=True)
BEST = RunSettings(hidden=8, step=1.0, epochs=10_000, momentum=0.9)
# each rung changes one thing of the one before
LADDER: Mapping[str, RunSettings] = {
    "the article's: raw pixels, step .1": ARTICLE,
    "pixels divided by 255": dataclasses.replace(ARTICLE, scaled=True),
    "and step 1": dataclasses.replace(ARTICLE, scaled=True, step=1.0),
    "from U(-1, 1), 10,000 epochs": RunSettings(hidden=2, step=1.0, epochs=10_000),
    "8 hidden units, momentum .9": BEST,
}


class TrainedNetwork(NamedTuple):
    """A trained network; ``history`` holds loss and accuracy an epoch, "validation_..." those of the test images."""

    net: MLP
    params: Params
    history: Mapping[str, np.ndarray]
    scale: float

    def answers(self, x: np.ndarray) -> np.ndarray:
        """Return the probability of stairs [N] for raw intensities [N, 4]."""
        return np.asarray(self.net.predict(self.params, x / self.scale))[:, 0]

    @property
    def accuracy(self) -> tuple[float, float]:
        """The share of training images and of test images judged rightly at the end."""
        return float(self.history["accuracy"][-1]), float(self.history["validation_accuracy"][-1])


@functools.cache
def trained_network(settings: RunSettings) -> TrainedNetwork:
    """Train a network of the story on the article's 400 images; the same settings are trained once a process."""
    train, test = load()
    scale = DARKEST if settings.scaled else 1.0
    net, params = untrained(settings)
    run = fit(
        objective(net),
        params,
        (train.x / scale, train.targets),
        optimizer=optax.sgd(settings.step, momentum=settings.momentum),
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        key=jax.random.key(0),
        validation=(test.x / scale, test.targets),
        metrics=["accuracy"],
    )
    return TrainedNetwork(net, run.params, run.history, scale)


def untrained(settings: RunSettings) -> tuple[MLP, Params]:
    """Return the network of some settings and the weights it starts from."""
    if settings.published:
        return worked_example()
    # a hundred times as wide as the article's, so that hidden units differ from the first step on
    spread = "uniform(-1, 1)"
    net = MLP((4, settings.hidden, 2), activation="sigmoid", output="softmax", weights=spread, biases=spread)
    return net, net.init(jax.random.key(0))
