"""scikit-learn's callbacks (its SLEP023, from version 1.9 on): what they are told, and when."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # before 1.9 there are none

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Nothing to support."""

    def with_callbacks(method: Callable[..., Any]) -> Callable[..., Any]:
        """Return the method as it is."""
        return method


class CallbackTask:
    """A task of a fit: where callbacks listen they are told of its begin and its end, else no one is."""

    def __init__(self, context: Any, told: dict[str, Any]) -> None:
        self._context, self._told = context, told

    @property
    def context(self) -> Any:
        """scikit-learn's context of the task, or None where there are no callbacks."""
        return self._context

    def within(self, name: str, **how: Any) -> "CallbackTask":
        """Return a task that is a part of this one; ``how`` as for scikit-learn's ``subcontext``."""
        part = None if self._context is None else self._context.subcontext(task_name=name, **how)
        return CallbackTask(part, self._told)

    def begin(self, **data: Any) -> "CallbackTask":
        """Say that the task begins, on which X and y, with which weights."""
        if self._context is not None:
            self._context.call_on_fit_task_begin(**self._told, **data)
        return self

    def end(self, **data: Any) -> bool:
        """Say that the task has ended, and return whether a callback wants no further ones."""
        return self._context is not None and bool(self._context.call_on_fit_task_end(**self._told, **data))

    def handed_on(self, estimator: Any) -> AbstractContextManager[Any]:
        """Return the context in which fits of another estimator are parts of this task."""
        return nullcontext() if self._context is None else self._context.propagate_callback_context(estimator)


def is_listened(estimator: Any) -> bool:
    """Whether an estimator has callbacks, its own or those of what it is a part of."""
    return bool(getattr(estimator, "_skl_callbacks", None))


def fit_task(estimator: Any, sample_weight: Any, *, parts: int, silent: bool = False) -> CallbackTask:
    """Return the task of a whole fit, which may have so many parts."""
    listened = is_listened(estimator) and not silent
    context = estimator._init_callback_context(max_subtasks=parts) if listened else None
    metadata = None if sample_weight is None else {"sample_weight": sample_weight}
    return CallbackTask(context, {"estimator": estimator, "metadata": metadata})


def search_task(search: Any, sample_weight: Any, *, parts: int) -> CallbackTask:
    """Return the task of a whole search, whose course asks for the context whether or not anyone listens."""
    made = getattr(search, "_init_callback_context", None)
    metadata = None if sample_weight is None else {"sample_weight": sample_weight}
    return CallbackTask(made and made(max_subtasks=parts), {"estimator": search, "metadata": metadata})


class Epochs:
    """Tells an estimator's callbacks where its fit begins, where each epoch begins and ends, and where it ends."""

    def __init__(self, estimator: Any, *, X: Any, y: Any, sample_weight: Any, silent: bool = False) -> None:
        self.listened = is_listened(estimator) and not silent
        self._data = {"X": X, "y": y}
        self._weights = lambda: {"coefs_": estimator.coefs_, "intercepts_": estimator.intercepts_}
        self._epoch: CallbackTask | None = None  # the one that has begun
        one_more = estimator.solver == "lbfgs"  # SciPy does not say which iteration is the last
        parts = estimator.max_iter + one_more
        self._fit = fit_task(estimator, sample_weight, parts=parts, silent=silent).begin(**self._data)

    def begin(self) -> None:
        """Say that an epoch begins."""
        self._epoch = self._fit.within("epoch").begin(**self._data, reconstruction_attributes=self._weights)

    def end(self) -> bool:
        """Say that the epoch has ended, if one has begun, and return whether a callback wants the fit to end."""
        ended, self._epoch = self._epoch, None
        return ended is not None and ended.end(**self._data, reconstruction_attributes=self._weights)

    def close(self) -> None:
        """Say that the fit has ended."""
        self._fit.end(**self._data, reconstruction_attributes=self._weights)
