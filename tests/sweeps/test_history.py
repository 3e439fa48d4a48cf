"""What a configuration scores at an epoch follows from the curves alone, whenever it is asked."""

from typing import Any

import numpy as np
import pytest

import jaxnet as jn
from jaxnet.sweeps.history import empty_history, levels, scores, so_far
from jaxnet.sweeps.rungs import Decision


@pytest.fixture
def plan(problem: Any) -> Any:
    space = jn.Space(learning_rate=jn.Choice(0.1, 0.2, 0.3), seed=jn.Seeds(2))
    return jn.plan(space, problem.train, method="grid", epochs=4)


def test_a_score_is_the_mean_over_seeds_and_nan_only_from_divergence_on(plan: Any) -> None:
    history = empty_history(plan)
    history.curves["loss"][:] = np.arange(24).reshape(6, 4)
    history.diverged[3] = 3  # the second configuration's second seed
    assert scores(plan, history, 2).tolist() == [3, 11, 19]
    np.testing.assert_array_equal(scores(plan, history, 3), [4, np.nan, 20])
    np.testing.assert_array_equal(scores(plan, history, np.array([1, 2, 4])), [2, 11, 21])


def test_an_infinite_loss_is_no_score(plan: Any) -> None:
    history = empty_history(plan)
    history.curves["loss"][:] = 1
    history.curves["loss"][0, 0] = np.inf
    np.testing.assert_array_equal(scores(plan, history, 1), [np.nan, 1, 1])


def test_a_configuration_stands_where_it_was_ranked_last(plan: Any) -> None:
    history = empty_history(plan)
    history.decisions.extend([Decision(0, 1, (0, 1, 2), (0.0,) * 3, 1), Decision(0, 4, (0,), (0.0,), 1)])
    history.audited.append(2)
    assert levels(plan, history).tolist() == [4, 1, 4]


def test_rungs_are_counted_over_all_brackets(problem: Any) -> None:
    space = jn.Space(learning_rate=jn.Choice(0.1, 0.2, 0.3))
    plan = jn.plan(space, problem.train, method="grid", epochs=4, halving=jn.Halving(2, 1))
    assert so_far(plan, empty_history(plan)) == "rung 1/3  0/3 begun"
