"""Optimizers and schedules by name, with the parameters that each one has of its own."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import optax

from jaxnet import checks
from jaxnet.sweeps.parameters import Configuration


class Family(NamedTuple):
    """A kind of optimizer or schedule: how it is made, and the names of its parameters."""

    make: Callable
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


OPTIMIZERS: Mapping[str, Family] = MappingProxyType(
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
RANGES: Mapping[str, dict[str, float]] = MappingProxyType(
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
NAMES = ("learning_rate", "optimizer", "schedule", *sorted({*RANGES, "nesterov"} - {"learning_rate"}))


def make_optimizer(configuration: Configuration, steps: int) -> optax.GradientTransformation:
    """Build the optimizer of a configuration; a schedule spans ``steps`` updates.

    Raises ValueError or TypeError for an unknown name, a parameter that is out of range, missing, or of another
    kind of optimizer or schedule.
    """
    kind = checks.choice("optimizer", configuration.get("optimizer", "sgd"), OPTIMIZERS)
    course = checks.choice("schedule", configuration.get("schedule", "constant"), SCHEDULES)
    given = {name: value for name, value in configuration.items() if name in {*RANGES, "nesterov"}}
    checks.require("learning_rate" in given, "learning_rate", "a value in each configuration", checks.Words("none"))
    own = {*OPTIMIZERS[kind].parameters, *SCHEDULES[course].parameters, "learning_rate"}
    for name in given:
        expected = f"no {name} with optimizer={kind!r} and schedule={course!r}; jn.when(...) makes it conditional"
        checks.require(name in own, name, expected, given[name])
    numbers = {name: _number(name, value) for name, value in given.items()}
    rate = SCHEDULES[course].make(numbers.pop("learning_rate"), steps, **_own(SCHEDULES[course], numbers))
    return OPTIMIZERS[kind].make(rate, **_own(OPTIMIZERS[kind], numbers))


def _own(family: Family, numbers: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in numbers.items() if name in family.parameters}


def _number(name: str, value: Any) -> Any:
    if name == "nesterov":
        checks.require(isinstance(value, bool), name, "True or False", value, TypeError)
        return value
    return checks.number(name, value, **RANGES[name])
