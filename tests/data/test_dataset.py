"""A data set cannot be changed, refuses what it cannot hold, and lets nothing of a test set into training."""

import dataclasses

import jax
import numpy as np
import optax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jaxnet as jn
from jaxnet.data import Dataset

X = np.array([[1.0, 10], [2, 10], [3, 10], [6, 10]])
Y = np.array([0, 1, 1, 0])


@pytest.fixture
def data() -> Dataset:
    return Dataset(X, Y, inputs=("a", "b"), classes=("no", "yes"), train_count=3, source="by hand")


def test_fit_takes_a_dataset_as_it_is(data):
    net = jn.MLP((2, 1), output="sigmoid")
    params = net.init(jax.random.key(0))
    options = {"optimizer": optax.sgd(0.1), "epochs": 2}
    given_whole = jn.fit(jn.objective(net), params, data, **options)
    given_in_parts = jn.fit(jn.objective(net), params, (X, Y), **options)
    np.testing.assert_array_equal(given_whole.history["loss"], given_in_parts.history["loss"])


def test_its_arrays_cannot_be_written_to(data):
    for array in (data.x, data.y):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'x'"):
        data.x = X
    X[0] = X[0]  # the caller's own array can still be


def test_it_says_what_it_is(data):
    assert repr(data) == "<Dataset by hand: x (4, 2) float64, y (4,) int64, 2 classes>"
    assert len(data) == 4


def test_the_sources_training_set_comes_first(data):
    np.testing.assert_array_equal(data.train.x[:, 0], [1, 2, 3])
    np.testing.assert_array_equal(data.test.x[:, 0], [6])
    assert data.test.classes == ("no", "yes")


def test_a_dataset_whose_source_has_no_test_set_says_so():
    with pytest.raises(ValueError, match=r"train_count: expected a dataset whose source has .* split\), got None"):
        _ = Dataset(X, Y).test


REFUSED = {
    "text": (([["a"]], [0]), {}, TypeError, "x: expected an array of real numbers, got dtype <U1"),
    "ragged": (([[1], [1, 2]], [0, 0]), {}, ValueError, "x: expected an array of numbers, got rows of different"),
    "nan": (([[1.0, np.nan]], [0]), {}, ValueError, r"x: expected finite numbers, got 1 .*\(nan\) at index \[0, 1\]"),
    "inf in y": (([[1.0]], [np.inf]), {}, ValueError, r"y: expected finite numbers, got 1 .*\(inf\) at index \[0\]"),
    "no examples": ((np.zeros((0, 2)), []), {}, ValueError, "x: expected at least one example"),
    "a number": ((1.0, [1]), {}, ValueError, "x: expected at least one example"),
    "too few targets": ((X, [0]), {}, ValueError, r"y: expected one target for each of the 4 examples"),
    "targets in 3 axes": ((X, np.zeros((4, 1, 1))), {}, ValueError, r"y: expected one target for each of the 4"),
    "too few names": ((X, Y), {"inputs": "a"}, ValueError, r"inputs: expected one name for each input of x \(4, 2\)"),
    "a label without a class": (
        (X, Y),
        {"classes": "a"},
        ValueError,
        r"y: expected labels from 0 to 0, got 1 at index 1",
    ),
    "a negative label": ((X, -Y), {"classes": "ab"}, ValueError, r"y: expected labels from 0 to 1, got -1 at index 1"),
    "classes of numbers": ((X, Y / 2), {"classes": "ab"}, TypeError, "y: expected integer labels of the 2 classes"),
    "classes of columns": (
        (X, np.eye(4)),
        {"classes": "ab"},
        ValueError,
        "classes: expected one name for each of the 4 columns",
    ),
    "all for training": ((X, Y), {"train_count": 4}, ValueError, r"train_count: expected an integer from 1 to 3"),
}


@pytest.mark.parametrize(("arguments", "options", "error", "words"), REFUSED.values(), ids=REFUSED)
def test_what_it_cannot_hold_is_refused(arguments, options, error, words):
    with pytest.raises(error, match=words):
        Dataset(*arguments, **options)


@pytest.mark.parametrize("rows", [[3, 0], np.array([True, False, False, True])[::-1].copy()])
def test_rows_are_taken_by_index_or_mask(data, rows):
    taken = data.take(rows)
    np.testing.assert_array_equal(taken.x, X[rows])
    np.testing.assert_array_equal(taken.y, Y[rows])


@pytest.mark.parametrize("rows", [[4], [-1], [0.0], [[0]], [True]], ids=str)
def test_rows_that_are_not_there_are_refused(data, rows):
    with pytest.raises(ValueError, match="rows: expected indices from 0 to 3, or 4 booleans"):
        data.take(rows)


