"""Rows are dealt out at random, by class, by group or by time, and none of them twice."""

import numpy as np
import pytest

from jaxnet.data import balanced_weights, split_rows

N = 100
RNG = np.random.default_rng(0)
CLASSES = np.repeat(["a", "b", "c"], [60, 30, 10])
GROUPS = RNG.integers(0, 20, N)
TIMES = RNG.permutation(N)
WAYS = {
    "at random": {},
    "in order": {"seed": None},
    "by class": {"stratify": CLASSES},
    "by group": {"group": GROUPS},
    "by time": {"time": TIMES},
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(("shares", "sizes"), [((0.8,), (80, 20)), ((0.6, 20), (60, 20, 20)), ((0.8, 0.2), (80, 20))])
def test_every_row_is_in_one_part_and_the_same_seed_gives_the_same_parts(way, shares, sizes):
    parts = split_rows(N, *shares, **way)
    assert sorted(np.concatenate(parts).tolist()) == list(range(N))
    assert all(np.all(np.diff(part) > 0) for part in parts)
    # a group is never cut, so sizes are met to within the largest of them
    assert np.allclose([len(part) for part in parts], sizes, atol=np.bincount(GROUPS).max() if "group" in way else 0)
    again = split_rows(N, *shares, **way)
    assert all(np.array_equal(*pair) for pair in zip(parts, again, strict=True))


def test_another_seed_deals_other_rows():
    for way in ({}, {"stratify": CLASSES}, {"group": GROUPS}):
        assert not np.array_equal(split_rows(N, 0.8, **way)[0], split_rows(N, 0.8, seed=1, **way)[0])


def test_each_part_has_its_share_of_each_class():
    for part, share in zip(split_rows(N, 0.5, 0.3, stratify=CLASSES), (0.5, 0.3, 0.2), strict=True):
        assert [int(np.sum(CLASSES[part] == label)) for label in "abc"] == [60 * share, 30 * share, 10 * share]


def test_a_group_is_on_one_side():
    parts = split_rows(N, 0.7, 0.15, group=GROUPS)
    seen = [set(GROUPS[part].tolist()) for part in parts]
    assert sum(map(len, seen)) == len(set.union(*seen)) == len(np.unique(GROUPS))


def test_later_rows_come_into_later_parts_and_equal_times_into_one():
    first, second = split_rows(N, 0.8, time=TIMES)
    assert TIMES[first].max() < TIMES[second].min()
    dates = np.repeat(np.arange("2020-01-01", "2020-01-11", dtype="M8[D]"), 10)[::-1]
    first, second = split_rows(N, 0.75, time=dates)
    assert dates[first].max() < dates[second].min()


REFUSED = {
    "two ways": ((N, 0.8), {"stratify": CLASSES, "group": GROUPS}, "expected one of them, got stratify and group"),
    "another length": ((N, 0.8), {"group": GROUPS[:5]}, "group: expected one value for each of the 100 rows"),
    "a missing time": (
        (4, 0.5),
        {"time": [1, 2, np.nan, 3]},
        "time: expected a value in every row, got 1 missing ones",
    ),
    "no share": ((N,), {}, "shares: expected at least one share"),
    "more than all": ((N, 0.8, 0.4), {}, "shares: expected shares that sum to less than 1"),
    "an empty part": ((4, 0.01), {}, "leave no part empty, got parts of 0, 4"),
    "one group": ((4, 0.5), {"group": ["a"] * 4}, r"group: expected at least 2, one for each part, got 1 different"),
}


@pytest.mark.parametrize(("arguments", "way", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_dealt_so_is_refused(arguments, way, words):
    with pytest.raises(ValueError, match=words):
        split_rows(*arguments, **way)


def test_balanced_weights_are_those_of_scikit_learn():
    sklearn = pytest.importorskip("sklearn.utils.class_weight")
    np.testing.assert_allclose(
        balanced_weights(CLASSES), sklearn.compute_sample_weight("balanced", CLASSES), rtol=1e-15
    )


@pytest.mark.parametrize("rows", [12, 15, 18, 24, 33])
@pytest.mark.parametrize("labels", [3, 4, 6])
def test_many_labels_of_few_rows_leave_no_part_empty(rows, labels):
    parts = split_rows(rows, 0.64, 0.16, stratify=np.arange(rows) % labels)
    assert all(map(len, parts))
    assert sorted(np.concatenate(parts).tolist()) == list(range(rows))


@pytest.mark.parametrize("way", ["group", "time"])
def test_as_many_groups_as_parts_are_one_each(way):
    parts = split_rows(9, 0.64, 0.16, **{way: np.repeat([0, 1, 2], 3)})
    assert [len(part) for part in parts] == [3, 3, 3]


def test_weights_are_counted_by_other_labels_too():
    # three of a, one of b, none of c: 4 / (2 * 3), 4 / (2 * 1), and as if it occurred once
    weights = balanced_weights(["a", "b", "c"], by=["a", "a", "a", "b"])
    assert weights.tolist() == [4 / 6, 2.0, 2.0]


def test_weights_need_labels():
    with pytest.raises(ValueError, match=r"y: expected labels \(N,\)"):
        balanced_weights([0.5, 1.5])
