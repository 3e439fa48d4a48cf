"""An exception of the user's own function says at which of its lines it was raised."""

import jax.numpy as jnp
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.gradients.raised_at import place_of, saying_where


def loss(P, X):
    h = X @ P["W"]
    return jnp.sum(h @ P["V"])


PARAMS, X = {"W": np.ones((3, 4)), "V": np.ones((5, 1))}, np.ones((2, 3))


@pytest.mark.parametrize("gradient", [lambda P, X: P, None], ids=["a gradient", "its own rule"])
def test_an_exception_in_the_loss_keeps_its_kind_and_gets_its_line(gradient):
    with pytest.raises((ValueError, TypeError)) as raised:
        jn.check_gradient(loss, PARAMS, X, gradient=gradient)
    line = loss.__code__.co_firstlineno + 2
    assert raised.value.__notes__[-1] == f'f raises it, at test_raised_at.py:{line}: return jnp.sum(h @ P["V"])'


def test_a_refusal_of_jaxnets_own_has_no_line_of_the_users():
    with pytest.raises(TypeError, match="one number") as raised:
        jn.check_gradient(lambda w: w, np.ones(3), gradient=lambda w: w)
    assert not getattr(raised.value, "__notes__", None)


def test_the_place_is_the_users_last_line_and_not_the_librarys():
    with pytest.raises(ValueError, match="mismatch") as raised, saying_where():
        np.ones(3) @ np.ones(4)
    assert place_of(raised.value).endswith("np.ones(3) @ np.ones(4)")
