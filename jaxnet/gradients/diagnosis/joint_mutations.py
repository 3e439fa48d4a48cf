"""Wrong derivatives of what many entries make together: a softmax, its logarithm, a normalisation.

Who derives them writes one formula for all of it, so mistakes are mistakes in that formula: p (g - sum p g) for a
softmax, p for log sum exp, (g - mean g - xhat mean (g xhat)) / s for a normalisation. A formula is used only where it
gives what the operations give.
"""

import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from jaxnet.gradients.diagnosis.backward_stretches import Stretch
from jaxnet.gradients.diagnosis.changed_pass import Change, Changes, Detour
from jaxnet.gradients.diagnosis.mutation import Mutation, What, axes_named, detour
from jaxnet.gradients.diagnosis.operation_rules import back_through
from jaxnet.gradients.diagnosis.pass_names import PassNames
from jaxnet.gradients.diagnosis.recorded_pass import Operation, RecordedPass
from jaxnet.gradients.diagnosis.tolerances import SAME_GRADIENT

_Formula = Callable[[np.ndarray], np.ndarray]  # what comes back to the result [M, ...] -> to the source [M, ...]
_MOST_AXES = 4  # of an array whose sums are taken over others
_MOVING = {"reshape", "squeeze", "gather", "slice", "dynamic_slice", "transpose", "broadcast_in_dim"}


def joint(each: Stretch, recorded: RecordedPass, names: PassNames) -> Iterator[Mutation]:
    """Wrong formulas for a stretch that is a softmax or a normalisation."""
    if each.elementwise or each.turn:
        return
    y, axes = each.targets[0], range(each.targets[0].ndim)
    for of in (_softmax, _normalisation):
        fitting = [a for a in _subsets(axes) if of is _normalisation or len(a) == 1]
        at = next((a for a in fitting if _may_be(of, y, a) and _is(of.right, a, each)), None)
        if at is not None:
            for kind, said, cost, formula in of.wrong(at, _subsets(axes)):
                ends = zip(each.sources, each.targets, strict=True)
                formulas = [functools.partial(formula, x, y) for x, y in ends]
                yield detour(each, What(kind, said, cost), formulas)
            if of is _softmax:
                yield from _of_other_logits(each, at, names)
            return


def _of_other_logits(each: Stretch, axes: tuple[int, ...], names: PassNames) -> Iterator[Mutation]:
    """The probabilities are computed once more for the backward pass, of something else: without the mask."""
    sources, values = [turn.source for turn in each.turns], each.recorded.values
    own, ops = names.value(sources[0]), [each.recorded.operations[turn.operation] for turn in each.turns]
    others = [(f"{said}, not of {own}", value) for said, value in names.neighbours(ops, sources)]
    if not np.allclose(_probabilities(values[sources[0]], axes), values[each.turns[0].target]):
        plain = f"{own} as it is, without what is done to it before, such as a mask"
        others.insert(0, (plain, lambda turn: values[sources[turn]]))
    for said, value in others:
        logits: list[Any] = [value(turn) for turn in range(len(sources))]
        words = f"p is the softmax of {said}"
        formulas: list[_Formula] = [functools.partial(_right_softmax, axes, z, _probabilities(z, axes)) for z in logits]
        yield detour(each, What("value_of_another", words, 0.75), formulas)


