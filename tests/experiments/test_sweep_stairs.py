"""The article's network, with its range of first weights, at every rate."""

import jax
import numpy as np


def test_first_weights_are_drawn_from_the_articles_range(experiment):
    net = experiment.network({})
    params = net.init(jax.random.key(0))
    assert (net.sizes, net.activations) == ((4, 2, 2), ("sigmoid",))
    largest = [float(np.abs(leaf).max()) for leaf in jax.tree.leaves(params)]
    assert max(largest) <= 0.01
    assert min(largest) > 0
