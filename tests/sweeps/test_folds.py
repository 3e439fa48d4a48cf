"""Rows are dealt out to folds by lot, by class, by group, by time, or as one likes; and a fold trains on the others."""

from typing import Any

import numpy as np
import optax
import pytest
from sklearn.model_selection import GroupKFold, PredefinedSplit, TimeSeriesSplit

import jaxnet as jn
from jaxnet.sweeps.folds import assign_folds
from jaxnet.sweeps.groups import keys_of

DRAW = np.random.default_rng(0)
Y = DRAW.integers(0, 2, 30)
NAMES = np.array([*"aaaaaaaabbbbbbbcccccdddddeeeff"])[:30]


def both_sides(parts: Any) -> list[tuple[set[int], set[int]]]:
    return [(set(part.train.tolist()), set(part.held.tolist())) for part in parts]


def test_folds_share_each_class_evenly() -> None:
    y = np.array([0] * 10 + [1] * 20)
    folds = assign_folds(y, 5, root=0)
    for fold in range(5):
        assert np.bincount(y[folds == fold]).tolist() == [2, 4]
    assert not np.array_equal(folds, assign_folds(y, 5, root=1))


def test_plain_folds_hold_each_row_out_once() -> None:
    parts = both_sides(jn.Folds(4).deal(Y, root=0))
    assert sorted(row for _, held in parts for row in held) == list(range(30))
    assert all(train | held == set(range(30)) and not train & held for train, held in parts)


def test_rows_are_dealt_out_by_other_labels_or_by_none() -> None:
    kinds = np.array(["x"] * 10 + ["y"] * 20)
    for part in jn.Folds(5, stratify=kinds).deal(Y, root=0):
        assert np.unique(kinds[part.held], return_counts=True)[1].tolist() == [2, 4]
    sorted_y = np.sort(Y)
    uneven = [sorted_y[part.held].sum() for part in jn.Folds(5, stratify=False).deal(sorted_y, root=0)]
    assert len(set(uneven)) > 1


def test_a_group_is_never_on_both_sides_and_parts_are_as_equal_as_scikit_learns() -> None:
    parts = jn.Folds(3, group=NAMES).deal(Y, root=0)
    for part in parts:
        assert not set(NAMES[part.train]) & set(NAMES[part.held])
    theirs = [len(held) for _, held in GroupKFold(3).split(NAMES, groups=NAMES)]
    assert sorted(len(part.held) for part in parts) == sorted(theirs)
    assert sorted(np.concatenate([part.held for part in parts]).tolist()) == list(range(30))


def test_a_fold_in_time_trains_on_what_was_before_as_scikit_learns_does() -> None:
    times = DRAW.permutation(30)
    order = np.argsort(times)
    theirs = [(set(order[a].tolist()), set(order[b].tolist())) for a, b in TimeSeriesSplit(5).split(order)]
    assert both_sides(jn.Folds(5, time=times).deal(Y, root=0)) == theirs


def test_rows_of_one_time_stay_together_and_no_part_is_empty() -> None:
    days = np.array(["2024-01-01"] * 20 + ["2024-01-02", "2024-01-03", "2024-01-04"], "datetime64[D]")
    parts = jn.Folds(3, time=days).deal(np.zeros(23, int), root=0)
    assert [len(part.held) for part in parts] == [1, 1, 1]
    assert [len(part.train) for part in parts] == [20, 21, 22]


def test_folds_of_ones_own_are_numbers_or_pairs_of_rows() -> None:
    numbers = np.array([0, 1, -1] * 10)
    assert both_sides(jn.Folds(of=numbers).deal(Y, root=0)) == [
        (set(a.tolist()), set(b.tolist())) for a, b in PredefinedSplit(numbers).split()
    ]
    pairs = [(np.array([0, 0, 1, 2]), [3, 4]), ([5, 6], np.array([7]))]  # the first is resampled
    folds = jn.Folds(of=pairs)
    assert folds.count == jn.Folds(of=iter(pairs)).count == 2
    assert [part.train.tolist() for part in folds.deal(Y, root=0)] == [[0, 0, 1, 2], [5, 6]]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: jn.Folds(1), "Folds.count: expected an integer of at least 2"),
        (lambda: jn.Folds(), "Folds.count: expected an integer"),
        (lambda: jn.Folds(3, group=NAMES, time=np.arange(30)), "Folds: expected one of .*, got group and time"),
        (lambda: jn.Folds(3, of=[0, 1, 2]), "Folds.count: expected none beside of="),
        (lambda: jn.Folds(of=[0.5, 1.0]), "Folds.of: expected a fold from 0 on an example"),
        (lambda: jn.Folds(of=[0, 0, -1]), "Folds.of: expected an integer of at least 2"),
        (lambda: jn.Folds(of=np.array([0, 2] * 15)).deal(Y, 0), "an example of each fold, got none of fold 1"),
        (lambda: jn.Folds(of=[0, 1, 1]).deal(Y, 0), "Folds.of: expected one value for each of the 30 examples"),
        (lambda: jn.Folds(of=[([0, 1], [1]), ([2], [3])]).deal(Y, 0), "no row on both sides of a fold"),
        (lambda: jn.Folds(of=[([0, 1], [30]), ([2], [3])]).deal(Y, 0), "Folds.of: expected rows from 0 to 29, got 30"),
        (lambda: jn.Folds(3, group=NAMES[:5]).deal(Y, 0), "Folds.group: expected one value for each of the 30"),
        (lambda: jn.Folds(9, group=NAMES).deal(Y, 0), r"at least 9 groups, one a fold, got 6 different"),
        (lambda: jn.Folds(4, time=[1, 2] * 15).deal(Y, 0), "Folds.time: expected at least 5 times"),
        (lambda: jn.Folds(2, time=[np.nan] * 30).deal(Y, 0), "Folds.time: expected a value for each example"),
    ],
)
def test_what_deals_nothing_out_is_refused(make: Any, words: str) -> None:
    with pytest.raises((ValueError, TypeError), match=words):
        make()


def test_a_member_of_a_fold_in_time_is_a_fit_on_what_was_before(problem: Any) -> None:
    x, y = (part[:40] for part in problem.train)
    folds = jn.Folds(3, time=np.arange(40))
    plan = jn.plan(jn.Space(learning_rate=0.1, hidden=(3,), fold=folds), (x, y), epochs=3, batch_size=8)
    result = jn.sweep(plan)
    init_key, run_key = keys_of(0, 0)
    net = jn.MLP((4, 3, 2), output="softmax")
    run = jn.fit(
        jn.objective(net), net.init(init_key), (x[:20], y[:20]), optimizer=optax.sgd(0.1), epochs=3, batch_size=8,
        key=run_key, validation=(x[20:30], y[20:30]),
    )  # fmt: skip
    for name, values in run.history.items():
        np.testing.assert_allclose(result.curves(name)[1], values, rtol=2e-6)  # of float32's 6e-8, over 9 updates


def test_another_way_of_dealing_rows_out_is_another_sweep(problem: Any, tmp_path: Any) -> None:
    make = lambda **ways: jn.plan(jn.Space(learning_rate=0.1, fold=jn.Folds(2, **ways)), problem.train, epochs=1)
    jn.sweep(make(), out=tmp_path)
    with pytest.raises(ValueError, match=r"another sweep's folder.*\n  folds: 2 there, \[2, \"[0-9a-f]{64}\"\] now"):
        jn.sweep(make(group=np.arange(64) // 2), out=tmp_path)
