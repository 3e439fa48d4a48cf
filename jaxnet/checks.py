"""Every refusal of bad input is made here, at once and before any tracing, in one form.

    ValueError: batch_size: expected an integer from 1 to 400 (the number of examples), got 500

names the argument, what is accepted and what was given. Modules with checks of their own build them from these.

A check returns what it was given in the form that it has passed in, and raises ValueError for a value, TypeError for
another kind of thing. Arrays are NumPy's or JAX's; of one that is being traced only shape and dtype are looked at.
"""

import math
import numbers
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NoReturn

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet.near_names import nearest

_SHOWN = 80  # characters of a value in a message: a line of a terminal
_COUNTABLE = 2**31 - 1  # of JAX's whole numbers, unless x64 is on
_MOST_LISTED = 40  # names in a message


def refuse(argument: str, expected: str, got: object, error: type[Exception] = ValueError) -> NoReturn:
    """Raise ``error`` with the house's one form of words; ``got`` is shown as ``describe`` says it."""
    raise error(printable(f"{argument}: expected {expected}, got {describe(got)}"))


def printable(words: str) -> str:
    """Return words in which nothing can command a terminal: a name out of a file may hold escape sequences."""
    if words.isprintable():
        return words
    return "".join(each if each.isprintable() or each == "\n" else repr(each)[1:-1] for each in words)


def listed(names: Collection[str]) -> str:
    """List names, of many only the first ones and how many more there are."""
    shown = [*names][:_MOST_LISTED]
    more = [f"{len(names) - len(shown)} more"] if len(names) > len(shown) else []
    return printable(", ".join([*shown, *more]))


def require(condition: object, argument: str, expected: str, got: object, error: type[Exception] = ValueError) -> None:
    """Refuse, by raising ``error``, unless ``condition`` holds."""
    if not condition:
        refuse(argument, expected, got, error)


def describe(value: object) -> str:
    """Say in a few words what a value is: arrays by shape and dtype, text as it is, the rest by its repr."""
    if isinstance(value, Words):
        return str(value)
    if isinstance(value, np.ndarray | jax.Array) and value.ndim:
        return f"an array of shape {tuple(value.shape)} and dtype {value.dtype}"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


class Words(str):
    """A description of what was given, to be printed without quotes."""


def choice(
    argument: str, value: object, accepted: Iterable[str], *, elsewhere: Mapping[str, Collection[str]] | None = None
) -> str:
    """Return ``value`` when it is one of the accepted names; else refuse it and say which known name is nearest.

    ``elsewhere`` are the names that other arguments accept, for a value that was given to the wrong one.
    """
    names = list(accepted)
    if isinstance(value, str) and value in names:
        return value
    hint = nearest(value, names) if isinstance(value, str) else ""
    for other, known in (elsewhere or {}).items():
        # only the very name: a likeness to another argument's names would mislead
        if isinstance(value, str) and value.lower() in known:
            hint = f" (give {other}={value.lower()!r})"
    error = ValueError if isinstance(value, str) else TypeError
    refuse(argument, f"one of {listed(names)}", Words(f"{describe(value)}{hint}"), error)


def number(
    argument: str,
    value: Any,
    *,
    above: float = -math.inf,
    minimum: float = -math.inf,
    maximum: float = math.inf,
    below: float = math.inf,
) -> float:
    """Return ``value`` as a float when it is a finite real number within the bounds; else refuse it.

    An array without axes is such a number too; a bool is none.
    """
    expected = "a finite number" + _bounds(above, minimum, maximum, below)
    # so that a rate out of np.logspace or jnp.logspace is as good as one typed in
    scalar = value.item() if isinstance(value, np.generic | np.ndarray | jax.Array) and value.ndim == 0 else value
    require(isinstance(scalar, numbers.Real) and not isinstance(scalar, bool), argument, expected, value, TypeError)
    inside = math.isfinite(scalar) and above < scalar < below and minimum <= scalar <= maximum
    require(inside, argument, expected, value)
    return float(scalar)


def _bounds(above: float, minimum: float, maximum: float, below: float) -> str:
    limits = [(above, "above"), (minimum, "at least"), (maximum, "at most"), (below, "below")]
    named = [f"{word} {limit:g}" for limit, word in limits if math.isfinite(limit)]
    return f" {' and '.join(named)}" if named else ""


def integer(argument: str, value: Any, *, minimum: int = 0, maximum: int | None = None, note: str = "") -> int:
    """Return ``value`` as an int when it is an integer within the bounds; else refuse it. ``note`` explains them."""
    bounds = f"of at least {minimum}" if maximum is None else f"from {minimum} to {maximum}"
    expected = f"an integer {bounds}" + (f" ({note})" if note else "")
    require(isinstance(value, numbers.Integral) and not isinstance(value, bool), argument, expected, value, TypeError)
    require(value >= minimum and (maximum is None or value <= maximum), argument, expected, value)
    return int(value)


def countable(argument: str, value: Any) -> int:
    """Return ``value`` as an int from 1 to what a compiled program can count to, 2^31 - 1; else refuse it."""
    found = integer(argument, value, minimum=1)
    require(found <= _COUNTABLE, argument, f"at most {_COUNTABLE}, to which a program can count", value)
    return found


def concrete(value: object) -> bool:
    """Whether the values of an array can be looked at: inside a transformation only its shape is known."""
    return not isinstance(value, jax.core.Tracer)


