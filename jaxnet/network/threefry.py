"""JAX's random numbers in NumPy, to the bit: a program that draws some thousand numbers takes longer to compile than a
network to train.

JAX draws from a key, two 32-bit words, and a counter: number i of an array is ``threefry2x32(key, i)``, twenty rounds
of additions, rotations and exclusive ors (Salmon et al. 2011, *Parallel random numbers: as easy as 1, 2, 3*). That is
what ``jax.random`` computes with its default settings; with others, and inside a transformation, where a key is not
known, ``words_or_key`` leaves a key as it is, and JAX has to draw.
"""

import math
from typing import Any, TypeAlias

import jax
import numpy as np

from jaxnet import checks
from jaxnet.types import Key

KeyWords: TypeAlias = np.ndarray  # a key, words_or_key: [2] (uint32)

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = np.uint32(0x1BD11BDA)  # keeps a key of zeros from hashing zeros to zeros
_IMPLEMENTATION = "threefry2x32"
_CONFIG: Any = jax.config  # whose settings have no types


def words_or_key(key: Key) -> KeyWords | Key:
    """Return the two words [2] (uint32) of a typed key, or the key where JAX draws in another way than this file."""
    usual = _CONFIG.jax_threefry_partitionable  # as JAX counts unless told
    if not usual or not checks.concrete(key) or str(jax.random.key_impl(key)) != _IMPLEMENTATION:
        return key
    return np.asarray(jax.random.key_data(key))


def typed_key(key: KeyWords | Key) -> Key:
    """Return the typed key, without axes, of two words [2]; a key stays as it is."""
    return jax.random.wrap_key_data(jax.device_put(key), impl=_IMPLEMENTATION) if isinstance(key, np.ndarray) else key


def words_of_seed(seed: int) -> KeyWords | Key:
    """Return the words [2] of ``jax.random.key(seed)``, whose programs take longer than many a training, or that key
    where they are not known."""
    usual = _CONFIG.jax_default_prng_impl == _IMPLEMENTATION and 0 <= seed < 2**32
    return np.array([0, seed], np.uint32) if usual else jax.random.key(seed)


def split(key: KeyWords | Key, count: int = 2) -> list[KeyWords] | Key:
    """Return ``count`` keys, [2] each, as ``jax.random.split`` does: words i are the hash of i."""
    if not isinstance(key, np.ndarray):
        return jax.random.split(key, count)
    return list(np.stack(_hash(key, np.arange(count, dtype=np.uint64)), axis=1))


def fold_in(key: KeyWords | Key, data: int) -> KeyWords | Key:
    """Return the key, [2], that ``jax.random.fold_in`` makes of a key and a number from 0 to below 2³²."""
    if not isinstance(key, np.ndarray):
        return jax.random.fold_in(key, data)
    return np.concatenate(_hash(key, np.array([data], np.uint64)))


def random_words(words: KeyWords, count: int) -> np.ndarray:
    """Draw ``count`` random words of 32 bits, [count] (uint32), as ``jax.random.bits`` does."""
    high, low = _hash(words, np.arange(count, dtype=np.uint64))
    return high ^ low


def unit_interval(words: KeyWords, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Draw an array of this shape from U[0, 1) as ``jax.random.uniform`` does, in float32 or float64.

    Random bits become the mantissa of a number in [1, 2), from which 1 is taken: every step of that is exact.
    """
    high, low = _hash(words, np.arange(math.prod(shape), dtype=np.uint64))
    info = np.finfo(dtype)
    bits = high ^ low if info.bits == 32 else high.astype(np.uint64) << np.uint64(32) | low
    one = np.ones((), dtype).view(bits.dtype)
    drawn: np.ndarray = (bits >> bits.dtype.type(info.bits - info.nmant) | one).view(dtype) - 1
    return drawn.reshape(shape)


def _hash(words: KeyWords, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hash 64-bit counts [n] to two arrays of words [n]."""
    # arrays of one word, for a sum of NumPy's scalars would warn where it overflows, which is what is wanted here
    first, second = words[:1], words[1:]
    keys = (first, second, first ^ second ^ _PARITY)
    a = (counts >> np.uint64(32)).astype(np.uint32) + keys[0]
    b = counts.astype(np.uint32) + keys[1]
    for i in range(5):
        for rotation in _ROTATIONS[i % 2]:
            a += b
            b = (b << np.uint32(rotation) | b >> np.uint32(32 - rotation)) ^ a
        a += keys[(i + 1) % 3]
        b += keys[(i + 2) % 3] + np.uint32(i + 1)
    return a, b
