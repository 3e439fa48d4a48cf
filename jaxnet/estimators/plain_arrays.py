"""scikit-learn's switch ``array_api_dispatch``: arrays of PyTorch and of JAX are taken, whether it is on or off."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from sklearn import config_context, get_config

_Method = TypeVar("_Method", bound=Callable[..., Any])


def in_numpy_arrays(method: _Method) -> _Method:
    """Return a method whose checks turn what they are given into NumPy arrays, and which answers in such.

    Switched on, scikit-learn's checks hand on the arrays of another library as they are, for estimators that compute
    with them. These compute in JAX, so they want NumPy's.
    """

    @functools.wraps(method)
    def call(*args: Any, **options: Any) -> Any:
        if not get_config()["array_api_dispatch"]:  # looked at first, for a context costs a tenth of a prediction
            return method(*args, **options)
        with config_context(array_api_dispatch=False):
            return method(*args, **options)

    return call  # type: ignore[return-value]
