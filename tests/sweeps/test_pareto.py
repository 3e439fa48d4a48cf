"""Several objectives: fronts, and what a sweep makes of them."""

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.figures.sweep_report import write_report
from jaxnet.sweeps.pareto import fronts

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(24, 3)).astype(np.float32)
Y = (X[:, 0] > 0.3).astype(np.int32)


def size(params: Any, x: Any, y: Any) -> Any:
    """How large the weights are, which training lets grow as it lowers the loss."""
    return sum(abs(leaf).sum() for leaf in jax.tree.leaves(params))


SPACE = jn.Space(learning_rate=jn.Choice(0.01, 0.1, 1.0, 1e30))
BOTH: dict[str, Any] = {"epochs": 3, "metrics": [size], "metric": ["size", "accuracy"], "hidden": ()}


@pytest.fixture(scope="module")
def result() -> Any:
    return jn.sweep(jn.plan(SPACE, (X, Y), method="grid", **BOTH))


def test_a_front_is_what_none_beats_and_the_next_what_none_of_the_rest_does() -> None:
    # by hand: (1, 5), (2, 4) and (3, 1) trade one for the other; (2, 5) loses to (2, 4), (4, 6) to (2, 5), too
    values = [[1, 5], [4, 6], [2, 4], [2, 5], [3, 1], [np.nan, 0]]
    assert fronts(values, ["min", "min"]).tolist() == [1, 3, 1, 2, 1, 0]
    assert fronts([[1, -5], [4, -6], [2, -4], [2, -5]], ["min", "max"]).tolist() == [1, 3, 1, 2]
    assert fronts([[1, 1], [1, 1]], ["min", "min"]).tolist() == [1, 1]  # neither beats the other


def test_fronts_are_those_of_optuna() -> None:
    optuna = pytest.importorskip("optuna")
    values = DRAW.normal(size=(40, 3)).round(1)
    study = optuna.create_study(directions=["minimize", "maximize", "minimize"])
    study.add_trials([optuna.trial.create_trial(values=row.tolist()) for row in values])
    best = {trial.number for trial in study.best_trials}
    assert set(np.flatnonzero(fronts(values, ["min", "max", "min"]) == 1).tolist()) == best


def test_a_sweep_ranks_by_fronts_and_says_so(result: Any) -> None:
    values = np.stack([result.curves(name)[:, -1] for name in ("size", "accuracy")], axis=1)
    expected = fronts(np.where(np.expand_dims(result.history.diverged > 0, 1), np.nan, values), ["min", "max"])
    order = result.ranking()
    assert [expected[c] for c in order] == sorted(expected, key=lambda front: front or 9)
    assert result.front() == [c for c in order if expected[c] == 1]
    assert result.summary()["front"].tolist() == [expected[c] for c in order]
    assert f"Pareto front, {len(result.front())} of 4 configurations (size, accuracy): {order[0]}: " in str(result)
    assert {"size", "accuracy"} <= set(result.best(2))
    assert "by size, minimum first and by accuracy, maximum first" in str(result.plan)


def test_optuna_is_told_all_objectives(result: Any, tmp_path: Path) -> None:
    optuna = pytest.importorskip("optuna")
    study = result.to_optuna()
    assert [each.name for each in study.directions] == ["MINIMIZE", "MAXIMIZE"]
    assert sorted(trial.number for trial in study.best_trials) == sorted(result.front())
    space = jn.Space(learning_rate=jn.Float(0.01, 1, log=True))
    asked = jn.sweep(jn.plan(space, (X, Y), method="optuna", n=6, ask=3, **BOTH), out=tmp_path / "a")
    told = asked.to_optuna()
    assert isinstance(told, optuna.Study)
    assert len(told.trials) == 6
    pytest.importorskip("matplotlib")
    assert "Pareto front" in write_report(asked, tmp_path / "report.html").read_text()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metric": []}, "metric: expected a name, or a list of different names"),
        ({"metric": ["loss", "loss"]}, "metric: expected a name, or a list of different names"),
        ({"metric": ["loss", "acuracy"]}, "metric: .*did you mean 'accuracy'"),
        ({"goal": ["min"]}, "goal: expected one a metric, 2"),
        ({"goal": ["min", "most"]}, "goal: expected one of min, max"),
        ({"halving": jn.Halving(2)}, "halving: expected none with 2 objectives"),
        ({"method": "pbt", "n": 3, "pbt": jn.PBT(1)}, "pbt: expected none with 2 objectives"),
    ],
)
def test_what_makes_no_objectives_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        jn.plan(SPACE, (X, Y), **({"method": "grid"} | BOTH | changes))
