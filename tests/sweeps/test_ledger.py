"""What a configuration scores at an epoch follows from the curves alone, whenever it is asked."""

from typing import Any

import numpy as np
import pytest

import jaxnet as jn
from jaxnet.sweeps.ledger import empty, levels, scores
from jaxnet.sweeps.rungs import Decision


@pytest.fixture
def plan(problem: Any) -> Any:
    space = jn.Space(learning_rate=jn.Choice(0.1, 0.2, 0.3), seed=jn.Seeds(2))
    return jn.plan(space, problem.train, method="grid", epochs=4)


def test_a_score_is_the_mean_over_seeds_and_nan_only_from_divergence_on(plan: Any) -> None:
    ledger = empty(plan)
    ledger.curves["loss"][:] = np.arange(24).reshape(6, 4)
    ledger.diverged[3] = 3  # the second configuration's second seed
    assert scores(plan, ledger, 2).tolist() == [3, 11, 19]
    np.testing.assert_array_equal(scores(plan, ledger, 3), [4, np.nan, 20])
    np.testing.assert_array_equal(scores(plan, ledger, np.array([1, 2, 4])), [2, 11, 21])


def test_an_infinite_loss_is_no_score(plan: Any) -> None:
    ledger = empty(plan)
    ledger.curves["loss"][:] = 1
    ledger.curves["loss"][0, 0] = np.inf
    np.testing.assert_array_equal(scores(plan, ledger, 1), [np.nan, 1, 1])


def test_a_configuration_stands_where_it_was_ranked_last(plan: Any) -> None:
    ledger = empty(plan)
    ledger.decisions.extend([Decision(0, 1, (0, 1, 2), (0.0,) * 3, 1), Decision(0, 4, (0,), (0.0,), 1)])
    ledger.audited.append(2)
    assert levels(plan, ledger).tolist() == [4, 1, 4]
