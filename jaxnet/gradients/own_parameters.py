"""Parameters in their author's own form, an object with arrays as attributes or torch tensors, made a pytree of arrays.

The functions that go with them are called in that form: on copies of the object, or on tensors.
"""

import copy
import functools
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnet.gradients.point import is_array

_TENSORS = "torch tensors were read as NumPy arrays of their numbers"


class OwnForm(NamedTuple):
    """What a checker was given, with a pytree of arrays for the parameters, and what was done about it."""

    f: Callable[..., Any]
    params: Any
    data: tuple[Any, ...]
    said: tuple[str, ...]
    held: Any = None  # the object whose attributes the parameters are
    tensors: bool = False

    def gradient(self, gradient: Any) -> tuple[Any, tuple[str, ...]]:
        """Return a gradient of the author's as one of ``params``, and all that was done about either."""
        tensors, said = self.tensors or bool(_tensors(gradient)), self.said
        if self.held is not None and callable(gradient):
            gradient = functools.partial(_call_on, _unbound(gradient, self.held), self.held, True)
        if tensors:
            gradient = functools.partial(_call_with_tensors, gradient) if callable(gradient) else _arrays(gradient)
        return gradient, (said if tensors == self.tensors else (*said, _TENSORS))


def plain_form(f: Callable[..., Any], params: Any, data: tuple[Any, ...]) -> OwnForm:
    """Replace an object by a dict of its arrays and torch tensors by NumPy arrays; leave everything else as it is."""
    said, held = [], None
    if _is_object(params):
        held, f = params, _unbound(f, params)
        params = _parameters_of(held)
        f = functools.partial(_call_on, f, held, False)
        said.append(f"the parameters are the attributes {', '.join(params)} of {type(held).__name__}")
    tensors = bool(_tensors(params) or _tensors(data))
    if tensors:
        f = functools.partial(_call_with_tensors, f)
        params, data = _arrays(params), tuple(map(_arrays, data))
        said.append(_TENSORS)
    return OwnForm(f, params, data, tuple(said), held, tensors)


def _is_object(params: Any) -> bool:
    """Whether it is an object of the user's own: neither an array nor a container that JAX knows."""
    leaves = jax.tree.leaves(params)
    one = len(leaves) == 1 and leaves[0] is params
    return one and hasattr(params, "__dict__") and not _is_tensor(params) and not hasattr(params, "__array__")


def _parameters_of(held: Any) -> dict[str, Any]:
    """Its floating attributes by name; of a module of torch its parameters, those of its parts as ``fc.weight``."""
    if hasattr(held, "named_parameters"):
        return dict(held.named_parameters())
    return {name: value for name, value in vars(held).items() if _is_floating(value)}


def _with_arrays(held: Any, arrays: dict[str, Any], around: str = "") -> Any:
    """A copy of an object, and of the parts of a module, that has other arrays."""
    own = copy.copy(held)
    if not hasattr(held, "named_parameters"):
        for name, value in arrays.items():
            setattr(own, name, value)
        return own
    parts = {name: _with_arrays(part, arrays, f"{around}{name}.") for name, part in vars(held)["_modules"].items()}
    parameters = {name: arrays.get(around + name, value) for name, value in vars(held)["_parameters"].items()}
    vars(own).update(_modules=parts, _parameters=parameters)
    return own


def _is_floating(value: Any) -> bool:
    """Whether an attribute is a floating array, or lists and dicts of nothing else."""
    leaves = jax.tree.leaves(value)
    return bool(leaves) and all(_is_tensor(a) or (is_array(a) and np.dtype(a.dtype).kind == "f") for a in leaves)


def _unbound(function: Any, held: Any) -> Any:
    return function.__func__ if getattr(function, "__self__", None) is held else function


def _call_on(function: Callable[..., Any], held: Any, gradient: bool, arrays: dict[str, Any], *data: Any) -> Any:
    """Call with a copy of the object that has other arrays; a gradient may be left behind in its attributes."""
    own = _with_arrays(held, arrays)
    result = function(own, *data)
    if not gradient or result is not None:
        return result
    return {name: value for name, value in vars(own).items() if name not in arrays}


def _is_tensor(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "detach")


def _tensors(tree: Any) -> list[Any]:
    return [leaf for leaf in jax.tree.leaves(tree) if _is_tensor(leaf)]


def _arrays(tree: Any) -> Any:
    return jax.tree.map(lambda leaf: leaf.detach().cpu().numpy() if _is_tensor(leaf) else leaf, tree)


def _call_with_tensors(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function of torch with tensors; one of JAX or NumPy, which has no use for them, with arrays."""
    if any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(args)):
        return function(*args)
    torch: Any = sys.modules["torch"]  # whoever brings a tensor has imported it
    as_tensor = lambda leaf: torch.as_tensor(np.array(leaf)) if is_array(leaf) else leaf
    try:
        result = function(*jax.tree.map(as_tensor, args))
    except Exception:  # whatever it says about tensors: what it says about arrays is what counts
        return function(*args)
    return _arrays(result)
