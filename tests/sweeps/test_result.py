"""What a result says: tables, files, statistics, warnings, confirmation, learning rates."""

import csv
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.sweeps.learning_rate_test import Rates
from jaxnet.sweeps.result.columns import Columns, framed, parameter_columns, to_csv, write_columns
from jaxnet.sweeps.result.summaries import Audit, at_bounds


@pytest.fixture(scope="module")
def result(problem: Any) -> Any:
    """Rates 0.3, 0.1 and one that diverges, three seeds each, momentum only for the first two."""
    space = jn.Space(
        learning_rate=jn.Float(0.1, 1e30, log=True), hidden=(3,), batch_size=16, seed=jn.Seeds(3),
        momentum=jn.when(0.5, kind=(0, 1)), kind=jn.Int(0, 2),
    )  # fmt: skip
    rates = [{"learning_rate": rate, "kind": kind, "momentum": 0.5} for kind, rate in enumerate([0.3, 0.1, 1e30])]
    plan = jn.plan(
        space, problem.train, method="list", configurations=rates, epochs=6, validation=problem.validation,
        metric="validation_accuracy", network=lambda c: jn.MLP((4, *c["hidden"], 2), output="softmax"),
    )  # fmt: skip
    return jn.sweep(plan)


def test_the_table_has_one_row_a_member(result: Any) -> None:
    table = result.table()
    assert table["learning_rate"].tolist() == [0.3] * 3 + [0.1] * 3 + [1e30] * 3
    assert np.isnan(table["momentum"][6:]).all()
    assert table["seed"].tolist() == [0, 1, 2] * 3
    assert table["hidden"].tolist() == ["3"] * 9
    assert (table["diverged"] > 0).tolist() == [False] * 6 + [True] * 3
    assert np.array_equal(table["validation_loss"][:6], result.curves("validation_loss")[:6, -1])


def test_the_best_are_those_with_the_highest_mean_and_the_diverged_come_last(result: Any) -> None:
    means = result.curves("validation_accuracy")[:, -1].astype(float).reshape(3, 3).mean(1)
    order = [0, 1] if means[0] >= means[1] else [1, 0]
    assert result.ranking() == [*order, 2]
    best = result.best(2)
    assert best["configuration"].tolist() == order
    assert best["validation_accuracy"].tolist() == pytest.approx(means[order])


def test_a_summary_has_mean_interval_and_share_diverged(result: Any) -> None:
    summary = result.summary()
    values = result.curves("validation_accuracy")[:, -1].astype(float).reshape(3, 3)[result.ranking()]
    assert summary["mean"].tolist() == pytest.approx(values.mean(1).tolist(), nan_ok=True)
    # 4.303 is Student's 97.5 % quantile for 2 degrees of freedom; an accuracy is at most 1
    half = 4.303 * values[1].std(ddof=1) / np.sqrt(3)
    assert summary["low"][1] == pytest.approx(max(values[1].mean() - half, 0), rel=1e-3)
    assert summary["high"][1] == pytest.approx(min(values[1].mean() + half, 1), rel=1e-3)
    assert 0 <= summary["low"][0] <= summary["mean"][0] <= summary["high"][0] <= 1
    assert summary["diverged"].tolist() == [0, 0, 1]
    assert summary["tied"][0]
    assert not summary["tied"][2]


def test_the_parameters_of_a_member_give_its_last_loss(result: Any, problem: Any) -> None:
    f = jn.objective(result.network(1))
    x, y = problem.validation
    expected = float(f(result.params(1), x, y))
    assert result.curves("validation_loss")[1, -1] == pytest.approx(expected, rel=1e-6)


def test_warnings_name_bounds_divergence_and_ties(result: Any) -> None:
    said = " / ".join(result.warnings())
    assert "the best learning_rate" in said
    assert "lies at its bound 0.1: widen the space there" in said
    assert "3 of 9 members diverged" in said


def test_of_many_that_are_tied_a_few_are_listed(problem: Any) -> None:
    """Rates of 1e-30 change nothing, so all of them end alike."""
    space = jn.Space(learning_rate=jn.Float(1e-30, 2e-30), seed=jn.Seeds(2))
    result = jn.sweep(jn.plan(space, problem.train, n=12, epochs=1))
    assert "11 others cannot be told from the best by 2 values each: 1, 2, 3, 4, 5, 6, 7, 8, ..." in result.warnings()


@pytest.mark.parametrize(
    ("low", "value", "said"), [(0.0, 0.0, 0), (0.0, 0.09, 0), (0.0, 0.098, 1), (0.001, 0.002, 1), (0.001, 0.05, 0)]
)
def test_a_bound_is_named_within_5_percent_of_the_range_but_not_at_0(
    low: float, value: float, said: int, problem: Any
) -> None:
    space = jn.Space(learning_rate=0.1, l2=jn.Float(low, 0.1))
    plan = jn.plan(space, problem.train, method="list", configurations=[{"l2": value}], epochs=1)
    assert len(at_bounds(plan, 0)) == said


