"""Familiar numbers by name: what a constant factor in a gradient may come from."""

import math
from typing import NamedTuple

# How far-fetched an explanation is: a familiar number, a quotient of two, any other; a stage that nothing explains.
FAMILIAR, COMPOUND, UNFAMILIAR, ANYTHING = 1.0, 1.25, 2.0, 4.0


class Counts(NamedTuple):
    """What is countable about a problem: N examples, D inputs, hidden widths, K outputs, the penalty's factor."""

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

    Names that are equal for these counts (8 examples, 8 hidden units) all stay, so that ties show as ties.
    """
    simple = {"-1": -1.0, "2": 2.0, "1/2": 0.5, "-2": -2.0, "-1/2": -0.5, "1/4": 0.25, "4": 4.0}
    logarithms = {"1/ln 2": 1 / math.log(2), "ln 2": math.log(2), "1/ln 10": 1 / math.log(10), "ln 10": math.log(10)}
    compound = {"255": 255.0, "1/255": 1 / 255, "1/256": 1 / 256, "256": 256.0}
    if counts.l2:
        compound["the penalty's factor"] = counts.l2
    _add_counts(simple, compound, counts)
    pairs = [(simple, FAMILIAR), (logarithms, FAMILIAR), (compound, COMPOUND)]
    table = {name: Factor(value, cost) for group, cost in pairs for name, value in group.items()}
    return {name: factor for name, factor in table.items() if factor.value != 1}


def _add_counts(simple: dict[str, float], compound: dict[str, float], counts: Counts) -> None:
    n = counts.examples
    sizes = {"the outputs": counts.outputs, "the inputs": counts.inputs}
    sizes |= {f"the units of layer {i + 1}": width for i, width in enumerate(counts.hidden)}
    for name, size in sizes.items():
        if size:
            simple |= {name: float(size), f"1/{name}": 1 / size}
            compound |= {f"2/{name}": 2 / size, f"{name}/2": size / 2}
            if n:
                compound[f"n/{name}"] = n / size
                compound[f"{name}/n"] = size / n
    if n:
        simple |= {"n": float(n), "1/n": 1 / n, "-n": -float(n), "-1/n": -1 / n, "n/(n + 1)": n / (n + 1)}
        simple |= {"n/(n - 1)": n / (n - 1), "(n - 1)/n": (n - 1) / n} if n > 1 else {}
        compound |= {"n/2": n / 2, "2/n": 2 / n, "2n": 2.0 * n, "1/(2n)": 1 / (2 * n), "n**2": n**2, "1/n**2": 1 / n**2}


def factor_kind(name: str) -> str:
    """The kind of mistake a factor is: most are just ``factor``."""
    return {"-1": "sign", "n": "batch_sum", "1/n": "batch_mean_twice"}.get(name, "factor")


def factor_sentence(name: str, value: float) -> str:
    """Say a factor in words: times its name, and its value where the name hides it."""
    number = f"{value:.6g}"
    return f"{number} times" if name in (number, "") else f"{number} = {name} times"