def _probabilities(z: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    e = np.exp(z - z.max(axes, keepdims=True))
    return np.asarray(e / e.sum(axes, keepdims=True))


def _subsets(axes: range) -> list[tuple[int, ...]]:
    few = axes[-_MOST_AXES:]
    return [a for n in range(1, len(few) + 1) for a in itertools.combinations(few, n)]


class _Row(NamedTuple):
    kind: str
    said: str
    cost: float
    formula: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


class _Family(NamedTuple):
    """A formula for a kind of stretch: ``right(axes, x, y, g)``, and ``wrong`` ones."""

    right: Callable[..., np.ndarray]
    wrong: Callable[..., Iterator[_Row]]


def _sum(a: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    return a.sum(tuple(1 + i for i in axes), keepdims=True)


def _mean(a: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    return a.mean(tuple(1 + i for i in axes), keepdims=True)


def _right_softmax(axes: Any, x: np.ndarray, p: np.ndarray, g: np.ndarray) -> np.ndarray:
    return p * (g - _sum(p * g, axes))


def _wrong_softmax(axes: tuple[int, ...], others: list[tuple[int, ...]]) -> Iterator[_Row]:
    yield _Row("path_not_followed", "what comes back through its sum is not followed", 0.55, lambda x, p, g: p * g)
    said = "only the diagonal of its Jacobian, p * (1 - p), is used"
    yield _Row("softmax_diagonal", said, 0.6, lambda x, p, g: p * (1 - p) * g)
    said = "p is left out before the brackets: p * (g - sum(p * g))"
    yield _Row("local_derivative_missing", said, 0.65, lambda x, p, g: g - _sum(p * g, axes))
    said = "p is left out of the sum in p * (g - sum(p * g))"
    yield _Row("local_derivative_missing", said, 0.65, lambda x, p, g: p * (g - _sum(g, axes)))
    said = "the sum in p * (g - sum(p * g)) is added, not subtracted"
    yield _Row("sign", said, 0.65, lambda x, p, g: p * (g + _sum(p * g, axes)))
    for other in others:
        if other != axes:
            said = f"the sum in p * (g - sum(p * g)) is taken over {axes_named(other)}, not over {axes_named(axes)}"
            elsewhere: Any = lambda x, p, g, other=other: p * (g - _sum(p * g, other))
            yield _Row("reduction_axis", said, 0.65, elsewhere)


def _scale(x: np.ndarray, y: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """The s of a normalisation y = (x - mean) / s."""
    centred, square = x - x.mean(axes, keepdims=True), lambda a: (a**2).sum(axes, keepdims=True)
    return np.sqrt(square(centred) / square(y))


def _share(y: np.ndarray, axes: tuple[int, ...]) -> float:
    """n over the n, or n - 1, that the variance is divided by; a small constant below the root aside."""
    n = np.prod([y.shape[a] for a in axes])
    return float(n / (n - 1)) if n > 1 and (y**2).mean(axes).mean() < 1 - 0.5 / n else 1.0


class _Over(NamedTuple):
    """The axes over which the two means of a normalisation's derivative are taken, and those that are normalised."""

    mean: tuple[int, ...]
    variance: tuple[int, ...]
    right: tuple[int, ...]


def _right_normalisation(axes: Any, x: np.ndarray, y: np.ndarray, g: np.ndarray) -> np.ndarray:
    return _normalised(_Over(axes, axes, axes), x, y, g)


def _normalised(over: _Over, x: np.ndarray, y: np.ndarray, g: np.ndarray) -> np.ndarray:
    by_variance = y * _mean(g * y, over.variance) * _share(y, over.right)
    return (g - _mean(g, over.mean) - by_variance) / _scale(x, y, over.right)


def _wrong_normalisation(axes: tuple[int, ...], others: list[tuple[int, ...]]) -> Iterator[_Row]:
    for other in others if len(others) > 1 else ():
        where = f"over {axes_named(other)}, not over {axes_named(axes)}"
        for over, said, cost in (
            (_Over(other, axes, axes), f"the mean of what comes back is taken {where}", 0.65),
            (_Over(axes, other, axes), f"what comes back through the variance is averaged {where}", 0.65),
            (_Over(other, other, axes), f"what comes back through mean and variance is averaged {where}", 0.7),
        ):
            if other != axes:
                yield _Row("reduction_axis", said, cost, functools.partial(_normalised, over))
    right = functools.partial(_right_normalisation, axes)
    said = "both statistics are taken for constants: what comes back is divided by the deviation alone"
    yield _Row("path_not_followed", said, 0.7, lambda x, y, g: g / _scale(x, y, axes))
    said = "it is not divided by the deviation"
    yield _Row("local_derivative_missing", said, 0.7, lambda x, y, g: right(x, y, g) * _scale(x, y, axes))
    centred = lambda x: x - x.mean(axes, keepdims=True)
    for name, of in (("x", lambda x: x), ("x - mean", centred)):
        instead: Any = lambda x, y, g, of=of: (
            (g - _mean(g, axes) - of(x) * _mean(g * of(x), axes) * _share(y, axes)) / _scale(x, y, axes)
        )
        said = f"{name} stands for the normalised x in what comes back through the variance"
        yield _Row("value_of_another", said, 0.7, instead)
        once: Any = lambda x, y, g, of=of: (
            (g - _mean(g, axes) - of(x) * _mean(g * y, axes) * _share(y, axes)) / _scale(x, y, axes)
        )
        yield _Row("value_of_another", f"{said}, once of twice", 0.75, once)
    said = "it is divided by the deviation twice"
    yield _Row("factor", said, 0.7, lambda x, y, g: right(x, y, g) / _scale(x, y, axes))


_softmax = _Family(_right_softmax, _wrong_softmax)
_normalisation = _Family(_right_normalisation, _wrong_normalisation)


def _may_be(of: _Family, y: np.ndarray, axes: tuple[int, ...]) -> bool:
    """Whether an array looks like the result of a softmax, or of a normalisation, over these axes."""
    if np.prod([y.shape[a] for a in axes]) < 2:
        return False
    if of is _softmax:
        return bool((y >= 0).all() and np.allclose(y.sum(axes), 1))
    return bool(np.allclose(y.mean(axes), 0) and (y**2).mean() <= 1 + SAME_GRADIENT and y.any())


def _is(right: Any, axes: tuple[int, ...], each: Stretch) -> bool:
    """Whether a formula gives what comes back through the operations of a stretch, a small constant aside."""
    x, y = each.sources[0], each.targets[0]
    g = np.random.default_rng(0).normal(size=(1, *y.shape))
    true = each.back(0, g)
    return bool(np.allclose(right(axes, x, y, g), true, rtol=1e-4, atol=1e-4 * np.abs(true).max()))


class _Likelihood(NamedTuple):
    """The logarithm of a softmax, or of its denominator, in one turn: from logits z to what ``operation`` makes.

    ``gathered`` are the operations that take entries of p before the logarithm, in their order; ``total`` sums the
    exponentials.
    """

    operation: int
    source: int
    cut: tuple[tuple[int, int], ...]
    axes: tuple[int, ...]
    gathered: tuple[Operation, ...]
    whole: bool
    total: Operation


def likelihoods(recorded: RecordedPass, names: PassNames) -> Iterator[Mutation]:
    """Wrong formulas for the derivative of a cross-entropy by its logits: something else stands for p."""
    found: dict[Any, list[_Likelihood]] = {}
    for index, op in enumerate(recorded.operations):
        one = _likelihood(recorded, index) if op.name == "log" and op.place else None
        if one is not None:
            found.setdefault(op.site, []).append(one)
    for turns in found.values():
        op = recorded.operations[turns[0].operation]
        for kind, said, cost, instead in _predictions(turns[0].axes, recorded.values[turns[0].source].ndim):
            changes = tuple(Change(i, k, lambda ct, right: 0 * right) for turn in turns for i, k in turn.cut)
            detours = tuple(_by_formula(recorded, turn, instead) for turn in turns)
            place, made = turns[0].total.place or op.place, Changes(changes, detours)
            yield Mutation(kind, place, said, cost, made, (kind, said), (kind, said, op.site))


def _predictions(axes: tuple[int, ...], ndim: int) -> Iterator[tuple[str, str, float, _Formula]]:
    """What may stand for the probabilities p of logits z."""
    e, p = lambda z: np.exp(z - z.max(axes, keepdims=True)), lambda z: _probabilities(z, axes)
    yield "output_activation_missing", "the logits stand where the probabilities should", 0.6, lambda z: z
    said = "the exponentials are not divided by their sum"
    yield "softmax_unnormalised", said, 0.6, np.exp
    yield "softmax_unnormalised", f"{said}, the largest being subtracted before", 0.65, e
    for other in _subsets(range(ndim)):
        if other != axes:
            said = f"the softmax normalises over {axes_named(other)}, not over {axes_named(axes)}"
            apart: Any = lambda z, other=other: np.exp(z) / np.exp(z).sum(other, keepdims=True)
            yield "softmax_axis", said, 0.65, apart
            mixed: Any = lambda z, other=other: e(z) / e(z).sum(other, keepdims=True)
            yield "softmax_axis", f"{said}, the largest being subtracted before", 0.7, mixed
    yield "softmax_twice", "the softmax is applied to probabilities", 0.65, lambda z: p(p(z))
    sigmoid = lambda z: 1 / (1 + np.exp(-z))
    yield "output_activation_other", "the logistic function stands for the softmax", 0.65, sigmoid
    yield "output_activation_other", "the logarithm of the softmax stands for the softmax", 0.65, lambda z: np.log(p(z))


def _by_formula(recorded: RecordedPass, turn: _Likelihood, instead: _Formula) -> Detour:
    z = recorded.values[turn.source]
    other = instead(z)
    out = recorded.operations[turn.operation].outputs[0]

    def of(ct: np.ndarray) -> np.ndarray:
        if turn.whole:
            return ct.reshape(len(ct), *(1 if a in turn.axes else n for a, n in enumerate(z.shape))) * other
        for op in reversed(turn.gathered):
            values = [recorded.values[i] for i in op.inputs]
            ct = back_through(op.eqn, 0, values, out=recorded.values[op.outputs[0]], ct=ct)
        return ct - other * _sum(ct, turn.axes)

    return Detour(turn.operation, out, turn.source, of)


def _likelihood(recorded: RecordedPass, index: int) -> _Likelihood | None:
    """Read a logarithm backwards: of a sum of exponentials, or of entries of exponentials over their sum."""
    maker = lambda number: recorded.operations[recorded.made_by[number]] if number in recorded.made_by else None
    op = maker(recorded.operations[index].inputs[0])
    gathered: list[Operation] = []
    while op is not None and op.name in _MOVING:
        gathered.insert(0, op)
        op = maker(op.inputs[0])
    if op is None or op.name not in ("reduce_sum", "div"):
        return None
    whole = op.name == "reduce_sum"
    total = op if whole else maker(recorded.rearranged(op.inputs[1])[0])
    exponential = maker(op.inputs[0])
    if total is None or total.name != "reduce_sum" or exponential is None or exponential.name != "exp":
        return None
    summed = maker(recorded.rearranged(total.inputs[0])[0])  # the same ones, or written once more
    if summed is None or (summed.name, summed.inputs) != ("exp", exponential.inputs):
        return None
    if whole and recorded.values[total.outputs[0]].size != recorded.values[recorded.operations[index].outputs[0]].size:
        return None
    source = exponential.inputs[0]
    cut = tuple(dict.fromkeys((recorded.made_by[each.outputs[0]], 0) for each in (exponential, summed)))
    shift = maker(source)
    if shift is not None and shift.name == "sub" and shift.inputs[1] not in recorded.moving:
        source = shift.inputs[0]  # p is that of the logits, whatever was subtracted from them
    if source not in recorded.moving or recorded.values[source].shape != recorded.values[op.inputs[0]].shape:
        return None
    return _Likelihood(index, source, cut, tuple(total.eqn.params["axes"]), tuple(gathered), whole, total)