def test_where_everything_diverged_nothing_is_called_the_best(problem: Any) -> None:
    space = jn.Space(learning_rate=jn.Float(1e30, 1e31, log=True))
    said = str(jn.sweep(jn.plan(space, problem.train, n=2, epochs=2)))
    assert "best: none, for every configuration has a run that diverged" in said
    assert "2 of 2 members diverged" in said
    assert "bound" not in said


def test_one_seed_is_said_to_say_nothing_of_chance(problem: Any) -> None:
    one = jn.sweep(jn.plan(jn.Space(learning_rate=jn.Choice(0.1, 0.2)), problem.train, method="grid", epochs=1))
    assert "one seed a configuration says nothing of chance" in str(one)
    assert not np.asarray(one.summary()["tied"]).any()


def test_a_result_prints_its_best_with_its_interval(result: Any) -> None:
    lines = str(result).splitlines()
    assert lines[0] == f"3 configurations, 9 members, {int(result.history.epochs.sum())} model-epochs"
    assert lines[1].startswith(f"best: {result.ranking()[0]} (")
    assert "validation_accuracy" in lines[1]
    assert "95 % interval" in lines[1]
    assert lines[1].endswith("(of what was chosen by these values; confirm(...) needs no such correction)")


def test_cv_results_are_those_of_a_search_of_scikit_learn(result: Any) -> None:
    found = result.cv_results_
    assert found["params"][0]["learning_rate"] == 0.3
    assert found["param_momentum"].mask.tolist() == [False, False, True]
    splits = np.stack([found[f"split{i}_test_score"] for i in range(3)])
    assert found["mean_test_score"].tolist() == pytest.approx(splits.mean(0).tolist(), nan_ok=True)
    assert found["rank_test_score"][result.ranking()].tolist() == [1, 2, 3]


def test_what_was_searched_is_worth_the_mean_of_the_best_of_k(result: Any) -> None:
    first = result.curves("validation_accuracy")[:, -1].astype(float).reshape(3, 3).mean(1)
    worst = np.nanmin(first[:2])
    expected = result.expected_best()
    assert expected[0] == pytest.approx((first[0] + first[1] + worst) / 3)
    assert expected[2] == pytest.approx(np.nanmax(first))


def test_pruned_configurations_have_no_expected_best(problem: Any) -> None:
    space = jn.Space(learning_rate=jn.Choice(0.1, 0.2, 0.3, 0.4))
    plan = jn.plan(space, problem.train, method="grid", epochs=2, halving=jn.Halving(2, 1, audit=0))
    pruned = jn.sweep(plan)
    with pytest.raises(ValueError, match="expected_best: expected a finished sweep without pruning, got 2 that"):
        pruned.expected_best()
    assert str(pruned.audit()) == "halving was not audited"
    assert "halving was not audited" in str(pruned)


def test_a_difference_by_rounding_is_no_regret(problem: Any) -> None:
    space = jn.Space(learning_rate=jn.Choice(0.1, 0.2))
    plan = jn.plan(space, problem.train, method="grid", epochs=2, halving=jn.Halving(2, 1, audit=1))
    result = jn.sweep(plan)
    (kept,) = np.setdiff1d([0, 1], result.history.audited)
    curves = result.history.curves["loss"]
    for less, better in ((1e-8, 0), (1e-2, 1)):
        curves[1 - kept, -1] = curves[kept, -1] * (1 - less)
        assert result.audit().better == better


def test_an_audit_is_a_sentence() -> None:
    text = str(Audit(10, 1, 0.0123, {3: 0.4, 9: 0.81}))
    assert text.startswith("halving: 1 of 10 audited configurations ended better than the best kept (regret 0.0123)")
    assert "rank correlation with the end: 0.40 at 3, 0.81 at 9" in text


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda r: r.curves("los"), "name: expected one of loss"),
        (lambda r: r.params(9), "member: expected an integer from 0 to 8, got 9"),
        (lambda r: r.network(-1), "member: expected an integer from 0 to 8"),
        (lambda r: r.best(0), "k: expected an integer of at least 1"),
        (lambda r: r.export("x", "xls"), "kind: expected one of csv, parquet"),
    ],
)
def test_what_is_not_there_is_refused(ask: Any, words: str, result: Any) -> None:
    with pytest.raises(ValueError, match=words):
        ask(result)


def test_exported_files_hold_every_digit(result: Any, tmp_path: Path) -> None:
    paths = result.export(tmp_path / "tables")
    assert [path.name for path in paths] == ["members.csv", "curves.csv", "rungs.csv"]
    with open(paths[1]) as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == result.history.epochs.sum()
    last = [row for row in rows if row["member"] == "4"][-1]
    assert np.float32(last["loss"]) == result.curves("loss")[4, -1]


