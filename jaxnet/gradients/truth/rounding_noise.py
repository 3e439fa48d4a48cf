"""How much of a difference rounding explains, entry by entry: no tolerance is chosen, it is measured on f itself.

Every operation of the gradient's computation is disturbed at random by a relative step h, and so is every input; the
spread of the results, scaled from h to the unit roundoff of the precision in use, is what rounding does to each entry
(Monte Carlo arithmetic, Parker 1997). A sum of n terms is disturbed by sqrt(n) h times the sum of their absolute
values, the probabilistic bound that holds for every order of summation (Higham and Mary 2019). What is zero in every
draw has no noise, an entry of 1e-12 is judged as strictly as one of 1e+3, and cancellation, saturation (1 - a for an a
near 1) and stationary points show their true noise, because it is the intermediate values that are disturbed.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

from jaxnet.gradients.truth import tracing

DRAWS, _GROUP = 32, 8  # a group is computed at once: more at a time need more memory than they save seconds
# 12: Student's quantile with 32 degrees of freedom at 1e-12, one false alarm in a million gradients of a million
# independent entries; 3: a derivation may take nine times as many rounding steps as the one JAX takes.
FACTOR = 12 * 3
_STEP = 2.0**-40  # large against the rounding of float64 (2**-53), small enough for the response to be linear

_Step = float | jax.Array  # the relative size of a disturbance
_DEVIATION = float(np.sqrt(np.pi / 2))  # from the mean size to the standard deviation, without squares that underflow
_PERIOD, _OFFSETS = 65521, 4096  # random signs of one draw: operation k uses them from a place of its own on

_QUICKLY = {"xla_backend_optimization_level": "0"}  # run a few times only: compiling is what costs

# operations that move or choose numbers and round none of them
_EXACT = {
    "reshape", "transpose", "broadcast_in_dim", "squeeze", "slice", "dynamic_slice", "gather", "concatenate", "pad",
    "rev", "select_n", "convert_element_type", "copy", "copy_p", "neg", "max", "min", "abs", "sign", "reduce_max",
    "reduce_min", "iota", "expand_dims", "dynamic_update_slice", "scatter", "sort", "optimization_barrier", "split",
    "stop_gradient", "clamp", "reduce_and", "reduce_or", "argmax", "argmin",
}  # fmt: skip
# operations whose rounding grows with the number of terms and not with the size of the result
_SUMS = {
    "dot_general",
    "reduce_sum",
    "cumsum",
    "conv_general_dilated",
    "scatter-add",
    "scatter_add",
    "reduce_window_sum",
}
_ORDERINGS = {"gt", "ge", "lt", "le"}


class _Value(NamedTuple):
    """The exact value and the disturbed one."""

    exact: jax.Array
    noisy: jax.Array


class Rounding(NamedTuple):
    """What rounding does to a gradient, whatever the precision.

    Attributes:
        gain: per leaf and entry, the standard deviation for one unit of relative disturbance.
        turns: the least unit roundoff at which some comparison (the sign of a relu's argument) could go the other way.
    """

    gain: list[np.ndarray]
    turns: float


def measure_rounding(gradient: Callable[..., Any], *, tilts: bool = False) -> Callable[[list[Any]], Rounding]:
    """Compile what measures the effect of rounding on ``gradient(arrays)`` -> list of arrays; comparisons stand.

    ``tilts``: the last of the arrays is an error by itself, exactly 0 and disturbed by one unit.
    """

    @partial(jax.jit, compiler_options=_QUICKLY)
    def group(arrays: list[jax.Array], signs: jax.Array) -> tuple[list[jax.Array], jax.Array]:
        one = partial(disturb, gradient, arrays, step=_STEP, branches=False, tilts=tilts)
        deviations, turns = jax.vmap(one)(signs)
        return [jnp.sum(jnp.abs(d), axis=0) for d in deviations], jnp.min(turns)

    def measured(arrays: list[Any]) -> Rounding:
        groups = [group(arrays, signs) for signs in _signs(DRAWS).reshape(-1, _GROUP, _PERIOD + _OFFSETS)]
        totals = [sum(leaf) for leaf in zip(*(totals for totals, _ in groups), strict=True)]
        turns = min(float(turns) for _, turns in groups)
        return Rounding([_DEVIATION * np.asarray(total) / DRAWS / _STEP for total in totals], turns)

    return measured


def jumps(gradient: Callable[..., Any], arrays: list[Any], eps: float) -> list[np.ndarray]:
    """Return the largest deviation of every entry when comparisons within reach of ``eps`` go either way."""

    @partial(jax.jit, compiler_options=_QUICKLY)
    def run(arrays: list[jax.Array], signs: jax.Array, step: _Step) -> list[jax.Array]:
        one = lambda signs: disturb(gradient, arrays, signs, step=step, branches=True)[0]
        return [jnp.max(jnp.abs(draws), axis=0) for draws in jax.vmap(one)(signs)]

    return [np.asarray(jump) for jump in run(arrays, _signs(_GROUP), FACTOR * eps)]


@cache
def _signs(draws: int) -> np.ndarray:
    return np.random.default_rng(0).choice([-1.0, 1.0], (draws, _PERIOD + _OFFSETS))


def disturb(
    gradient: Callable[..., Any],
    arrays: Sequence[Any],
    signs: jax.Array,
    *,
    step: _Step,
    branches: bool,
    tilts: bool = False,
) -> tuple[list[jax.Array], jax.Array]:
    """Compute ``gradient(arrays)`` with every operation disturbed by ``step``: deviations, and ``turns``.

    ``signs``: random -1 and 1. ``branches``: comparisons decide by the disturbed values; otherwise they stand.
    """
    draw = _Draw(signs * step, step, branches)
    inputs = [draw.jitter(_same(a), jnp.abs(a)) if tracing.floating(a) else _same(a) for a in arrays]
    if tilts:
        inputs[-1] = draw.jitter(inputs[-1], jnp.ones_like(arrays[-1]))
    outputs = tracing.walk(tracing.trace(gradient, arrays), inputs, draw.rule, _same)
    return [value.noisy - value.exact for value in outputs], draw.turns


def _same(array: jax.Array) -> _Value:
    return _Value(array, array)


class _Draw:
    """One disturbed evaluation: its state counts the operations and keeps the least ``turns`` so far."""

    def __init__(self, steps: jax.Array, step: _Step, branches: bool) -> None:
        self.steps, self.step, self.branches = steps, step, branches
        self.operations = 0
        self.turns: jax.Array = jnp.asarray(jnp.inf)

    def jitter(self, value: _Value, magnitude: jax.Array) -> _Value:
        self.operations += 1
        return _Value(value.exact, value.noisy + self.disturbance(jnp.shape(magnitude)) * magnitude)

    def disturbance(self, shape: tuple[int, ...]) -> jax.Array:
        # 61 has no factor in common with the offsets: each operation starts at another place among the same signs
        size, start = int(np.prod(shape)), self.operations * 61 % _OFFSETS
        steps = self.steps[start : start + _PERIOD]
        return (jnp.tile(steps, -(-size // _PERIOD)) if size > _PERIOD else steps)[:size].reshape(shape)

    def rule(self, eqn: core.JaxprEqn, values: list[_Value]) -> list[_Value]:
        held = tracing.inside(eqn, custom=True)
        if held is not None:
            return tracing.walk(held, values, self.rule, _same)
        if eqn.primitive.name == "scan":
            return self.scan(eqn, values)
        # both are computed side by side: their difference is the effect of all disturbances so far
        exact = tracing.apply(eqn, [value.exact for value in values])
        self.watch(eqn, values)
        noisy = tracing.apply(eqn, [value.noisy for value in values])
        results = [
            _Value(e, n if tracing.floating(e) or self.branches else e) for e, n in zip(exact, noisy, strict=True)
        ]
        if eqn.primitive.name in _EXACT:
            return results
        magnitudes = _magnitudes(eqn, [value.exact for value in values], exact)
        return [self.jitter(r, m) if tracing.floating(r.exact) else r for r, m in zip(results, magnitudes, strict=True)]

    def watch(self, eqn: core.JaxprEqn, values: list[_Value]) -> None:
        """Notice how near a comparison is to going the other way."""
        if eqn.primitive.name in _ORDERINGS and tracing.floating(values[0].exact):
            left, right = values
            distance = left.exact - right.exact
            gain = FACTOR * jnp.abs((left.noisy - right.noisy) - distance) / self.step
            turns = jnp.where(gain > 0, jnp.abs(distance) / jnp.where(gain > 0, gain, 1), jnp.inf)
            self.turns = jnp.minimum(self.turns, jnp.min(turns, initial=jnp.inf))

    def scan(self, eqn: core.JaxprEqn, values: list[_Value]) -> list[_Value]:
        """Disturb a loop in every turn."""
        body, constants, carried = tracing.loop_parts(eqn)
        consts, carry, xs = _split(values, constants, carried)

        def turn(state: tuple[list[_Value], jax.Array], x: list[_Value]) -> Any:
            inner = _Draw(self.steps, self.step, self.branches)
            results = tracing.walk(body, [*consts, *state[0], *x], inner.rule, _same)
            return (results[: len(carry)], jnp.minimum(state[1], inner.turns)), results[len(carry) :]

        state = (carry, self.turns)
        length, backwards = eqn.params["length"], eqn.params["reverse"]
        (carry, self.turns), ys = jax.lax.scan(turn, state, xs, length=length, reverse=backwards)
        return [*carry, *ys]


def _split(values: list[_Value], consts: int, carry: int) -> tuple[list[_Value], list[_Value], list[_Value]]:
    return values[:consts], values[consts : consts + carry], values[consts + carry :]


def _magnitudes(eqn: core.JaxprEqn, inputs: list[jax.Array], outputs: list[jax.Array]) -> list[jax.Array]:
    """The size that a relative disturbance is relative to: of a sum, sqrt(n) times the sum of absolute terms."""
    if eqn.primitive.name not in _SUMS:
        return [jnp.abs(out) if tracing.floating(out) else out for out in outputs]
    absolute = tracing.apply(eqn, [jnp.abs(a) if tracing.floating(a) else a for a in inputs])
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
