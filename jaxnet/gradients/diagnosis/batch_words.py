"""What a factor of n means depends on the loss: a mean over examples, a sum over them, or neither."""

import dataclasses
import functools
from collections.abc import Iterable, Sequence

import numpy as np

from jaxnet.gradients.diagnosis.kinds import FACTORS
from jaxnet.gradients.diagnosis.tolerances import SUM_DOUBLES
from jaxnet.gradients.evidence import Cause, Evidence
from jaxnet.gradients.example_axis import any_order, example_count, examples_at

_SUMMED, _TWICE = FACTORS["batch_sum"], FACTORS["batch_mean_twice"]


def in_the_words_of_the_batch(evidence: Evidence, causes: Sequence[Cause]) -> tuple[Cause, ...]:
    """Say factors of n and 1/n as what they are for this loss."""
    return tuple(
        _said(evidence, each) if each.kind in ("batch_sum", "batch_mean_twice") and evidence.network is None else each
        for each in causes
    )


def _said(evidence: Evidence, cause: Cause) -> Cause:
    axis = evidence.example_axis
    if axis is None or not (cause.sentence.rstrip(".").endswith((_SUMMED, _TWICE)) or " n times" in cause.sentence):
        return cause
    plain = cause.sentence.replace(_SUMMED, "").replace(_TWICE, "").rstrip(".")
    if not any_order(functools.partial(evidence.objective, evidence.params), evidence.data, axis):
        count = example_count(evidence.data, axis)
        return dataclasses.replace(cause, kind="factor", sentence=f"{plain}; n = {count} is the length of the data.")
    if averages(evidence, axis, evidence.true):
        return cause
    if cause.kind == "batch_sum":
        return dataclasses.replace(cause, kind="factor", sentence=f"{plain}.")
    words = "it is averaged over the examples where the loss sums"
    return dataclasses.replace(cause, kind="batch_mean", sentence=f"{plain}: {words}.")


def averages(evidence: Evidence, axis: int, leaves: Iterable[str]) -> bool:
    """Whether listing every example twice leaves the true gradient of leaves as it is, where a sum would double them.

    In doubt they are averages.
    """
    every = np.arange(example_count(evidence.data, axis) or 0)
    try:
        twice = evidence.oracle(evidence.params, *examples_at(evidence.data, axis, np.concatenate([every, every])))
    except Exception:  # the user's own code may refuse other batches, by any error
        return True
    pairs = [(np.abs(twice[path] - evidence.true[path]), np.abs(evidence.true[path])) for path in leaves]
    change, size = (max(float(each.max(initial=0.0)) for each in one) for one in zip(*pairs, strict=True))
    return not change >= SUM_DOUBLES * size
