"""From a configuration to what is trained: a network, an objective, an optimizer by its name, and a batch size.

Optimizers and schedules are looked up in closed tables, each with the numbers that it has of its own, so that a number
that belongs to another kind is refused in place of being ignored.
"""

import dataclasses
import functools
import math
import weakref
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import optax

from jaxnet import checks
from jaxnet.data import Preparation
from jaxnet.losses import objective
from jaxnet.network import MLP
from jaxnet.network.padded_mlp import padded
from jaxnet.sweeps.own_functions import Watched
from jaxnet.sweeps.parameters import Configuration, asked
from jaxnet.sweeps.varied_rows import VariedRows
from jaxnet.training.hyperparameters import as_text
from jaxnet.training.metric_values import names_argument
from jaxnet.training.preparation import check_optimizer
from jaxnet.training.stopping import Stop


class Family(NamedTuple):
    """A kind of optimizer or schedule: how it is made, and the names of its parameters."""

    make: Callable[..., Any]
    parameters: tuple[str, ...]


def cosine(rate: float, steps: int, *, final: float = 0.0) -> optax.Schedule:
    """Fall along half a cosine from the rate to ``final`` times the rate (Loshchilov and Hutter 2017)."""
    return optax.cosine_decay_schedule(rate, steps, alpha=final)


def linear(rate: float, steps: int, *, final: float = 0.0) -> optax.Schedule:
    """Fall along a line from the rate to ``final`` times the rate."""
    return optax.linear_schedule(rate, rate * final, steps)


def exponential(rate: float, steps: int, *, final: float = 0.01) -> optax.Schedule:
    """Fall by the same factor every step, from the rate to ``final`` times the rate."""
    return optax.exponential_decay(rate, steps, decay_rate=final)


def warmup_cosine(rate: float, steps: int, *, warmup: float = 0.1, final: float = 0.0) -> optax.Schedule:
    """Rise along a line from 0 during the share ``warmup`` of the steps, then fall along half a cosine."""
    rising = max(1, round(warmup * steps))
    return optax.warmup_cosine_decay_schedule(0.0, rate, rising, max(steps, rising + 1), end_value=rate * final)


OPTIMIZER_FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "adagrad": Family(optax.adagrad, ("eps",)),
        "adam": Family(optax.adam, ("b1", "b2", "eps")),
        "adamw": Family(optax.adamw, ("b1", "b2", "eps", "weight_decay")),
        "lion": Family(optax.lion, ("b1", "b2", "weight_decay")),
        "nadam": Family(optax.nadam, ("b1", "b2", "eps")),
        "rmsprop": Family(optax.rmsprop, ("decay", "eps", "momentum", "nesterov")),
        "sgd": Family(optax.sgd, ("momentum", "nesterov")),
    }
)
SCHEDULES: Mapping[str, Family] = MappingProxyType(
    {
        "constant": Family(lambda rate, steps: rate, ()),
        "cosine": Family(cosine, ("final",)),
        "exponential": Family(exponential, ("final",)),
        "linear": Family(linear, ("final",)),
        "warmup_cosine": Family(warmup_cosine, ("final", "warmup")),
    }
)
_RANGES: Mapping[str, dict[str, float]] = MappingProxyType(
    {
        "learning_rate": {"minimum": 0},
        "momentum": {"minimum": 0, "below": 1},
        "b1": {"minimum": 0, "below": 1},
        "b2": {"minimum": 0, "below": 1},
        "decay": {"minimum": 0, "below": 1},
        "eps": {"minimum": 0},
        "weight_decay": {"minimum": 0},
        "final": {"minimum": 0, "maximum": 1},
        "warmup": {"minimum": 0, "maximum": 1},
    }
)
_NETWORK_NAMES = ("hidden", "activation", "output", "dropout", "weights", "biases", "parametrization")
_ONE_A_LAYER = ("hidden", "activation")  # whose one value may be one for each layer
PARAMETER_NAMES = (
    *_NETWORK_NAMES, "loss", "l2", "learning_rate", "optimizer", "schedule",
    *sorted({*_RANGES, "nesterov"} - {"learning_rate"}), "batch_size", "epochs", "rows", "label_noise",
)  # fmt: skip


class Training(NamedTuple):
    """What one configuration trains."""

    network: Any
    objective: Callable[..., Any]
    optimizer: optax.GradientTransformation
    batch_size: int | None
    stop: Stop | None = None


