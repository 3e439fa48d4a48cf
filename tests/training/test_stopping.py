"""When a run has stopped improving."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet import Stop
from jaxnet.training.stopping import first_best, watch


def follow(stop, values):
    """Return (best epoch, best value, waited) after each of the values."""
    best, seen = first_best(stop, jnp.zeros(()), jnp.float64), []
    for epoch, value in enumerate(values, 1):
        best = watch(
            stop, best, jnp.asarray(float(epoch)), epoch=jnp.asarray(epoch, jnp.int32), value=jnp.asarray(value)
        )
        seen.append((int(best.epoch), float(best.value), int(best.waited)))
    return best, seen


def test_the_wait_grows_until_a_value_is_better():
    _, seen = follow(Stop("loss"), [3.0, 2.0, 2.5, 2.0, 1.0])
    assert seen == [(1, 3, 0), (2, 2, 0), (2, 2, 1), (2, 2, 2), (5, 1, 0)]


def test_a_value_that_is_better_by_less_than_the_tolerance_is_best_but_does_not_end_the_wait():
    _, seen = follow(Stop("loss", tolerance=0.5), [3.0, 2.75, 2.0])
    assert seen == [(1, 3, 0), (2, 2.75, 1), (3, 2, 0)]


@pytest.mark.parametrize(("ties", "waited"), [(False, [0, 1, 2]), (True, [0, 0, 0])])
def test_a_value_that_is_better_by_exactly_the_tolerance_ends_the_wait_only_if_ties_do(ties, waited):
    _, seen = follow(Stop("loss", tolerance=0.5, ties=ties), [3.0, 2.5, 2.0])
    assert [wait for _, _, wait in seen] == waited


def test_a_score_is_better_when_it_is_higher():
    _, seen = follow(Stop("validation_accuracy", goal="max"), [0.5, 0.75, 0.25])
    assert seen == [(1, -0.5, 0), (2, -0.75, 0), (2, -0.75, 1)]


@pytest.mark.parametrize(("latest", "epochs"), [(False, [1, 2, 2, 2, 2, 2]), (True, [1, 2, 2, 4, 5, 5])])
def test_of_equal_values_the_first_is_best_or_the_latest_and_neither_is_an_improvement(latest, epochs):
    _, seen = follow(Stop("loss", latest=latest), [3.0, 2.0, 2.5, 2.0, 2.0, np.nan])
    assert [epoch for epoch, _, _ in seen] == epochs
    assert [wait for _, _, wait in seen] == [0, 0, 1, 2, 3, 4]
    assert follow(Stop("loss", latest=latest), [np.inf, np.nan])[1][-1][0] == 0


def test_nan_is_never_better():
    _, seen = follow(Stop("loss"), [3.0, np.nan, 2.0])
    assert seen == [(1, 3, 0), (1, 3, 1), (3, 2, 0)]


def test_the_parameters_of_the_best_epoch_are_kept_for_a_validation_value_only():
    best, _ = follow(Stop("validation_loss"), [3.0, 1.0, 2.0])
    assert best.params == 2
    best, _ = follow(Stop("loss"), [3.0, 1.0, 2.0])
    assert best.params is None
    best, _ = follow(Stop("loss", restore_best=True), [3.0, 1.0, 2.0])
    assert best.params == 2


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"monitor": 3}, TypeError, "monitor: expected a name in the history, got 3"),
        ({"patience": 0}, ValueError, "patience: expected an integer of at least 1, got 0"),
        ({"patience": 1.5}, TypeError, "patience: expected an integer"),
        ({"tolerance": -1}, ValueError, "tolerance: expected a finite number at least 0, got -1"),
        ({"goal": "minimum"}, ValueError, r"goal: expected one of min, max, got 'minimum'"),
    ],
)
def test_bad_input_is_refused_in_words(options, error, words):
    with pytest.raises(error, match=words):
        Stop(**options)
