"""Rows are dealt out so that every class can be learned, and groups are never on both sides."""

import numpy as np
import pytest

from jaxnet.data import DataError, read_table
from jaxnet.tabular.holding_out import hold_out


def labelled(counts, **more):
    """A table of so many rows of each class."""
    kinds = np.repeat([f"class {at}" for at in range(len(counts))], counts)
    return read_table({"x": np.arange(len(kinds)) * 1.5, "kind": kinds, **more})


def test_every_row_is_in_one_part_and_each_class_in_its_share():
    _, held = hold_out(labelled([80, 20]), "kind", {})
    assert sorted(np.concatenate(held).tolist()) == list(range(100))
    assert [[int(np.sum(part < 80)), int(np.sum(part >= 80))] for part in held] == [[51, 13], [13, 3], [16, 4]]


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_rare_class_is_among_those_that_train(count):
    _, held = hold_out(labelled([40, count]), "kind", {}, seed=3)
    assert (held.train >= 40).any()


@pytest.mark.parametrize("counts", [[4, 4, 4], [2, 2, 2, 2, 2, 2], [5, 5], [3] * 7])
def test_classes_of_few_rows_leave_no_part_empty(counts):
    _, held = hold_out(labelled(counts), "kind", {})
    assert all(map(len, held))


def test_a_group_is_on_one_side_and_no_input():
    table = labelled([30, 30], patient=[f"p{at // 5 % 12}" for at in range(60)])
    prep, held = hold_out(table, "kind", {}, group="patient")
    patients = table.column("patient").values
    assert sum(len(set(patients[part])) for part in held) == 12
    assert prep.feature_names == ("x",)
    assert "left out; roles={'patient': 'input'} keeps it" in str(prep)
    kept, _ = hold_out(table, "kind", {"roles": {"patient": "input"}}, group="patient")
    assert len(kept.feature_names) > 1


def test_the_latest_rows_judge():
    days = np.random.default_rng(0).permutation(60)
    table = labelled([30, 30], day=(np.datetime64("2020-01-01") + days).astype("M8[us]"))
    _, (train, validation, test) = hold_out(table, "kind", {}, time="day")
    assert days[train].max() < days[validation].min() <= days[validation].max() < days[test].min()


def test_another_seed_holds_out_other_rows():
    parts = [hold_out(labelled([25, 25]), "kind", {}, seed=seed)[1].test.tolist() for seed in (0, 0, 1)]
    assert parts[0] == parts[1] != parts[2]


def test_too_few_rows_are_refused():
    table = {"x": [*range(9)], "kind": ["a", "b", "a"] * 3}
    with pytest.raises(DataError, match="table: expected at least 10, got 9 rows with a target"):
        hold_out(read_table(table), "kind", {})
