"""Optuna, asked and told in batches: reproducible, resumable, exportable."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jaxnet as jn
from jaxnet.sweeps.engine import Engine
from jaxnet.sweeps.optuna_study import Budget, Study, import_optuna
from jaxnet.sweeps.result.columns import to_csv
from jaxnet.sweeps.sampling import completed
from jaxnet.sweeps.space import configuration_text
from jaxnet.sweeps.verification import load_sweep

SPACE = jn.Space(
    learning_rate=jn.Float(1e-2, 1e31, log=True), hidden=jn.Layers((0, 1), (2, 4)), activation=jn.Choice("relu", "tanh"),
    l2=jn.Float(0, 0.4, step=0.1), nesterov=jn.when(jn.Choice(True, False), activation="relu"),
    momentum=jn.Derived(lambda c: 0.5), width=jn.Int(1, 3), seed=jn.Seeds(2),
    constraints=[lambda c: c["learning_rate"] > 0.02 and c["width"] < 4],
)  # fmt: skip


def make(problem: Any, **options: Any) -> Any:
    network = lambda c: jn.MLP((4, *c["hidden"], 2), output="softmax", activation=c["activation"])
    settings = {"method": "optuna", "n": 7, "ask": 3, "epochs": 2, "network": network, **options}
    return jn.plan(SPACE, problem.train, **settings)


def test_without_optuna_the_words_say_what_to_install(problem: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def without(name: str, *arguments: Any) -> Any:
        if name.startswith("optuna"):
            raise ImportError(name)
        return real(name, *arguments)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(ImportError, match=r"needs Optuna, which is not installed: pip install 'jaxnet\[optuna\]'"):
        make(problem)


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"halving": jn.Halving()}, ValueError, "halving: expected none with method='optuna'"),
        ({"n": None}, TypeError, r"n: expected an integer from 1 to 1048576 \(trials\)"),
        ({"ask": 0}, ValueError, r"ask: expected an integer of at least 1 \(trials at once\)"),
        ({"study": 3}, TypeError, "study: expected a study of Optuna's, got 3"),
    ],
)
def test_what_cannot_be_asked_is_refused(changed: dict, error: type[Exception], words: str, problem: Any) -> None:
    with pytest.raises(error, match=words):
        make(problem, **changed)


@pytest.fixture(scope="module")
def optuna() -> Any:
    return pytest.importorskip("optuna")


@pytest.fixture(scope="module")
def whole(optuna: Any, problem: Any) -> Any:
    return jn.sweep(make(problem))


def test_a_plan_asks_for_the_first_batch(optuna: Any, problem: Any) -> None:
    plan = make(problem)
    assert len(plan.configurations) == 3
    assert "trials:   7; the above are the first of them" in str(plan)


def test_a_search_tries_as_many_as_it_was_given_and_keeps_the_space(whole: Any) -> None:
    tried = whole.plan.configurations
    assert 5 <= len(tried) <= 7  # a trial may be one that was tried before
    assert all(c["learning_rate"] > 0.02 and c["momentum"] == 0.5 and 1 <= c["width"] <= 3 for c in tried)
    assert all(("nesterov" in c) == (c["activation"] == "relu") for c in tried)
    assert all(isinstance(c["hidden"], tuple) for c in tried)


def test_the_same_search_asks_the_same_questions(whole: Any, problem: Any) -> None:
    assert to_csv(jn.sweep(make(problem)).columns()) == to_csv(whole.columns())


def test_what_is_asked_next_depends_on_the_scores(optuna: Any, problem: Any) -> None:
    """TPE draws at random until it was told 10 scores, and by the scores afterwards."""
    space = jn.Space(learning_rate=jn.Float(1e-2, 1, log=True), l2=jn.Float(0, 0.1))
    options = {"method": "optuna", "n": 15, "ask": 12, "epochs": 1}
    low, high = (jn.sweep(jn.plan(space, problem.train, goal=goal, **options)) for goal in ("min", "max"))
    assert low.plan.configurations[:12] == high.plan.configurations[:12]
    assert low.plan.configurations[12:] != high.plan.configurations[12:]


def test_an_interrupted_search_goes_on_to_the_same_bytes(
    whole: Any, problem: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = Engine.train, []

    def ending(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt("in the middle")
        return real(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Engine, "train", ending)
        with pytest.raises(KeyboardInterrupt, match="in the middle"):
            jn.sweep(make(problem), out=tmp_path)
    before = load_sweep(make(problem), tmp_path)
    assert len(before.plan.configurations) < len(whole.plan.configurations)
    assert to_csv(jn.sweep(make(problem), out=tmp_path).columns()) == to_csv(whole.columns())
    assert to_csv(load_sweep(make(problem), tmp_path).columns()) == to_csv(whole.columns())


def test_a_search_that_breaks_every_constraint_ends(optuna: Any, problem: Any) -> None:
    space = jn.Space(learning_rate=jn.Float(0.1, 1), constraints=[lambda c: False])
    with pytest.raises(ValueError, match="constraints: expected some that leave configurations to try, got 64 trials"):
        jn.plan(space, problem.train, method="optuna", n=2, epochs=1)


def test_the_best_of_what_was_asked_for_are_confirmed_and_nothing_else(whole: Any, problem: Any) -> None:
    confirmed = whole.confirm(top=2, seeds=3, test=problem.validation)
    assert confirmed.result.plan.configurations == [whole.plan.configurations[c] for c in whole.ranking()[:2]]
    assert confirmed.test.shape == (2, 3)


def test_a_finished_sweep_is_a_study(whole: Any, optuna: Any) -> None:
    study = whole.to_optuna()
    means = whole.values().mean(axis=1)
    assert len(study.trials) == len(means)
    for trial, configuration, mean in zip(study.trials, whole.plan.configurations, means, strict=True):
        assert trial.params["learning_rate"] == configuration["learning_rate"]
        assert trial.params["hidden"] == (" ".join(map(str, configuration["hidden"])) or "none")
        if np.isfinite(mean):
            assert trial.value == mean
            assert trial.intermediate_values[2] == pytest.approx(mean)
        else:
            assert trial.state.name == "FAIL"
    assert study.best_trial.value == np.nanmin(means)


def test_pruned_configurations_are_pruned_trials(optuna: Any, problem: Any) -> None:
    space = jn.Space(learning_rate=jn.Choice(0.1, 0.2, 0.3, 0.4))
    plan = jn.plan(space, problem.train, method="grid", epochs=2, halving=jn.Halving(2, 1, audit=0))
    states = [trial.state.name for trial in jn.sweep(plan).to_optuna().trials]
    assert sorted(states) == ["COMPLETE", "COMPLETE", "PRUNED", "PRUNED"]


def test_importing_optuna_gives_optuna(optuna: Any) -> None:
    assert import_optuna() is optuna


def test_conditional_parameters_are_asked_for_only_where_they_stand(optuna: Any, problem: Any) -> None:
    space = jn.Space(
        learning_rate=jn.Normal(0.1, 1, log=True), optimizer=jn.Choice("sgd", "rmsprop"),
        momentum=jn.when(jn.Float(0.1, 0.9), optimizer="rmsprop"),
        nesterov=jn.when(jn.Choice(True, False), momentum=0.5), batch_size=jn.Int(16, 64, step=16),
    )  # fmt: skip
    study = Study(space, goals=["min"], root=0, budget=Budget(12, 12))
    asked = study.ask()
    assert all(("momentum" in c) == (c["optimizer"] == "rmsprop") and "nesterov" not in c for c in asked)
    assert {c["batch_size"] for c in asked} <= {16, 32, 48, 64}
    study.tell({configuration_text(c): c["learning_rate"] for c in asked})
    for trial, configuration in zip(study._study.trials, asked, strict=True):  # what Optuna knows is what there was
        assert set(trial.params) == set(configuration)


def test_configurations_and_an_earlier_study_come_first(optuna: Any, whole: Any, problem: Any) -> None:
    space, mine = whole.plan.space, whole.plan.configurations[0] | {"learning_rate": 0.125}
    budget = Budget(3, 3, (completed(space, [mine])[0],), whole.to_optuna())
    study = Study(space, goals=["min"], root=0, budget=budget)
    assert study.ask()[0] == completed(space, [mine])[0]
    told = [trial.value for trial in whole.to_optuna().trials if trial.state.name == "COMPLETE"]
    assert [trial.value for trial in study._study.trials if trial.state.name == "COMPLETE"] == told
    with pytest.raises(ValueError, match="study: expected one to maximize, as goal= says, got one to minimize"):
        Study(space, goals=["max"], root=0, budget=budget)
    with pytest.raises(ValueError, match="study: expected finished trials with learning_rate in this space, got none"):
        Study(jn.Space(learning_rate=jn.Float(7, 8)), goals=["min"], root=0, budget=budget._replace(first=()))
