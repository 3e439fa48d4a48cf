"""float64 data is computed in float64, whether or not the user has switched JAX to it."""

from contextlib import AbstractContextManager

import jax
import numpy as np


def precision(dtype: np.dtype) -> AbstractContextManager:
    """Return the context in which arrays of ``dtype`` keep it."""
    return jax.enable_x64(np.dtype(dtype) == np.float64)
