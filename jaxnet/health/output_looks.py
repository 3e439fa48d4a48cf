"""Whether the loss teaches what the output says: targets within reach, logits that are no probabilities, and a loss of
one's own whose best answer is what ``predict`` makes of the logits."""

import jax.numpy as jnp
import numpy as np

from jaxnet.health.subject import Subject
from jaxnet.health.yardsticks import as_columns, best_constant, kind_of_target
from jaxnet.losses import Objective
from jaxnet.network import MLP
from jaxnet.reference import OUTPUTS
from jaxnet.targets import Target

SHARES = (0.8, 0.2)  # of two classes, for which the best constant answer is asked: any but a half
OFF, NEAR_BY = 0.1, 0.03  # probabilities apart: another answer, and the same
SUM = 1e-4  # by which a row of probabilities in float32 may miss 1
ROWS_SEEN = 200


def output_fault(subject: Subject) -> str | None:
    """Say in what way the loss does not fit the output; None where it does, or nothing can be said."""
    f = subject.f
    if not isinstance(f, Objective):
        return None
    return _out_of_reach(subject, f) or _probabilities_for_logits(subject, f) or _another_output(subject, f)


def _out_of_reach(subject: Subject, f: Objective) -> str | None:
    if kind_of_target(f) is not Target.REAL or f.output == "identity":
        return None
    t = as_columns(f, subject.train.y, subject.outputs)
    low, high = float(t.min()), float(t.max())
    limit, reach = (np.inf, "above 0") if f.output == "exp" else (1.0, "0 to 1")
    if low >= 0 and high <= limit:
        return None
    return f"targets go from {low:.4g} to {high:.4g}, and a {f.output} output can give {reach} only"


def _probabilities_for_logits(subject: Subject, f: Objective) -> str | None:
    """A network of one's own may end with a softmax or sigmoid of its own, before the one of the loss."""
    if isinstance(f.network, MLP) or f.loss not in ("cross_entropy", "binary_cross_entropy"):
        return None
    seen = jnp.asarray(subject.train.x[:ROWS_SEEN])
    logits = np.asarray(f.logits(subject.params, seen), np.float64)
    within = bool(np.all((logits >= 0) & (logits <= 1)))
    if not within or (f.loss == "cross_entropy" and np.abs(logits.sum(axis=1) - 1).max() > SUM):
        return None
    return f"what apply returns are probabilities already, and {f.loss} takes them for logits: return the logits"


def _another_output(subject: Subject, f: Objective) -> str | None:
    """Ask a loss of one's own for its best constant logits where two classes have the shares SHARES. What ``predict``
    makes of them should be these shares; if another output would make it so, the loss is of that one."""
    labels = subject.labels(subject.train)
    if not callable(f.loss) or f.output != "softmax" or labels is None or len(np.unique(labels)) < 2:
        return None
    one, other = (np.flatnonzero(labels == label)[0] for label in np.unique(labels)[:2])
    rows = np.repeat([one, other], np.round(10 * np.array(SHARES)).astype(int))
    logits = best_constant(f, subject.train.y[rows], subject.outputs)[0]
    pair = [int(labels[one]), int(labels[other])]
    answer = lambda name: OUTPUTS[name].forward(logits[None])[0][pair]
    apart = lambda found: float(np.abs(found - SHARES).max())
    if apart(answer("softmax")) <= OFF:
        return None
    for name in ("identity", "sigmoid"):
        if apart(answer(name)) <= NEAR_BY:
            return f"the loss trains the logits for a {name} output, and predict takes their softmax"
    return None
