"""The true gradient: ``jax.grad`` of f in float64, and the noise of rounding."""

import collections
import functools
from collections.abc import Callable
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

from jaxnet.gradients.evidence import Gradient, by_path
from jaxnet.gradients.point import Arguments, Point, split_arrays
from jaxnet.gradients.truth import corners, rounding_noise, tracing
from jaxnet.gradients.truth.evaluation import Evaluated
from jaxnet.types import Pytree

_TILTS = 997  # errors of slopes of saturated losses; more are used again, and a prime spreads them over the uses
# unit roundoff -> what an operation in it cannot tell from zero: float64, float32, float16, bfloat16
_UNDERFLOW = {2.0**-53: 2.0**-1022, 2.0**-24: 2.0**-126, 2.0**-11: 2.0**-24, 2.0**-8: 2.0**-126}


class Oracle(Protocol):
    """What judges a gradient at a point: all in float64."""

    name: str

    def value(self, params: Pytree, *data: Any) -> float:
        """Compute f."""
        ...

    def gradient(self, params: Pytree, *data: Any, slope: float = 0.0) -> Gradient:
        """Compute the gradient of f, with ``slope`` for relu'(0) and its like."""
        ...

    def noise(self, params: Pytree, *data: Any, eps: float, corner: bool = False) -> Gradient:
        """Compute for every entry the largest difference that rounding to ``eps`` explains; ``corner``: f has one."""
        ...

    def value_noise(self, params: Pytree, *data: Any, eps: float) -> float:
        """Compute the same for the value of f."""
        ...


class _Programs:
    """The programs of a function of arrays, the first ``count`` of which are parameters."""

    def __init__(self, value: Callable[[list[Any]], Any], count: int) -> None:
        def bent(slope: Any, arrays: list[Any]) -> list[Any]:
            along = lambda params: corners.with_slope_at_ties(value, [*params, *arrays[count:]], slope)
            return jax.grad(along)(arrays[:count])

        def leaning(arrays: list[Any]) -> list[Any]:
            *given, tilt = arrays
            tilted = lambda params: corners.tilted(value, [*params, *given[count:]], tilt)
            return jax.grad(tilted)(given[:count])

        self.value = Evaluated(value)
        self.plain = Evaluated(
            lambda arrays: jax.grad(lambda params: value([*params, *arrays[count:]]))(arrays[:count])
        )
        self._bent = Evaluated(bent)
        self._measured = rounding_noise.measure_rounding(self.plain)
        self._leaning = rounding_noise.measure_rounding(Evaluated(leaning), tilts=True)
        self.active = rounding_noise.measure_rounding(Evaluated(lambda arrays: bent(1.0, arrays)))

    def gradient(self, slope: float, arrays: list[Any]) -> list[Any]:
        """Compute the gradient with ``slope`` at ties; most functions have no operation that could have one."""
        return self._bent(slope, arrays) if self._uses(arrays, corners.TIED) else self.plain(arrays)

    def measure(self, arrays: list[Any]) -> rounding_noise.Rounding:
        """Measure what rounding does, an absolute error of the slopes of what may saturate included."""
        if self._uses(arrays, corners.SATURATING):
            return self._leaning([*arrays, np.zeros(_TILTS)])
        return self._measured(arrays)

    def _uses(self, arrays: list[Any], names: set[str]) -> bool:
        return bool(self.value.names(arrays) & names)


