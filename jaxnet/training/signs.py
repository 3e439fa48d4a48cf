"""What a history alone shows to be wrong, for nothing: no network is looked at, nothing is trained.

Few things can be said of curves without knowing what they are of; only those are said. ``jn.diagnose`` knows more.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

FLAT = 1e-3  # of the first loss: a change below it, over a whole run, is none that anybody trains for
FEWEST_EPOCHS = 10  # before which a curve has not said anything
HIGHER = 0.05  # of the first loss: the noise of mini-batches stays below where nothing is wrong
RISEN = 0.5  # by how much of its lowest value a validation loss has to rise to have turned: noise stays below
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

    ``scale`` is the loss of knowing nothing, if it is known, of which the rise has to be a part that matters.
    """
    if len(validation) < FEWEST_EPOCHS or not (np.isfinite(validation).all() and np.isfinite(loss).all()):
        return None
    lowest, last = float(validation.min()), float(np.median(validation[-LAST:]))
    at = int(validation.argmin())
    # losses of either sign are measured from what is known to be large in them
    size = max(abs(lowest), 0.0 if scale is None else 0.2 * scale)
    fell_on = loss[-1] < loss[at] - FLAT * abs(loss[at]) and loss[-1] <= loss[0] * (FITTED if loss[0] > 0 else 1)
    if last - lowest <= RISEN * size or not fell_on or at >= len(validation) - LAST:
        return None
    words = f"the validation loss was lowest in epoch {at + 1}, {lowest:.4g}, and rose to {last:.4g}"
    return Sign("overfitting", words, at + 1)
