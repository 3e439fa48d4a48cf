"""Scores inside a compiled run are those of sklearn.metrics."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, r2_score

from jaxnet import metrics
from jaxnet.estimators import scores
from jaxnet.network import MLP

RANDOM = np.random.RandomState(0)
PROBABILITY, WEIGHT = RANDOM.uniform(size=(9, 3)), RANDOM.uniform(0.5, 2, 9)
ONE_HOT, LABELS = np.eye(3)[RANDOM.randint(0, 3, 9)], RANDOM.randint(0, 2, (9, 3)).astype(float)
LABELS[:3] = PROBABILITY[:3] > 0.5


def test_accuracy_is_the_share_of_most_likely_classes():
    expected = accuracy_score(ONE_HOT.argmax(1), PROBABILITY.argmax(1), sample_weight=WEIGHT)
    np.testing.assert_allclose(metrics.accuracy(PROBABILITY, ONE_HOT, WEIGHT), expected, rtol=1e-14)


@pytest.mark.parametrize("labels", [3, 1])
def test_with_several_labels_all_have_to_be_right(labels):
    expected = accuracy_score(LABELS[:, :labels], PROBABILITY[:, :labels] > 0.5, sample_weight=WEIGHT)
    given = scores.subset_accuracy(PROBABILITY[:, :labels], LABELS[:, :labels], WEIGHT)
    np.testing.assert_allclose(given, expected, rtol=1e-14)


CONSTANT = np.tile([[2.0, 0.5, 0.0]], (9, 1))


@pytest.mark.parametrize(
    ("targets", "predictions"),
    [(LABELS, PROBABILITY), (CONSTANT, PROBABILITY), (CONSTANT, CONSTANT)],
    ids=["varied", "constant and missed", "constant and met"],
)
def test_r2_is_averaged_over_outputs(targets, predictions):
    expected = r2_score(targets, predictions, sample_weight=WEIGHT)
    np.testing.assert_allclose(scores.finite_r2(predictions, targets, WEIGHT), expected, rtol=1e-13)


def test_the_score_of_a_network_is_that_of_its_predictions_and_nan_where_they_are_not_finite():
    score = scores.ValidationScore(MLP((3, 3), output="exp"), scores.finite_r2)
    params = [{"w": np.eye(3), "b": np.zeros(3)}]
    given = score(params, PROBABILITY, LABELS, weight=WEIGHT)
    np.testing.assert_allclose(given, r2_score(LABELS, np.exp(PROBABILITY), sample_weight=WEIGHT), rtol=1e-13)
    assert np.isnan(score(params, PROBABILITY * 1e6, LABELS, weight=WEIGHT))
