"""Question: are the layers that courses derive by hand checked as well as a plain network, and is every slip explained?

Conclusion: Every verdict on 158 derivations is right and every cause of 142 slips is named; none is named falsely.

Method: Sixteen functions of well-known assignments are written from scratch in their usual conventions, in
`layers_by_hand`: forward in jax.numpy (and, one word replaced, in NumPy), and the right backward pass with its
derivation in a few comment lines. Then slips are made in it, one wrong line in the place of the right one, and each
gradient is put to jaxnet, to JAX's ``check_grads`` and to PyTorch's ``gradcheck``. Of jaxnet's answer four things
count: the verdict; the leaves called wrong, which have to be those whose numbers differ; the cause, which is named when
every kind reported says what was done, unknown when none is claimed, else false; and the quoted line of the forward
pass, which has to be one that the slip is about. The two others answer yes or no.

Published: nothing; jaxnet is asked for every verdict and every leaf, for no false alarm and no error.

Measured: every verdict and every leaf is right, for 16 right derivations and 142 slips; all 142 causes are named, none
falsely (2 x 2 images laid out column by column count as transposed too: of square images that is the same array), and
all 124 lines that are quoted are lines the slip is about. check_grads flags 142, gradcheck 141, and neither names a
cause. The seconds are those of a machine at a load of 4 to 5.

Command: python experiments/hand_derived.py    (PyTorch is left out where it is not installed)
"""

import collections
import re
import time
from typing import Any, NamedTuple

import jax
import numpy as np
from gradient_checkers import CHECKERS, Question, answer
from layers_by_hand import LAYERS
from layers_by_hand.slips import Layer, Slip
from reporting import Claim, Findings, main

import jaxnet as jn

QUICK = ("softmax with cross-entropy",)
NAMED, UNKNOWN, FALSE = "named", "unknown", "false"


class Told(NamedTuple):
    """What jaxnet says of one gradient.

    Attributes:
        right: its verdict.
        leaves: whether the leaves it calls wrong are those that are.
        cause: NAMED, UNKNOWN or FALSE.
        line: whether a line that the slip is about is quoted; None where none is quoted.
        words: headline and causes, for the reader.
    """

    right: bool
    leaves: bool
    cause: str
    line: bool | None
    words: tuple[str, ...]


def told(layer: Layer, slip: Slip, loss: Any = None) -> Told:
    """Ask jaxnet about a slip and judge the answer; an error is an answer, too."""
    wrong = layer.with_slip(slip)
    try:
        report = jn.check_gradient(loss or layer.loss, layer.params, *layer.data, gradient=wrong)
    except Exception as error:
        return Told(True, False, FALSE, None, (f"{type(error).__name__}: {error}",))
    leaves = set(report.wrong) == differing(layer.backward(layer.params, *layer.data), wrong(layer.params, *layer.data))
    quoted = [int(re.search(r":(\d+):", cause.where).group(1)) for cause in report.causes if cause.where]
    line = set(quoted) <= layer.lines_of(slip.at) if quoted else None
    words = [f"{cause.kind}: {cause.sentence}" for cause in report.causes]
    words += [f"at {cause.where}" for cause in report.causes if cause.where]
    return Told(report.ok, leaves, judged({cause.kind for cause in report.causes}, slip), line, tuple(words))


def judged(kinds: set[str], slip: Slip) -> str:
    """Whether these kinds of cause say what was done."""
    if kinds <= {"unknown"}:
        return UNKNOWN
    return NAMED if kinds <= set(slip.kinds.split()) else FALSE


def differing(right: Any, wrong: Any) -> set[str]:
    """The paths of the leaves whose shape or numbers differ by more than rounding, found without jaxnet."""
    others = jax.tree.leaves(wrong)
    found = set()
    for (path, leaf), other in zip(jax.tree_util.tree_flatten_with_path(right)[0], others, strict=True):
        if np.shape(leaf) != np.shape(other) or np.abs(leaf - other).max() > 1e-12 * np.abs(right_size(right)):
            found.add(jax.tree_util.keystr(path))
    return found


