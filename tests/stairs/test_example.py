"""The published initial weights, from the comments of the author's R script."""

import jax
import numpy as np

from jaxnet.stairs import worked_example
from jaxnet.stairs.example import initial_weights

W1 = [
    [-0.004689827, 0.007967794],
    [-0.002557522, 0.008893506],
    [0.001457067, 0.003215956],
    [0.008164156, 0.002582281],
    [-0.005966362, -0.008764274],
]
W2 = [[-0.005880509, -0.002317926], [-0.006468865, 0.00539682852], [0.003740457, -0.00004601516]]


def test_the_weights_are_the_published_ones():
    for found, published in zip(initial_weights(), (W1, W2), strict=True):
        # printed with 9 decimals from float32, whose rounding of .01 is 6e-10
        np.testing.assert_allclose(found, published, rtol=0, atol=5e-10 + 6e-10)


def test_the_bias_is_the_first_row():
    net, params = worked_example()
    assert net.sizes == (4, 2, 2)
    assert (net.activations, net.output) == (("sigmoid",), "softmax")
    for layer, weights in zip(params, initial_weights(), strict=True):
        np.testing.assert_array_equal(layer["b"], weights[0])
        np.testing.assert_array_equal(layer["w"], weights[1:])


def test_parameters_are_float64_where_x64_is_enabled_and_float32_elsewhere():
    with jax.enable_x64(False):
        assert {leaf.dtype for leaf in jax.tree.leaves(worked_example()[1])} == {np.dtype(np.float32)}
    with jax.enable_x64(True):
        assert {leaf.dtype for leaf in jax.tree.leaves(worked_example()[1])} == {np.dtype(np.float64)}
