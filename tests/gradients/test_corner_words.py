"""A corner is said by the operation of the user's that has it, with the slope that was taken there."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn

W = np.array([0.0, 1.0, -2.0])
CORNERS = {
    "abs": (lambda w: jnp.sum(jnp.abs(w)), lambda w: np.where(w == 0, 0.5, np.sign(w)), "abs at exactly 0", "slope 0.5, JAX 0 for abs"),
    "relu": (lambda w: jnp.sum(jax.nn.relu(w)), lambda w: (w >= 0) * 1.0, "relu at exactly 0", "slope 1, JAX 0 for relu"),
    "maximum": (lambda w: jnp.sum(jnp.maximum(w, w**2)), lambda w: np.array([0.5, 1.5, -4]), "maximum of equal", "slope"),
    "where": (lambda w: jnp.sum(jnp.where(w > 0, w, 0.1 * w)), lambda w: np.where(w > 0, 1, 0.1), "comparison of equal", "slope"),
}  # fmt: skip


@pytest.mark.parametrize(("f", "gradient", "where", "slope"), CORNERS.values(), ids=CORNERS)
def test_the_operation_that_has_the_corner_is_named(f, gradient, where, slope):
    report = jn.check_gradient(f, W, gradient=gradient(W))
    assert report.ok
    (note,) = [each for each in report.notes if "corner" in each]
    assert where in note
    assert slope in note
