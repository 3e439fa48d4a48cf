"""Wrong lines as their authors write them: the text that is said of a line is the text that is computed.

A row has the kind of mistake, what is said, the formula where that is another ("the derivative twice" is no NumPy), and
when the line is wrong at all: for a relu "its square" is right.
"""

import functools
from collections.abc import Callable, Iterable, Mapping
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

from jaxnet.gradients.diagnosis.replay import Hypothesis, Step


class Row(NamedTuple):
    """A wrong line; ``formula`` and ``when`` are NumPy and Python in the names of its table."""

    kind: str
    said: str
    formula: str = ""
    when: str = "True"


@functools.cache
def _compiled(text: str) -> CodeType:
    return compile(text, "<a line of a table>", "eval")


def _value(text: str, names: Mapping[str, Any]) -> Any:
    with np.errstate(all="ignore"):  # a formula that overflows does not fit, and is no news
        return eval(_compiled(text), {"np": np}, names)  # the text is a constant of ours


def hypotheses(
    rows: Iterable[Row], facts: Mapping[str, Any], names: Callable[[Step], Mapping[str, Any]], cost: float = 1.0
) -> list[Hypothesis]:
    """List the rows that may be wrong by these ``facts``; their formulas are computed with ``names(step)``.

    A formula is None where its arrays have no shape that fits.
    """

    def line(row: Row) -> Hypothesis:
        return Hypothesis(row.kind, row.said, lambda step: _value(row.formula or row.said, names(step)), cost)

    return [line(row) for row in rows if _value(row.when, facts)]
