"""A descent as a plan for the compiled program."""

import jax
import numpy as np
import pytest

from jaxnet.estimators.descent_plan import key_of


@pytest.mark.parametrize("seed", [0, 5, 2**31 - 1])
def test_the_key_of_a_seed_is_jaxs(seed):
    ours, theirs = (jax.random.bits(key, (3,)) for key in (key_of(seed), jax.random.key(seed)))
    np.testing.assert_array_equal(ours, theirs)
