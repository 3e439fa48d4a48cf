"""Parity, the network that sees its inputs twice, and where a published run lies."""

import jax
import jax.numpy as jnp
import numpy as np


def test_parity_is_whether_an_odd_number_of_bits_is_set(experiment):
    x, y = experiment.patterns(4)
    assert x.shape == (16, 4)
    assert [int(label) for label in y[:, 0]] == [bin(number).count("1") % 2 for number in range(16)]


def test_xor_can_be_set_by_hand_with_one_hidden_unit_that_the_output_sees_beside_the_inputs(experiment):
    net = experiment.Direct(2, 1, 0.5)
    both = {"w": jnp.array([[20.0], [20.0]]), "b": jnp.array([-30.0])}
    either_but_both = {"w": jnp.array([[-40.0], [20.0], [20.0]]), "b": jnp.array([-10.0])}
    x, y = experiment.patterns(2)
    found = [float(net.apply([both, either_but_both], row)[0]) > 0 for row in jnp.asarray(x)]
    assert found == list(y[:, 0] > 0)


def test_the_start_is_of_the_range_and_biases_are_drawn_too(experiment):
    hidden, output = experiment.Direct(2, 1, 0.3).init(jax.random.key(0))
    assert (hidden["w"].shape, output["w"].shape) == ((2, 1), (3, 1))
    drawn = np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves([hidden, output])])
    assert np.all(np.abs(drawn) <= 0.3)
    assert len(set(drawn.tolist())) == len(drawn)


def test_starts_that_are_never_done_count_as_slower_than_the_published_run(experiment):
    assert experiment.words(np.array([100.0, 300.0, np.inf, np.inf]), 200).endswith("2 of 4 done; published at 25%")
    assert experiment.words(np.array([np.inf]), 200).startswith("0 of 1 done")


def test_a_published_run_is_judged_by_the_quickest_and_slowest_setting(experiment):
    found = {"XOR, one hidden unit": {(0.3, 0.0): np.full(5, 2000.0), (0.3, 0.9): np.full(5, 200.0)}}
    last = lambda found: experiment.judged(found).claims[-1]
    assert last(found).holds
    found["XOR, one hidden unit"][0.3, 0.0] = np.full(5, 300.0)
    assert last(found).holds is False
