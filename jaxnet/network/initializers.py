"""Where training starts: initialisers by name, as ``jax.nn.initializers`` computes them, or any callable.

A name may carry its numbers, ``"uniform(-0.01, 0.01)"`` or ``"normal(0.5)"``, which is short for
``Uniform(-0.01, 0.01)`` and ``Normal(0.5)``. A callable is called as ``initializer(key, shape, dtype)``.

Zeros, ones and what is uniform are drawn in NumPy, to the bit as JAX draws it. What is normal needs an inverse error
function, which NumPy has not, and what is uniform between bounds whose distance is no power of two is rounded by JAX as
its compiler sees fit: both are left to JAX.
"""

import dataclasses
import functools
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import jax
import numpy as np

from jaxnet import checks
from jaxnet.network.threefry import KeyWords, typed_key, unit_interval
from jaxnet.types import Key

Initializer = Callable[[jax.Array, tuple[int, ...], jax.typing.DTypeLike], jax.Array]
InNumpy = Callable[[KeyWords, tuple[int, ...], np.dtype], np.ndarray]


@dataclasses.dataclass(frozen=True)
class Uniform:
    """Draw from U(low, high), in the shape and dtype that are asked for. Raises ValueError unless high > low."""

    low: float = -0.01
    high: float = 0.01

    def __post_init__(self) -> None:
        checks.number("high", self.high, above=checks.number("low", self.low))

    def __call__(self, key: jax.Array, shape: tuple[int, ...], dtype: jax.typing.DTypeLike) -> jax.Array:
        return jax.random.uniform(key, shape, dtype, self.low, self.high)

    def in_numpy(self, dtype: np.dtype) -> InNumpy | None:
        """Return the same in NumPy where all but the last step is exact; a product that is not, XLA may leave
        unrounded before it adds."""
        low, high = np.array([self.low, self.high], dtype)
        if np.frexp(high - low)[0] != 0.5:  # no power of two
            return None
        return lambda words, shape, dtype: np.maximum(unit_interval(words, shape, dtype) * (high - low) + low, low)


@dataclasses.dataclass(frozen=True)
class Normal:
    """Draw from N(0, stddev²), in the shape and dtype that are asked for. Raises ValueError unless stddev > 0."""

    stddev: float = 0.01

    def __post_init__(self) -> None:
        checks.number("stddev", self.stddev, above=0)

    def __call__(self, key: jax.Array, shape: tuple[int, ...], dtype: jax.typing.DTypeLike) -> jax.Array:
        return self.stddev * jax.random.normal(key, shape, dtype)


# By the width of what a unit sees (fan in) and feeds (fan out): for matrices, not for biases.
_SCALED: Mapping[str, Initializer] = MappingProxyType(
    {
        "glorot_uniform": jax.nn.initializers.glorot_uniform(),  # U(±sqrt(6 / (D + H))), Glorot and Bengio 2010
        "glorot_normal": jax.nn.initializers.glorot_normal(),
        "he_uniform": jax.nn.initializers.he_uniform(),  # U(±sqrt(6 / D)), He et al. 2015
        "he_normal": jax.nn.initializers.he_normal(),
        "lecun_uniform": jax.nn.initializers.lecun_uniform(),  # U(±sqrt(3 / D)), LeCun et al. 1998
        "lecun_normal": jax.nn.initializers.lecun_normal(),
    }
)
_PLAIN: Mapping[str, Initializer] = MappingProxyType(
    {"zeros": jax.nn.initializers.zeros, "ones": jax.nn.initializers.ones, "uniform": Uniform(), "normal": Normal()}
)
# the variance of a weight by fan in and fan out; a uniform of variance v is one of ±sqrt(3 v)
_VARIANCES: Mapping[str, Callable[[int, int], float]] = MappingProxyType(
    {
        "glorot_uniform": lambda inputs, units: 1.0 / ((inputs + units) / 2),
        "he_uniform": lambda inputs, units: 2.0 / inputs,
        "lecun_uniform": lambda inputs, units: 1.0 / inputs,
    }
)
_WITH_NUMBERS: Mapping[str, Callable[..., Initializer]] = MappingProxyType({"uniform": Uniform, "normal": Normal})


def initializer(argument: str, name: str | Initializer) -> Initializer:
    """Look an initialiser up; ``argument`` is ``"weights"`` or ``"biases"``, which have no fan in to scale by.

    Raises ValueError for an unknown name, with the nearest known one.
    """
    if callable(name):
        return name
    call = re.fullmatch(r"(uniform|normal)\((.*)\)", name) if isinstance(name, str) else None
    if call:
        return _with_numbers(argument, *call.groups())
    known = {**_SCALED, **_PLAIN} if argument == "weights" else dict(_PLAIN)
    return known[checks.choice(argument, name, known)]


def draw_initial(
    argument: str, name: str | Initializer, key: KeyWords | Key, *, shape: tuple[int, ...], dtype: Any
) -> jax.Array:
    """Draw an array of this shape and dtype as ``initializer(argument, name)`` does, in NumPy where the key is open and
    NumPy can."""
    function = in_numpy(argument, name, dtype)
    if function is None or not isinstance(key, np.ndarray):
        return initializer(argument, name)(typed_key(key), shape, dtype)
    # jnp.asarray would compile a copy of each shape
    drawn: jax.Array = jax.device_put(function(key, shape, np.dtype(dtype)))
    return drawn


def in_numpy(argument: str, name: str | Initializer, dtype: Any) -> InNumpy | None:
    """Return what draws the bits of ``initializer(argument, name)`` in NumPy, or None where nothing does."""
    # another dtype than float32 and float64, or one that JAX would shorten
    if dtype not in (np.float32, np.float64) or jax.dtypes.canonicalize_dtype(dtype) != dtype:
        return None
    if name in ("zeros", "ones"):
        fill = np.zeros if name == "zeros" else np.ones
        return lambda words, shape, dtype: fill(shape, dtype)
    if isinstance(name, str) and name in _VARIANCES:
        return functools.partial(_scaled, _VARIANCES[name])
    function = initializer(argument, name)
    return function.in_numpy(np.dtype(dtype)) if isinstance(function, Uniform) else None


def _scaled(variance: Callable[..., float], words: KeyWords, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    # rounded where JAX rounds: the variance, three times it, and the root
    scale = np.sqrt(np.asarray(3, dtype) * np.asarray(variance(*shape), dtype))
    drawn: np.ndarray = (unit_interval(words, shape, dtype) * 2 - 1) * scale
    return drawn


def _with_numbers(argument: str, name: str, inside: str) -> Initializer:
    expected, count = {"uniform": ("uniform(low, high)", 2), "normal": ("normal(stddev)", 1)}[name]
    try:
        values = [float(part) for part in inside.split(",")]
    except ValueError:
        values = []
    checks.require(len(values) == count, argument, expected, f"{name}({inside})")
    return _WITH_NUMBERS[name](*values)
