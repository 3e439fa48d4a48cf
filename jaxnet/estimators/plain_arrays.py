"""scikit-learn's switch ``array_api_dispatch``: arrays of PyTorch and of JAX are taken, whether it is on or off."""

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from sklearn import config_context, get_config

_Method = TypeVar("_Method", bound=Callable[..., Any])


def numpys_checks() -> AbstractContextManager[Any]:
    """Return the context in which scikit-learn's checks turn what they are given into NumPy arrays.

    With its switch on they hand on the arrays of another library as they are, for estimators that compute with them.
    These compute in JAX, so they want NumPy's.
    """
    on = get_config()["array_api_dispatch"]
    # looked at first, for a context costs a tenth of a prediction
    return config_context(array_api_dispatch=False) if on else nullcontext()


def in_numpy_arrays(method: _Method) -> _Method:
    """Return a method that runs among ``numpys_checks``, and so answers in NumPy arrays."""

    @functools.wraps(method)
    def call(*args: Any, **options: Any) -> Any:
        with numpys_checks():
            return method(*args, **options)

    return call  # type: ignore[return-value]
