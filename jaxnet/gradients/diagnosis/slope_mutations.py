"""Wrong local derivatives of a stretch of f: left out, applied twice, taken elsewhere, that of another function."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from jaxnet.gradients.diagnosis.backward_stretches import STRAIGHT, Stretch
from jaxnet.gradients.diagnosis.changed_pass import Change, Changes, Detour
from jaxnet.gradients.diagnosis.mutation import Mutation, What, detour
from jaxnet.gradients.diagnosis.operation_rules import back_through
from jaxnet.gradients.diagnosis.pass_names import PassNames
from jaxnet.gradients.diagnosis.recorded_pass import RecordedPass
from jaxnet.gradients.diagnosis.tolerances import SAME_GRADIENT

_ACTIVATIONS = {
    "tanh", "logistic", "exp", "log", "log1p", "expm1", "erf", "sin", "cos", "abs", "max", "min", "select_n", "clamp",
}  # fmt: skip
_logistic = lambda v: 1 / (1 + np.exp(-v))
LOGISTIC = "s({v}) * (1 - s({v})), s the logistic function"

# derivatives as people write them, of z or of a
FORMULAS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "{v} * (1 - {v})": lambda v: v * (1 - v),
    "1 - {v}**2": lambda v: 1 - v**2,
    "1 - tanh({v})**2": lambda v: 1 - np.tanh(v) ** 2,
    LOGISTIC: lambda v: _logistic(v) * (1 - _logistic(v)),
    "{v} > 0": lambda v: (v > 0) * 1.0,
    "{v}": lambda v: v,
    "1 - {v}": lambda v: 1 - v,
    "2 * {v}": lambda v: 2 * v,
    "{v}**2": lambda v: v**2,
    "1 / {v}": lambda v: 1 / v,
    "-1 / {v}": lambda v: -1 / v,
    "sign({v})": np.sign,
    "exp({v})": np.exp,
    "tanh({v})": np.tanh,
    "cos({v})": np.cos,
    "the logistic function of {v}": _logistic,
}
# the factors of a derivative, of which one may be forgotten
_FACTORS = {"{v} * (1 - {v})": ("{v}", "1 - {v}"), LOGISTIC: ("the logistic function of {v}",)}
_THRESHOLDS = (0.1, 0.5, 1.0, 0.01, 0.05, 0.2, 0.25, 2.0, -0.1, -0.5, -1.0)  # of a mask, that people write for 0
_INNER = 0.3  # is added where a part of a formula is taken for an activation


def _straight(each: Stretch, recorded: RecordedPass, names: PassNames) -> Iterator[Mutation]:
    """The local derivative of a stretch is left out."""
    if _is_a_number(each):  # which is left out, or another, at the operation that has it
        return
    cost = 0.5 + 0.1 * (not each.whole) + 0.05 * each.spread + _INNER * each.inner
    cost += 0.2 * ("div" in each.names and set(each.names) <= {*STRAIGHT, "div"})  # what is left out is the divisor
    yield detour(each, What("local_derivative_missing", "", cost), [1.0] * len(each.turns))
    p, said = each.targets[0], "only the diagonal of its Jacobian, p * (1 - p), is used"
    if not each.elementwise and p.ndim and (p >= 0).all() and any(np.allclose(p.sum(a), 1) for a in range(p.ndim)):
        yield detour(each, What("softmax_diagonal", said, 0.6), [p * (1 - p) for p in each.targets])


def _is_a_number(each: Stretch) -> bool:
    """Whether a stretch only multiplies by one number and adds; a mean, which divides by a whole one, is more."""
    if not each.elementwise or not set(each.names) <= {*STRAIGHT, "div", "mul"}:
        return False
    slope = each.slopes[0]
    mean = "mul" not in each.names and slope.size > 0 and (1 / slope.flat[0]).round(9).is_integer()
    return bool(slope.size > 1 and np.ptp(slope) == 0 and not mean)


def _slopes(each: Stretch, recorded: RecordedPass, names: PassNames) -> Iterator[Mutation]:
    """The derivative of an elementwise stretch is that of something else, or taken elsewhere."""
    if not each.elementwise or not each.curved:
        return
    yield from _norms(each, recorded)
    yield from _against_targets(each, recorded)
    yield from _elsewhere(each, recorded, names)
    if not set(each.names) & _ACTIVATIONS:
        return
    z, a = names.value(each.turns[0].source), names.value(each.turns[0].target)
    true, sources, targets = each.slopes, each.sources, each.targets
    straight = 0.3 * ("clamp" in each.names)  # its slope is 0 or 1: taken elsewhere it is left out, or nearly
    own_mask, alone = lambda ct: ct * (ct > 0), lambda slope: lambda ct: 0 * ct + slope
    rows: list[tuple[str, str, float, list[Any]]] = [
        ("relu_mask", "what comes back is masked by its own sign, not by that of the forward pass", 0.75,
         [own_mask] * len(true)),
        ("upstream_missing", "what comes back from above is left out: the local derivative stands alone", 0.8,
         list(map(alone, true))),
        ("activation_derivative_twice", "its local derivative is applied twice", 0.7, [slope**2 for slope in true]),
        ("activation_derivative_at_a", f"its local derivative is taken at {a}, where it belongs at {z}", 0.6 + straight,
         list(itertools.starmap(each.slope, enumerate(targets)))),
    ]  # fmt: skip
    if all(np.isin(slope, (0, 1)).all() for slope in true):
        for number in _THRESHOLDS:
            said = f"what comes back is masked by {z} > {number:g}"
            rows.append(("relu_mask", said, 0.78, [(v > number) * 1.0 for v in sources]))
    inner = _INNER * each.inner
    for kind, said, cost, slopes in (*rows, *_without_the_one(each)):
        yield detour(each, What(kind, said, cost + inner), slopes)
    for word, at, other, kind in ((z, sources, targets, "at_z"), (a, targets, sources, "at_a")):
        fits = [text for text, of in FORMULAS.items() if np.allclose(of(at[0]), true[0], rtol=SAME_GRADIENT)]
        factors = {factor for text in fits for factor in _FACTORS.get(text, ())}
        for text, of in FORMULAS.items():
            meant = np.allclose(of(other[0]), true[0], rtol=SAME_GRADIENT)  # the formula is right for the other value
            said = f"{text.replace('{v}', word)} stands for its local derivative"
            named, cost = ("part", 0.62) if text in factors else (kind, 0.65) if meant else ("other", 0.75)
            yield detour(each, What(f"activation_derivative_{named}", said, cost + inner), list(map(of, at)))


def _norms(each: Stretch, recorded: RecordedPass) -> Iterator[Mutation]:
    """The penalty of another norm: sign(W) for 2 W, or the reverse."""
    if each.turns[0].target not in recorded.penalties or not set(each.names) <= {"integer_pow", "square", "abs", "mul"}:
        return
    squares: list[tuple[str, Any]] = [("W", lambda v: v), ("2 * W", lambda v: 2 * v)]
    for text, of in squares if "abs" in each.names else [("sign(W)", np.sign)]:  # W for 2 W is half of it
        said = f"the derivative of another norm of the weights stands there, {text}"
        yield detour(each, What("penalty_norm", said, 0.6), list(map(of, each.sources)))


def _against_targets(each: Stretch, recorded: RecordedPass) -> Iterator[Mutation]:
    """A loss of logits z whose derivative is p - y, p being the logistic function of z: something else stands there."""
    made_by = recorded.made_by.get(each.turns[0].source)
    negated = made_by is not None and recorded.operations[made_by].name == "neg"  # of -z it is p - (1 - y)
    if negated or not set(each.names) & {"log", "log1p"}:
        return
    for sign in (1, -1):  # of the mean that follows, or of its negative
        targets = [_logistic(z) - sign * slope for z, slope in zip(each.sources, each.slopes, strict=True)]
        if all(_is_given(each, recorded, number, y) for number, y in enumerate(targets)):
            for kind, said, of in _MISTAKEN:
                slopes = [sign * of(z, y) for z, y in zip(each.sources, targets, strict=True)]
                yield detour(each, What(kind, said, 0.6), slopes)


_MISTAKEN: tuple[tuple[str, str, Callable[[np.ndarray, np.ndarray], np.ndarray]], ...] = (
    ("target_missing", "the target is left out of p - y", lambda z, y: _logistic(z)),
    ("target_missing", "1 stands for the target in p - y", lambda z, y: _logistic(z) - 1),
    ("prediction_missing", "the prediction is left out of p - y", lambda z, y: -y),
    ("output_activation_missing", "the logits stand for the prediction in p - y", lambda z, y: z - y),
    ("output_activation_other", "tanh stands for the prediction in p - y", lambda z, y: np.tanh(z) - y),
)


def _is_given(each: Stretch, recorded: RecordedPass, number: int, y: np.ndarray) -> bool:
    """Whether the y of a slope p - y was given to the operations of a stretch."""
    read = {i for index in each.turns[number].members for i in recorded.operations[index].inputs}
    given = [recorded.values[i] for i in read if i in recorded.of_data and i not in recorded.moving]
    same = lambda v: v.shape in (y.shape, ()) and v.dtype.kind in "fiub"
    return any(same(v) and np.allclose(v, y, rtol=0, atol=SAME_GRADIENT) for v in given)


def _without_the_one(each: Stretch) -> list[tuple[str, str, float, list[Any]]]:
    """A derivative that has a 1 in it, as 1 - a**2 and as p - 1 of a logarithm, without it."""
    if set(each.names) & {"log", "log1p"} and all(((t >= -1) & (t <= 0)).all() for t in each.slopes):
        said = "the target, which is 1, is left out of its derivative"
        return [("target_missing", said, 0.6, [slope + 1 for slope in each.slopes])]
    rows = [(f"1 is {word} its derivative", sign) for word, sign in (("left out of", -1), ("added to", 1))]
    return [("activation_derivative_part", said, 0.72, [t + sign for t in each.slopes]) for said, sign in rows]


def _elsewhere(each: Stretch, recorded: RecordedPass, names: PassNames) -> Iterator[Mutation]:
    """The derivative of an elementwise stretch is taken at another value of its shape: of z, or by a formula of a."""
    ops = [recorded.operations[turn.operation] for turn in each.turns]
    sources, targets = ([getattr(turn, end) for turn in each.turns] for end in ("source", "target"))
    of_target = [of for of in FORMULAS.values() if np.allclose(of(each.targets[0]), each.slopes[0], rtol=SAME_GRADIENT)]
    for numbers, of in ((sources, None), *((targets, of) for of in of_target[:1])):
        for said, value in names.neighbours(ops, numbers):
            others: list[Any] = [value(turn) for turn in range(len(numbers))]
            pairs = zip(others, numbers, strict=True)
            alike = all(v is not None and v.shape == recorded.values[i].shape for v, i in pairs)
            if alike and said != names.value(targets[0]):
                text = f"its local derivative is taken at {said}, where {names.value(numbers[0])} belongs"
                slopes = list(map(of, others)) if of else list(itertools.starmap(each.slope, enumerate(others)))
                yield detour(each, What("value_of_another", text, 0.8), slopes)


def _before(each: Stretch, recorded: RecordedPass, names: PassNames) -> Iterator[Mutation]:
    """What comes back through an operand is taken before its multiplication by the derivative of what follows."""
    if not each.elementwise or not each.curved or not set(each.names) & _ACTIVATIONS:
        return
    reached = [_affine(recorded, turn.source) for turn in each.turns]
    if len({tuple(recorded.operations[i].site for i, _ in one) for one in reached}) != 1:
        return
    zero = lambda ct, right: 0 * right
    for place, (index, k) in enumerate(reached[0]):
        op = recorded.operations[index]
        pairs = [(turn, *one[place]) for turn, one in zip(each.turns, reached, strict=True)]
        pairs = [(turn, i, k) for turn, i, k in pairs if recorded.operations[i].inputs[k] in recorded.moving]
        changes = tuple(Change(i, k, zero) for _, i, k in pairs)
        detours = tuple(
            Detour(turn.operation, turn.target, recorded.operations[i].inputs[k], _through(recorded, i, k))
            for turn, i, k in pairs
        )
        after = f"its multiplication by the derivative of `{each.place[-1].expression}`"
        said = f"what comes back through {names.operand(op, k)} is taken before {after}"
        habit = ("delta_before_derivative", op.name, k)
        key = (*habit, op.site, each.place, each.names, each.turn)
        cost = 0.65 + 0.1 * bool(each.turn)
        said = f"{each.turn}{said}"
        yield Mutation(habit[0], op.place, said, cost, Changes(changes, detours), None if each.turn else habit, key)


def _affine(recorded: RecordedPass, number: int) -> list[tuple[int, int]]:
    """The operands of the products and the broadcasts that a value is the sum of."""
    index = recorded.made_by.get(number)
    if index is None:
        return []
    op = recorded.operations[index]
    if op.name == "add":
        return [each for i in op.inputs for each in _affine(recorded, i)]
    if op.name in ("dot_general", "broadcast_in_dim") and op.place:
        return [(index, k) for k, i in enumerate(op.inputs) if op.name == "dot_general" or i in recorded.moving]
    return []


def _through(recorded: RecordedPass, index: int, k: int) -> Callable[[np.ndarray], np.ndarray]:
    op = recorded.operations[index]
    values = [recorded.values[i] for i in op.inputs]
    return lambda ct: back_through(op.eqn, k, values, out=recorded.values[op.outputs[0]], ct=ct)


SLOPE_KINDS = (_straight, _slopes, _before)
