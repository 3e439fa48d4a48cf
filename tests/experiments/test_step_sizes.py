"""Steps too small, right and too big; momentum; overfitting."""

import numpy as np
import pytest

import jaxnet as jn


@pytest.fixture(scope="module")
def found(run_experiment):
    return run_experiment("step_sizes")[0]


def test_no_claim_fails(found):
    assert [each["what"] for each in found["claims"] if each["holds"] is False] == []


def test_the_critical_step_of_linear_regression_is_two_over_the_largest_curvature(found):
    # half the mean squared error of [x, 1] w has the Hessian [x, 1]' [x, 1] / N
    train, _ = jn.stairs.load()
    x = np.column_stack([train.x / 255, np.ones(len(train.x))])
    largest = np.linalg.eigvalsh(x.T @ x / len(x))[-1]
    steps = found["results"]["critical steps"]
    # 20 bisections of the logarithm of .01 to 1000 leave 1e-5; momentum's transient some 1e-4
    assert steps["linear regression, momentum 0"] == pytest.approx(2 / largest, rel=2e-5)
    assert steps["linear regression, momentum 0.9"] == pytest.approx(2 * 1.9 / largest, rel=2e-4)


def test_the_best_step_is_neither_the_smallest_nor_the_biggest(found):
    means = [np.mean(losses) for losses in found["results"]["loss by step"].values()]
    best = int(np.argmin(means))
    assert list(found["results"]["loss by step"])[best] == "1.0"
    assert all(np.diff(means[: best + 1]) < 0)
    assert all(np.diff(means[best:]) > 0)


def test_momentum_ends_lower_from_every_start(found):
    without, with_it = found["results"]["loss by momentum"].values()
    assert all(np.array(with_it) < without)


def test_more_nodes_learn_wrong_labels_by_heart(found):
    few, many = (np.mean(losses, axis=0) for losses in found["results"]["loss by width"]["20"].values())
    assert many[0] < few[0]  # on the training images
    assert many[1] > few[1]  # on the test images
