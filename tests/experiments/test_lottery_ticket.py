"""Masks: what is pruned, that it stays pruned, and how tickets are compared."""

import jax
import jax.numpy as jnp
import numpy as np

import jaxnet as jn


def test_the_smallest_of_the_remaining_weights_are_pruned_whatever_their_sign(experiment):
    weights, mask = np.array([[0.1, -0.2], [3.0, -0.01]]), np.array([[1.0, 1], [1, 0]], np.float32)
    np.testing.assert_array_equal(experiment.smaller(weights, mask, 1 / 3), [[0, 1], [1, 0]])
    assert mask.sum() == 3  # the one handed in stays


def test_rounds_leave_the_shares_that_were_published(experiment):
    masks = [np.ones(shape, np.float32) for shape in ((784, 300), (300, 100), (100, 10))]
    layers = [{"w": np.arange(mask.size, dtype=np.float32).reshape(mask.shape)} for mask in masks]
    shares = {}
    for turn in range(16):
        shares[turn] = experiment.remaining(masks)
        masks = experiment.prune(layers, masks)
    assert {turn: round(shares[turn], 1) for turn in experiment.LOOKED_AT} == experiment.LOOKED_AT


def test_a_masked_weight_neither_counts_nor_learns_and_masks_are_never_changed(experiment):
    net = experiment.Masked(jn.MLP((2, 2), output="softmax"))
    params = net.init(jax.random.key(0))
    params["masks"][0] = jnp.array([[0.0, 1], [1, 1]], jnp.float32)
    gradient = jax.grad(jn.objective(net))(params, jnp.array([[1.0, 2.0]]), jnp.array([0]))
    assert gradient["layers"][0]["w"][0, 0] == 0
    assert jnp.all(gradient["layers"][0]["w"].ravel()[1:] != 0)
    assert not gradient["masks"][0].any()
    moved = jax.tree.map(lambda leaf: leaf, params)
    moved["layers"][0]["w"] = params["layers"][0]["w"].at[0, 0].set(100.0)
    x = jnp.array([1.0, 2.0])
    np.testing.assert_array_equal(net.apply(params, x), net.apply(moved, x))


def test_tickets_are_compared_start_by_start(experiment):
    def start(base):
        one = lambda epoch, accuracy: experiment.Trained(epoch, base + accuracy, None)
        levels = {"0": one(10, 0.0), "3": one(8, 1.0 + base / 1000), "7": one(6, 1.5 + base / 1000)}
        controls = {"3": one(9, 0.5), "7": one(12, -0.5)}
        return {"share": {"0": 100.0, "3": 51.3, "7": 21.1}, "ticket": levels, "control": controls}

    claims = experiment.judged([start(90.0), start(95.0), start(92.0)], quick=False).claims
    assert all(claim.holds is not False for claim in claims)
    assert next(claim for claim in claims if "21.1 %: early" in claim.what).measured.startswith("-40 ± 0")
