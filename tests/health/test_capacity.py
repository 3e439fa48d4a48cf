"""What keeps a network from holding what there is to learn: a decay inside of the optimizer, no hidden layer."""

import jax
import numpy as np
import optax
import pytest

import jaxnet as jn
from jaxnet.health.experiment_rows import rows_of
from jaxnet.health.recipe_variations import undecayed
from jaxnet.health.subject import subject_of

rng = np.random.default_rng(0)
X = rng.normal(size=(120, 2)).astype(np.float32)
y = (X[:, 0] > 0).astype(int)
f = jn.objective(jn.MLP((2, 4, 2), activation="tanh", output="softmax"))


def train(optimizer, objective=f, data=(X, y)):
    params = objective.network.init(jax.random.key(0))
    return jn.fit(objective, params, data, optimizer=optimizer, epochs=20, batch_size=30, key=jax.random.key(1))


def test_a_weight_decay_of_the_optimizer_that_keeps_it_from_learning_is_named():
    finding = jn.diagnose(f, train(optax.adamw(0.05, weight_decay=20.0)), (X, y)).findings[0]
    assert finding.kind in ("underfitting", "no_better_than_constant")
    assert finding.sentence == "the optimizer's weight decay keeps the network from learning"
    assert finding.remedy == "a smaller weight_decay="
    assert finding.tried[0].startswith("without weight decay: after 20 epochs it explains")


@pytest.mark.parametrize(
    "optimizer",
    [optax.sgd(0.1, momentum=0.9), optax.adam(0.1), optax.chain(optax.add_noise(0.1, 0.5, 0), optax.sgd(1))],
)
def test_what_moves_nothing_or_anything_without_a_gradient_is_no_decay(optimizer):
    subject = subject_of(f, train(optimizer), (X, y), None)
    assert undecayed(subject, rows_of(subject, 0)) is None


def test_a_network_without_a_hidden_layer_is_told_to_have_one():
    line = jn.objective(jn.MLP((2, 2), output="softmax"))
    both = X, (X[:, 0] * X[:, 1] > 0).astype(int)
    finding = jn.diagnose(line, train(optax.adam(0.05), line, both), both).findings[0]
    assert (finding.kind, finding.remedy) == ("underfitting", "a hidden layer")
    assert finding.sentence == "the network 2-2 is too small for what there is to learn"
    assert finding.tried[0].startswith("a network 2-32-2, trained soundly, explains")
