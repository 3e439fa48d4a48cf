"""scikit-learn's callbacks (its SLEP023, from version 1.9 on): what they are told, and when, between epochs."""

from collections.abc import Callable
from typing import Any

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # before 1.9 there are none

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Nothing to support."""

    def with_callbacks(method: Callable) -> Callable:
        """Return the method as it is."""
        return method


class Epochs:
    """Tells an estimator's callbacks where its fit begins, where each epoch begins and ends, and where it ends."""

    def __init__(self, estimator: Any, *, X: Any, y: Any, sample_weight: Any, silent: bool = False) -> None:
        self._told = {"estimator": estimator, "X": X, "y": y}
        self._told["metadata"] = None if sample_weight is None else {"sample_weight": sample_weight}
        self._estimator: Any = estimator
        self._epoch: Any = None  # the one that has begun
        self.listened = bool(getattr(estimator, "_skl_callbacks", None)) and not silent
        if self.listened:
            one_more = estimator.solver == "lbfgs"  # SciPy does not say which iteration is the last
            self._fit = estimator._init_callback_context(max_subtasks=estimator.max_iter + one_more)
            self._fit.call_on_fit_task_begin(**self._told)

    def begin(self) -> None:
        """Say that an epoch begins."""
        if self.listened:
            self._epoch = self._fit.subcontext(task_name="epoch")
            self._epoch.call_on_fit_task_begin(**self._told, reconstruction_attributes=self._weights)

    def end(self) -> bool:
        """Say that an epoch has ended, and return whether a callback wants the fit to end."""
        if self._epoch is None:
            return False
        ended, self._epoch = self._epoch, None
        return ended.call_on_fit_task_end(**self._told, reconstruction_attributes=self._weights)

    def close(self) -> None:
        """Say that the fit has ended."""
        if self.listened:
            self._fit.call_on_fit_task_end(**self._told, reconstruction_attributes=self._weights)

    def _weights(self) -> dict[str, list]:
        return {"coefs_": self._estimator.coefs_, "intercepts_": self._estimator.intercepts_}