def test_a_parquet_file_needs_pyarrow_or_says_so(tmp_path: Path) -> None:
    table = Columns({"a": np.array([1.5, 2.5]), "b": np.array(["x", None], object)})
    pyarrow = pytest.importorskip("pyarrow.parquet") if _has("pyarrow") else None
    if pyarrow is None:
        with pytest.raises(ImportError, match=r"a \.parquet file needs pyarrow"):
            write_columns(table, tmp_path / "a.parquet")
    else:
        write_columns(table, tmp_path / "a.parquet")
        assert pyarrow.read_table(tmp_path / "a.parquet").to_pydict() == {"a": [1.5, 2.5], "b": ["x", None]}


def _has(module: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(module) is not None


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"path: expected one of \.csv, \.parquet"):
        write_columns(Columns({}), tmp_path / "a.xls")


def test_a_spreadsheet_runs_no_cell() -> None:
    table = Columns(
        {"name": np.array(["=cmd|x", "-1", "plain", None], object), "value": np.array([-1.0, 0.1, 2, np.nan])}
    )
    assert to_csv(table) == "name,value\n'=cmd|x,-1.0\n'-1,0.1\nplain,2.0\n,nan\n"


def test_a_table_prints_aligned_columns() -> None:
    assert (
        str(Columns({"name": np.array(["a", "bcd"]), "x": np.array([1.0, 0.25])}))
        == "name     x\n   a     1\n bcd  0.25"
    )


def test_parameters_become_columns() -> None:
    columns = parameter_columns([{"rate": 0.1, "hidden": (3, 4)}, {"rate": 1, "flag": True}, {"rate": 2, "hidden": ()}])
    assert columns["rate"].tolist() == [0.1, 1.0, 2.0]
    assert columns["hidden"].tolist() == ["3 4", None, "none"]
    assert columns["flag"].tolist() == [None, True, None]


def test_a_frame_is_pandas_own_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Pandas:
        DataFrame = staticmethod(lambda columns: ("a frame", columns))

    monkeypatch.setitem(__import__("sys").modules, "pandas", Pandas)
    assert framed(Columns({"a": np.ones(1)}))[0] == "a frame"


def test_confirming_trains_the_best_on_fresh_seeds_and_reads_the_test_set(result: Any, problem: Any) -> None:
    x, y = (np.concatenate(parts) for parts in zip(problem.train, problem.validation, strict=True))
    confirmed = result.confirm(top=2, seeds=4, test=(x, y))
    assert confirmed.configurations == tuple(result.ranking()[:2])
    assert sorted(set(confirmed.result.plan.members.seed.tolist())) == [3, 4, 5, 6]
    assert confirmed.metric == "test_accuracy"
    member = 5  # the second configuration's second seed
    logits = jax.vmap(confirmed.result.network(member).apply, (None, 0))(
        confirmed.result.params(member), jnp.asarray(x)
    )
    assert confirmed.test[1, 1] == pytest.approx(np.mean(np.argmax(np.asarray(logits), 1) == y), rel=1e-6)
    table = confirmed.table()
    assert table["mean"].tolist() == sorted(confirmed.test.mean(1).tolist(), reverse=True)
    assert "test_accuracy, fresh seeds (95 % intervals, for nothing was chosen by these)" in str(confirmed)
    assert np.asarray(table["high"]).max() <= 1


def test_a_sweep_over_folds_is_confirmed_on_all_its_data_by_the_loss(problem: Any) -> None:
    space = jn.Space(learning_rate=jn.Choice(0.1, 0.2), hidden=(3,), fold=jn.Folds(2))
    folded = jn.sweep(jn.plan(space, problem.train, method="grid", epochs=2))
    confirmed = folded.confirm(top=1, seeds=2, test=problem.validation)
    assert confirmed.metric == "test_loss"
    net = confirmed.result.network(0)
    expected = jn.objective(net)(confirmed.result.params(0), *problem.validation)
    assert confirmed.test[0, 0] == pytest.approx(float(expected), rel=1e-6)
    assert confirmed.result.plan.names == ("loss",)


def test_learning_rates_are_a_small_sweep(problem: Any) -> None:
    rates = jn.learning_rates(problem.train, low=1e-2, high=1e30, n=5, seeds=2, epochs=3, hidden=(3,), batch_size=16)
    assert rates.result.parameters()["learning_rate"].tolist() == pytest.approx([1e-2, 1e6, 1e14, 1e22, 1e30])
    diverged = (rates.result.history.diverged > 0).reshape(5, 2).any(1)
    assert diverged[4]
    stable = rates.result.parameters()["learning_rate"][int(np.argmax(diverged)) - 1]
    assert rates.stable == stable
    assert rates.best == 0.01
    assert "best learning rate 0.01" in str(rates)


def test_rates_say_which_others_are_as_good_and_whether_all_diverged() -> None:
    rates = Rates(None, 0.1, (0.01, 0.1), 1.0)
    assert str(rates) == "best learning rate 0.1 (not to be told from 0.01); no seed diverged up to 1"
    assert str(Rates(None, 0.1, (), float("nan"))) == "best learning rate 0.1; every rate diverged"
