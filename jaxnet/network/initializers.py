"""Where training starts: initialisers by name, as ``jax.nn.initializers`` computes them, or any callable.

A name may carry its numbers, ``"uniform(-0.01, 0.01)"`` or ``"normal(0.5)"``, which is short for
``Uniform(-0.01, 0.01)`` and ``Normal(0.5)``. A callable is called as ``initializer(key, shape, dtype)``.
"""

import dataclasses
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

import jax

from jaxnet import checks

Initializer = Callable[[jax.Array, tuple[int, ...], jax.typing.DTypeLike], jax.Array]


@dataclasses.dataclass(frozen=True)
class Uniform:
    """Draw from U(low, high)."""

    low: float = -0.01
    high: float = 0.01

    def __post_init__(self) -> None:
        checks.number("high", self.high, above=checks.number("low", self.low))

    def __call__(self, key: jax.Array, shape: tuple[int, ...], dtype: jax.typing.DTypeLike) -> jax.Array:
        return jax.random.uniform(key, shape, dtype, self.low, self.high)


@dataclasses.dataclass(frozen=True)
class Normal:
    """Draw from N(0, stddev²)."""

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
    {
        "zeros": jax.nn.initializers.zeros,
        "ones": jax.nn.initializers.ones,
        "uniform": Uniform(),
        "normal": Normal(),
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


def _with_numbers(argument: str, name: str, inside: str) -> Initializer:
    expected, count = {"uniform": ("uniform(low, high)", 2), "normal": ("normal(stddev)", 1)}[name]
    try:
        values = [float(part) for part in inside.split(",")]
    except ValueError:
        values = []
    checks.require(len(values) == count, argument, expected, f"{name}({inside})")
    return _WITH_NUMBERS[name](*values)
