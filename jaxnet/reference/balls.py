"""Numbers that carry a bound on their rounding error through the very formulas of the reference.

Two programs that compute the same formula in floating point never agree to the last digit; how far apart may they be?
A ``Ball`` answers by running error analysis (Wilkinson 1963; Higham 2002, chapters 2 and 3; ball arithmetic, van der
Hoeven 2009). It holds the value that the reference computed and a radius, and the promise that is kept at every step is

    whoever computes this formula in the given precision, in any order of summation, lands within the radius.

For one operation the radius is the sum of two parts. *What came in*: if x and y are known within r and s, then x y is
known within |x| s + |y| r + r s, a sum within r + s, f(x) within r times the largest |f'| near x: the computation
repeated with absolute values, forward and backward. *What this operation adds*: a rounding, at most ``unit`` times the
result; n of them for a sum of n products (its fan-in); ``ELEMENTARY`` of them for a function such as exp. Nothing is
estimated, and nothing is tuned to what was seen; being a worst case, it is mostly far above the actual difference, and
it grows with each layer and step, because errors are never assumed to cancel.

Balls have the shapes of their values, and the rules below broadcast them as NumPy does, in any number of axes.

A comparison whose sides are closer than their radii may turn out either way, so ``where`` takes both branches into
account: a derivative at the kink of relu is known only within 1.
"""

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

# Accuracy of exp, expm1, log, log1p, tanh, sqrt and power, in units of half a last place of the result. Measured
# against extended precision over their whole ranges: XLA on CPUs at most 6.9 (tanh), NumPy in float64 at most 1.7.
ELEMENTARY = 8


@dataclasses.dataclass(frozen=True)
class Precision:
    """What a floating-point type can do.

    Attributes:
        dtype: the type of the program that is compared with the reference.
        unit: the relative rounding of one operation of the reference: half a last place for the reference's own, and
            twice half a last place of ``dtype``, because the other program may round in one place more
            (a derivative that it assembles from three factors where a formula here has two).
        tiny: the smallest normal number; below it, digits are lost or the result is flushed to 0.
    """

    dtype: np.dtype
    unit: float
    tiny: float

    @classmethod
    def of(cls, dtype: Any) -> "Precision":
        """Return the precision of float32 or float64."""
        info = np.finfo(dtype)
        return cls(np.dtype(dtype), float(info.eps) + float(np.finfo(float).eps) / 2, float(info.tiny))


