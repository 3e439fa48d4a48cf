"""Gradients of the first layers: how shrinking is measured and judged, and the book's norms where MNIST was fetched."""

import jax
import numpy as np
import pytest

import jaxnet as jn


def test_shrinkage_is_the_geometric_mean_from_a_layer_to_the_one_before(experiment):
    # from the last to the first of three layers: 1/16 and 1/4 over two steps, so 1/4 and 1/2 a step
    found = experiment.shrinkage(np.array([[1.0, 7.0, 16.0], [1.0, 7.0, 4.0]]))
    assert (found.smallest, found.largest) == (0.25, 0.5)


def test_every_published_norm_has_to_lie_in_the_range(experiment):
    around = np.array([[0.06, 0.3], [0.08, 0.32]])  # .07, .31 in the book
    assert [claim.holds for claim in experiment.as_published({2: around})] == [True]
    assert [claim.holds for claim in experiment.as_published({2: around + 0.02})] == [False]


def test_relu_has_to_shrink_less_than_sigmoids(experiment):
    by_factor = lambda factor: {2: np.array([[factor, 1.0], [1.01 * factor, 1.0], [0.99 * factor, 1.0]])}
    kinds = lambda relu: {"sigmoid, book's start": by_factor(0.2), "relu, book's start": by_factor(relu)}
    assert [claim.holds for claim in experiment.shrinking(kinds(0.7))] == [True, True]
    assert [claim.holds for claim in experiment.shrinking(kinds(0.2))] == [True, False]


def test_the_books_start_has_weights_of_variance_one_over_the_inputs(experiment):
    weights = experiment.book_weights(jax.random.key(0), (400, 500), np.float64)
    np.testing.assert_allclose(np.std(weights), 1 / 20, rtol=0.01)


def test_the_books_norms_lie_among_ours(experiment):
    try:
        jn.data.catalogue("mnist")
    except FileNotFoundError:
        pytest.skip("scripts/get_data mnist was not run")
    # fig/norms_during_training_3_layers.json of the book's repository, before training
    book = [0.011838212272121293, 0.05996519457449515, 0.28314239285488185]
    ours = experiment.norms("sigmoid, book's start", 3, seeds=10)
    assert ours.shape == (10, 3)
    assert np.all(ours.min(axis=0) < book)
    assert np.all(ours.max(axis=0) > book)
