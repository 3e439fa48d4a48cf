"""Optimizers and schedules by name: what they are made of, and that their numbers are numbers."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxnet.sweeps.configuration import OPTIMIZER_FAMILIES, SCHEDULES, count_outputs, make_optimizer
from jaxnet.training.hyperparameters import partition

VALUES = {"momentum": (0.5, 0.9), "b1": (0.8, 0.9), "b2": (0.99, 0.999), "decay": (0.8, 0.9), "eps": (1e-7, 1e-8)}
VALUES |= {"weight_decay": (0.0, 0.1), "final": (0.1, 0.2)}


def configured(kind: str, schedule: str, which: int) -> dict[str, Any]:
    names = [n for n in (*OPTIMIZER_FAMILIES[kind].parameters, *SCHEDULES[schedule].parameters) if n in VALUES]
    rates = {"learning_rate": (0.1, 0.01)[which], **{name: VALUES[name][which] for name in names}}
    return {"optimizer": kind, "schedule": schedule, **rates}


@pytest.mark.parametrize("kind", OPTIMIZER_FAMILIES)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_configurations_that_differ_in_numbers_share_a_program(kind: str, schedule: str) -> None:
    (a, numbers_a), (b, numbers_b) = (partition(make_optimizer(configured(kind, schedule, i), 100)) for i in (0, 1))
    assert a == b
    assert numbers_a != numbers_b


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ({"momentum": 0.9}, optax.sgd(0.1, momentum=0.9)),
        ({"momentum": 0.9, "nesterov": True}, optax.sgd(0.1, momentum=0.9, nesterov=True)),
        ({"optimizer": "adam", "b1": 0.5}, optax.adam(0.1, b1=0.5)),
        ({"optimizer": "adamw", "weight_decay": 0.1}, optax.adamw(0.1, weight_decay=0.1)),
    ],
)
def test_a_name_is_the_optimizer_of_optax(configuration: dict, expected: Any) -> None:
    params, gradient = {"w": jnp.array([1.0, -2.0])}, {"w": jnp.array([0.5, 0.25])}
    updates = []
    for optimizer in (make_optimizer({"learning_rate": 0.1, **configuration}, 10), expected):
        _, state = optimizer.update(gradient, optimizer.init(params), params)
        updates.append(optimizer.update(gradient, state, params)[0]["w"])
    assert np.array_equal(*updates)


@pytest.mark.parametrize(
    ("schedule", "values"),
    [
        ({"schedule": "constant"}, {0: 0.4, 100: 0.4}),
        ({"schedule": "linear"}, {0: 0.4, 50: 0.2, 100: 0.0}),
        ({"schedule": "linear", "final": 0.5}, {50: 0.3, 100: 0.2}),
        ({"schedule": "cosine"}, {0: 0.4, 50: 0.2, 100: 0.0}),
        ({"schedule": "exponential", "final": 0.01}, {0: 0.4, 50: 0.04, 100: 0.004}),
        ({"schedule": "warmup_cosine", "warmup": 0.2}, {0: 0.0, 10: 0.2, 20: 0.4, 60: 0.2, 100: 0.0}),
    ],
)
def test_a_schedule_has_these_rates(schedule: dict, values: dict[int, float]) -> None:
    own = {name: value for name, value in schedule.items() if name != "schedule"}
    made = SCHEDULES[schedule["schedule"]].make(0.4, 100, **own)
    found = [made(step) if callable(made) else made for step in values]
    np.testing.assert_allclose(found, list(values.values()), atol=1e-7)


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ({}, "learning_rate: expected a value in each configuration, got none"),
        ({"learning_rate": 0.1, "optimizer": "adma"}, r"optimizer: expected one of .*did you mean 'adam'"),
        ({"learning_rate": 0.1, "schedule": "cos"}, r"schedule: expected one of .*did you mean 'cosine'"),
        ({"learning_rate": -1.0}, "learning_rate: expected a finite number at least 0, got -1.0"),
        ({"learning_rate": 0.1, "momentum": 1.0}, "momentum: expected a finite number at least 0 and below 1"),
        (
            {"learning_rate": 0.1, "optimizer": "adam", "momentum": 0.9},
            r"momentum: expected no momentum with optimizer='adam' .* jn.when\(...\) makes it conditional",
        ),
        ({"learning_rate": 0.1, "final": 0.5}, "final: expected no final with optimizer='sgd' and schedule='constant'"),
    ],
)
def test_what_an_optimizer_does_not_have_is_refused(configuration: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make_optimizer(configuration, 10)


def test_nesterov_is_yes_or_no() -> None:
    with pytest.raises(TypeError, match="nesterov: expected True or False, got 1"):
        make_optimizer({"learning_rate": 0.1, "nesterov": 1}, 10)


@pytest.mark.parametrize(
    ("targets", "output", "count"),
    [
        ([0, 1, 2], "softmax", 3),
        ([0, 1], "sigmoid", 1),
        ([0, 1, 2], "sigmoid", 3),
        ([0, 0], "softmax", 2),
        ([3, 1], "exp", 1),
    ],
)
def test_outputs_are_counted(targets: list[int], output: str, count: int) -> None:
    assert count_outputs(np.array(targets), output) == count
