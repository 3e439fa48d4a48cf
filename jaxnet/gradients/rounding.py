"""How much of a difference rounding explains, entry by entry: no tolerance is chosen, it is measured on f itself.

Every operation of the gradient's computation is disturbed at random by a relative step h, and so is every input; the
spread of the results, scaled from h to the unit roundoff of the precision in use, is what rounding does to each entry
(Monte Carlo arithmetic, Parker 1997). A sum of n terms is disturbed by sqrt(n) h times the sum of their absolute
values, the probabilistic bound that holds for every order of summation (Higham and Mary 2019). What is zero in every
draw has no noise, an entry of 1e-12 is judged as strictly as one of 1e+3, and cancellation, saturation (1 - a for a near 1) and stationary points show their true noise, because it is the intermediate values that are disturbed.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

from jaxnet.gradients import tracing

DRAWS, GROUP = 32, 16  # a group is computed at once
# 12: the Student quantile with 32 degrees of freedom at 2e-13 a side, one false alarm in two million gradients of a
# million independent entries; 3: a derivation may take nine times as many rounding steps as the one JAX takes.
FACTOR = 12 * 3
STEP = 2.0**-40  # large against the rounding of float64 (2**-53), small enough for the response to be linear

_EXACT = {
    "reshape", "transpose", "broadcast_in_dim", "squeeze", "slice", "dynamic_slice", "gather", "concatenate", "pad",
    "rev", "select_n", "convert_element_type", "copy", "copy_p", "neg", "max", "min", "abs", "sign", "reduce_max",
    "reduce_min", "iota", "expand_dims", "dynamic_update_slice", "scatter", "sort", "optimization_barrier", "split",
    "stop_gradient", "clamp", "reduce_and", "reduce_or", "argmax", "argmin",
}  # fmt: skip
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

    exact: Any
    noisy: Any


class Rounding(NamedTuple):
    """What rounding does to a gradient, whatever the precision.

    Attributes:
        gain: per leaf and entry, the deviation (root mean square) for one unit of relative disturbance.
        turns: the least unit roundoff at which some comparison (the sign of a relu's argument) could go the other way.
    """

    gain: list[np.ndarray]
    turns: float


def measure(gradient: Callable) -> Callable[[list[Any]], Rounding]:
    """Compile what measures the effect of rounding on ``gradient(arrays)`` -> list of arrays; comparisons stand."""

    @jax.jit
    def run(arrays: list[Any]) -> tuple[list[Any], Any]:
        deviations = partial(disturb, gradient, arrays, step=STEP, branches=False)

        def group(sums: list[Any], seeds: Any) -> tuple[list[Any], Any]:
            draws, turns = jax.vmap(lambda seed: deviations(seed=seed))(seeds)
            return [s + jnp.sum(jnp.square(d), axis=0) for s, d in zip(sums, draws, strict=True)], jnp.min(turns)

        zeros = [jnp.zeros(out.shape, out.dtype) for out in jax.eval_shape(gradient, arrays)]
        sums, turns = jax.lax.scan(group, zeros, _seeds().reshape(-1, GROUP))
        return [jnp.sqrt(total / DRAWS) / STEP for total in sums], jnp.min(turns)

    def measured(arrays: list[Any]) -> Rounding:
        gains, turns = run(arrays)
        return Rounding([np.asarray(gain) for gain in gains], float(turns))

    return measured


def jumps(gradient: Callable, arrays: list[Any], eps: float) -> list[np.ndarray]:
    """Return the largest deviation of every entry when comparisons within reach of ``eps`` go either way."""

    @jax.jit
    def run(arrays: list[Any], step: Any) -> list[Any]:
        one = lambda seed: disturb(gradient, arrays, seed=seed, step=step, branches=True)[0]  # noqa: E731
        return [jnp.max(jnp.abs(draws), axis=0) for draws in jax.vmap(one)(_seeds()[:GROUP])]

    return [np.asarray(jump) for jump in run(arrays, FACTOR * eps)]


def _seeds() -> Any:
    return jnp.arange(1, DRAWS + 1, dtype=jnp.uint32) * np.uint32(0x27D4EB2F)


def disturb(
    gradient: Callable, arrays: Sequence[Any], *, seed: Any, step: Any, branches: bool
) -> tuple[list[Any], Any]:
    """Compute ``gradient(arrays)`` with every operation disturbed by ``step``: deviations, and ``turns``.

    ``branches``: comparisons decide by the disturbed values; otherwise they stand.
    """
    draw = _Draw(seed, step, branches)
    inputs = [draw.jitter(_same(a), jnp.abs(a)) if tracing.floating(a) else _same(a) for a in arrays]
    outputs = tracing.walk(tracing.trace(gradient, arrays), inputs, draw.rule, _same)
    return [value.noisy - value.exact for value in outputs], draw.turns


def _same(array: Any) -> _Value:
    return _Value(array, array)


def _signs(seed: Any, shape: tuple[int, ...]) -> Any:
    """Draw -1 or 1 for every entry: a hash of its place (the finaliser of MurmurHash3), which compiles to little."""
    x = jax.lax.iota(jnp.uint32, int(np.prod(shape))) * np.uint32(0x9E3779B1) + seed
    x = (x ^ (x >> 16)) * np.uint32(0x85EBCA6B)
    x = (x ^ (x >> 13)) * np.uint32(0xC2B2AE35)
    return 1.0 - 2.0 * jnp.reshape((x >> 16) & 1, shape)


class _Draw:
    """One disturbed evaluation: its state is a seed, changed at every use, and the least ``turns`` so far."""

    def __init__(self, seed: Any, step: Any, branches: bool) -> None:
        self.seed, self.step, self.branches = seed, step, branches
        self.turns: Any = jnp.asarray(jnp.inf)

    def jitter(self, value: _Value, magnitude: Any) -> _Value:
        self.seed = self.seed * np.uint32(0x9E3779B1) + np.uint32(1)
        return _Value(value.exact, value.noisy + _signs(self.seed, jnp.shape(magnitude)) * magnitude * self.step)

    def rule(self, eqn: core.JaxprEqn, values: list[_Value]) -> list[_Value]:
        held = tracing.inside(eqn, custom=True)
        if held is not None:
            return tracing.walk(held, values, self.rule, _same)
        if eqn.primitive.name == "scan":
            return self.scan(eqn, values)
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
        p, body = eqn.params, eqn.params["jaxpr"]
        consts, carry, xs = _split(values, p["num_consts"], p["num_carry"])

        def turn(state: Any, x: Any) -> Any:
            inner = _Draw(state[1], self.step, self.branches)
            results = tracing.walk(body, [*consts, *state[0], *x], inner.rule, _same)
            return (results[: len(carry)], inner.seed, jnp.minimum(state[2], inner.turns)), results[len(carry) :]

        state = (carry, self.seed, self.turns)
        (carry, self.seed, self.turns), ys = jax.lax.scan(turn, state, xs, length=p["length"], reverse=p["reverse"])
        return [*carry, *ys]


def _split(values: list[_Value], consts: int, carry: int) -> tuple[list[_Value], list[_Value], list[_Value]]:
    return values[:consts], values[consts : consts + carry], values[consts + carry :]


def _magnitudes(eqn: core.JaxprEqn, inputs: list[Any], outputs: list[Any]) -> list[Any]:
    """The size that a relative disturbance is relative to: of a sum, sqrt(n) times the sum of absolute terms."""
    if eqn.primitive.name not in _SUMS:
        return [jnp.abs(out) if tracing.floating(out) else out for out in outputs]
    absolute = tracing.apply(eqn, [jnp.abs(a) if tracing.floating(a) else a for a in inputs])
    return [np.sqrt(_terms(eqn, outputs[0])) * absolute[0]]


def _terms(eqn: core.JaxprEqn, out: Any) -> float:
    shapes = [tracing.shape(atom) for atom in eqn.invars]
    name = eqn.primitive.name
    if name == "dot_general":
        return float(np.prod([shapes[0][axis] for axis in eqn.params["dimension_numbers"][0][0]]))
    if name == "cumsum":
        return float(shapes[0][eqn.params["axis"]])
    if name == "conv_general_dilated":
        return float(np.prod(shapes[1]) / shapes[1][eqn.params["dimension_numbers"].rhs_spec[0]])
    return max(1.0, float(np.prod(shapes[-1 if name.startswith("scatter") else 0])) / max(1, np.prod(out.shape)))
