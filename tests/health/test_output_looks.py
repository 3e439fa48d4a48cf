"""A loss that teaches something else than the output says, and losses of one's own that do not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.health.output_looks import output_fault
from jaxnet.health.subject import subject_of

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3)).astype(np.float32)
labels = (X[:, 0] > 0).astype(int)
one_hot = np.eye(2, dtype=np.float32)[labels]
KEY = jax.random.key(0)


def fault(net, y, loss=None):
    return output_fault(subject_of(jn.objective(net, loss), net.init(KEY), (X, y), None))


@pytest.mark.parametrize(
    ("output", "y", "reach"),
    [("sigmoid", 3 * X[:, 0], "0 to 1"), ("exp", X[:, 0], "above 0"), ("softmax", 5 * one_hot, "0 to 1")],
)
def test_targets_out_of_reach(output, y, reach):
    net = jn.MLP((3, 4, 2 if output == "softmax" else 1), output=output)
    assert f"a {output} output can give {reach} only" in fault(net, y, "squared_error")


@pytest.mark.parametrize("y", [labels.astype(np.float32), 0.3 + 0.2 * labels])
def test_targets_within_reach(y):
    assert fault(jn.MLP((3, 4, 1), output="sigmoid"), y, "squared_error") is None


class Twice:
    """A network of one's own that ends with the softmax that the loss takes, too."""

    output = "softmax"
    inner = jn.MLP((3, 4, 2))

    def init(self, key):
        return self.inner.init(key)

    def apply(self, params, x):
        return jax.nn.softmax(self.inner.apply(params, x))


class Once(Twice):
    def apply(self, params, x):
        return self.inner.apply(params, x)


def test_probabilities_taken_for_logits():
    assert "what apply returns are probabilities already" in fault(Twice(), labels)
    assert fault(Once(), labels) is None


def on_logits(z, t):
    return jnp.sum(jnp.square(z - jax.nn.one_hot(t, 2, dtype=z.dtype)))


def binary(z, t):
    return jnp.sum(jax.nn.softplus(z) - z * jax.nn.one_hot(t, 2, dtype=z.dtype))


def focal(z, t):
    return -jnp.square(1 - jax.nn.softmax(z)[t]) * jax.nn.log_softmax(z)[t]


@pytest.mark.parametrize(("loss", "name"), [(on_logits, "identity"), (binary, "sigmoid")])
def test_a_loss_of_another_output_is_told_by_its_best_answer(loss, name):
    words = fault(jn.MLP((3, 4, 2), output="softmax"), labels, loss)
    assert words == f"the loss trains the logits for a {name} output, and predict takes their softmax"


@pytest.mark.parametrize("loss", [lambda z, t: -jax.nn.log_softmax(z)[t], focal])
def test_a_loss_of_ones_own_that_fits_is_left_alone(loss):
    assert fault(jn.MLP((3, 4, 2), output="softmax"), labels, loss) is None
