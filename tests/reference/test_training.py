"""The mini-batch loop, on problems small enough to follow by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from jaxnet import reference, stairs
from jaxnet.reference.training import batches

NET = SimpleNamespace(sizes=(1, 1), activations=(), output="identity")
PARAMS = [{"w": np.zeros((1, 1)), "b": np.zeros(1)}]
X, Y = np.zeros((3, 1)), np.array([1.0, 2.0, 4.0])  # without inputs only the bias moves: b <- b - rate (b - mean y)


def train(**options):
    return reference.train(NET, PARAMS, X, Y, optimizer=reference.sgd(0.5), **{"epochs": 1, **options})


def test_batches_of_one_of_three_examples_update_three_times():
    trained = train(batch_size=1)
    # b: 0 -> 1/2 -> 1/2 + 3/4 = 5/4 -> 5/4 + 11/8 = 21/8, and losses (1² + 1.5² + 2.75²)/2 before each
    np.testing.assert_allclose(trained.params[0]["b"], [21 / 8])
    np.testing.assert_allclose(trained.loss, [(1 + 1.5**2 + 2.75**2) / 2 / 3])


def test_a_short_last_batch_is_the_mean_of_its_own_rows_and_counts_them_in_the_loss():
    trained = train(batch_size=2)
    # b: 0 -> 3/4 (the mean of 1 and 2 is 3/2) -> 3/4 + 13/8
    np.testing.assert_allclose(trained.params[0]["b"], [3 / 4 + 13 / 8])
    np.testing.assert_allclose(trained.loss, [(1 / 2 + 4 / 2 + 3.25**2 / 2) / 3])


def test_the_full_batch_is_one_step_an_epoch():
    trained = train(epochs=2)
    np.testing.assert_allclose(trained.params[0]["b"], [(7 / 3) * (1 / 2 + 1 / 4)])
    assert trained.loss.shape == (2,)


def test_an_optimizer_remembers_from_epoch_to_epoch():
    # momentum 1/2: v = -7/3 and b = 7/6; then v = (7/6 - 7/3) - 7/6 = -7/3 and b = 7/3
    options = {"optimizer": reference.sgd(0.5, momentum=0.5), "epochs": 2}
    np.testing.assert_allclose(reference.train(NET, PARAMS, X, Y, **options).params[0]["b"], [7 / 3])


def test_steps_are_counted_from_epoch_to_epoch():
    # Adam's first two steps are the learning rate, nearly, only if the second is corrected as a second step
    options = {"optimizer": reference.adam(0.01), "epochs": 2}
    np.testing.assert_allclose(reference.train(NET, PARAMS, X, Y, **options).params[0]["b"], [0.02], rtol=1e-3)


def test_a_given_order_is_followed():
    np.testing.assert_allclose(train(batch_size=1, orders=[[2, 1, 0]]).params[0]["b"], [((4 / 2) + 2) / 4 + 1 / 2])


def test_a_row_of_weight_zero_counts_for_nothing():
    weighted = train(weight=[2.0, 0.0, 1.0])
    np.testing.assert_allclose(weighted.params[0]["b"], [(2 * 1 + 4) / 3 / 2])
    np.testing.assert_allclose(weighted.loss, [(2 * 1 + 16) / 2 / 3])


def test_a_batch_in_which_every_weight_is_zero_changes_nothing():
    trained = train(weight=[0.0, 0.0, 1.0], batch_size=2)
    np.testing.assert_allclose(trained.params[0]["b"], [2.0])


def test_training_leaves_the_given_parameters_alone():
    train()
    np.testing.assert_array_equal(PARAMS[0]["b"], [0.0])


def test_an_order_is_cut_into_batches_of_which_the_last_is_short():
    assert [list(rows) for rows in batches([4, 3, 2, 1, 0], 2)] == [[4, 3], [2, 1], [0]]


def test_the_losses_of_the_article_s_worked_example_before_each_step():
    net, params = stairs.worked_example()
    images, _ = stairs.load()
    descent = reference.sgd(0.1)
    trained = reference.train(net, params, images.x, images.targets, optimizer=descent, epochs=25)
    # "Neural Networks - A Worked Example" (B. Gorman, 2017); later epochs are chaotic
    published = {
        1: 0.693498469939,
        2: 0.692801630874,
        3: 0.692104532634,
        4: 0.690224622868,
        5: 0.686646196596,
        10: 0.675599531732,
        15: 0.684626105946,
        20: 0.655154691789,
        25: 0.651936660237,
    }
    losses = trained.loss[[step - 1 for step in published]]
    np.testing.assert_allclose(losses, list(published.values()), rtol=0, atol=1e-9)


def test_the_first_step_of_the_article_s_worked_example():
    net, params = stairs.worked_example()
    images, _ = stairs.load()
    (first, second), _ = reference.train(net, params, images.x, images.targets, optimizer=reference.sgd(0.1), epochs=1)
    np.testing.assert_allclose(first["b"], [-0.0046954339, 0.0079722719], atol=5e-9)
    np.testing.assert_allclose(first["w"][2], [0.0019971490, 0.0048971848], atol=5e-9)
    np.testing.assert_allclose(second["b"], [-0.0049316180, -0.0032668161], atol=5e-9)
    expected = [[-0.0049046282, 0.0038325916], [0.0000371524, 0.0036572893]]
    np.testing.assert_allclose(second["w"], expected, atol=5e-9)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"epochs": 0}, "epochs: expected at least 1, got 0"),
        ({"batch_size": 0}, r"batch_size: expected from 1 to 3 \(the number of examples\), got 0"),
        ({"batch_size": 4}, r"batch_size: .* got 4"),
        ({"orders": [[0, 1, 2]] * 2}, r"orders: expected 1 permutations of 0\.\.2, got 2 orders"),
        ({"orders": [[0, 1, 1]]}, r"orders: expected 1 permutations of 0\.\.2"),
    ],
)
def test_a_schedule_that_does_not_fit_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        train(**options)
