"""How much of a difference rounding explains, entry by entry: no tolerance is chosen, it is measured on f itself.

Every operation of the gradient's computation is disturbed at random by a relative step h, and so is every input; the
spread of the results, scaled from h to the unit roundoff of the precision in use, is what rounding does to each entry
(Monte Carlo arithmetic, Parker 1997). A sum of n terms is disturbed by sqrt(n) h times the sum of their absolute
values, the probabilistic bound that holds for every order of summation (Higham and Mary 2019). What is zero in every
draw has no noise, an entry of 1e-12 is judged as strictly as one of 1e+3, and cancellation, saturation (1 - a for an a
near 1) and stationary points show their true noise, because it is the intermediate values that are disturbed.
"""

from collections.abc import Callable, Sequence
from functools import cache, cached_property
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

from jaxnet.gradients.point import float64
from jaxnet.gradients.truth import tracing
from jaxnet.gradients.truth.evaluation import QUICKLY, Evaluated, carried_out, in_turns, one_by_one, own

DRAWS, _GROUP = 32, 8  # a group is computed at once: more at a time need more memory than they save seconds
# 12: Student's quantile with 32 degrees of freedom at 1e-12, one false alarm in a million gradients of a million
# independent entries; 3: a derivation may take nine times as many rounding steps as the one JAX takes.
FACTOR = 12 * 3
_STEP = 2.0**-40  # large against the rounding of float64 (2**-53), small enough for the response to be linear

_Step = Any  # the relative size of a disturbance
_DEVIATION = float(np.sqrt(np.pi / 2))  # from the mean size to the standard deviation, without squares that underflow
_PERIOD, _OFFSETS = 65521, 4096  # random signs of one draw: operation k uses them from a place of its own on

# operations that move or choose numbers and round none of them
_EXACT = {
    "reshape", "transpose", "broadcast_in_dim", "squeeze", "slice", "dynamic_slice", "gather", "concatenate", "pad",
    "rev", "select_n", "convert_element_type", "copy", "copy_p", "neg", "max", "min", "abs", "sign", "reduce_max",
    "reduce_min", "iota", "expand_dims", "dynamic_update_slice", "scatter", "sort", "optimization_barrier", "split",
    "stop_gradient", "clamp", "reduce_and", "reduce_or", "argmax", "argmin",
}  # fmt: skip
# operations whose rounding grows with the number of terms and not with the size of the result
_SUMS = {
    "dot_general", "reduce_sum", "cumsum", "conv_general_dilated", "scatter-add", "scatter_add", "reduce_window_sum",
    "select_and_scatter_add",
}  # fmt: skip
_ORDERINGS = {"gt", "ge", "lt", "le"}
# operations that choose by their last operand: disturbed, they would choose otherwise at a tie
_CHOOSING = {"select_and_scatter_add", "select_and_gather_add"}


class _Value(NamedTuple):
    """The exact value and the disturbed ones, one a draw."""

    exact: Any
    noisy: tuple[Any, ...]


class Rounding(NamedTuple):
    """What rounding does to a gradient, whatever the precision.

    Attributes:
        gain: per leaf and entry, the standard deviation for one unit of relative disturbance.
        turns: the least unit roundoff at which some comparison (the sign of a relu's argument) could go the other way.
    """

    gain: list[np.ndarray]
    turns: float


def measure_rounding(gradient: Evaluated, *, tilts: bool = False) -> Callable[[list[Any]], Rounding]:
    """Return what measures the effect of rounding on ``gradient(arrays)`` -> list of arrays; comparisons stand.

    ``tilts``: the last of the arrays is an error by itself, exactly 0 and disturbed by one unit.
    """
    draws = _Draws(gradient, branches=False, tilts=tilts)

    def measured(arrays: list[Any]) -> Rounding:
        kept: _Kept = []  # what is exact is computed by the first group
        each = _signs(DRAWS).reshape(-1, _GROUP, _PERIOD + _OFFSETS)
        groups = [draws(arrays, signs, _STEP, kept) for signs in each]
        totals = [sum(np.abs(d).sum(0) for d in leaf) for leaf in zip(*(found for found, _ in groups), strict=True)]
        return Rounding([_DEVIATION * total / DRAWS / _STEP for total in totals], min(turns for _, turns in groups))

    return measured


def jumps(gradient: Evaluated, arrays: list[Any], eps: float) -> list[np.ndarray]:
    """Return the largest deviation of every entry when comparisons within reach of ``eps`` go either way."""
    deviations, _ = _Draws(gradient, branches=True)(arrays, _signs(_GROUP), FACTOR * eps)
    return [np.abs(leaf).max(0) for leaf in deviations]


@cache
def _signs(draws: int) -> np.ndarray:
    return np.random.default_rng(0).choice([-1.0, 1.0], (draws, _PERIOD + _OFFSETS))


