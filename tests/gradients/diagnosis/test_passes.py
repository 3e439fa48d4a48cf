"""What the true backward pass is can be read from the oracle alone: loss, average or sum, penalty."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet.gradients.diagnosis.passes import dense, model_of
from jaxnet.gradients.diagnosis.replay import replay


def unnamed(f, sum_over=False, extra=0.0):
    """The objective as a plain function, that says nothing about its loss."""
    return lambda params, X, y: (
        f(params, X, y) * (len(X) if sum_over else 1) + extra * sum(jnp.sum(p["w"] ** 2) for p in params)
    )


@pytest.mark.parametrize("sum_over", [False, True])
@pytest.mark.parametrize(
    ("output", "loss"),
    [("softmax", "cross_entropy"), ("identity", "squared_error"), ("sigmoid", "binary_cross_entropy")],
)
def test_loss_and_average_of_a_plain_function_are_found(output, loss, sum_over, pose, example):
    f, params, data = example(output=output)
    g = unnamed(f, sum_over)
    model = model_of(pose(g, params, data, jax.grad(g), network=f.network))
    assert (model.loss, model.averaged, model.total) == (loss, not sum_over, 1.0)


def test_the_penalty_of_a_plain_function_is_found(pose, example):
    f, params, data = example()
    g = unnamed(f, extra=0.05)
    model = model_of(pose(g, params, data, jax.grad(g), network=f.network))
    assert [w for w, _ in model.decay] == pytest.approx([0.1] * 3, rel=1e-9)


def test_a_loss_without_a_name_is_read_example_by_example(pose, example):
    f, params, data = example()

    def g(params, X, y):
        logits = jax.vmap(f.network.apply, (None, 0))(params, X)
        return jnp.mean(jnp.sum(jnp.cosh(logits), axis=1))

    evidence = pose(g, params, data, jax.grad(g), network=f.network)
    model = model_of(evidence)
    assert model.loss is None
    run = model.forward(params, *data)
    np.testing.assert_allclose(run.delta, np.sinh(run.z[-1]), rtol=1e-10)


def test_leaves_are_found_by_shape_in_any_pytree(pose, example):
    f, params, data = example()
    named = {f"{k}{l}": p[k] for l, p in enumerate(params) for k in ("w", "b")}
    g = lambda named, X, y: f([{"w": named[f"w{l}"], "b": named[f"b{l}"]} for l in range(3)], X, y)
    model = model_of(pose(g, named, data, jax.grad(g), network=f.network))
    assert model.leaves == (("['w0']", "['b0']"), ("['w1']", "['b1']"), ("['w2']", "['b2']"))


def test_parameters_of_another_network_have_no_model(pose, example):
    f, params, data = example()
    other, *_ = example((5, 4, 2))
    assert model_of(pose(f, params, data, jax.grad(f), network=other.network)) is None


@pytest.mark.parametrize("activation", ["sigmoid", "relu", "gelu", "silu", jnp.sin])
def test_the_right_lines_replay_to_the_gradient_of_jax(activation, pose, example):
    f, params, data = example(activation=activation, l2=0.3)
    evidence = pose(f, params, data, jax.grad(f))
    model = model_of(evidence)
    gradient = replay(model.forward(params, *data), {})
    for (layer, key), leaf in gradient.items():
        np.testing.assert_allclose(leaf, evidence.true[f"[{layer}]['{key}']"], rtol=1e-11, atol=1e-15)


def test_the_derivative_of_an_activation_of_ones_own_comes_from_jax(pose, example):
    f, params, data = example(activation=jnp.sin)
    run = model_of(pose(f, params, data, jax.grad(f))).forward(params, *data)
    np.testing.assert_allclose(run.activations[0].slope(run.z[0]), np.cos(run.z[0]), rtol=1e-14)
    np.testing.assert_allclose(run.a[1], np.sin(run.z[0]), rtol=1e-14)
    assert run.activations[0].line == "sin_derivative({z})"


def test_labels_become_one_hot_rows_and_the_rest_columns():
    np.testing.assert_array_equal(dense(np.array([2, 0]), 2, 3), [[0, 0, 1], [1, 0, 0]])
    np.testing.assert_array_equal(dense(np.array([0.5, 2]), 2, 1), [[0.5], [2]])
