"""A penalty is what is added to the loss of the data, made of parameters alone; no other value is."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet.gradients.diagnosis.recorded_pass import RecordedPass

W, X = np.arange(1.0, 7.0).reshape(3, 2), np.linspace(-1, 2, 12).reshape(4, 3)

LOSSES = {
    "added": (lambda W, X: jnp.sum(X @ W) + 0.1 * jnp.sum(W**2), True),
    "subtracted": (lambda W, X: -(-jnp.sum(X @ W) - 0.1 * jnp.sum(W * W)), True),
    "divided with the rest": (lambda W, X: (jnp.sum((X @ W) ** 2) + jnp.sum(jnp.abs(W))) / 8, True),
    "a factor of its own": (lambda W, X: jnp.sum(X @ W) + X[0, 0] * jnp.sum(W**2), True),
    "the mean that is subtracted": (lambda W, X: jnp.sum(X[:3, :2] * (W - W.mean(0))), False),
    "a norm that divides": (lambda W, X: jnp.sum(X @ W) / jnp.sqrt(jnp.sum(W**2)), False),
    "within a root": (lambda W, X: jnp.sqrt(jnp.sum(X @ W) ** 2 + jnp.sum(W**2)), False),
    "no data at all": (lambda W, X: jnp.sum(W**2) + jnp.sum(W**4), False),
}


@pytest.mark.parametrize(("loss", "has"), LOSSES.values(), ids=LOSSES)
def test_a_penalty_only_adds_to_the_loss_of_the_data(loss, has):
    recorded = RecordedPass(loss, (W, X))
    found = recorded.penalties
    assert bool(found) == has
    assert not found & recorded.of_data
