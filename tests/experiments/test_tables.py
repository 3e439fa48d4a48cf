"""The comparison on real tables: how rows are dealt, errors measured and put together, and fits kept."""

import importlib

import numpy as np
import pytest


@pytest.fixture(scope="module")
def fits(experiment):
    return importlib.import_module("real_tables.fits")


@pytest.fixture(scope="module")
def comparing(experiment):
    return importlib.import_module("real_tables.comparing")


@pytest.fixture(scope="module")
def listed(experiment):
    return importlib.import_module("real_tables.listed")


def test_each_row_is_predicted_once_from_the_other_half_with_classes_dealt_evenly(fits, listed):
    iris = listed.toys()[0]
    (train, test), (second, _) = fits.halves(iris, 3)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(len(iris.y)))
    np.testing.assert_array_equal(second, test)
    assert np.ptp(np.bincount(iris.y[train]) - np.bincount(iris.y[test])) <= 2


def test_an_error_is_a_share_of_rows_or_of_the_targets_deviation(fits, listed):
    iris, sugar = listed.toys()
    wrong = iris.y[:10].copy()
    wrong[:3] = (wrong[:3] + 1) % 3
    assert fits.error(iris, np.arange(10), wrong) == 0.3
    every = np.arange(len(sugar.y))
    assert fits.error(sugar, every, np.full(len(every), sugar.y.mean())) == pytest.approx(1)


def test_what_is_kept_is_read_again_without_a_line_that_was_cut_short(fits, tmp_path):
    path, fit = tmp_path / "kept.jsonl", fits.Fit("iris", "linear", 0, 1)
    assert fits.kept(path) == {}
    fits.keep(path, fits.Result(fit, 0.25, 1.5))
    with path.open("a") as file:
        file.write('{"fit": ["iris", "lin')
    assert fits.kept(path) == {fit: fits.Result(fit, 0.25, 1.5)}


def test_models_are_compared_by_shifted_geometric_means(comparing):
    assert comparing.shifted_mean([0.03, 0.24]) == pytest.approx(0.1)  # sqrt(.04 * .25)
    mean, low, high = comparing.ratio([(0.03, 0.07), (0.24, 0.49)])
    assert (mean, low, high) == pytest.approx((0.5, 0.5, 0.5))
    assert comparing.ratio([(0.0, 0.01), (0.1, 0.01)])[1] == pytest.approx(0.5)  # of two tables, the one twice


def test_a_model_counts_on_a_table_only_with_all_its_fits(experiment, fits, comparing):
    asked = fits.fits(["iris"], {experiment.PLAIN: None, experiment.BAGS: None}, repeats=2)
    assert [(fit.model, fit.repeat, fit.half) for fit in asked[-2:]] == [
        (experiment.BAGS, 0, 0),
        (experiment.BAGS, 0, 1),
    ]
    assert len(asked) == 6
    results = [fits.Result(fit, at / 10, 1.0) for at, fit in enumerate(asked)]
    (found,) = comparing.gathered(results[:-1], asked, {"iris": True})
    assert found.errors == {experiment.PLAIN: pytest.approx(0.15)}


def test_a_claim_is_judged_by_its_goal_where_there_are_enough_tables(experiment, comparing):
    def claims(of_theirs, count):
        errors = {experiment.OURS: 0.09, experiment.PLAIN: of_theirs - 0.01, experiment.BOOSTED: 0.08}
        tables = [comparing.Judged(str(at), True, errors, {}, {}) for at in range(count)]
        return experiment.beside(tables, experiment.PLAIN) + experiment.half_of(tables)

    plain, boosted = claims(0.2, 10)
    assert (plain.measured, plain.holds) == ("0.500 (0.500 to 0.500); better on 10 of 10 tables", True)
    assert (boosted.measured, boosted.holds) == ("0 of 10", False)
    assert claims(0.11, 10)[0].holds is False
    assert claims(0.2, 3)[0].holds is None


def test_categories_and_gaps_reach_the_others_as_they_take_them(experiment):
    rivals, pd = importlib.import_module("real_tables.rivals"), pytest.importorskip("pandas")
    frame = pd.DataFrame({"size": [1.0, np.nan, 3.0, 4.0], "kind": ["a", "b", None, "a"]})
    found = rivals.standardised(rivals.LogisticRegression(), True).fit(frame, [0, 1, 1, 0]).predict(frame)
    assert set(found) <= {0, 1}
    other = rivals.RealMLP.__new__(rivals.RealMLP)
    other.means = frame.mean(numeric_only=True)
    filled = other._filled(frame)
    assert filled["size"].tolist() == pytest.approx([1, 8 / 3, 3, 4])
    assert filled["kind"].tolist() == ["a", "b", "NA", "a"]


def test_every_table_that_is_listed_is_fetched(experiment, listed, monkeypatch, tmp_path):
    script = (experiment.KEPT.parents[1] / "scripts" / "debian_tables.py").read_text()
    assert all(f'"{table.name}":' in script.lower() for table in listed.TABLES)
    monkeypatch.setenv("JAXNET_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="fetch it by: scripts/get_data tables"):
        listed.read(listed.TABLES[0])


def test_the_picture_has_a_line_a_table_and_each_models_share_of_the_rivals_error(experiment, comparing):
    drawing = importlib.import_module("real_tables.drawing")
    iris = comparing.Judged("iris", True, {"ours": 0.03, "rival": 0.07}, {}, {})
    sugar = comparing.Judged("sugar", False, {"ours": 0.49, "rival": 0.24}, {}, {})
    axes = drawing.draw_errors([iris, sugar], ["ours"], "rival").axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["sugar (numbers)", "iris"]
    np.testing.assert_allclose(axes.lines[0].get_xdata(), [2.0, 0.5])  # (.49 + .01) / (.24 + .01) and .04 / .08
