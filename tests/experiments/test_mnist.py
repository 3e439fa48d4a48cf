"""Plain networks on MNIST: how an error is judged, and Keras's recipe."""

import jax.numpy as jnp
import numpy as np
import pytest

CASES = {
    "less than published": ("linear", [7.4, 7.5], True),
    "more, within .2": ("linear", [12.1, 12.2], True),
    "more": ("linear", [12.3, 12.4], False),
    "Keras's, as published": ("512-512, Keras's", [1.6, 1.7], True),
    "Keras's, too good to be the same": ("512-512, Keras's", [1.2, 1.3], False),
}


@pytest.mark.parametrize(("name", "errors", "holds"), CASES.values(), ids=CASES)
def test_an_error_is_at_most_the_published_one_and_a_fifth(experiment, name, errors, holds):
    assert experiment.claim(name, experiment.ROWS[name], errors, seconds=1.0).holds is holds


def test_keras_adds_epsilon_outside_the_root(experiment):
    gradient = {"w": jnp.array([1.0, 1e-6])}
    rmsprop = experiment.optimizer(experiment.ROWS["512-512, Keras's"], images=60_000)
    step, _ = rmsprop.update(gradient, rmsprop.init(gradient))
    root = np.sqrt(0.1) * np.array([1.0, 1e-6])  # of the running mean of squares, after one step
    np.testing.assert_allclose(step["w"], -1e-3 * np.array([1.0, 1e-6]) / (root + 1e-7), rtol=1e-6)


def test_the_step_has_fallen_to_nothing_after_the_last_epoch(experiment):
    row = experiment.ROWS["linear"]._replace(epochs=2)
    adam, gradient = experiment.optimizer(row, images=300), {"w": jnp.ones(1)}  # 3 batches an epoch
    state, steps = adam.init(gradient), []
    for _ in range(7):
        step, state = adam.update(gradient, state)
        steps.append(float(step["w"][0]))
    np.testing.assert_allclose(steps[0], -1e-3, rtol=1e-5)
    np.testing.assert_allclose(steps[3], -0.5e-3, rtol=1e-5)  # half of the cosine
    assert steps[6] == 0
