"""Rows are dealt out so that every class can be learned, and groups are never on both sides."""

import numpy as np
import pytest

from jaxnet.tabular.holding_out import hold_out


def test_every_row_is_in_one_part_and_each_class_in_its_share():
    rows, labels = np.arange(100, 200), np.repeat([0, 1], [80, 20])
    held = hold_out(rows, 0, labels=labels, group=None)
    assert sorted(np.concatenate(held).tolist()) == rows.tolist()
    assert [np.bincount(labels[part - 100]).tolist() for part in held] == [[51, 13], [13, 3], [16, 4]]


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_rare_class_is_among_those_that_train(count):
    labels = np.repeat([0, 1], [40, count])
    held = hold_out(np.arange(40 + count), 3, labels=labels, group=None)
    assert 1 in labels[held.train]


def test_a_group_is_on_one_side():
    group = np.arange(60) // 5
    held = hold_out(np.arange(60), 0, labels=None, group=group)
    assert sum(len(np.unique(group[part])) for part in held) == 12


def test_another_seed_holds_out_other_rows():
    parts = [hold_out(np.arange(50), seed, labels=None, group=None).test.tolist() for seed in (0, 0, 1)]
    assert parts[0] == parts[1] != parts[2]


def test_too_few_rows_are_refused():
    with pytest.raises(ValueError, match=r"table: expected at least 10 rows with a target, got 9 row\(s\)"):
        hold_out(np.arange(9), 0, labels=None, group=None)
