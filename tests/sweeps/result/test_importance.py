"""Importances say what a score follows, by a function of which it is known."""

from typing import Any

import numpy as np
import pytest

from jaxnet.sweeps.result.importance import importances_of

optuna = pytest.importorskip("optuna")
pytest.importorskip("sklearn")


def study_of(score: Any, count: int = 40) -> Any:
    draw, study = np.random.default_rng(0), optuna.create_study()
    unit = optuna.distributions.FloatDistribution(0, 1)
    for a, b in draw.random((count, 2)).tolist():
        study.add_trial(
            optuna.trial.create_trial(params={"a": a, "b": b}, distributions={"a": unit, "b": unit}, value=score(a, b))
        )
    return study


def test_what_the_score_follows_has_the_larger_share() -> None:
    # of 3 a + b, independent and uniform, a has 9 of 10 parts of the variance
    found = importances_of(study_of(lambda a, b: 3 * a + b))
    assert list(found) == ["a", "b"]
    assert found["a"] == pytest.approx(0.9, abs=0.1)
    assert sum(found.values()) == pytest.approx(1)


@pytest.mark.parametrize(("score", "count"), [(lambda a, b: 1.0, 40), (lambda a, b: a, 7), (lambda a, b: a, 0)])
def test_nothing_is_said_where_nothing_can_be(score: Any, count: int) -> None:
    assert importances_of(study_of(score, count)) == {}
