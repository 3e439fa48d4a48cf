"""What a history alone shows to be wrong, for nothing: no network is looked at, nothing is trained.

Few things can be said of curves without knowing what they are of; only those are said. ``jn.diagnose`` knows more.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

FLAT = 1e-3  # of the first loss: a change below it, over a whole run, is none that anybody trains for
FEWEST_EPOCHS = 10  # before which a curve has not said anything
HIGHER = 0.05  # of the first loss: the noise of mini-batches stays below where nothing is wrong
RISEN = 0.25  # of the loss of knowing nothing: a validation loss that rises by less makes no answer much worse, ...
DOUBLED = 0.5  # ... and of its lowest value: noise stays below
FITTED = 0.5  # to what part of its first value the training loss falls where the training rows are learnt by heart
LAST = 5  # epochs whose median stands for the end of a curve, so that a single bad epoch does not


class Sign(NamedTuple):
    """A sign of sickness: its kind, as ``jn.diagnose`` calls it, a sentence, and the epoch (from 1) it is about."""

    kind: str
    sentence: str
    epoch: int


def sign_of_sickness(history: Mapping[str, np.ndarray], *, diverged: bool, continued: bool = False) -> Sign | None:
    """Return what the curves [E] of a run show to be wrong; None where they show nothing.

    ``continued``: the run went on from an earlier one, whose loss may have come to rest.
    """
    loss = np.asarray(history.get("loss", ()), np.float64)
    if diverged:
        return Sign("diverged", f"it diverged in epoch {len(loss)}", len(loss))
    if len(loss) < FEWEST_EPOCHS or not np.isfinite(loss).all():
        return None
    first, last = loss[0], float(np.median(loss[-LAST:]))
    if last > first + HIGHER * abs(first) and not continued:
        at = int(loss.argmin()) + 1
        return Sign("rate_too_high", f"the loss rose, from {first:.4g} to {last:.4g}", at)
    if not continued and abs(first - last) <= FLAT * abs(first) and np.ptp(loss) <= FLAT * abs(first):
        return Sign("rate_too_low", f"the loss hardly changed, from {first:.5g} to {last:.5g}", len(loss))
    return turning_point(loss, np.asarray(history.get("validation_loss", ()), np.float64))


def turning_point(loss: np.ndarray, validation: np.ndarray, *, scale: float | None = None) -> Sign | None:
    """Return where the validation loss [E] turned and rose while the training loss [E] fell on (Prechelt 1998).

    ``scale`` is the loss of knowing nothing less that of knowing all; by default the losses of the first epoch.
    """
    if len(validation) < FEWEST_EPOCHS or not (np.isfinite(validation).all() and np.isfinite(loss).all()):
        return None
    lowest, last = float(validation.min()), float(np.median(validation[-LAST:]))
    at = int(validation.argmin())
    nothing = max(abs(float(validation[0])), abs(float(loss[0]))) if scale is None else scale
    risen = last - lowest > max(RISEN * nothing, DOUBLED * abs(lowest))
    fell_on = loss[-1] < loss[at] - FLAT * abs(loss[at]) and loss[-1] <= loss[0] * (FITTED if loss[0] > 0 else 1)
    if not risen or not fell_on or at >= len(validation) - LAST:
        return None
    words = f"the validation loss was lowest in epoch {at + 1}, {lowest:.4g}, and rose to {last:.4g}"
    return Sign("overfitting", words, at + 1)
