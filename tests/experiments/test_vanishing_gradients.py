"""Gradients of the first layers, on MNIST where it was fetched."""

import numpy as np
import pytest

import jaxnet as jn


@pytest.fixture(scope="module")
def found(run_experiment):
    try:
        jn.data.catalogue("mnist")
    except FileNotFoundError:
        pytest.skip("scripts/get_data mnist was not run")
    return run_experiment("vanishing_gradients")[0]


def test_no_claim_fails(found):
    assert [each["what"] for each in found["claims"] if not each["holds"]] == []


def test_the_books_norms_lie_among_ours(found):
    # fig/norms_during_training_3_layers.json of the book's repository, before training
    book = [0.011838212272121293, 0.05996519457449515, 0.28314239285488185]
    ours = np.array(found["results"]["sigmoid, book's start"]["3"])
    assert ours.shape == (10, 3)
    assert np.all(ours.min(axis=0) < book)
    assert np.all(ours.max(axis=0) > book)


def test_sigmoids_lose_more_than_half_in_every_layer_from_every_start(found):
    ours = np.array(found["results"]["sigmoid, book's start"]["3"])
    assert np.all(ours[:, :-1] < ours[:, 1:] / 2)