class Automatic:
    """``jax.grad`` of f, traced once for every form of its arguments."""

    name = "jax.grad of f in float64"

    def __init__(self, f: Callable[..., Any], kept: "tuple[_Form, _Programs] | None" = None) -> None:
        """Take f, and programs that are traced already for arguments of one form."""
        self.f = f
        self._kept = kept
        self._last: tuple[Any, rounding_noise.Rounding] | None = None
        self._programs = functools.lru_cache(maxsize=8)(self._compile)

    def value(self, params: Pytree, *data: Any) -> float:
        arrays, programs = self._ready(params, data)
        return float(programs.value(arrays))

    def gradient(self, params: Pytree, *data: Any, slope: float = 0.0) -> Gradient:
        arrays, programs = self._ready(params, data)
        return _named(params, programs.gradient(slope, arrays))

    def rule(self, params: Pytree, *data: Any) -> Gradient:
        """Compute what ``jax.grad`` returns, with every derivative rule as it was written."""
        arrays, programs = self._ready(params, data)
        return _named(params, programs.plain(arrays))

    def value_noise(self, params: Pytree, *data: Any, eps: float) -> float:
        """Compute the largest difference of the value that rounding explains."""
        taken = split_arrays((params, *data))
        gain = rounding_noise.measure_rounding(Evaluated(lambda arrays: [self.f(*taken.joined(arrays))]))(
            taken.arrays
        ).gain
        return float(rounding_noise.FACTOR * eps * gain[0])

    def noise(self, params: Pytree, *data: Any, eps: float, corner: bool = False) -> Gradient:
        arrays, programs = self._ready(params, data)
        gains, turns = self._rounding(arrays, programs, corner)
        noise = [rounding_noise.FACTOR * (eps * gain + _UNDERFLOW.get(eps, 0.0)) for gain in gains]
        if eps >= turns:  # some relu's argument is zero within rounding: either side is right
            jumps = rounding_noise.jumps(programs.plain, arrays, eps)
            noise = [smooth + jump for smooth, jump in zip(noise, jumps, strict=True)]
        return _named(params, noise)

    def _rounding(self, arrays: list[Any], programs: _Programs, corner: bool) -> rounding_noise.Rounding:
        """What rounding does here, whatever the precision; the last answer is kept, as several precisions are asked."""
        numbers = (jax.random.key_data(a) if jnp.issubdtype(a.dtype, jax.dtypes.prng_key) else a for a in arrays)
        key = corner, *((a.shape, str(a.dtype), np.asarray(a).tobytes()) for a in numbers)
        if self._last is None or self._last[0] != key:
            gains, turns = programs.measure(self._labels_as_numbers(arrays, programs))
            if corner:  # what is at a corner counts as active, for JAX leaves it out
                gains = [np.maximum(a, b) for a, b in zip(gains, programs.active(arrays).gain, strict=True)]
            self._last = key, rounding_noise.Rounding(gains, turns)
        return self._last[1]

    def _labels_as_numbers(self, arrays: list[Any], programs: _Programs) -> list[Any]:
        """Make integers floating-point numbers where f only computes with them, so that p - y is seen to round.

        Labels that are indices select and are not subtracted: rounding does nothing to them.
        """
        numbers = [np.asarray(a, np.float64) if a.dtype.kind in "iub" else a for a in arrays]
        if all(a is b for a, b in zip(arrays, numbers, strict=True)):
            return arrays
        try:
            pairs = zip(programs.gradient(0.0, arrays), programs.gradient(0.0, numbers), strict=True)
            return numbers if all(np.array_equal(a, b) for a, b in pairs) else arrays
        except Exception:  # they are indices, or labels that f refuses as numbers
            return arrays

    def _ready(self, params: Pytree, data: Point) -> tuple[list[Any], _Programs]:
        taken = split_arrays((params, *data))
        if self._kept and self._kept[0] == _form(taken):
            return taken.arrays, self._kept[1]
        return taken.arrays, self._programs(taken.structure, taken.rest, len(jax.tree.leaves(params)))

    def _compile(self, structure: Any, rest: Point, count: int) -> _Programs:
        taken = Arguments([], structure, rest)
        return _Programs(lambda arrays: self.f(*taken.joined(arrays)), count)


def _named(params: Pytree, arrays: list[Any]) -> Gradient:
    return {path: np.asarray(a, np.float64) for path, a in zip(by_path(params), arrays, strict=True)}


_Form = tuple[Any, ...]
_KEPT = 64  # of programs, the latest used
_remembered: collections.OrderedDict[Any, _Programs] = collections.OrderedDict()


def _form(taken: Arguments) -> _Form:
    return taken.structure, taken.rest, tuple((a.shape, a.dtype) for a in taken.arrays)


def automatic(f: Callable[..., Any], closed: core.ClosedJaxpr, point: Point) -> Automatic:
    """Return the oracle of a traceable f; programs are kept by what f does, ``closed`` being its operations at a point.

    A function may read names that change between two calls, which a compiled program would not see. So it is traced
    every time, which costs little, and compiled, which costs more than all the rest, when it does something new. What
    is compiled are the operations, and never f: another function that does the same may take its arrays in other forms.
    """
    if tracing.holds_rules(closed):  # rules and callbacks of the user's, which are not written down
        return Automatic(f)
    taken, count = split_arrays(point), len(jax.tree.leaves(point[0]))
    key = (str(closed), tuple(np.asarray(each).tobytes() for each in closed.consts), count)
    operations = core.jaxpr_as_fun(closed)
    programs = _remembered.pop(key, None) or _Programs(lambda arrays: operations(*arrays)[0], count)
    _remembered[key] = programs
    while len(_remembered) > _KEPT:
        _remembered.popitem(last=False)
    return Automatic(f, (_form(taken), programs))