class _Draws:
    """Disturbed evaluations of a function: (arrays, signs [M, ...], step) -> deviations [M, ...] a leaf, and turns.

    ``branches``: comparisons decide by the disturbed values; otherwise they stand. They are computed by NumPy, or,
    where loops turn often, by a compiled program for all draws.
    """

    def __init__(self, gradient: Evaluated, *, branches: bool, tilts: bool = False) -> None:
        self.traced, self.branches, self.tilts = gradient, branches, tilts

    def __call__(
        self, arrays: list[Any], signs: np.ndarray, step: float, kept: "_Kept | None" = None
    ) -> tuple[list[np.ndarray], float]:
        with float64():
            closed = self.traced.operations(arrays)
            if one_by_one(closed):
                with np.errstate(all="ignore"):
                    draw = _Draw([each * step for each in signs], step, self.branches, np)
                    draw.kept = [] if kept is None else kept
                    deviations, turns = self._disturbed(closed, [own(a) for a in arrays], draw)
                return [np.stack(leaf) for leaf in deviations], float(turns)
            deviations, turns = self._compiled(arrays, signs, step)
        return [np.asarray(leaf[0]) for leaf in deviations], float(np.min(turns))

    @cached_property
    def _compiled(self) -> Any:
        def group(arrays: list[Any], signs: Any, step: Any) -> Any:
            closed = tracing.trace(self.traced.function, arrays)
            one = lambda each: self._disturbed(closed, arrays, _Draw([each * step], step, self.branches, jnp))
            return jax.vmap(one)(signs)

        return jax.jit(group, compiler_options=QUICKLY)

    def _disturbed(self, closed: core.ClosedJaxpr, arrays: Sequence[Any], draw: "_Draw") -> Any:
        exact = lambda array: draw.same(array)
        inputs = [draw.jitter(exact(a), draw.xp.abs(a)) if tracing.floating(a) else exact(a) for a in arrays]
        if self.tilts:
            inputs[-1] = draw.jitter(inputs[-1], draw.xp.ones_like(arrays[-1]))
        draw.given |= {id(value): value for value in inputs}
        outputs = tracing.walk(closed, inputs, draw.rule, exact)
        return [[noisy - value.exact for noisy in value.noisy] for value in outputs], draw.turns


_Kept = list[tuple[list[Any], list[Any]]]  # by operation, in the order of the walk: exact results, and their sizes