@dataclasses.dataclass(frozen=True)
class TrainingSpec:
    """How configurations become trainings: for these examples and these functions of one's own.

    Attributes:
        inputs: D.
        targets: y [N] or [N, K], from which K and the default output layer follow.
        rows: examples that one run trains on.
        epochs: how long the longest run is; schedules span a run.
        network: None for an ``MLP``, or configuration -> network.
        objective: None for ``jn.objective``, or (network, configuration) -> objective.
        lanes: of every tile; None for what suits the device.
        together: how many configurations the plan began with, which the lanes of an accelerator's tiles follow.
        preparation: of the table that the examples come from, or None.
        optimizer: None for one by its name, or configuration -> optimizer of optax, given ``steps`` where named.
        example: the shape of one.
        pad: whether networks of many widths and depths are padded to one shape.
        hurry: whether programs are compiled in a hurry.
        varied: what configurations make of the training rows; None where all train on them as they are.
        dtype: of the parameters of an ``MLP``.
        stop: when the run of a member ends before its epochs, and which of its epochs stands for it; or None.
    """

    inputs: int
    targets: np.ndarray
    rows: int
    epochs: int
    network: Callable[[Configuration], Any] | None = None
    objective: Callable[[Any, Configuration], Callable[..., Any]] | None = None
    lanes: int | None = None
    together: int = 1
    preparation: Preparation | None = None
    stop: Stop | None = None
    optimizer: Callable[..., Any] | None = None
    example: tuple[int, ...] = ()
    pad: bool = False
    hurry: bool = False
    varied: VariedRows | None = None
    dtype: Any = np.float32

    def __post_init__(self) -> None:
        checks.require(isinstance(self.hurry, bool), "hurry", "True or False", self.hurry, TypeError)
        for name, words in (("network", "configuration -> network"), ("objective", "(network, configuration) -> f")):
            given = getattr(self, name)
            checks.require(given is None or callable(given), name, f"a callable {words}", given, TypeError)
        checks.require(isinstance(self.pad, bool), "pad", "True or False", self.pad, TypeError)
        if self.lanes is not None:
            checks.integer("lanes", self.lanes, minimum=1)

    @property
    def own_functions(self) -> bool:
        """Whether a function of one's own stands in place of one of jaxnet's."""
        return any(function is not None for function in (self.network, self.objective, self.optimizer))

    @property
    def own_names(self) -> bool:
        """Whether parameters may have names of one's own, for a function of one's own may read them."""
        return self.own_functions or bool(self.varied and self.varied.own)

    @property
    def row_bytes(self) -> int:
        """What a configuration makes of the training rows, in bytes."""
        return self.varied.bytes if self.varied else 0

    def names_read(self, configuration: Configuration) -> set[str]:
        """Return the names of the parameters that are read to build what a configuration trains; all of them where
        something of it keeps the configuration, to read it later."""
        read: set[str] = set()
        watched = Watched(configuration, read)
        made, kept = self.training(watched), weakref.ref(watched)
        del watched
        read |= self.varied.of(configuration).read if self.varied else frozenset()
        return read if kept() is None or made is None else {*configuration}

    def training(self, configuration: Configuration, *, padding: bool = False) -> Training:
        """Build what a configuration trains; with ``padding`` as its program trains it, padded where the plan pads.

        Raises ValueError or TypeError, naming the parameter.
        """
        self._check_names(dict.items(configuration) if isinstance(configuration, dict) else configuration.items())
        network = asked("network", self.network, configuration) if self.network else self._mlp(configuration)
        network = padded(network) if self.pad and padding else network
        if self.objective:
            f = asked("objective", functools.partial(self.objective, network), configuration)
            checks.require(callable(f), "objective", "one that returns (params, x, y) -> scalar", f, TypeError)
        else:
            l2 = checks.number("l2", configuration.get("l2", 0.0), minimum=0)
            f = objective(network, configuration.get("loss"), l2)
        size = configuration.get("batch_size")
        if size is not None:
            size = checks.integer("batch_size", size, minimum=1, maximum=self.rows, note="the examples of a run")
        steps = self.epochs_of(configuration) * math.ceil(self.rows / (size or self.rows))
        optimizer = self._own_optimizer if self.optimizer else make_optimizer
        return Training(network, f, optimizer(configuration, steps), size, self.stop)

    def _own_optimizer(self, configuration: Configuration, steps: int) -> optax.GradientTransformation:
        function: Any = self.optimizer
        given = functools.partial(function, steps=steps) if names_argument(function, "steps") else function
        return check_optimizer(asked("optimizer", given, configuration))

    def epochs_of(self, configuration: Configuration) -> int:
        """Return how long the run of a configuration is, which its schedule spans; raises ValueError or TypeError."""
        epochs = configuration.get("epochs", self.epochs)
        return checks.integer("epochs", epochs, minimum=1, maximum=self.epochs, note="epochs= of the plan")

    def own(self, configuration: Configuration) -> str:
        """Describe what functions of one's own make, numbers and all; nothing without such functions."""
        if not self.own_functions:
            return ""
        made = self.training(configuration)
        return f" {as_text(made.objective)}" + (f" {as_text(made.optimizer)}" if self.optimizer else "")

    def _check_names(self, named: Iterable[tuple[str, Any]]) -> None:
        for name, value in named:
            if not self.own_names:
                checks.choice("parameter", name, PARAMETER_NAMES)
            one = not isinstance(value, tuple) or name not in PARAMETER_NAMES or name in _ONE_A_LAYER
            expected = "one value; jn.Choice(a, b), or { choices = [a, b] } in a file, tries several"
            checks.require(one, name, expected, value)

    def _mlp(self, configuration: Configuration) -> MLP:
        options = {name: configuration[name] for name in _NETWORK_NAMES[1:] if name in configuration}
        output = options.setdefault("output", "softmax" if are_labels(self.targets) else "identity")
        hidden = configuration.get("hidden", ())
        hidden = hidden if isinstance(hidden, tuple) else (hidden,)
        # a class that the training rows lack is one of the table's all the same
        known = len(self.preparation.classes or ()) if self.preparation else 0
        return MLP((self.inputs, *hidden, count_outputs(self.targets, output, known)), **options)


