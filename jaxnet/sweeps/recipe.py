"""From a configuration to what is trained: a network, an objective, an optimizer and a batch size."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import optax

from jaxnet import checks
from jaxnet.losses import objective
from jaxnet.network import MLP
from jaxnet.sweeps.optimizers import NAMES as OPTIMIZER_NAMES
from jaxnet.sweeps.optimizers import make_optimizer
from jaxnet.sweeps.parameters import Configuration, asked
from jaxnet.training import hyperparameters
from jaxnet.training.preparation import unpack
from jaxnet.types import Batch

NETWORK_NAMES = ("hidden", "activation", "output", "dropout", "weights", "biases")
SEVERAL = ("hidden", "activation")  # whose one value may be one for each layer
NAMES = (*NETWORK_NAMES, "loss", "l2", *OPTIMIZER_NAMES, "batch_size")


class Training(NamedTuple):
    """What one configuration trains."""

    network: Any
    objective: Callable
    optimizer: optax.GradientTransformation
    batch_size: int | None


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How configurations become trainings: for these examples and these functions of one's own.

    Attributes:
        inputs: D.
        targets: y [N] or [N, K], from which K and the default output layer follow.
        rows: examples that one run trains on.
        epochs: how long the longest run is; schedules span it.
        network: None for an ``MLP``, or configuration -> network.
        objective: None for ``jn.objective``, or (network, configuration) -> objective.
    """

    inputs: int
    targets: np.ndarray
    rows: int
    epochs: int
    network: Callable[[Configuration], Any] | None = None
    objective: Callable[[Any, Configuration], Callable] | None = None

    def __post_init__(self) -> None:
        for name, words in (("network", "configuration -> network"), ("objective", "(network, configuration) -> f")):
            given = getattr(self, name)
            checks.require(given is None or callable(given), name, f"a callable {words}", given, TypeError)

    def training(self, configuration: Configuration) -> Training:
        """Build what a configuration trains; raises ValueError or TypeError, naming the parameter."""
        self._check_names(configuration)
        network = asked("network", self.network, configuration) if self.network else self._mlp(configuration)
        if self.objective:
            f = asked("objective", functools.partial(self.objective, network), configuration)
            checks.require(callable(f), "objective", "one that returns (params, x, y) -> scalar", f, TypeError)
        else:
            l2 = checks.number("l2", configuration.get("l2", 0.0), minimum=0)
            f = objective(network, configuration.get("loss"), l2)
        size = configuration.get("batch_size")
        if size is not None:
            size = checks.integer("batch_size", size, minimum=1, maximum=self.rows, note="the examples of a run")
        steps = self.epochs * -(-self.rows // (size or self.rows))
        return Training(network, f, make_optimizer(configuration, steps), size)

    def own(self, configuration: Configuration) -> str:
        """Describe the objective and network that functions of one's own make; nothing without such functions."""
        if self.network is None and self.objective is None:
            return ""
        return f" {hyperparameters.as_text(*hyperparameters.partition(self.training(configuration).objective))}"

    def _check_names(self, configuration: Configuration) -> None:
        for name, value in configuration.items():
            if self.network is None and self.objective is None:
                checks.choice("parameter", name, NAMES)
            one = not isinstance(value, tuple) or name not in NAMES or name in SEVERAL
            expected = "one value; jn.Choice(a, b), or { choices = [a, b] } in a file, tries several"
            checks.require(one, name, expected, value)

    def _mlp(self, configuration: Configuration) -> MLP:
        options = {name: configuration[name] for name in NETWORK_NAMES[1:] if name in configuration}
        output = options.setdefault("output", "softmax" if are_labels(self.targets) else "identity")
        hidden = configuration.get("hidden", ())
        hidden = hidden if isinstance(hidden, tuple) else (hidden,)
        return MLP((self.inputs, *hidden, count_outputs(self.targets, output)), **options)


def are_labels(targets: np.ndarray) -> bool:
    """Whether targets are classes: one whole number an example."""
    return targets.ndim == 1 and targets.dtype.kind in "iub"


def count_outputs(targets: np.ndarray, output: str) -> int:
    """Return K: the columns of the targets, or the classes of labels; two classes are one sigmoid output."""
    if targets.ndim == 2:
        return targets.shape[1]
    if not are_labels(targets) or output not in ("softmax", "sigmoid"):
        return 1
    classes = int(targets.max()) + 1
    return 1 if output == "sigmoid" and classes <= 2 else max(2, classes)


def arrays_of(data: Any, argument: str) -> Batch:
    """Return (X, y), (X, y, weight) or an object with x and y as NumPy arrays; refuse anything else."""
    given = [part for part in unpack(data, argument) if part is not None]
    parts: list[Any] = [np.asarray(checks.real_array(f"{argument}[{i}]", part)) for i, part in enumerate(given)]
    x, y, *_ = parts
    checks.require(x.ndim >= 2 and len(x) > 0, argument, "examples of shape (N, D)", x)
    checks.require(y.ndim in (1, 2) and len(y) == len(x), argument, f"one target for each of {len(x)} examples", y)
    for part in parts:
        checks.finite(argument, part)
    return Batch(*parts)


def arrays_like(data: Batch, other: Any, argument: str) -> Batch:
    """Return further examples as NumPy arrays; refuse those of another shape than the data's."""
    batch = arrays_of(other, argument)
    expected = f"examples of shape (N, {', '.join(map(str, data.x.shape[1:]))}), as in data"
    checks.require(batch.x.shape[1:] == data.x.shape[1:], argument, expected, batch.x)
    return batch
