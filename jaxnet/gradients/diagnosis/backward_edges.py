"""The backward pass of any traceable f with a gate on every edge, and the local derivatives that can be left out.

Every floating operand of every operation that depends on the parameters is an edge of the backward pass. A gate on it
is the identity going forward, and multiplies what comes back by a number: 0 is a path that is not followed, -1 a sign.
Edges of one place in the source are one edge, so a loop over time steps is one. A *bypass* leaves the local derivative
of a stretch of f from one array to another of the same shape out: what comes back passes it unchanged.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

from jaxnet.gradients.diagnosis.source_places import SourcePlace, places_of
from jaxnet.gradients.point import Point, float64, split_arrays
from jaxnet.gradients.truth import tracing

_QUICKLY = {"xla_backend_optimization_level": "0"}  # run a few times only: compiling is what costs


class Edge(NamedTuple):
    """One operand of the operations at one place: ``of_data`` says whether the data reach it."""

    place: tuple[SourcePlace, ...]
    operation: str
    operand: int
    of_data: bool = True


class Bypass(NamedTuple):
    """A stretch of f from variable ``source`` to ``target``, read by the operations ``cut``."""

    place: tuple[SourcePlace, ...]
    source: Any
    target: Any
    cut: frozenset[int]
    whole: bool
    operations: tuple[str, ...]
    operand: int

    @property
    def habit(self) -> Any:
        """What makes it the same in another turn of a loop."""
        return self.place, self.operations, self.operand


class _Known(NamedTuple):
    """An array, and whether parameters and data reach it."""

    array: Any
    params: bool
    data: bool


@functools.partial(jax.custom_vjp, nondiff_argnums=())
def _gate(x: jax.Array, c: jax.Array) -> jax.Array:
    return x


_gate.defvjp(lambda x, c: (x, c), lambda c, back: ((c * back).astype(back.dtype), jnp.zeros_like(c)))


class BackwardEdges:
    """f at a point: its edges and bypasses, and its gradient under any factors on them, many at a time."""

    def __init__(self, f: Callable[..., Any], point: Point) -> None:
        taken = split_arrays(point)
        self._count = len(jax.tree.leaves(point[0]))
        self._arrays = taken.arrays
        with float64():
            self._closed = _opened(tracing.trace(lambda arrays: f(*taken.joined(arrays)), taken.arrays))
            self.edges: list[Edge] = []
            self._number: dict[Edge, int] = {}
            self.bypasses = _bypasses(self._closed.jaxpr, self._count)
            habits = [each.habit for each in self.bypasses]
            self._slots = list(dict.fromkeys(habits))
            self._slot_of = [self._slots.index(habit) for habit in habits]
            jax.eval_shape(lambda arrays: self._run(arrays, None, None), taken.arrays)
        self._many = jax.jit(jax.vmap(self._gradient, (0, 0, None)), compiler_options=_QUICKLY)

    @property
    def slots(self) -> int:
        """The number of bypasses, those of one place in the source being one."""
        return len(self._slots)

    def slot(self, index: int) -> Bypass:
        """A bypass that stands for all of its place."""
        return self.bypasses[self._slot_of.index(index)]

    def gradients(self, factors: np.ndarray, skipped: np.ndarray, params: Sequence[Any] | None = None) -> np.ndarray:
        """Compute flat gradients [M, P] for factors [M, edges], 1 being right, and bypasses [M, B], 0 being right."""
        arrays = [*(params or self._arrays[: self._count]), *self._arrays[self._count :]]
        with float64():
            leaves = self._many(jnp.asarray(factors), jnp.asarray(skipped), arrays)
        return np.concatenate([np.asarray(leaf).reshape(len(factors), -1) for leaf in leaves], axis=1)

    def _gradient(self, factors: jax.Array, skipped: jax.Array, arrays: list[Any]) -> list[jax.Array]:
        rest = arrays[self._count :]
        return jax.grad(lambda params: self._run([*params, *rest], factors, skipped))(arrays[: self._count])

    def _run(self, arrays: Sequence[Any], factors: Any, skipped: Any) -> Any:
        """Evaluate f operation by operation; without factors the edges are only listed."""
        jaxpr = self._closed.jaxpr
        known = {v: _Known(a, False, False) for v, a in zip(jaxpr.constvars, self._closed.consts, strict=True)}
        for place, (variable, array) in enumerate(zip(jaxpr.invars, arrays, strict=True)):
            known[variable] = _Known(array, place < self._count, place >= self._count)
        read = lambda atom: _constant(atom.val) if isinstance(atom, core.Literal) else known[atom]
        for index, eqn in enumerate(jaxpr.eqns):
            values = [self._cut(index, atom, read(atom), skipped) for atom in eqn.invars]
            known.update(zip(eqn.outvars, self._rule(eqn, values, places_of(eqn), factors), strict=True))
            for j, each in enumerate(self.bypasses if skipped is not None else ()):
                if each.target in eqn.outvars:
                    x, out = known[each.source].array, known[each.target]
                    passed = out.array + skipped[self._slot_of[j]] * (x - jax.lax.stop_gradient(x))
                    known[each.target] = out._replace(array=passed)
        return read(jaxpr.outvars[0]).array

    def _cut(self, index: int, atom: Any, value: _Known, skipped: Any) -> _Known:
        for j, each in enumerate(self.bypasses if skipped is not None else ()):
            if index in each.cut and atom is each.source:
                value = value._replace(array=_gate(value.array, 1 - skipped[self._slot_of[j]]))
        return value

    def _rule(self, eqn: core.JaxprEqn, values: list[_Known], place: Any, factors: Any) -> list[_Known]:
        held = tracing.inside(eqn, custom=False)
        rule = lambda inner, inside: self._rule(inner, inside, place, factors)
        if held is not None:
            return tracing.walk(held, values, rule, _constant)
        if eqn.primitive.name == "scan":
            # the lines of a loop's body are its own, whatever line calls the loop
            of_body = lambda inner, inside: self._rule(inner, inside, places_of(inner) or place, factors)
            return self._scan(eqn, values, of_body)
        gated = [self._gated(eqn, k, value, place=place, factors=factors) for k, value in enumerate(values)]
        on_params, on_data = any(v.params for v in values), any(v.data for v in values)
        return [_Known(array, on_params, on_data) for array in tracing.apply(eqn, gated)]

    def _gated(self, eqn: core.JaxprEqn, operand: int, value: _Known, *, place: Any, factors: Any) -> Any:
        if not value.params or not tracing.floating(value.array):
            return value.array
        first = next(k for k, atom in enumerate(eqn.invars) if atom is eqn.invars[operand])  # both of W * W are one
        edge = Edge(place, eqn.primitive.name, first, value.data)
        if factors is None:
            if edge not in self._number:
                self._number[edge] = len(self.edges)
                self.edges.append(edge)
            return value.array
        return _gate(value.array, factors[self._number[edge]])

    def _scan(self, eqn: core.JaxprEqn, values: list[_Known], rule: Any) -> list[_Known]:
        body, constants, carried = tracing.loop_parts(eqn)
        params, data = any(v.params for v in values), any(v.data for v in values)
        know = lambda array: _Known(array, params, data)

        def turn(carry: list[Any], x: list[Any]) -> Any:
            inside = [*values[:constants], *map(know, carry), *map(know, x)]
            results = [each.array for each in tracing.walk(body, inside, rule, _constant)]
            return results[: len(carry)], results[len(carry) :]

        start = [v.array for v in values[constants : constants + carried]]
        xs = [v.array for v in values[constants + carried :]]
        carry, ys = jax.lax.scan(turn, start, xs, length=eqn.params["length"], reverse=eqn.params["reverse"])
        return [know(array) for array in [*carry, *ys]]


def _constant(array: Any) -> _Known:
    return _Known(array, False, False)


def _bypasses(jaxpr: Any, count: int) -> list[Bypass]:
    """Every stretch of operations of one call, or one operation, that takes an array to another of its shape."""
    found: dict[Any, Bypass] = {}
    moving = set(jaxpr.invars[:count])
    for eqn in jaxpr.eqns:
        if any(not isinstance(a, core.Literal) and a in moving for a in eqn.invars):
            moving.update(eqn.outvars)
    places = [places_of(eqn) for eqn in jaxpr.eqns]
    stretches: dict[Any, list[int]] = {("one", i): [i] for i in range(len(jaxpr.eqns))}
    for index, place in enumerate(places):
        # a call of a function of JAX has one place, and what its arguments are computed from another one inside it
        alike = next(j for j in range(index, -1, -1) if j == 0 or places[j - 1] != place)
        stretches.setdefault(("one", alike, len(places)), []).append(index)
        for depth in range(1, len(place) + 1):
            first = next(j for j in range(index, -1, -1) if j == 0 or not _within(places[j - 1], place[:depth]))
            stretches.setdefault((place[:depth], first), []).extend([index])
    for key, ends in stretches.items():
        members = ends if key[0] == "one" else list(range(key[1], ends[-1] + 1))
        if key[0] == "one" or all(_within(places[i], key[0]) for i in members):
            place = places[members[0]] if key[0] == "one" else key[0]
            for each in _through(jaxpr, members, moving, place):
                found.setdefault((each.source, each.target), each)
    return list(found.values())


def _within(place: tuple[SourcePlace, ...], outer: tuple[SourcePlace, ...]) -> bool:
    """Whether an operation is a part of the expression, or of the call, at ``outer``."""
    if len(place) < len(outer) or place[: len(outer) - 1] != outer[:-1]:
        return False
    inner, around = place[len(outer) - 1], outer[-1]
    begins = (around.line, around.column) <= (inner.line, inner.column)
    ends = (inner.end_line, inner.end_column) <= (around.end_line, around.end_column)
    return inner.file == around.file and begins and ends


def _through(jaxpr: Any, members: list[int], moving: set[Any], place: Any) -> list[Bypass]:
    eqns = [jaxpr.eqns[i] for i in members]
    made = {out for eqn in eqns for out in eqn.outvars}
    atoms = [a for eqn in eqns for a in eqn.invars if not isinstance(a, core.Literal)]
    inputs = list(dict.fromkeys(a for a in atoms if a in moving and a not in made and tracing.floating(a)))
    later = {a for eqn in jaxpr.eqns[members[-1] + 1 :] for a in eqn.invars if not isinstance(a, core.Literal)}
    outputs = [out for out in eqns[-1].outvars if tracing.floating(out) and out in moving]
    escaping = [out for out in made if out in later or out in jaxpr.outvars]
    if len(outputs) != 1 or [*escaping] != outputs or (len(members) > 1 and len(inputs) != 1):
        return []
    (target,) = outputs
    linear = len(members) == 1 and eqns[0].primitive.name in ("add", "sub", "neg", "convert_element_type", "copy")
    same = [] if linear else [a for a in inputs if tracing.shape(a) == tracing.shape(target) != ()]
    cut = frozenset(members)
    names = tuple(eqn.primitive.name for eqn in eqns)
    return [Bypass(place, a, target, cut, len(inputs) == 1, names, inputs.index(a)) for a in same]


def _opened(closed: core.ClosedJaxpr) -> core.ClosedJaxpr:
    """Look into a function that is jitted as a whole."""
    while len(closed.jaxpr.eqns) == 1 and closed.jaxpr.eqns[0].invars == closed.jaxpr.invars:
        held = tracing.inside(closed.jaxpr.eqns[0], custom=False)
        if held is None or held.consts:
            break
        closed = held
    return closed
