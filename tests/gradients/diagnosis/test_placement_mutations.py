"""Right numbers in the wrong place are told from wrong numbers, with the line of f that they belong to."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn

DRAW = np.random.default_rng(5).normal
BLOCK, IMAGE = DRAW(size=(3, 4)), DRAW(size=(2, 4, 4))
GATES = {"W": DRAW(size=(3, 6)), "b": DRAW(size=6)}


def largest(x, g):
    return jnp.sum(g * jnp.max(x, axis=1))


def gates(P, x):
    a = x @ P["W"] + P["b"]
    i, g = jnp.tanh(a[:, :2]), a[:, 2:4] ** 2
    return jnp.sum(i * g * a[:, 4:])


def gates_backward(P, x):
    a = x @ P["W"] + P["b"]
    i, g, o = np.tanh(a[:, :2]), a[:, 2:4] ** 2, a[:, 4:]
    da = np.hstack([2 * a[:, 2:4] * i * o, (1 - i**2) * g * o, i * g])  # the first two exchanged
    return {"W": x.T @ da, "b": da.sum(0)}


def bordered(x, w):
    padded = jnp.pad(x, ((0, 0), (1, 1), (1, 1)))
    return jnp.sum(w * padded)


def pooled(x, g):
    blocks = jnp.reshape(x, (2, 2, 2, 2, 2))
    return jnp.sum(g * jnp.max(blocks, axis=(2, 4)))


def pooled_backward(x, g):
    blocks = x.reshape(2, 2, 2, 2, 2)
    return ((blocks == blocks.max((2, 4), keepdims=True)) * g.swapaxes(1, 2)[:, :, None, :, None]).reshape(x.shape)


def flattened(x, w):
    return jnp.sum((jnp.reshape(x, (2, -1)) @ w) ** 2)


def by_column(x, w):
    flat = 2 * (x.reshape(2, -1) @ w) @ w.T
    return np.stack([row.reshape(2, 8, order="F") for row in flat])


WRONG = {
    "shared": (largest, (BLOCK, DRAW(size=3)), lambda x, g: g[:, None] / 4 + 0 * x, "average_pooling", "jnp.max"),
    "the smallest": (
        largest, (BLOCK, DRAW(size=3)), lambda x, g: g[:, None] * (x == x.min(1, keepdims=True)), "other_branch", "smallest",
    ),
    "gates": (gates, (GATES, DRAW(size=(5, 3))), gates_backward, "parts_exchanged", "`a[:, :2]` and to `a[:, 2:4]`"),
    "border": (bordered, (IMAGE, DRAW(size=(2, 6, 6))), lambda x, w: w[:, :-2, :-2], "shifted", "at the end only"),
    "axes": (pooled, (IMAGE, DRAW(size=(2, 2, 2))), pooled_backward, "transposed", "axes 1 and 2 exchanged"),
    "by column": (flattened, (DRAW(size=(2, 2, 8)), DRAW(size=(16, 3))), by_column, "fortran_order", "column by column"),
}  # fmt: skip


@pytest.mark.parametrize(("f", "point", "wrong", "kind", "words"), WRONG.values(), ids=WRONG)
def test_what_stands_in_the_wrong_place_is_named(f, point, wrong, kind, words):
    (cause,) = jn.check_gradient(f, *point, gradient=wrong).causes
    assert cause.kind == kind
    assert words in cause.sentence


def windows(x, g):
    return jnp.sum(g * jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 3, 3), (1, 2, 2), ((0, 0), (1, 1), (1, 1))))


def windows_by_hand(share):
    def gradient(x, g):
        padded, result = np.pad(x, ((0, 0), (1, 1), (1, 1)), constant_values=-np.inf), np.zeros((2, 6, 6))
        for n, i, j in np.ndindex(2, 2, 2):
            at = (n, slice(2 * i, 2 * i + 3), slice(2 * j, 2 * j + 3))
            result[at] += g[n, i, j] * share(padded[at])
        return result[:, 1:-1, 1:-1]

    return gradient


@pytest.mark.parametrize(
    ("share", "kind"),
    [
        (lambda part: np.full((3, 3), 1 / 9), "average_pooling"),
        (lambda part: np.ones((3, 3)), "path_not_followed"),
        (lambda part: (part == part[np.isfinite(part)].min()) * 1.0, "other_branch"),
    ],
    ids=["a mean", "to all", "to the smallest"],
)
def test_where_what_comes_back_to_a_window_went_is_named(share, kind):
    images, weights = DRAW(size=(2, 4, 4)), DRAW(size=(2, 2, 2))
    assert jn.check_gradient(windows, images, weights, gradient=windows_by_hand(lambda p: (p == p.max()) * 1.0)).ok
    (cause,) = jn.check_gradient(windows, images, weights, gradient=windows_by_hand(share)).causes
    assert cause.kind == kind
    assert "jax.lax.reduce_window" in cause.where