class _Draw:
    """Disturbed evaluations side by side: the state counts the operations and keeps the least ``turns`` so far."""

    def __init__(self, steps: list[Any], step: _Step, branches: bool, xp: Any) -> None:
        self.steps, self.step, self.branches, self.xp = steps, step, branches, xp
        self.operations = self.met = 0
        self.kept: _Kept | None = None
        # what was handed in, or only moved since: who compares it compares what everybody has, to the last bit
        self.given: dict[int, _Value] = {}
        self.turns: Any = xp.asarray(xp.inf)
        self._apply = carried_out if xp is np else tracing.apply

    def same(self, array: Any) -> _Value:
        array = own(array) if self.xp is np else array
        return self._given(_Value(array, (array,) * len(self.steps)))

    def _given(self, value: _Value) -> _Value:
        self.given[id(value)] = value
        return value

    def _are_given(self, values: list[_Value]) -> bool:
        return all(id(value) in self.given for value in values)

    def jitter(self, value: _Value, magnitude: Any) -> _Value:
        self.operations += 1
        shape = np.shape(magnitude)
        # an infinity, as in a mask of -inf before a softmax, is not rounded; disturbed it would be no number
        magnitude = self.xp.where(self.xp.isfinite(magnitude), magnitude, 0.0)
        noisy = (
            n + self.disturbance(steps, shape) * magnitude for n, steps in zip(value.noisy, self.steps, strict=True)
        )
        return _Value(value.exact, tuple(noisy))

    def disturbance(self, steps: Any, shape: tuple[int, ...]) -> Any:
        # 61 has no factor in common with the offsets: each operation starts at another place among the same signs
        size, start = int(np.prod(shape)), self.operations * 61 % _OFFSETS
        steps = steps[start : start + _PERIOD]
        return (self.xp.tile(steps, -(-size // _PERIOD)) if size > _PERIOD else steps)[:size].reshape(shape)

    def rule(self, eqn: core.JaxprEqn, values: list[_Value]) -> list[_Value]:
        held = tracing.inside(eqn, custom=True)
        if held is not None:
            return tracing.walk(held, values, self.rule, self.same)
        if eqn.primitive.name == "scan":
            return self.scan(eqn, values)
        # both are computed side by side: their difference is the effect of all disturbances so far
        exact, magnitudes = self.exactly(eqn, [value.exact for value in values])
        self.watch(eqn, values)
        if eqn.primitive.name in _CHOOSING and not self.branches:
            values = [*values[:-1], self.same(values[-1].exact)]
        draws = zip(*(value.noisy for value in values), strict=True) if values else ((),) * len(self.steps)
        noisy = zip(*(self._apply(eqn, list(each)) for each in draws), strict=True)
        stands = not self.branches or (eqn.primitive.name in {*_ORDERINGS, "eq", "ne"} and self._are_given(values))
        results = [
            self.same(e) if stands and not tracing.floating(e) else _Value(e, n)
            for e, n in zip(exact, noisy, strict=True)
        ]
        if eqn.primitive.name in _EXACT:
            return [self._given(each) for each in results] if self._are_given(values) else results
        return [self.jitter(r, m) if tracing.floating(r.exact) else r for r, m in zip(results, magnitudes, strict=True)]

    def exactly(self, eqn: core.JaxprEqn, inputs: list[Any]) -> tuple[list[Any], list[Any]]:
        """The results without disturbances, and the sizes that theirs are relative to."""
        place, self.met = self.met, self.met + 1
        if self.kept is not None and place < len(self.kept):
            return self.kept[place]
        results = list(self._apply(eqn, inputs))
        found = results, [] if eqn.primitive.name in _EXACT else self.magnitudes(eqn, inputs, results)
        if self.kept is not None:
            self.kept.append(found)
        return found

    def watch(self, eqn: core.JaxprEqn, values: list[_Value]) -> None:
        """Notice how near a comparison is to going the other way."""
        if eqn.primitive.name in _ORDERINGS and tracing.floating(values[0].exact) and not self._are_given(values):
            left, right = values
            distance, xp = left.exact - right.exact, self.xp
            for one, other in zip(left.noisy, right.noisy, strict=True):
                gain = FACTOR * xp.abs((one - other) - distance) / self.step
                turns = xp.where(gain > 0, xp.abs(distance) / xp.where(gain > 0, gain, 1), xp.inf)
                self.turns = xp.minimum(self.turns, xp.min(turns, initial=xp.inf))

    def scan(self, eqn: core.JaxprEqn, values: list[_Value]) -> list[_Value]:
        """Disturb a loop in every turn."""
        if self.xp is np:
            entry = lambda x, turn: _Value(x.exact[turn], tuple(n[turn] for n in x.noisy))
            each = lambda rows: zip(*(row.noisy for row in rows), strict=True)
            stack = lambda rows: _Value(np.stack([row.exact for row in rows]), tuple(map(np.stack, each(rows))))
            return in_turns(eqn, values, self.one_turn, entry=entry, stack=stack)
        body, constants, carried = tracing.loop_parts(eqn)
        within = constants + carried
        consts, carry, xs = values[:constants], values[constants:within], values[within:]

        def turn(state: tuple[list[_Value], jax.Array], x: list[_Value]) -> Any:
            inner = _Draw(self.steps, self.step, self.branches, self.xp)
            results = tracing.walk(body, [*consts, *state[0], *x], inner.rule, inner.same)
            return (results[: len(carry)], jnp.minimum(state[1], inner.turns)), results[len(carry) :]

        state = (carry, self.turns)
        length, backwards = eqn.params["length"], eqn.params["reverse"]
        (carry, self.turns), ys = jax.lax.scan(turn, state, xs, length=length, reverse=backwards)
        return [*carry, *ys]

    def one_turn(self, body: core.ClosedJaxpr, values: list[_Value]) -> list[_Value]:
        """Disturb one turn; each in the same way, for what is rounded the same way in all of them adds up."""
        before, self.operations = self.operations, 0
        results = tracing.walk(body, values, self.rule, self.same)
        self.operations = before
        return results

    def magnitudes(self, eqn: core.JaxprEqn, inputs: list[Any], outputs: list[Any]) -> list[Any]:
        """The size that a relative disturbance is relative to: of a sum, sqrt(n) times the sum of absolute terms."""
        if eqn.primitive.name not in _SUMS:
            return [self.xp.abs(out) if tracing.floating(out) else out for out in outputs]
        absolute = self._apply(eqn, [self.xp.abs(a) if tracing.floating(a) else a for a in inputs])
        return [np.sqrt(_terms(eqn, outputs[0])) * absolute[0]]


def _terms(eqn: core.JaxprEqn, out: jax.Array) -> float:
    shapes = [tracing.shape(atom) for atom in eqn.invars]
    name = eqn.primitive.name
    if name == "dot_general":
        return float(np.prod([shapes[0][axis] for axis in eqn.params["dimension_numbers"][0][0]]))
    if name == "cumsum":
        return float(shapes[0][eqn.params["axis"]])
    if name == "conv_general_dilated":
        return float(np.prod(shapes[1]) / shapes[1][eqn.params["dimension_numbers"].rhs_spec[0]])
    return max(1.0, float(np.prod(shapes[-1 if name.startswith("scatter") else 0])) / max(1, int(np.prod(out.shape))))