@given(count=st.integers(5, 60), share=st.floats(0.25, 0.75), seed=st.integers(0, 5), stratify=st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_split_deals_every_example_out_once(count, share, seed, stratify):
    whole = Dataset(np.arange(count)[:, None], np.arange(count) % 2)
    parts = whole.split(share, seed=seed, stratify=stratify)
    together = np.concatenate([part.x[:, 0] for part in parts])
    np.testing.assert_array_equal(np.sort(together), np.arange(count))
    assert abs(len(parts[0]) - share * count) <= (1 if stratify else 0.5)  # half an example in each label's rounding
    for part in parts:
        np.testing.assert_array_equal(part.y, part.x[:, 0] % 2)
        assert all(np.diff(part.x[:, 0]) > 0), "each part keeps its order"


def test_a_split_without_a_seed_keeps_the_order_and_counts_are_counts(data):
    first, second, rest = data.split(1, 2, seed=None)
    assert [part.x[:, 0].tolist() for part in (first, second, rest)] == [[1], [2, 3], [6]]


def test_the_same_seed_splits_alike_and_another_otherwise():
    whole = Dataset(np.arange(100)[:, None], np.zeros(100))
    splits = [whole.split(0.5, seed=seed)[0].x.ravel().tolist() for seed in (1, 1, 2)]
    assert splits[0] == splits[1] != splits[2]


def test_a_stratified_split_has_each_labels_share():
    y = np.repeat([0, 1], [80, 20])
    train, test = Dataset(np.zeros((100, 1)), y).split(0.75, stratify=True)
    assert np.bincount(train.y).tolist() == [60, 15]
    assert np.bincount(test.y).tolist() == [20, 5]


SPLITS = {
    "nothing": ((), {}, ValueError, "shares: expected at least one share"),
    "all": ((1.0,), {}, ValueError, "shares: expected a finite number above 0 and below 1"),
    "more than all": ((0.6, 0.6), {}, ValueError, "shares: expected shares that sum to less than 1"),
    "too little": ((0.01,), {}, ValueError, "leave no part empty, got parts of 0, 4"),
    "four of four": ((4,), {}, ValueError, "shares: expected an integer from 1 to 3"),
    "strata of numbers": ((0.5,), {"stratify": True}, ValueError, "stratify: expected integer labels"),
}


@pytest.mark.parametrize(("shares", "options", "error", "words"), SPLITS.values(), ids=SPLITS)
def test_a_split_that_leaves_nothing_is_refused(shares, options, error, words):
    with pytest.raises(error, match=words):
        Dataset(X, Y / 2).split(*shares, **options)


def test_standardised_inputs_have_mean_0_and_deviation_1_and_a_constant_is_centred(data):
    # the mean of 1, 2, 3, 6 is 3, the mean of their squared deviations 4, 1, 0, 9 is 3.5
    found = data.standardised()
    np.testing.assert_allclose(found.x[:, 0], np.array([-2, -1, 0, 3]) / 3.5**0.5, rtol=1e-15)
    np.testing.assert_array_equal(found.x[:, 1], 0)


def test_a_test_set_is_standardised_by_the_training_set(data):
    # of 1, 2, 3: mean 2, deviation sqrt(2/3)
    found = data.test.standardised(by=data.train)
    np.testing.assert_allclose(found.x, [[4 / (2 / 3) ** 0.5, 0]], rtol=1e-15)


def test_a_constant_that_is_no_binary_fraction_is_centred_too():
    assert np.abs(Dataset(np.full((1000, 1), 0.1), np.zeros(1000)).standardised().x).max() < 1e-15


def test_float32_stays_float32():
    assert Dataset(X.astype(np.float32), Y).standardised().x.dtype == np.float32
    assert Dataset(X.astype(np.uint8), Y).standardised().x.dtype == np.float64


@pytest.mark.parametrize(
    ("by", "error", "words"),
    [
        (X, TypeError, "by: expected a Dataset"),
        (Dataset(X[:, :1], Y), ValueError, r"by: expected a dataset of inputs \(2,\)"),
    ],
    ids=["array", "other inputs"],
)
def test_only_a_dataset_of_the_same_inputs_standardises(data, by, error, words):
    with pytest.raises(error, match=words):
        data.standardised(by=by)


def test_one_hot_rows_have_a_1_for_the_label(data):
    assert data.one_hot().y.tolist() == [[1, 0], [0, 1], [0, 1], [1, 0]]
    three = dataclasses.replace(data, classes=("no", "yes", "never"))
    assert three.one_hot().y.shape == (4, 3)
    assert three.one_hot().classes == three.classes


def test_numbers_have_no_one_hot_rows():
    with pytest.raises(ValueError, match=r"y: expected integer labels \(N,\) from 0"):
        Dataset(X, Y / 2).one_hot()
