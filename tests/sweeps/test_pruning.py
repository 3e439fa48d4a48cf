"""Optuna's pruners end trials at rungs: by their own rule, the same every time, and a folder goes on."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jaxnet as jn
from jaxnet.sweeps.optuna_study import Study
from jaxnet.sweeps.plan_file import read_plan
from jaxnet.sweeps.pruning import described, without
from jaxnet.sweeps.result.columns import to_csv
from jaxnet.sweeps.rungs import Bracket, Decision
from jaxnet.sweeps.verification import load_sweep

optuna: Any = pytest.importorskip("optuna")
SPACE = jn.Space(learning_rate=jn.Float(1e-4, 1, log=True), seed=jn.Seeds(2))
MEDIAN = jn.Pruner("MedianPruner", 2, {"n_startup_trials": 4})


def make(problem: Any, **options: Any) -> Any:
    settings = {"method": "optuna", "n": 12, "ask": 4, "epochs": 6, "pruner": MEDIAN, **options}
    return jn.plan(options.pop("space", SPACE), problem.train, **{k: v for k, v in settings.items() if k != "space"})


@pytest.fixture(scope="module")
def pruned(problem: Any) -> Any:
    return jn.sweep(make(problem))


def test_the_median_rule_ends_exactly_the_trials_that_are_worse_than_half_of_the_finished(pruned: Any) -> None:
    """By NumPy from the curves: after 4 finished trials, whoever's best so far is worse than the median, there, of all
    trials that had come to their end before its round."""
    means = pruned.curves("loss").reshape(12, 2, 6).mean(axis=1)
    for trial, level in enumerate(pruned.levels()):
        finished = [t for t in range(trial // 4 * 4) if pruned.levels()[t] == 6]
        for epoch in (2, 4):
            if len(finished) >= 4 and level >= epoch:
                worse = means[trial, 1:epoch:2].min() > np.median(means[finished, epoch - 1])
                assert (level == epoch) == worse
    assert 0 < np.sum(pruned.levels() < 6) < 8
    assert np.isnan(pruned.curves("loss")[pruned.columns()["epochs"] == 2, 2:]).all()


def test_the_trials_that_ended_are_pruned_ones_with_their_values_so_far(pruned: Any) -> None:
    means = pruned.curves("loss").reshape(12, 2, 6).mean(axis=1)
    for trial, level, mean in zip(pruned.to_optuna().trials, pruned.levels(), means, strict=True):
        assert trial.state.name == ("COMPLETE" if level == 6 else "PRUNED")
        assert trial.intermediate_values == pytest.approx({e + 1: mean[e] for e in range(level)})
        assert trial.value == pytest.approx(mean[level - 1])
    kept = pruned.rung_table()
    assert not any(kept["kept"][(kept["epochs"] == 2) & (kept["configuration"] == np.argmin(pruned.levels()))])


def test_what_an_interruption_cut_short_ends_the_same_trials(
    pruned: Any, problem: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = Study.prune, []

    def ending(*arguments: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == 5:  # in the second round, which has three rungs as the first
            raise KeyboardInterrupt("in the middle")
        return real(*arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Study, "prune", ending)
        with pytest.raises(KeyboardInterrupt, match="in the middle"):
            jn.sweep(make(problem), out=tmp_path)
    assert len(load_sweep(make(problem), tmp_path).plan.configurations) == 8
    result = jn.sweep(make(problem, keep="scores"), out=tmp_path)
    assert to_csv(result.columns()) == to_csv(pruned.columns()) == to_csv(load_sweep(make(problem), tmp_path).columns())
    with pytest.raises(ValueError, match=r'pruner: \["MedianPruner.*n_startup_trials=4.*", 2\] there.*=5.*, 3\] now'):
        jn.sweep(make(problem, pruner=jn.Pruner("MedianPruner", 3, {"n_startup_trials": 5})), out=tmp_path)


@pytest.mark.parametrize(
    "pruner",
    [
        optuna.pruners.HyperbandPruner(reduction_factor=2),  # which deals trials out by the name of their study
        optuna.pruners.SuccessiveHalvingPruner(reduction_factor=2),
    ],
    ids=lambda pruner: type(pruner).__name__,
)
def test_other_pruners_end_the_same_trials_every_time(pruner: Any, problem: Any) -> None:
    plan = make(problem, pruner=pruner)
    once, again = jn.sweep(plan), jn.sweep(plan)
    assert 0 < np.sum(once.levels() < 6) < 12
    assert to_csv(again.columns()) == to_csv(once.columns())


def test_a_configuration_that_is_asked_for_again_comes_to_what_it_came_to(problem: Any) -> None:
    space = jn.Space(learning_rate=jn.Choice(1e-4, 1e-3, 0.1, 0.5, 1e31))
    result = jn.sweep(make(problem, space=space, pruner=optuna.pruners.SuccessiveHalvingPruner(reduction_factor=2)))
    assert len(result.plan.configurations) <= 5
    states = {t.params["learning_rate"]: t.state.name for t in result.to_optuna().trials}
    assert states.get(1e31, "FAIL") == "FAIL"
    assert result.levels().max() == 6


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"pruner": 3}, TypeError, r"pruner: expected a pruner of Optuna's such as .*MedianPruner\(\), got 3"),
        ({"pruner": "MedianPrunr"}, ValueError, "pruner: .*did you mean 'MedianPruner'"),
        ({"pruner": "ThresholdPruner"}, TypeError, "pruner: expected options of ThresholdPruner, got Either"),
        ({"pruner": "PercentilePruner"}, TypeError, "pruner: expected options of PercentilePruner, got .*percentile"),
        ({"epochs": 1}, ValueError, "pruner.every: expected fewer than the plan's 1 epochs"),
        ({"method": "random", "ask": None}, ValueError, "pruner: expected none without method='optuna'"),
        ({"metric": ["loss", "accuracy"]}, ValueError, "pruner: expected none with 2 objectives"),
    ],
)
def test_what_prunes_nothing_is_refused(changed: dict, error: type[Exception], words: str, problem: Any) -> None:
    with pytest.raises(error, match=words):
        make(problem, **changed)
    with pytest.raises(ValueError, match=r"pruner\.every: expected an integer of at least 1, got 0"):
        jn.Pruner("NopPruner", 0)
    with pytest.raises(ValueError, match=r"pruner\.options: expected none beside a pruner that is made already"):
        jn.Pruner(optuna.pruners.NopPruner(), 1, {"n_startup_trials": 1})


def test_a_plan_in_a_file_names_its_pruner(tmp_path: Path) -> None:
    text = "method = 'optuna'\nn = 2\nask = 2\nepochs = 20\npruner = {}\n[data]\nname = 'digits'\n[space]\n"
    text += "learning_rate = {{ min = 0.1, max = 1 }}\n"
    write = lambda told: (tmp_path / "plan.toml").write_text(text.format(told)) and tmp_path / "plan.toml"
    plan = read_plan(write("{ name = 'PercentilePruner', percentile = 25.0, every = 4 }"))
    assert "trials:   2; the above are the first of them; PercentilePruner is asked every 4 epoch(s)" in str(plan)
    assert "percentile=25.0" in str(plan.asking.pruner if plan.asking else "")
    assert make_rungs(read_plan(write("{ name = 'NopPruner' }"))) == (2, 4, 6, 8, 10, 12, 14, 16, 18, 20)
    with pytest.raises(TypeError, match="pruner: expected a table such as"):
        read_plan(write("'median'"))


def make_rungs(plan: Any) -> tuple[int, ...]:
    return tuple(epochs for epochs, _ in plan.brackets[0].rungs)


def test_those_that_go_on_stand_first_and_each_part_is_by_score() -> None:
    decision = Decision(0, 4, (3, 1, 0, 2), (0.1, 0.2, 0.3, 0.4), 4)
    assert without(decision, {1}) == Decision(0, 4, (3, 0, 2, 1), (0.1, 0.3, 0.4, 0.2), 3)
    assert without(Decision(0, 4, (), (), 4), set()).kept == 0


def test_a_round_is_a_bracket_and_a_pruner_says_what_it_was_made_with() -> None:
    assert MEDIAN.brackets(2, 6, first=4) == [Bracket((4, 5), ((2, 2), (4, 2), (6, 2)))]
    assert MEDIAN.brackets(0, 6) == []
    with pytest.warns(optuna.exceptions.ExperimentalWarning):
        patient = optuna.pruners.PatientPruner(optuna.pruners.NopPruner(), patience=1)
    assert described(patient) == "PatientPruner(min_delta=0.0, patience=1, wrapped_pruner=NopPruner())"
