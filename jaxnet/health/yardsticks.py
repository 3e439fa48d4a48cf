"""What a loss is worth: the loss of the best constant answer, that of a perfect one, and where between them one is.

"A loss of .48" says nothing. "A third of what can be known" does: ``explained`` is 0 for the answer that ignores the
inputs (the shares of the classes, the mean) and 1 for one that is always right, whatever the loss and its units; for
squared error it is R².
"""

from typing import Any, NamedTuple

import numpy as np
import optax

from jaxnet.losses import LOSSES, Objective, objective
from jaxnet.targets import Target, one_hot_targets
from jaxnet.training.run import fit
from jaxnet.types import Pytree

_GRID = 65  # quantiles of the targets among which the best constant of a loss without a formula is looked for
_STEPS = 1000  # of Adam for the best constant of a loss of one's own: K numbers, a fraction of a second


class Yardstick(NamedTuple):
    """The loss of the best constant prediction and of a perfect one."""

    constant: float
    floor: float

    def explained(self, loss: Any) -> Any:
        """Return which share of the way from the constant to the perfect prediction a loss (or an array of them) has
        come: 1 is perfect, below 0 is worse than a constant; -inf for a loss that is not finite."""
        loss = np.asarray(loss, np.float64)
        way = max(self.constant - self.floor, 1e-12 * max(1.0, abs(self.constant)))
        return np.where(np.isfinite(loss), (self.constant - loss) / way, -np.inf)[()]


def yardstick(f: Any, y: np.ndarray, weight: np.ndarray | None, outputs: int) -> Yardstick | None:
    """Return the yardstick of a ``jn.objective`` for targets y; None for another objective, of which nothing is known.

    ``outputs`` is K. Losses are without the penalty.
    """
    if not isinstance(f, Objective):
        return None
    if callable(f.loss):
        return _of_own_loss(f, y, weight, outputs)
    t = as_columns(f, y, outputs)
    mean = lambda values: float(np.average(values, weights=weight, axis=0).sum())
    shares = np.average(t, weights=weight, axis=0)
    if f.loss == "cross_entropy":
        return Yardstick(mean(_entropy(shares)[None].repeat(len(t), 0)), mean(_entropy(t)))
    if f.loss == "binary_cross_entropy":
        both = lambda p: _entropy(p) + _entropy(1 - p)
        return Yardstick(float(both(shares).sum()), mean(both(t)))
    if f.loss == "poisson":
        return Yardstick(float((shares - _xlogx(shares)).sum()), mean(t - _xlogx(t)))
    if f.loss in ("squared_error", "mean_squared_error"):
        variance = mean(np.square(t - shares))
        return Yardstick(variance / 2 if f.loss == "squared_error" else variance / outputs, 0.0)
    return Yardstick(_best_of_grid(f.loss, t, weight), 0.0)


def as_columns(f: Objective, y: np.ndarray, outputs: int) -> np.ndarray:
    """Return targets as float64 [N, K]; those of a loss of one's own only where they have one column or K."""
    y = np.asarray(y)
    if y.ndim > 1:
        return y.astype(np.float64)
    labels = kind_of_target(f) is Target.DISTRIBUTION or (outputs > 1 and not callable(f.loss))
    return one_hot_targets(y, outputs, np.float64) if labels else y[:, None].astype(np.float64)


def kind_of_target(f: Any) -> Target | None:
    """Return what the targets of an objective are; None where it is not known."""
    known = isinstance(f, Objective) and not callable(f.loss)
    return LOSSES[f.loss].target if known else None


def labels_of(f: Any, y: Any, outputs: int) -> np.ndarray | None:
    """Return the class [N] of every example where targets are classes, else None."""
    y = np.asarray(y)
    kind = kind_of_target(f)
    if kind not in (Target.DISTRIBUTION, Target.PROBABILITY):
        own = kind is None and y.ndim == 1 and y.dtype.kind in "iub"
        return y.astype(int) if own else None
    t = as_columns(f, y, outputs)
    if kind is Target.DISTRIBUTION:
        return t.argmax(axis=1)
    if outputs == 1:
        return (t[:, 0] > 0.5).astype(int)
    return t.argmax(axis=1) if np.allclose(t.sum(axis=1), 1) else None


def _xlogx(p: np.ndarray) -> np.ndarray:
    return np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0.0)


def _entropy(p: np.ndarray) -> np.ndarray:
    return -_xlogx(p)


def _best_of_grid(loss: str, t: np.ndarray, weight: np.ndarray | None) -> float:
    """Return the loss of the best constant for losses that are convex and separate by outputs: huber and hinge."""
    total = 0.0
    for column in t.T:
        tried = np.array([-1.0, 1.0]) if loss == "hinge" else np.quantile(column, np.linspace(0, 1, _GRID))
        values = [_of_each(loss, c, column) for c in tried]
        total += float(np.average(values, weights=weight, axis=1).min())
    return total


def _of_each(loss: str, c: float, t: np.ndarray) -> np.ndarray:
    if loss == "hinge":
        return np.maximum(0.0, 1 - (2 * t - 1) * c)
    error = np.abs(c - t)
    return np.where(error <= 1, error**2 / 2, error - 0.5)


class _Constant(NamedTuple):
    """A network that ignores its input; its parameters are its logits."""

    outputs: int

    def init(self, key: Any) -> Pytree:
        return {"logits": np.zeros(self.outputs)}

    def apply(self, params: Pytree, x: Any) -> Any:
        return params["logits"]


def best_constant(
    f: Objective, y: np.ndarray, outputs: int, weight: np.ndarray | None = None
) -> tuple[np.ndarray, float]:
    """Train the constant, for a loss of which nothing is known but that it can be trained: its logits [K], its loss."""
    constant = objective(_Constant(outputs), f.loss)
    x = np.zeros((len(y), 1), np.float32)
    start = {"logits": np.zeros(outputs, np.float32)}
    data = (x, y) if weight is None else (x, y, weight)
    run = fit(constant, start, data, optimizer=optax.adam(0.03), epochs=_STEPS)
    return np.asarray(run.params["logits"], np.float64), float(np.nanmin(run.history["loss"]))


def _of_own_loss(f: Objective, y: np.ndarray, weight: np.ndarray | None, outputs: int) -> Yardstick:
    _, best = best_constant(f, y, outputs, weight)
    return Yardstick(best, min(0.0, best))
