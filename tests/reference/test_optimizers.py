"""Two steps of each rule, worked out by hand for one parameter, w = 1 with gradients 2 and then -1."""

import math

import numpy as np
import pytest

from jaxnet import reference


def walk(optimizer, gradients=(2.0, -1.0)):
    """Return w after each step."""
    params = [{"w": np.array([[1.0]]), "b": np.array([0.0])}]
    memory, path = optimizer.remember(params), []
    for t, g in enumerate(gradients, start=1):
        params, memory = optimizer.step(params, [{"w": np.array([[g]]), "b": np.array([0.0])}], memory, t)
        path.append(params[0]["w"].item())
    return path


def adam_by_hand(decay):
    m, v = 0.1 * 2, 0.001 * 4
    first = 1 - 0.1 * ((m / 0.1) / (math.sqrt(v / 0.001) + 1e-8) + decay * 1)
    m, v = 0.9 * m + 0.1 * -1, 0.999 * v + 0.001 * 1
    step = (m / (1 - 0.81)) / (math.sqrt(v / (1 - 0.998001)) + 1e-8)
    return [first, first - 0.1 * (step + decay * first)]


RMS = 1 - 0.2 / math.sqrt(0.4 + 1e-8)
ADAGRAD = 1 - 0.2 / math.sqrt(4.1 + 1e-7)


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        (reference.sgd(0.1), [0.8, 0.9]),
        (reference.sgd(0.1, momentum=0.9), [0.8, 0.8 - 0.1 * (0.9 * 2 - 1)]),
        # looking ahead: g + 0.9 v, with v = 2 and then 0.9 * 2 - 1 = 0.8
        (reference.sgd(0.1, momentum=0.9, nesterov=True), [1 - 0.38, 0.62 - 0.1 * (-1 + 0.9 * 0.8)]),
        (reference.adam(0.1), adam_by_hand(0.0)),
        (reference.adamw(0.1, weight_decay=0.5), adam_by_hand(0.5)),
        (reference.rmsprop(0.1), [RMS, RMS + 0.1 / math.sqrt(0.9 * 0.4 + 0.1 + 1e-8)]),
        (reference.adagrad(0.1), [ADAGRAD, ADAGRAD + 0.1 / math.sqrt(5.1 + 1e-7)]),
    ],
)
def test_two_steps_by_hand(optimizer, expected):
    np.testing.assert_allclose(walk(optimizer), expected, rtol=1e-12)


def test_the_first_step_of_adam_is_the_learning_rate_whatever_the_gradient():
    for gradient in (1e-3, 5.0, 1e6):
        np.testing.assert_allclose(walk(reference.adam(0.01), [gradient]), [0.99], rtol=1e-6)


def test_momentum_of_zero_is_plain_descent():
    assert walk(reference.sgd(0.1, momentum=0.0)) == walk(reference.sgd(0.1, momentum=0.0, nesterov=True)) == [0.8, 0.9]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: reference.sgd(-0.1), r"learning_rate: expected a finite number above 0, got -0.1"),
        (lambda: reference.sgd(float("nan")), r"learning_rate: .* got nan"),
        (lambda: reference.sgd("fast"), r"learning_rate: .* got 'fast'"),
        (lambda: reference.sgd(0.1, momentum=1.0), r"momentum: expected a number from 0 to below 1, got 1.0"),
        (lambda: reference.adam(0.1, b1=1.5), r"b1: .* got 1.5"),
        (lambda: reference.adam(0.1, b2=-1), r"b2: .* got -1"),
        (lambda: reference.adamw(0.1, weight_decay=-1), r"weight_decay: .* got -1"),
        (lambda: reference.rmsprop(0.1, eps=0), r"eps: .* got 0"),
        (lambda: reference.adagrad(0.1, initial_accumulator_value=0), r"initial_accumulator_value: .* got 0"),
    ],
)
def test_a_setting_out_of_range_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
