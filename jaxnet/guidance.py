"""What a call that does not fit its signature should have been: said in the house's words, in place of Python's own.

``fit(f, params, X, y)`` is the first thing that many type. Python answers with a number of arguments; this answers
with the call.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from jaxnet.near_names import nearest

_Called = TypeVar("_Called", bound=Callable[..., Any])


def guided(**words: str) -> Callable[[_Called], _Called]:
    """Return a decorator for a function or class: a call that does not fit raises TypeError with a way on.

    Args:
        words: what to say by the name of an argument that is missing or that is not one of its own (``seed="give
            key=jax.random.key(0)"``); ``positional`` for too many of them.

    A call that fits costs nothing more than one frame, and what the function itself raises is left as it is.
    """

    def decorate(called: Any) -> Any:
        if inspect.isclass(called):
            made: Any = called  # in place, for a class inside a function would be no class any more
            made.__init__ = decorate_function(made.__init__, called.__name__)
            return called
        # a method that calls its object goes by the class's name
        return decorate_function(called, called.__qualname__.removesuffix(".__call__"))

    def decorate_function(function: Callable[..., Any], name: str) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except TypeError as error:
                signature = inspect.signature(function)
                try:  # only now, so that a call that fits is not looked at
                    signature.bind(*args, **kwargs)
                except TypeError:
                    fault = _misfit(signature, args, kwargs, words)
                    raise TypeError(f"{name}: {fault}" if fault else str(error)) from None
                raise

        return call

    return decorate


def _misfit(
    signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any], words: dict[str, str]
) -> str | None:
    """Say in one sentence why a call does not fit, and what would."""
    known = {each: parameter for each, parameter in signature.parameters.items() if each != "self"}
    positional = [each for each, parameter in known.items() if parameter.kind is parameter.POSITIONAL_OR_KEYWORD]
    args = args[1:] if "self" in signature.parameters else args

    def said(word: str) -> str:
        return f": {words[word]}" if word in words else ""

    for word in kwargs:
        if word not in known:
            hint = said(word) or nearest(word, known)
            return f"expected arguments among {', '.join(known)}, got {word}={kwargs[word]!r:.40}{hint}"
    if len(args) > len(positional):
        takes = f"at most {len(positional)} argument{'s' * (len(positional) != 1)} without a name"
        return f"expected {takes} ({', '.join(positional)}), got {len(args)}{said('positional')}"
    given = {*positional[: len(args)], *kwargs}
    for word, parameter in known.items():
        if parameter.default is parameter.empty and word not in given:
            return f"expected {word}=, got none{said(word)}"
    return None