@dataclasses.dataclass(frozen=True, eq=False)
class Ball(np.lib.mixins.NDArrayOperatorsMixin):
    """An array of float64 values, each with the radius within which any computation in ``precision`` lands."""

    value: np.ndarray  # [...]
    radius: np.ndarray  # [...], of the same shape
    precision: Precision

    @classmethod
    def of(cls, value: Any, precision: Precision) -> "Ball":
        """Return numbers [...] as the other program sees them: rounded once to its type, unless they fit exactly."""
        value = np.asarray(value)
        exact = value if value.dtype.kind in "iub" else value.astype(precision.dtype).astype(float)
        return cls(value, np.abs(value - exact) if value.dtype.kind == "f" else np.zeros(value.shape), precision)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array."""
        return self.value.shape

    @property
    def T(self) -> "Ball":
        """The transpose: [N, H] -> [H, N]."""
        return Ball(self.value.T, self.radius.T, self.precision)

    @property
    def largest(self) -> np.ndarray:
        """The largest absolute value within the radius, [...]."""
        largest: np.ndarray = np.abs(self.value) + self.radius
        return largest

    def __len__(self) -> int:
        return len(self.value)

    def __getitem__(self, index: Any) -> "Ball":
        return Ball(self.value[index], self.radius[index], self.precision)

    def rounded(self, count: float, magnitude: np.ndarray | None = None) -> "Ball":
        """Return the ball with ``count`` more roundings of numbers as large as ``magnitude`` [...], else as itself."""
        # an exact 0 stays one: nothing rounds, and nothing is flushed
        magnitude = self.largest if magnitude is None else magnitude
        slack = count * self.precision.unit * magnitude + np.where(magnitude > 0, self.precision.tiny, 0)
        return Ball(self.value, self.radius + slack, self.precision)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        # a function without a rule is NumPy's TypeError: better no bound than one that leaves a rounding out
        rule = UFUNCS.get(ufunc)
        if rule is None or method != "__call__" or options:
            return NotImplemented
        return rule(*(self._lift(each) for each in inputs))

    def __array_function__(
        self, function: Callable[..., Any], types: Any, arguments: tuple[Any, ...], options: Mapping[str, Any]
    ) -> Any:
        rule = FUNCTIONS.get(function)
        if rule is None:
            return NotImplemented
        if function is np.where:
            arguments = tuple(self._lift(each) for each in arguments)
        return rule(*arguments, **options)

    def _lift(self, value: Any) -> "Ball":
        return value if isinstance(value, Ball) else Ball.of(value, self.precision)


def add(x: Ball, y: Ball) -> Ball:
    """x + y."""
    return Ball(x.value + y.value, x.radius + y.radius, x.precision).rounded(1)


def subtract(x: Ball, y: Ball) -> Ball:
    """x - y."""
    return Ball(x.value - y.value, x.radius + y.radius, x.precision).rounded(1)


def product(x: Ball, y: Ball) -> Ball:
    """x y."""
    radius = np.abs(x.value) * y.radius + x.radius * y.largest
    return Ball(x.value * y.value, radius, x.precision).rounded(1)


def divide(x: Ball, y: Ball) -> Ball:
    """x / y; nothing is known if y may be 0."""
    value = x.value / y.value
    nearest = np.abs(y.value) - y.radius
    with np.errstate(divide="ignore"):
        radius = np.where(nearest > 0, (x.radius + np.abs(value) * y.radius) / np.maximum(nearest, 0), np.inf)
    return Ball(value, radius, x.precision).rounded(1)


def matmul(x: Ball, y: Ball) -> Ball:
    """x @ y: each entry is a sum of n products, and rounds at most n times at the size of the sum of their sizes."""
    radius = np.abs(x.value) @ y.radius + x.radius @ y.largest
    return Ball(x.value @ y.value, radius, x.precision).rounded(x.shape[-1], x.largest @ y.largest)


def total(x: Ball, axis: int | None = None, keepdims: bool = False) -> Ball:
    """sum(x): n numbers in any order round at most n times at the size of the sum of their sizes."""
    value, radius, magnitude = (np.sum(a, axis=axis, keepdims=keepdims) for a in (x.value, x.radius, x.largest))
    count = x.value.size if axis is None else x.shape[axis]
    return Ball(value, radius, x.precision).rounded(count - 1, magnitude)


def power(x: Ball, n: Ball) -> Ball:
    """xⁿ for an integer n of at least 1: the slope is n xⁿ⁻¹."""
    steepest = n.value * x.largest ** (n.value - 1)
    return Ball(x.value**n.value, x.radius * steepest, x.precision).rounded(ELEMENTARY)


def square(x: Ball) -> Ball:
    """x²."""
    return product(x, x)


def absolute(x: Ball) -> Ball:
    """|x|, which does not round."""
    return Ball(np.abs(x.value), x.radius, x.precision)


def negative(x: Ball) -> Ball:
    """-x, which does not round."""
    return Ball(-x.value, x.radius, x.precision)


def largest_along(x: Ball, axis: int, keepdims: bool) -> Ball:
    """The maximum along an axis, which does not round and moves no farther than any of its numbers."""
    value, radius = (np.max(a, axis=axis, keepdims=keepdims) for a in (x.value, x.radius))
    return Ball(value, radius, x.precision)


def comparison(function: np.ufunc) -> Callable[[Ball, Ball], Ball]:
    """Make the rule of >, >= and the like: a truth whose radius is 1 where the radii leave it open."""

    def rule(x: Ball, y: Ball) -> Ball:
        reach = x.radius + y.radius
        undecided = (reach > 0) & (np.abs(x.value - y.value) <= reach)
        return Ball(function(x.value, y.value), undecided.astype(float), x.precision)

    return rule


def where(condition: Ball, x: Ball, y: Ball) -> Ball:
    """x or y; where the condition is undecided, either."""
    taken = np.where(condition.value, x.radius, y.radius)
    other = np.where(condition.value, y.radius, x.radius) + np.abs(x.value - y.value)
    radius = np.where(condition.radius > 0, np.maximum(taken, other), taken)
    return Ball(np.where(condition.value, x.value, y.value), radius, x.precision)


def maximum(x: Ball, y: Ball) -> Ball:
    """The larger of two numbers."""
    return where(comparison(np.greater)(x, y), x, y)


def minimum(x: Ball, y: Ball) -> Ball:
    """The smaller of two numbers."""
    return where(comparison(np.less)(x, y), x, y)


def elementary(function: np.ufunc, steepest: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[[Ball], Ball]:
    """Make the rule of a function from its steepest slope between x - r and x + r (the mean value theorem)."""

    def rule(x: Ball) -> Ball:
        with np.errstate(divide="ignore", invalid="ignore"):
            radius = np.where(x.radius > 0, x.radius * steepest(x.value, x.radius), 0)
        return Ball(function(x.value), radius, x.precision).rounded(ELEMENTARY)

    return rule


def _steepest_sqrt(x: np.ndarray, r: np.ndarray) -> np.ndarray:
    # sqrt(x) - sqrt(x - r) = r / (sqrt(x) + sqrt(x - r)), and never more than sqrt(r)
    slope: np.ndarray = 1 / np.maximum(np.sqrt(x) + np.sqrt(np.maximum(x - r, 0)), np.sqrt(r))
    return slope


UFUNCS: Mapping[np.ufunc, Callable[..., Ball]] = MappingProxyType(
    {
        np.absolute: absolute,
        np.add: add,
        np.divide: divide,
        np.exp: elementary(np.exp, lambda x, r: np.exp(x + r)),
        np.expm1: elementary(np.expm1, lambda x, r: np.exp(x + r)),
        np.greater: comparison(np.greater),
        np.greater_equal: comparison(np.greater_equal),
        np.less_equal: comparison(np.less_equal),
        np.log: elementary(np.log, lambda x, r: 1 / np.maximum(x - r, 0)),
        np.log1p: elementary(np.log1p, lambda x, r: 1 / np.maximum(1 + x - r, 0)),
        np.matmul: matmul,
        np.maximum: maximum,
        np.minimum: minimum,
        np.multiply: product,
        np.negative: negative,
        np.power: power,
        np.sqrt: elementary(np.sqrt, _steepest_sqrt),
        np.square: square,
        np.subtract: subtract,
        np.tanh: elementary(np.tanh, lambda x, r: 1 - np.tanh(np.maximum(np.abs(x) - r, 0)) ** 2),
    }
)
FUNCTIONS: Mapping[Callable[..., Any], Callable[..., Ball]] = MappingProxyType(
    {np.max: largest_along, np.sum: total, np.where: where}
)
