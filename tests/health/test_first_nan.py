"""The first NaN of a run, and of a member of a sweep, found by replaying its epoch."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxnet as jn
from jaxnet.health.first_nan import first_nan, replay_step
from jaxnet.health.subject import subject_of
from jaxnet.training.batches import draw_order, take
from jaxnet.training.loop import Updated
from jaxnet.training.preparation import plan_fit

rng = np.random.default_rng(0)
X = rng.normal(size=(50, 3)).astype(np.float32)
y = (X @ np.array([1, -2, 3], np.float32)).astype(np.float32)
net = jn.MLP((3, 4, 1))
f = jn.objective(net)
KEY, BATCH = jax.random.key(1), 8


def train(optimizer, epochs=5, *, objective=f, data=(X, y), **options):
    params = net.init(jax.random.key(0))
    return jn.fit(objective, params, data, optimizer=optimizer, epochs=epochs, batch_size=BATCH, key=KEY, **options)


def find(run, objective=f, data=(X, y)):
    return first_nan(subject_of(objective, run, data, None))


def test_an_epoch_replayed_batch_by_batch_has_the_bits_of_the_run():
    before, after = train(optax.sgd(0.01), 3), train(optax.sgd(0.01), 4)
    plan = plan_fit(
        f, before.params, (X, y), optimizer=optax.sgd(0.01), epochs=1, batch_size=BATCH, shuffle=True, key=KEY,
        optimizer_state=before.optimizer_state, validation=None, stop=None, metrics=(),
    )  # fmt: skip
    order_key, drop_key = jax.random.split(jax.random.fold_in(KEY, 3))
    order = draw_order(order_key, plan.data.train)
    trained = Updated(plan.state.params, plan.state.optimizer)
    for i in range(7):
        batch = take(plan.data.train, order, i * BATCH, BATCH)
        key = jax.random.fold_in(drop_key, i)
        trained, _ = replay_step(plan.program, plan.numbers, trained, batch=batch, key=key)
    for ours, theirs in zip(jax.tree.leaves(trained.params), jax.tree.leaves(after.params), strict=True):
        assert np.asarray(ours).tobytes() == np.asarray(theirs).tobytes()


def test_an_example_whose_loss_is_nan_is_named_by_its_row():
    """log of a prediction that is below 0, planted in row 17 alone."""
    marked = X.copy()
    marked[17] = 1e4

    def own(z, t):
        return jnp.sum(jnp.log(1e5 - z**2)) * 0 + jnp.sum((z - t) ** 2)

    objective = jn.objective(net, own)
    found = find(train(optax.sgd(1e-12), data=(marked, y), objective=objective), objective, (marked, y))
    assert (found.epoch, found.example, found.layer) == (1, 17, None)
    assert found.operation == "the loss of an example"


def test_a_rate_that_is_far_too_high_overflows_in_some_layer_of_some_step():
    run = train(optax.sgd(1e8))
    assert run.outcome is jn.Outcome.DIVERGED
    found = find(run)
    assert found.epoch == run.epoch
    assert 1 <= found.step <= 7
    assert found.before > 1e6
    assert found.where.startswith(f"epoch {found.epoch}, step {found.step}: the ")


def test_an_update_that_overflows_is_told_from_the_gradient():
    found = find(train(optax.sgd(1e39)))  # more than float32 holds
    assert (found.epoch, found.step) == (1, 1)
    assert found.operation.startswith("the update of [")


def test_a_run_whose_best_epoch_was_restored_is_trained_again_up_to_the_divergence():
    stop = jn.Stop("validation_loss", patience=50)
    run = train(optax.sgd(optax.piecewise_constant_schedule(0.01, {21: 1e12})), 9, validation=(X, y), stop=stop)
    assert run.outcome is jn.Outcome.DIVERGED
    assert run.params_epoch < run.epoch
    assert find(run).epoch == run.epoch == 4


def test_a_member_of_a_sweep_is_replayed_from_its_own_state():
    space = jn.Space(learning_rate=jn.Choice(0.01, 1e6), seed=jn.Seeds(1))
    plan = jn.plan(space, (X, y), hidden=(4,), method="grid", epochs=4, batch_size=BATCH)
    result = jn.sweep(plan)
    run = result.run(1)
    assert run.outcome is jn.Outcome.DIVERGED
    assert find(run, result.objective(1)).epoch == run.epoch


def test_a_run_that_did_not_diverge_has_no_first_nan():
    assert find(train(optax.sgd(0.01))) is None


def test_orders_that_the_caller_gave_cannot_be_replayed():
    orders = np.tile(np.arange(50), (5, 1))
    run = train(optax.sgd(1e8), shuffle=orders)
    assert run.outcome is jn.Outcome.DIVERGED
    assert find(run) is None


@pytest.mark.parametrize("member", [2, -1])
def test_what_is_no_member_is_refused(member):
    space = jn.Space(learning_rate=jn.Choice(0.01, 0.02), seed=jn.Seeds(1))
    result = jn.sweep(jn.plan(space, (X, y), hidden=(4,), method="grid", epochs=1, batch_size=BATCH))
    with pytest.raises(ValueError, match="member: expected an integer from 0 to 1"):
        result.run(member)
