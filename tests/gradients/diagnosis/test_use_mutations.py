"""One value in all its uses: followed nowhere in a line, a derivative by exp(v) for the one by v."""

import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn

DRAW = np.random.default_rng(3).normal
X = DRAW(size=(6, 2))
UNIT = {"mu": np.array([0.3, -0.4]), "logvar": np.array([0.2, 0.5])}


def divergence(p, x):
    mu, lv = p["mu"], p["logvar"]
    return jnp.mean((x - mu) ** 2) + 0.5 * jnp.sum(mu**2 + jnp.exp(lv) - lv) + jnp.sum(lv**3)


def of_the_mean_alone(p, x):
    return {"mu": -(x - p["mu"]).mean(0) + p["mu"], "logvar": 3 * p["logvar"] ** 2}


def likelihood(p, x):
    return jnp.sum(0.5 * ((x - p["mu"]) / jnp.exp(p["logvar"])) ** 2 + p["logvar"])


def by_the_deviation(p, x):
    s = np.exp(p["logvar"])
    e = (x - p["mu"]) / s
    return {"mu": -(e / s).sum(0), "logvar": ((1 - e**2) / s).sum(0)}


WRONG = {
    "nowhere in a line": (divergence, (UNIT, X), of_the_mean_alone, "path_not_followed", "`logvar`, wherever it stands"),
    "by the deviation": (likelihood, (UNIT, X), by_the_deviation, "local_derivative_missing", "the derivative by `jnp.exp"),
}  # fmt: skip


@pytest.mark.parametrize(("f", "point", "gradient", "kind", "words"), WRONG.values(), ids=WRONG)
def test_a_wrong_line_about_all_uses_of_a_value_is_named(f, point, gradient, kind, words):
    (cause,) = jn.check_gradient(f, *point, gradient=gradient).causes
    assert cause.kind == kind
    assert words in cause.sentence
    assert cause.where.startswith("test_use_mutations.py:")
