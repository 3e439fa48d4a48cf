"""The rows of the experiments: trained on, held out, standardised."""

import dataclasses

import jax
import numpy as np

from jaxnet.health.row_looks import Scale, scale_of
from jaxnet.health.subject import NumpyRows, Subject
from jaxnet.health.yardsticks import kind_of_target
from jaxnet.targets import Target

HELD_OUT = 0.25  # of the training rows, where no validation rows are given, ...
FEWEST = 40  # ... unless there are fewer rows than that: then a loss is compared on the training rows alone
MOST_ROWS, FEWEST_TRAINED = 4000, 256  # that are trained on in an experiment, ...
MOST_WORK = 2e8  # ... of networks with so few weights that rows times weights are no more


@dataclasses.dataclass(frozen=True)
class Rows:
    """The rows of an experiment, as they are, and their scales."""

    train: NumpyRows
    held: NumpyRows
    apart: bool  # whether held-out rows are others than those trained on
    inputs: Scale
    targets: Scale | None  # of real numbers only


def rows_of(subject: Subject, seed: int) -> Rows:
    """Choose the rows of the experiments: the validation rows are held out, or a part of the training rows."""
    rng = np.random.default_rng(seed)
    order, held = rng.permutation(len(subject.train.x)), subject.validation
    apart = held is not None or len(order) >= FEWEST
    if held is None and apart:
        cut = round(HELD_OUT * len(order))
        held, order = subject.train.at(np.sort(order[:cut])), order[cut:]
    weights = sum(np.size(leaf) for leaf in jax.tree.leaves(subject.params))
    most = int(np.clip(MOST_WORK / weights, FEWEST_TRAINED, MOST_ROWS))
    train = subject.train.at(np.sort(order[:most]))
    held = train if held is None else held.at(np.arange(min(len(held.x), MOST_ROWS)))
    real = kind_of_target(subject.f) is Target.REAL and getattr(subject.f, "output", "") == "identity"
    if subject.weighted:
        train, held = _weighted(train), _weighted(held)
    targets = scale_of(np.asarray(train.y, np.float64), "the targets") if real else None
    return Rows(train, held, apart, scale_of(train.x, "the inputs"), targets)


def _weighted(rows: NumpyRows) -> NumpyRows:
    """Give every row a weight, so that lanes with weights of their own share the program."""
    return rows if rows.weight is not None else rows._replace(weight=np.ones(len(rows.x), rows.x.dtype))


def scaled(rows: Rows, *, inputs: bool, targets: bool) -> Rows:
    """Standardise the columns of inputs and targets by the rows that are trained on."""

    def both(batch: NumpyRows) -> NumpyRows:
        x, y = batch.x, batch.y
        if inputs:
            flat = (x.reshape(len(x), -1) - rows.inputs.mean) / rows.inputs.deviation
            x = flat.reshape(x.shape).astype(x.dtype)
        if targets and rows.targets is not None:
            flat = (y.reshape(len(y), -1) - rows.targets.mean) / rows.targets.deviation
            y = flat.reshape(y.shape).astype(x.dtype)
        return batch._replace(x=x, y=y)

    return dataclasses.replace(rows, train=both(rows.train), held=both(rows.held))
