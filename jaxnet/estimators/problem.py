"""What one call of ``fit`` has to solve, once scikit-learn's checks have passed: arrays, a network, an objective."""

from typing import Any, NamedTuple

import numpy as np

from jaxnet.losses import Objective
from jaxnet.network import MLP
from jaxnet.types import Batch, Params


class Held(NamedTuple):
    """Examples that are held out: as a batch for the compiled run, and as a scorer wants them."""

    batch: Batch
    X: Any
    y: Any
    weight: np.ndarray | None


class Problem(NamedTuple):
    """A network, the objective to lower, where to start, the examples, and the stream that is drawn from."""

    network: MLP
    objective: Objective
    params: Params
    train: Batch
    held: Held | None
    random: np.random.RandomState
