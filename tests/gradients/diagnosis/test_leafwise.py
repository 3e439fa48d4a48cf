"""Without a network any pytree is diagnosed leaf by leaf, and by what other batches would have given."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet.gradients.diagnosis.diagnose import diagnose

RANDOM = np.random.default_rng(0)
PARAMS = {"curve": RANDOM.normal(size=(3, 2)), "shift": RANDOM.normal(size=2), "scale": RANDOM.normal(size=(4,))}
X, Y = RANDOM.normal(size=(6, 3)), RANDOM.normal(size=(6, 2))


def f(params, x, y):
    """A model that is no MLP: the mean over the examples."""
    fit = jnp.sin(x @ params["curve"]) + jnp.expand_dims(params["shift"], 0)
    return jnp.mean((fit - y) ** 2) * jnp.sum(params["scale"] ** 2)


@pytest.fixture
def posed(pose):
    """The evidence of a changed true gradient."""
    true = jax.grad(f)
    return lambda change: pose(f, PARAMS, (X, Y), lambda p, x, y: change(true, p, x, y))


def scaled(number):
    return lambda true, p, x, y: jax.tree.map(lambda leaf: number(x) * leaf, true(p, x, y))


def leaf(name, change):
    return lambda true, p, x, y: {**true(p, x, y), name: change(np.asarray(true(p, x, y)[name]), p)}


@pytest.mark.parametrize(
    ("change", "kind", "leaves"),
    [
        (scaled(len), "batch_sum", ("['curve']", "['scale']", "['shift']")),
        (scaled(lambda x: -1), "sign", ("['curve']", "['scale']", "['shift']")),
        (leaf("scale", lambda g, p: g / 2), "factor", ("['scale']",)),
        (leaf("scale", lambda g, p: g[::-1]), "permuted_entries", ("['scale']",)),
        (leaf("curve", lambda g, p: g * [0, 1]), "unfilled", ("['curve']",)),
        (leaf("curve", lambda g, p: g + 0.1 * p["curve"]), "penalty_extra", ("['curve']",)),
        (leaf("shift", lambda g, p: g + 0.1 * p["shift"]), "penalty_extra", ("['shift']",)),
        (leaf("shift", lambda g, p: g - 0.1 * p["shift"]), "penalty_missing", ("['shift']",)),
        (lambda true, p, x, y: true(p, x, np.roll(y, 1, axis=0)), "targets_shifted", ("['curve']", "['scale']", "['shift']")),
        (leaf("curve", lambda g, p: np.cos(g)), "unknown", ("['curve']",)),
    ],
    ids=["sum", "sign", "half", "reverse", "column", "penalty", "penalty of a vector", "penalty missing", "shifted", "unknown"],
)  # fmt: skip
def test_a_mistake_is_named_with_its_leaves(change, kind, leaves, posed):
    causes = diagnose(posed(change))
    assert [cause.kind for cause in causes] == [kind]
    wrong = {path for path in leaves if path != "['shift']" or kind != "targets_shifted"}
    assert wrong <= set(causes[0].leaves) <= set(leaves)
    assert causes[0].layers == ()
    assert (causes[0].residual < 1e-12) == (kind != "unknown")


def test_examples_that_do_not_count_are_listed(posed):
    kept = [0, 1, 3, 4]
    (cause,) = diagnose(posed(lambda true, p, x, y: true(p, x[kept], y[kept]) if len(x) == 6 else true(p, x, y)))
    assert cause.kind == "examples_dropped"
    assert "examples 2, 5 do not count" in cause.sentence


def test_a_number_that_stays_when_n_changes_is_a_mere_number(posed):
    (cause,) = diagnose(posed(scaled(lambda x: 6)))
    assert (cause.kind, cause.factor) == ("factor", 6)


def test_a_factor_says_what_to_divide_by(posed):
    (cause,) = diagnose(posed(scaled(len)))
    assert cause.fix == "divide Every leaf by n"


def test_an_unknown_leaf_says_what_a_network_would_add(posed):
    (cause,) = diagnose(posed(leaf("curve", lambda g, p: np.cos(g))))
    assert "with network= the backward pass is read" in cause.sentence
