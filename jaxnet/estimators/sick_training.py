"""A warning for training that looks sick, silent unless it is asked for: scikit-learn gives none."""

import warnings
from typing import Any

import numpy as np

from jaxnet.training.signs import sign_of_sickness


class SickTrainingWarning(UserWarning):
    """The loss curve of ``fit`` shows that something is wrong, and ``jn.diagnose`` would say what.

    It is given only where a filter names it: ``warnings.simplefilter("default", SickTrainingWarning)``. Filters for
    all warnings, as ``python -W error``, do not count, so that what runs with scikit-learn runs here.
    """


def warn_if_sick(estimator: Any) -> None:
    """Warn where the loss curve of a fitted estimator looks sick, if ``SickTrainingWarning`` was asked for."""
    filters: Any = warnings.filters  # (action, message, category, module, line)
    named = [action for action, _, category, *_ in filters if _is_ours(category)]
    # the filter that was set last stands first
    asked = bool(named) and named[0] != "ignore"
    if not asked or not hasattr(estimator, "loss_curve_"):
        return
    loss = np.asarray(estimator.loss_curve_, np.float64)
    sign = sign_of_sickness({"loss": loss}, diverged=not np.isfinite(loss).all(), continued=estimator.warm_start)
    if sign is not None:
        warnings.warn(f"training looks sick: {sign.sentence}", SickTrainingWarning, stacklevel=4)


def _is_ours(category: Any) -> bool:
    return isinstance(category, type) and issubclass(category, SickTrainingWarning)
