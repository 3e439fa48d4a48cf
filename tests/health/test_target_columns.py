"""Targets of several columns: one that is so wide that the loss is its own hides that others are not learnt."""

import jax
import numpy as np
import optax

import jaxnet as jn

rng = np.random.default_rng(0)
X = rng.normal(size=(150, 3)).astype(np.float32)
both = np.stack([X[:, 0], 100 * X[:, 1]], axis=1)
f = jn.objective(jn.MLP((3, 8, 2), activation="tanh"))


def run_on(targets):
    params = f.network.init(jax.random.key(0))
    return jn.fit(f, params, (X, targets), optimizer=optax.adam(0.1), epochs=150, batch_size=30, key=jax.random.key(1))


def test_a_column_that_the_loss_does_not_show_is_named():
    finding = jn.diagnose(f, run_on(both), (X, both)).findings[0]
    assert finding.kind == "unscaled_targets"
    assert finding.sentence.startswith("the loss is that of target 1,")
    assert finding.tried[0].startswith("targets standardised: of target 0 it explains")


def test_columns_that_are_all_learnt_are_left_alone():
    apart = np.stack([X[:, 0], 12 * X[:, 0]], axis=1) / 4  # one is learnt with the other
    assert jn.diagnose(f, run_on(apart), (X, apart), experiments=False).ok
