"""What may be set on the page: one frozen description, checked field by field, for what the page sends is untrusted.

The same record is the state in a URL: it names no file and starts no code, whatever it says.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from jaxnet import checks
from jaxnet.network import MLP
from jaxnet.playground.masked_network import DEPTH, GOALS, SWITCHED, WIDTH, Goal
from jaxnet.playground.optimizer_slots import OPTIMIZERS_SHOWN
from jaxnet.playground.shown_data import DataChoice, ShownData

INITIAL_WEIGHTS = (
    "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_uniform", "lecun_normal",
    "uniform(-0.01, 0.01)", "uniform(-1, 1)", "normal(0.5)", "zeros",
)  # fmt: skip
_FORMAT = 1  # of a record; one of another format is refused


@dataclasses.dataclass(frozen=True)
class PlaySettings:
    """All that is set on the page. Raises ValueError or TypeError, naming the field, for what is not allowed."""

    data: DataChoice = dataclasses.field(default_factory=DataChoice)
    hidden: tuple[int, ...] = (4, 4)
    activations: tuple[str, ...] = ("tanh", "tanh")
    goal: Goal = GOALS[0]
    optimizer: str = "sgd"
    rate: float = 0.1
    momentum: float = 0.9
    l2: float = 0.0
    dropout: float = 0.0
    batch: int = 20
    weights: str = "glorot_uniform"
    seed: int = 0

    def __post_init__(self) -> None:
        checks.require(len(self.hidden) <= DEPTH, "hidden", f"at most {DEPTH} layers", self.hidden)
        for units in self.hidden:
            checks.integer("hidden", units, minimum=1, maximum=WIDTH)
        for name in self.activations:
            checks.choice("activations", name, SWITCHED)
        fits = len(self.activations) == len(self.hidden)
        checks.require(fits, "activations", f"{len(self.hidden)}, one a hidden layer", self.activations)
        checks.require(self.goal in GOALS, "goal", "an output with a loss that fits", tuple(self.goal))
        checks.choice("optimizer", self.optimizer, OPTIMIZERS_SHOWN)
        checks.number("rate", self.rate, above=0, maximum=1e6)
        checks.number("momentum", self.momentum, minimum=0, below=1)
        checks.number("l2", self.l2, minimum=0, maximum=1e3)
        checks.number("dropout", self.dropout, minimum=0, below=1)
        checks.integer("batch", self.batch, minimum=1, maximum=100_000)
        checks.choice("weights", self.weights, INITIAL_WEIGHTS)
        checks.integer("seed", self.seed, maximum=2**31 - 1)

    def network(self, data: ShownData) -> MLP:
        """Return the network that these settings describe for the data."""
        sizes = (data.X.shape[1], *self.hidden, outputs_of(self.goal, data))
        activation = self.activations or "relu"
        return MLP(
            sizes, activation=activation, output=self.goal.output, dropout=self.dropout, weights=self.weights
        )  # fmt: skip

    def as_record(self) -> dict[str, Any]:
        """Return all of it as a dictionary for JSON; ``settings_from`` gives the same settings back."""
        return {"format": _FORMAT, **dataclasses.asdict(self), "goal": list(self.goal)}


def outputs_of(goal: Goal, data: ShownData) -> int:
    """Return how many outputs a network needs: a number or one of two classes needs one, unless by a softmax."""
    if not data.classes or (goal.output != "softmax" and len(data.classes) == 2):
        return 1
    return len(data.classes)


def goals_for(data: ShownData) -> tuple[Goal, ...]:
    """Return the goals that fit the data, the usual one first."""
    if not data.classes:
        return tuple(goal for goal in GOALS if goal.output == "identity" and goal.loss != "hinge")
    return tuple(goal for goal in GOALS if goal.loss != "huber")


def settings_from(record: Any, base: PlaySettings) -> PlaySettings:
    """Return ``base`` with the fields that a record names. Raises ValueError or TypeError, naming the field, for a
    record of another format, an unknown field and a value that is not allowed."""
    checks.require(isinstance(record, Mapping), "settings", "an object with fields", record, TypeError)
    given = dict(record)
    format_of = given.pop("format", _FORMAT)
    checks.require(format_of == _FORMAT, "settings", f"format {_FORMAT}", format_of)
    known = {field.name for field in dataclasses.fields(PlaySettings)}
    for name in given:
        checks.choice("settings", name, known)
    if "data" in given:
        given["data"] = _data_from(given["data"], base.data)
    for name in ("hidden", "activations", "goal"):
        if name in given:
            # a text is a list of letters to Python
            fits = isinstance(given[name], list | tuple) and len(given[name]) <= DEPTH
            checks.require(fits, name, f"a list of at most {DEPTH}", given[name], TypeError)
            given[name] = tuple(given[name])
    if "goal" in given:
        goal = given["goal"]
        checks.require(goal in GOALS, "goal", "an output with a loss that fits", goal)
        given["goal"] = Goal(*goal)
    if "hidden" in given and "activations" not in given:
        # a layer that is added does as the one before it
        usual = (*base.activations, *[(base.activations or ("tanh",))[-1]] * DEPTH)
        given["activations"] = usual[: len(given["hidden"])]
    return dataclasses.replace(base, **given)


def _data_from(record: Any, base: DataChoice) -> DataChoice:
    checks.require(isinstance(record, Mapping), "data", "an object with fields", record, TypeError)
    known = {field.name for field in dataclasses.fields(DataChoice)}
    for name in record:
        checks.choice("data", name, known)
    return dataclasses.replace(base, **record)
