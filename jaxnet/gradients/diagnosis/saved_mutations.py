"""A value of the forward pass that the backward pass uses again is another one: W for its transpose, z for a."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from jaxnet.gradients.diagnosis.mutation import (
    Mutation,
    Site,
    What,
    axes_named,
    axis_orders,
    by_reshape,
    made,
    made_everywhere,
)
from jaxnet.gradients.diagnosis.pass_names import PassNames
from jaxnet.gradients.diagnosis.recorded_pass import RecordedPass, moved

_PRODUCTS = {"dot_general", "mul", "conv_general_dilated"}


_Other = tuple[str, str, float, Callable[[int], Any]]  # kind, words with {it}, cost, and by turn what stands there


def _saved(site: Site, names: PassNames) -> Iterator[Mutation]:
    """Another value stands for the other factor of a product, for a divisor, or for the product itself."""
    if site.op.name not in {*_PRODUCTS, "div"} or len(set(site.op.inputs)) != 2:
        return
    for k in site.operands():
        j, quoted = 1 - k, names.operand(site.op, 1 - k)
        if site.op.name == "div" and k == 1:
            yield from _by_divisor(site, names)
            continue
        for kind, said, cost, of in _others(site, j, names):
            instead: Any = lambda turn, of=of, k=k: _with_another(site, k, turn, of(turn))
            free = kind == "weight_already_updated"  # by any step
            yield made(site, k, What(kind, said.replace("{it}", quoted), cost), instead, free=free, detail=(kind, said))
        yield from _around(site, k, names)


def _by_divisor(site: Site, names: PassNames) -> Iterator[Mutation]:
    """What comes back through the divisor y of x / y, which is -x / y**2."""
    quoted, other = names.operand(site.op, 1), names.operand(site.op, 0)
    once: Any = lambda turn: lambda ct, right: site.back(1, turn, ct * site.values(turn)[1])
    said = f"{quoted} divides what comes back through it once, where its square belongs"
    yield made(site, 1, What("local_derivative_missing", said, 0.7), once)
    alone: Any = lambda turn: _with_another(site, 1, turn, np.ones(site.values(turn)[0].shape))
    said = f"{other} is left out of what comes back through {quoted}"
    yield made(site, 1, What("local_derivative_missing", said, 0.7), alone)


def _around(site: Site, k: int, names: PassNames) -> Iterator[Mutation]:
    """What comes from above is transposed, made of another shape, or left out for the other factor."""
    shape, quoted = site.out(0).shape, names.operand(site.op, k)
    if site.op.name == "dot_general" and len(shape) > 1 and shape[-2] == shape[-1]:
        turned: Any = lambda turn: lambda ct, right: site.back(k, turn, ct.swapaxes(-1, -2))
        said = f"what comes back to {quoted} is transposed once too often or too seldom"
        yield made(site, k, What("weight_not_transposed", said, 0.7), turned)
    for axes in axis_orders(len(shape)) if site.op.name != "mul" else ():
        forced: Any = lambda turn, axes=axes: (
            lambda ct, right: site.back(k, turn, np.stack([by_reshape(one, axes) for one in ct]))
        )
        said = f"of what comes back to {quoted} the axes were put in the order {axes} by a reshape, not a transpose"
        yield made(site, k, What("weight_reshaped", said, 0.8), forced)
    if site.op.name == "mul":
        alone: Any = lambda turn: lambda ct, right: np.broadcast_to(site.values(turn)[1 - k], right.shape)
        said = f"{names.operand(site.op, 1 - k)} stands for the product with what comes back"
        yield made(site, k, What("upstream_missing", said, 1.05), alone)


def _with_another(
    site: Site, k: int, turn: int, other: np.ndarray | None
) -> Callable[[np.ndarray, np.ndarray], np.ndarray] | None:
    values = site.values(turn)
    if other is None or other.shape != values[1 - k].shape:
        return None
    values[1 - k] = other
    return lambda ct, right: site.back(k, turn, ct, values)


def _others(site: Site, j: int, names: PassNames) -> Iterator[_Other]:
    """What may stand in the place of a saved value."""
    recorded, numbers = site.recorded, [op.inputs[j] for op in site.ops]
    mine = lambda turn: recorded.values[numbers[turn]]
    ones: Any = lambda turn: np.ones(mine(turn).shape)
    if site.op.name == "dot_general":
        yield "input_missing", "ones stand for {it}", 0.7, ones
    else:
        # a whole number has a familiar name, or else this one
        number = not mine(0).shape and numbers[0] not in recorded.moving and float(mine(0)).is_integer()
        yield "local_derivative_missing", "{it} is left out", 1.5 if number else 0.55, ones
        shares = np.unique(np.abs(mine(0)))[:3]
        if numbers[0] not in recorded.moving and len(shares) < 3 and ((shares > 0) & (shares < 1)).all():
            yield _the_rest(mine)
        if mine(0).shape and (mine(0) > 0).all():
            for word, power in (("square", 2.0), ("root", 0.5)):
                raised: Any = lambda turn, power=power: mine(turn) ** power
                yield "value_of_another", f"the {word} of {{it}} stands for it", 0.75, raised
        for said, of in names.without(numbers):
            yield "local_derivative_missing", f"{said} {{it}}", 0.7, of
    if site.op.name != "mul" or recorded.rearranged(numbers[0])[0] in recorded.leaves:
        yield from _reversed(mine)
    yield from _rearranged(mine, site.op.name)
    if numbers[0] in recorded.of_data:
        yield from _of_other_examples(mine)
    if _updated(recorded, numbers[0]) is not None:
        said = "{it} is used after the step was made ({number})"
        yield "weight_already_updated", said, 0.8, lambda turn: _stepped(recorded, numbers[turn])
    for said, of in names.neighbours(site.ops, numbers):
        kind = "order_reversed" if "in reverse order" in said else "value_of_another"
        said = f"{said} of another line or turn" if said == names.operand(site.op, j) else said
        yield kind, f"{said} stands for {{it}}", 0.8, of
    for said, of in names.parts(numbers):
        yield "value_of_another", f"{said} {{it}}", 0.8, of


def _the_rest(mine: Callable[[int], np.ndarray]) -> _Other:
    """The probability of the opposite, as of keeping for dropping; of the other side, for a quantile."""
    rest = lambda turn: np.sign(mine(turn)) * (1 - abs(mine(turn)))
    number = "" if mine(0).shape else f"{rest(0):.6g} stands for {{it}}, as where "
    said = f"{number}p and 1 - p are exchanged{'' if number else ' in {it}'}"
    return "value_of_another", said, 0.7, rest


def _reversed(mine: Callable[[int], np.ndarray]) -> Iterator[_Other]:
    """As the kernel of a convolution, which is or is not turned by 180 degrees."""
    axes = range(mine(0).ndim)[-2:]
    for some in (*((axis,) for axis in axes), tuple(axes)):
        if all(mine(0).shape[axis] > 1 for axis in some):
            turned: Any = lambda turn, some=some: np.flip(mine(turn), some)
            yield (
                "order_reversed",
                f"{{it}} is reversed along {axes_named(some)}, or is not where it should be",
                0.85,
                turned,
            )


def _rearranged(mine: Callable[[int], np.ndarray], name: str) -> Iterator[_Other]:
    shape = mine(0).shape
    for axes in axis_orders(len(shape)) if name != "mul" else ():
        said = f"the axes of {{it}} were put in the order {axes} by a reshape, not a transpose"
        forced: Any = lambda turn, axes=axes: by_reshape(mine(turn), axes)
        yield "weight_reshaped", said, 0.8, forced
    if len(shape) > 1 and shape[-2] == shape[-1] > 1:
        said = "{it} is used as it is where its transpose belongs, or the reverse"
        cost = 0.5 if len(shape) == 2 else 0.75
        yield "weight_not_transposed", said, cost, lambda turn: mine(turn).swapaxes(-1, -2)
    elif len(shape) == 2 and min(shape) > 1:
        turned: Any = lambda turn: mine(turn).reshape(mine(turn).shape[::-1]).T
        yield "weight_reshaped", "the transpose of {it} was made by a reshape", 0.6, turned
        back: Any = lambda turn: mine(turn).T.reshape(mine(turn).shape)
        yield "weight_reshaped", "{it} was reshaped where its transpose belongs", 0.6, back
    if (mine(0) == 0).any() and mine(0).any():
        said = "{it} is used without its scale: 1 where it is not 0"
        yield "input_missing", said, 0.6, lambda turn: (mine(turn) != 0).astype(float)


def _of_other_examples(mine: Callable[[int], np.ndarray]) -> Iterator[_Other]:
    for axis, length in enumerate(mine(0).shape):
        for shift, word in ((-1, "next"), (1, "one before")):
            if length > 2:
                rolled: Any = lambda turn, axis=axis, shift=shift: np.roll(mine(turn), shift, axis)
                yield "input_shifted", f"{{it}} of the {word} along axis {axis} is used", 0.9, rolled


def _by_total(site: Site, names: PassNames) -> Iterator[Mutation]:
    """The divisor of a mean is another sum over the data, such as that of the weights or of a mask."""
    by = site.op.inputs[-1]
    if site.op.name != "div" or 0 not in site.operands() or by in site.recorded.moving:
        return
    # of a number that the data do not reach any factor is found without them
    for said, total in names.divisors(site.values(0)[1].shape) if by in site.recorded.of_data else ():
        instead: Any = lambda turn, total=total: _with_another(site, 0, turn, total(turn))
        words = f"{said} stands for {names.operand(site.op, 1)}"
        yield dataclasses.replace(made(site, 0, What("value_of_another", words, 0.9), instead), counts=True)


def _undivided(site: Site, names: PassNames) -> Iterator[Mutation]:
    """A division by something that the parameters reach is left out of all that comes back through the quotient."""
    if site.op.name != "div" or not {0, 1} <= set(site.operands()):
        return
    undone: Any = lambda k, turn: lambda ct, right: site.back(k, turn, ct * site.values(turn)[1])
    said = f"{names.operand(site.op, 1)} is left out of all that comes back"
    yield made_everywhere(site, What("local_derivative_missing", said, 0.7), undone, detail="divisor")


def _stepped(recorded: RecordedPass, number: int) -> np.ndarray | None:
    step = _updated(recorded, number)
    return None if step is None else recorded.values[number] - step


def _updated(recorded: RecordedPass, number: int) -> np.ndarray | None:
    """The gradient of a parameter, in the form in which an operation uses the parameter; None for all others."""
    root, moves = recorded.rearranged(number)
    return moved(recorded.gradient[root], moves) if root in recorded.leaves else None


SAVED_KINDS = (_saved, _by_total, _undivided)
