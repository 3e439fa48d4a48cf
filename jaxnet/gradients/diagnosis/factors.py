"""Familiar numbers by name: what a constant factor in a gradient may come from."""

import math
from typing import NamedTuple

# How far-fetched an explanation is: a familiar number, a product of two, any other; a stage that nothing explains.
FAMILIAR, COMPOUND, UNFAMILIAR, ANYTHING = 1.0, 1.25, 2.0, 4.0
FURTHEST = 2 * COMPOUND  # that is still tried on other batches: two compound numbers, whatever fits more plainly
SEEN = UNFAMILIAR - 0.01  # any number, but one that a larger leaf has too


class Counts(NamedTuple):
    """What is countable in a problem: N examples, D inputs, hidden widths, K outputs, the penalty's factor."""

    examples: int | None = None
    inputs: int | None = None
    hidden: tuple[int, ...] = ()
    outputs: int | None = None
    l2: float = 0.0


class Factor(NamedTuple):
    """A named number and how far-fetched it is."""

    value: float
    cost: float


def named_factors(counts: Counts) -> dict[str, Factor]:
    """Name the numbers that a gradient is commonly wrong by; those equal to 1 are left out.

    Numbers of the network that are equal share one name, such as "number of inputs or number of outputs", for nothing
    tells them apart; the number of examples stays by itself, for another batch does.
    """
    plain, batch, quotients, mixed = _numbers(counts)
    table: dict[str, Factor] = {}
    for fixed, numbers, cost in ((plain, batch, FAMILIAR), (quotients, mixed, COMPOUND)):
        taken = {factor.value for factor in table.values()}
        names: dict[float, list[str]] = {}
        for name, value in fixed.items():
            names.setdefault(value, []).append(name)
        table |= {" or ".join(each): Factor(value, cost) for value, each in names.items() if value not in taken}
        table |= {name: Factor(value, cost) for name, value in numbers.items()}
    return {name: factor for name, factor in table.items() if factor.value != 1}


def _numbers(counts: Counts) -> tuple[dict[str, float], ...]:
    """Plain numbers that no batch changes, those of the batch, quotients of two of the former, and of both."""
    hidden = {f"units of layer {i + 1}": width for i, width in enumerate(counts.hidden)}
    sizes = {"number of outputs": counts.outputs, "number of inputs": counts.inputs, **hidden}
    plain = {"-1": -1.0, "2": 2.0, "1/2": 0.5, "1/4": 0.25, "4": 4.0}
    plain |= {"1/ln 2": 1 / math.log(2), "ln 2": math.log(2), "1/ln 10": 1 / math.log(10), "ln 10": math.log(10)}
    quotients = {"-2": -2.0, "-1/2": -0.5, "255": 255.0, "1/255": 1 / 255, "256": 256.0, "1/256": 1 / 256}
    quotients |= {"the penalty's factor": counts.l2} if counts.l2 else {}
    batch, mixed = {}, {}
    if n := counts.examples:
        batch = {"n": float(n), "1/n": 1 / n, "n/(n + 1)": n / (n + 1)}
        batch |= {"n/(n - 1)": n / (n - 1), "(n - 1)/n": (n - 1) / n} if n > 1 else {}
        mixed = {"-n": -float(n), "-1/n": -1 / n, "n/2": n / 2, "2/n": 2 / n, "2n": 2.0 * n, "1/(2n)": 1 / (2 * n)}
        mixed |= {"n**2": float(n**2), "1/n**2": 1 / n**2}
    for name, size in sizes.items():
        if size:
            plain |= {name: float(size), f"1/{name}": 1 / size}
            quotients |= {f"2/{name}": 2 / size, f"{name}/2": size / 2}
            mixed |= {f"n/{name}": n / size, f"{name}/n": size / n} if n else {}
    return plain, batch, quotients, mixed


def factor_value(name: str, counts: Counts) -> float:
    """Look a named number up in another batch, where it may equal 1 or others; NaN where it is no number there."""
    numbers = {key: value for table in _numbers(counts) for key, value in table.items()}
    # equal numbers share one name, "4 or number of inputs", and no batch changes that: each of them will do
    return next((float(numbers[each]) for each in name.split(" or ") if each in numbers), math.nan)


def factor_kind(name: str) -> str:
    """The kind of mistake a factor is: most are just ``factor``."""
    return {"-1": "sign", "n": "batch_sum", "1/n": "batch_mean_twice"}.get(name, "factor")


def factor_sentence(name: str, value: float) -> str:
    """Say a factor in words: times its name, and its value where the name hides it."""
    number = f"{value:.6g}"
    names = [each for each in name.split(" or ") if each != number]
    if names and number in name.split(" or "):  # nothing tells the plain number from the other
        return f"{number} (or the {' or '.join(names)}) times"
    if len(names) > 1:
        return f"{number} ({' or '.join(names)}) times"
    return f"{number} = {names[0]} times" if names and name else f"{number} times"