def right_size(gradient: Any) -> float:
    """The largest number in a gradient."""
    return max(float(np.abs(leaf).max()) for leaf in jax.tree.leaves(gradient))


def experiment(quick: bool) -> Findings:
    """Put every layer and every slip to every checker; ``quick``: one layer, jaxnet alone."""
    layers = [layer for layer in LAYERS if layer.name in QUICK] if quick else LAYERS
    cases = [(layer, slip) for layer in layers for slip in layer.slips]
    began = time.perf_counter()
    alarms = [layer.name for layer in layers if not sound(layer)]
    answers = {(layer.name, slip.name): tell(layer, slip) for layer, slip in cases}
    seconds = {"jaxnet": time.perf_counter() - began}
    claims = [
        Claim("right derivations called right", "", f"{len(layers) - len(alarms)} of {len(layers)}", not alarms),
        *of_jaxnet(answers),
        *(each for layer in layers for each in by_layer(layer, answers)),
    ]
    others = {} if quick else {name: ask for name, ask in CHECKERS.items() if name != "jaxnet"}
    for name, ask in others.items():
        began = time.perf_counter()
        flagged = sum(not answer(ask, question(layer, layer.with_slip(slip))).right for layer, slip in cases)
        alarms = sum(not answer(ask, question(layer, layer.backward)).right for layer in layers)
        seconds[name] = time.perf_counter() - began
        claims.append(Claim(f"slips flagged, {name}", "", f"{flagged} of {len(cases)}, no cause named"))
        claims.append(Claim(f"right derivations called wrong, {name}", "", f"{alarms} of {len(layers)}"))
    results = {": ".join(names): each._asdict() for names, each in answers.items()}
    return Findings(claims, len(cases), 0, results, times={f"{len(cases)} slips, compiling included": seconds})


def question(layer: Layer, gradient: Any) -> Question:
    """A gradient as the other checkers are asked about it."""
    return Question(layer.loss, layer.params, layer.data, gradient, None)


def sound(layer: Layer) -> bool:
    """Print a layer and what jaxnet says of its right derivation."""
    report = jn.check_gradient(layer.loss, layer.params, *layer.data, gradient=layer.backward)
    print(f"\n{layer.name}: {report.headline}")
    return report.ok


def tell(layer: Layer, slip: Slip) -> Told:
    """Print a slip and what jaxnet says of it."""
    found = told(layer, slip)
    print(f"\n{layer.name}, {slip.name}\n  {slip.line}    # should be {layer.right_line(slip)}")
    print(*(f"  {words}" for words in found.words), f"  -> {found.cause}, line {found.line}", sep="\n")
    return found


def of_jaxnet(answers: dict[tuple[str, str], Told]) -> list[Claim]:
    """The lines of the table for all slips together."""
    count = len(answers)
    share = lambda number: f"{number} of {count} ({number / count:.0%})"
    causes = collections.Counter(each.cause for each in answers.values())
    flagged, leaves = sum(not each.right for each in answers.values()), sum(each.leaves for each in answers.values())
    quoted = [each.line for each in answers.values() if each.line is not None]
    return [
        Claim("slips flagged", "", share(flagged), flagged == count),
        Claim("slips whose leaves are named", "", share(leaves), leaves == count),
        Claim("causes named", "", share(causes[NAMED])),
        Claim("causes unknown, and said so", "", share(causes[UNKNOWN])),
        Claim("causes named falsely", "", share(causes[FALSE])),
        Claim("lines quoted rightly", "", f"{sum(quoted)} of {len(quoted)} quoted"),
    ]


def by_layer(layer: Layer, answers: dict[tuple[str, str], Told]) -> list[Claim]:
    """One line for a layer."""
    mine = [each for (name, _), each in answers.items() if name == layer.name]
    causes = collections.Counter(each.cause for each in mine)
    words = ", ".join(f"{causes[kind]} {kind}" for kind in (NAMED, UNKNOWN, FALSE) if causes[kind])
    flagged = sum(not each.right for each in mine)
    return [Claim(layer.name, "", f"{flagged} of {len(mine)} flagged; causes: {words}", flagged == len(mine))]


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    main(__doc__, experiment)
