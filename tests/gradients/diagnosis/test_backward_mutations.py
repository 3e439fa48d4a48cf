"""Any function, any layout: the line of f whose derivative went wrong, and how, quoted from the source of f."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn

DRAW = np.random.default_rng(0).normal
COLUMNS = {"W1": DRAW(size=(4, 5)), "b1": DRAW(size=(4, 1)), "W2": DRAW(size=(3, 4)), "b2": DRAW(size=(3, 1))}
INPUTS, TARGETS = DRAW(size=(5, 6)), DRAW(size=(3, 6))


def cost(P, X, Y):
    """Two layers in columns, an output function written out, and a penalty."""
    Z1 = P["W1"] @ X + P["b1"]
    A1 = jnp.tanh(Z1)
    Z2 = P["W2"] @ A1 + P["b2"]
    A2 = 1 / (1 + jnp.exp(-Z2))
    return jnp.sum((A2 - Y) ** 2) / (2 * X.shape[1]) + 0.05 * jnp.sum(P["W1"] ** 2)


def by_hand(P, X, Y, slope=True, output=True, penalty=0.1, through=1.0):
    """Its gradient; each option is one wrong line."""
    A1 = np.tanh(P["W1"] @ X + P["b1"])
    A2 = 1 / (1 + np.exp(-(P["W2"] @ A1 + P["b2"])))
    n = X.shape[1]
    d2 = (A2 - Y) * (A2 * (1 - A2) if output else 1)
    d1 = through * (P["W2"].T @ d2) * (1 - A1**2 if slope else 1)
    return {
        "dW1": d1 @ X.T / n + penalty * P["W1"],
        "db1": d1.sum(axis=1, keepdims=True) / n,
        "dW2": d2 @ A1.T / n,
        "db2": d2.sum(axis=1, keepdims=True) / n,
    }


def causes(f, params, *data, gradient):
    return jn.check_gradient(f, params, *data, gradient=gradient).causes


def test_the_right_gradient_is_right():
    assert jn.check_gradient(cost, COLUMNS, INPUTS, TARGETS, gradient=by_hand).ok


@pytest.mark.parametrize(
    ("wrong", "kind", "words", "leaves"),
    [
        ({"slope": False}, "local_derivative_missing", "jnp.tanh(Z1)", {"['W1']", "['b1']"}),
        ({"output": False}, "local_derivative_missing", "1 / (1 + jnp.exp(", {"['W1']", "['b1']", "['W2']", "['b2']"}),
        ({"penalty": 0}, "penalty_missing", "`0.05 * jnp.sum(P['W1'] ** 2)`", {"['W1']"}),
        ({"penalty": 0.05}, "penalty_factor", "0.5 = 1/2 times", {"['W1']"}),
        ({"through": -1}, "sign", "through `A1`", {"['W1']", "['b1']"}),
        ({"through": 0.731}, "factor", "0.731 times", {"['W1']", "['b1']"}),
    ],
    ids=["slope", "output", "no penalty", "half a penalty", "sign", "any factor"],
)
def test_a_wrong_line_is_replayed_and_the_users_own_source_quoted(wrong, kind, words, leaves):
    (cause,) = causes(cost, COLUMNS, INPUTS, TARGETS, gradient=lambda *a: by_hand(*a, **wrong))
    assert (cause.kind, set(cause.leaves)) == (kind, leaves)
    assert words in cause.sentence
    assert cause.residual < 1e-13
    file, line, expression = cause.where.split(":", 2)
    assert file == "test_backward_mutations.py"
    assert expression.strip() in Path(__file__).read_text().splitlines()[int(line) - 1]


def test_two_wrong_lines_are_told_apart():
    found = causes(cost, COLUMNS, INPUTS, TARGETS, gradient=lambda *a: by_hand(*a, slope=False, penalty=0))
    assert {cause.kind for cause in found} == {"local_derivative_missing", "penalty_missing"}


def test_a_formula_that_no_mutation_gives_is_unknown():
    odd = lambda P, X, Y: {name: np.cos(3 * leaf) for name, leaf in by_hand(P, X, Y).items()}
    found = causes(cost, COLUMNS, INPUTS, TARGETS, gradient=odd)
    assert {cause.kind for cause in found} == {"unknown"}


def recurrent(P, S, T):
    h, loss = jnp.zeros(3), 0.0
    for t in range(3):
        h = jnp.tanh(P["Wx"] @ S[t] + P["Wh"] @ h)
        loss += jnp.sum((P["Wy"] @ h - T[t]) ** 2) / 2
    return loss


def scanned(P, S, T):
    def step(h, both):
        h = jnp.tanh(P["Wx"] @ both[0] + P["Wh"] @ h)
        return h, jnp.sum((P["Wy"] @ h - both[1]) ** 2) / 2

    return jnp.sum(jax.lax.scan(step, jnp.zeros(3), (S, T))[1])


def without_the_state(P, S, T):
    """Backpropagation through time that forgets what comes back through the state."""
    h, g = np.zeros(3), {name: np.zeros_like(leaf) for name, leaf in P.items()}
    for s, target in zip(S, T, strict=True):
        before, h = h, np.tanh(P["Wx"] @ s + P["Wh"] @ h)
        error = P["Wy"] @ h - target
        d = (P["Wy"].T @ error) * (1 - h**2)
        g["Wy"] += np.outer(error, h)
        g["Wx"] += np.outer(d, s)
        g["Wh"] += np.outer(d, before)
    return g


STATE = {"Wx": DRAW(size=(3, 4)) / 2, "Wh": DRAW(size=(3, 3)) / 2, "Wy": DRAW(size=(2, 3))}


def test_a_state_that_is_not_followed_back_is_one_line_of_the_loop():
    data = DRAW(size=(3, 4)), DRAW(size=(3, 2))
    (cause,) = causes(recurrent, STATE, *data, gradient=without_the_state)
    assert cause.kind == "path_not_followed"
    assert '`P["Wh"] @ h`' in cause.sentence
    assert "through `h`" in cause.sentence


def test_a_loop_of_jax_is_looked_into():
    data = DRAW(size=(3, 4)), DRAW(size=(3, 2))
    (cause,) = causes(scanned, STATE, *data, gradient=without_the_state)
    assert cause.kind == "path_not_followed"


def test_statistics_of_a_normalisation_taken_for_constants_are_named():
    def normalised(W, X, Y, variance=lambda v: v):
        h = X @ W
        var = variance(((h - h.mean(0)) ** 2).mean(0))
        return jnp.mean(((h - h.mean(0)) / jnp.sqrt(var + 1e-5) - Y) ** 2)

    constant = jax.grad(lambda *a: normalised(*a, variance=jax.lax.stop_gradient))
    (cause,) = causes(normalised, DRAW(size=(5, 3)), INPUTS.T, TARGETS.T, gradient=constant)
    assert cause.kind == "path_not_followed"
    assert "jnp.sqrt(var + 1e-05)" in cause.sentence


def test_a_softmax_that_is_not_differentiated_is_one_call():
    def likelihood(W, X, y):
        p = jax.nn.softmax(X @ W, axis=1)
        return -jnp.mean(jnp.log(p[jnp.arange(len(y)), y]))

    def mine(W, X, y):
        p, d = np.asarray(jax.nn.softmax(X @ W, axis=1)), np.zeros((len(y), 3))
        d[np.arange(len(y)), y] = -1 / p[np.arange(len(y)), y] / len(y)
        return X.T @ d

    (cause,) = causes(likelihood, DRAW(size=(5, 3)), INPUTS.T, np.arange(6) % 3, gradient=mine)
    assert cause.kind == "local_derivative_missing"
    assert "jax.nn.softmax(X @ W, axis=1)" in cause.sentence


def test_half_a_penalty_is_half_however_it_is_written():
    def ridge(W, X, Y):
        return jnp.mean((X @ W - Y) ** 2) + 0.1 * jnp.sum(W * W)

    mine = lambda W, X, Y: 2 * X.T @ (X @ W - Y) / Y.size + 0.1 * W
    (cause,) = causes(ridge, DRAW(size=(5, 3)), INPUTS.T, TARGETS.T, gradient=mine)
    assert (cause.kind, cause.factor) == ("penalty_factor", 0.5)


def tempered(W, X, Y):
    return -jnp.mean(jnp.sum(Y * jax.nn.log_softmax(X @ W / 1.7), axis=1))


def leaking(W, X, Y):
    z = X @ W
    return jnp.sum((jnp.where(z > 0, z, 0.01 * z) ** 3 - Y) ** 2)


def test_a_number_that_divides_is_left_out_and_not_the_function_that_it_is_divided_in():
    W, X, Y = DRAW(size=(4, 3)), DRAW(size=(5, 4)), np.eye(3)[[0, 2, 1, 1, 0]]
    cause = causes(tempered, W, X, Y, gradient=lambda W, X, Y: 1.7 * jax.grad(tempered)(W, X, Y))[0]
    assert cause.where.endswith("X @ W / 1.7")


def test_a_branch_is_called_by_what_stands_in_it():
    W, X, Y = DRAW(size=(4, 3)), DRAW(size=(5, 4)), DRAW(size=(5, 3))

    def gradient(W, X, Y):
        z = X @ W
        a = np.where(z > 0, z, 0.01 * z)
        return X.T @ (6 * (a**3 - Y) * a**2 * np.where(z > 0, 1, 0.1))

    (cause,) = causes(leaking, W, X, Y, gradient=gradient)
    assert "through `0.01 * z` is 10 times what it should be" in cause.sentence