def make_optimizer(configuration: Configuration, steps: int) -> optax.GradientTransformation:
    """Build the optimizer of a configuration; a schedule spans ``steps`` updates.

    Raises ValueError or TypeError for an unknown name, a parameter that is out of range, missing, or of another
    kind of optimizer or schedule.
    """
    kind = checks.choice("optimizer", configuration.get("optimizer", "sgd"), OPTIMIZER_FAMILIES)
    course = checks.choice("schedule", configuration.get("schedule", "constant"), SCHEDULES)
    optimizer, schedule = OPTIMIZER_FAMILIES[kind], SCHEDULES[course]
    given = {name: configuration[name] for name in (*_RANGES, "nesterov") if name in configuration}
    checks.require("learning_rate" in given, "learning_rate", "a value in each configuration", checks.Words("none"))
    for name, value in given.items():
        # a momentum that Adam would ignore makes equal members of configurations that look different
        expected = f"no {name} with optimizer={kind!r} and schedule={course!r}; jn.when(...) makes it conditional"
        own = name in (*optimizer.parameters, *schedule.parameters, "learning_rate")
        checks.require(own, name, expected, value)
        if name == "nesterov":
            checks.require(isinstance(value, bool), name, "True or False", value, TypeError)
        else:
            given[name] = checks.number(name, value, **_RANGES[name])
    of = lambda family: {name: given[name] for name in family.parameters if name in given}
    return optimizer.make(schedule.make(given["learning_rate"], steps, **of(schedule)), **of(optimizer))


def are_labels(targets: np.ndarray) -> bool:
    """Whether targets are classes: one whole number an example."""
    return targets.ndim == 1 and targets.dtype.kind in "iub"


def count_outputs(targets: np.ndarray, output: str, known: int = 0) -> int:
    """Return K: the columns of the targets, or the classes of labels, of which ``known`` are there at least; two
    classes are one sigmoid output."""
    if targets.ndim == 2:
        return targets.shape[1]
    if not are_labels(targets) or output not in ("softmax", "sigmoid"):
        return 1
    classes = max(int(targets.max()) + 1, known)
    # labels that happen to be all of one class still have two: a softmax of one output would have nothing to learn
    return 1 if output == "sigmoid" and classes <= 2 else max(2, classes)