def finite(argument: str, value: Any) -> None:
    """Refuse an array of any shape that holds NaN or infinity, naming how many and where the first one is."""
    if not concrete(value) or np.size(value) == 0:
        return
    value = np.asarray(value)
    if np.isfinite(value.min()) and np.isfinite(value.max()):  # NaN is both; faster than looking at each
        return
    bad = ~np.isfinite(value)
    if bad.any():
        first = tuple(int(i) for i in np.argwhere(bad)[0])
        worst = value[first]
        refuse(
            argument,
            "finite numbers",
            Words(f"{int(bad.sum())} that are not, the first ({worst}) at index {list(first)}"),
        )


def real_array(argument: str, value: Any) -> Any:
    """Return ``value`` as an array of real numbers, of its own shape and dtype; ragged input raises ValueError, text,
    complex numbers and objects TypeError."""
    if isinstance(value, jax.Array):
        array: Any = value
    else:
        try:
            array = np.asarray(value)
        except ValueError:
            refuse(argument, "an array of numbers", Words("rows of different lengths"))
    # of JAX's own floats NumPy says kind "V"; the others of that kind are records and bytes
    require(
        array.dtype.kind in "fiub" or str(array.dtype) == "bfloat16",
        argument,
        "an array of real numbers",
        Words(f"dtype {array.dtype} of shape {tuple(array.shape)}{_way_from_text(argument, array)}"),
        TypeError,
    )
    return array


def _way_from_text(argument: str, array: Any) -> str:
    """Say how text becomes numbers: labels by their place among the classes, columns by a preparation."""
    if array.dtype.kind not in "USTO" or not (array.size and isinstance(array.reshape(-1)[0], str | bytes)):
        return ""
    if argument == "y":
        return ": number text labels by classes, y = np.unique(y, return_inverse=True)"
    return ": text columns are made numbers by jn.data.prepare(table, target=...)"


def random_key(argument: str, value: Any) -> jax.Array:
    """Return a typed key, without axes; ``jax.random.key(0)`` and the older ``jax.random.PRNGKey(0)``, [2] (uint32),
    are accepted. Raises TypeError for what is no key, ValueError for several."""
    expected = "a key such as jax.random.key(0)"
    if not isinstance(value, jax.Array):
        refuse(argument, expected, value, TypeError)
    if jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
        require(value.ndim == 0, argument, f"one key, not {value.shape} keys", Words(f"keys of shape {value.shape}"))
        return value
    require(value.dtype == np.uint32 and value.shape == (2,), argument, expected, value, TypeError)
    key: jax.Array = jax.random.wrap_key_data(value)
    return key


def examples(argument: str, value: Any, inputs: int | None, dtype: Any) -> Any:
    """Return examples [N, D] in ``dtype``, or [N, ...] where D = ``inputs`` is None; refuse another shape, no example,
    NaN and infinity.

    NumPy arrays stay so: they are handed to the device once, when all is checked.
    """
    array = real_array(argument, value)
    shape = f"an array of shape (N, {inputs if inputs is not None else 'D'}), one row an example"
    fits = array.ndim >= 1 and (inputs is None or (array.ndim == 2 and array.shape[1] == inputs))
    require(fits, argument, shape, array)
    require(array.shape[0] > 0, argument, "at least one example", array)
    # after the cast, which may overflow: 1e300 is finite as it is given and infinite in float32
    array = _cast(array, dtype)
    finite(argument, array)
    return array


def targets(argument: str, value: Any, count: int, dtype: Any) -> Any:
    """Return targets [N] or [N, K] of N = ``count`` examples: numbers in ``dtype``, labels as int32.

    Refuses another number of them; what they may be is said by the loss, in ``check_targets``.
    """
    array = real_array(argument, value)
    fits = array.ndim >= 1 and len(array) == count
    require(fits, argument, f"one target for each of the {count} examples", beside(array, count))
    return _cast(array, jnp.int32 if array.dtype.kind in "iub" else dtype)


def beside(array: Any, count: int) -> Words:
    """Describe targets [N, ...], and where they are of another number than the examples, say both numbers."""
    other = array.ndim and len(array) != count
    return Words(f"{describe(array)}{f' (X has {count} examples, y has {len(array)})' if other else ''}")


def weights(argument: str, value: Any, count: int, dtype: Any) -> Any:
    """Return example weights [N] of N = ``count`` examples in ``dtype``; refuse another shape, NaN and infinity, a
    weight below 0, and weights that are all 0."""
    array = real_array(argument, value)
    require(array.shape == (count,), argument, f"one weight for each of the {count} examples, shape ({count},)", array)
    finite(argument, array)
    if concrete(array):
        # all 0 would make every mean 0/0
        smallest, total = np.asarray(array).min(), np.asarray(array).sum()
        require(
            smallest >= 0 and total > 0,
            argument,
            "weights of at least 0, not all 0",
            Words(f"a smallest weight of {smallest:g} and a sum of {total:g}"),
        )
    return _cast(array, dtype)


def _cast(array: Any, dtype: Any) -> Any:
    if isinstance(array, np.ndarray):
        with np.errstate(over="ignore"):  # a number too large for the dtype becomes inf, and is refused as such
            return array.astype(dtype, copy=False)
    return array.astype(dtype)


def parameters(argument: str, value: Any) -> Any:
    """Return the dtype that a pytree of parameters computes in; refuse one that holds no floating-point array."""
    leaves = jax.tree.leaves(value)
    expected = "a pytree of floating-point arrays of one dtype"
    require(leaves and all(hasattr(leaf, "dtype") for leaf in leaves), argument, expected, value, TypeError)
    kinds = sorted({str(leaf.dtype) for leaf in leaves})
    floating = all(jnp.issubdtype(leaf.dtype, jnp.floating) for leaf in leaves)
    require(floating and len(kinds) == 1, argument, expected, Words(f"leaves of dtype {', '.join(kinds)}"), TypeError)
    return leaves[0].dtype
