"""The whole suite runs under the strictest configuration: float64 is the court, and no rank is promoted silently."""

import os

import jax
import pytest

# nothing that an earlier run has compiled is taken over, and nothing is left in the user's folder
os.environ["JAXNET_COMPILATION_CACHE"] = "off"
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")


@pytest.fixture
def key() -> jax.Array:
    return jax.random.key(0)
