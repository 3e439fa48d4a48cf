"""A gradient under its author's own names and containers: found, and said in a sentence what was taken for what.

dW1, grad_W1, nabla_w, W1_grad     names with a d, a nabla or a grad
(grads, cache), (loss, grads)      one element of what is returned
([dW1, dW2], [db1, db2])           a list of all weights and one of all biases, in any order
one flat vector                    the parameters one after another, as they stand in ``params``
an object                          its attributes
"""

import functools
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnet.gradients.evidence import by_path
from jaxnet.types import Pytree

_BEFORE, _AFTER = ("d", "nabla", "grad", "gradient", "delta", "g"), ("grad", "gradient", "d")


class Found(NamedTuple):
    """Path of a parameter -> its gradient as it came, and what was taken for what."""

    leaves: Mapping[str, Any]
    said: str


def find_by_name(params: Pytree, whole: Any) -> Found | None:
    """Find every leaf of params in what was handed in; None unless all are there, without doubt."""
    ways = (_by_lists(params, whole), _by_names(params, whole), _flat(params, whole), _inside(params, whole))
    return next((found for way in ways for found in way), None)


def _by_names(params: Pytree, whole: Any) -> Iterator[Found]:
    """Match names such as dW1 to W1, inside the same lists or in any; W of the first of many layers may be W1 or W0."""
    given = {_steps(path): leaf for path, leaf in _pairs(whole)}
    for name_of in (_own_name, functools.partial(_numbered_name, first=1), functools.partial(_numbered_name, first=0)):
        found = _matched(params, given, name_of)
        if found is not None:
            yield found


def _matched(params: Pytree, given: dict[tuple[str, ...], Any], name_of: Callable[..., str]) -> Found | None:
    taken: dict[str, tuple[tuple[str, ...], Any]] = {}
    for path, _ in _pairs(params):
        steps = _steps(path)
        if not steps:  # params is one array, which has no name
            return None
        name = name_of(steps)
        fits = [each for each in given if _same_place(steps, each)]
        fits = fits or [each for each in given if name and each and _named_for(name, each[-1])]
        if len(fits) != 1:
            return None
        taken[jax.tree_util.keystr(path)] = fits[0], given[fits[0]]
    if taken and len({place for place, _ in taken.values()}) == len(taken):
        (path, (place, _)), *_ = taken.items()
        return Found({p: leaf for p, (_, leaf) in taken.items()}, f"{place[-1]} was taken for the gradient of {path}")
    return None


def _pairs(tree: Any) -> list[tuple[Any, Any]]:
    """Leaves by path; the attributes of an object count as a dict."""
    if not isinstance(tree, dict | list | tuple) and hasattr(tree, "__dict__") and not hasattr(tree, "dtype"):
        tree = vars(tree)
    arrays = lambda node: (
        isinstance(node, list | tuple) and bool(node) and all(isinstance(e, int | float) for e in node)
    )
    return jax.tree_util.tree_flatten_with_path(tree, is_leaf=arrays)[0]


def _steps(path: Any) -> tuple[str, ...]:
    return tuple(str(next(getattr(k, n) for n in ("key", "idx", "name") if hasattr(k, n))) for k in path)


def _same_place(steps: tuple[str, ...], given: tuple[str, ...]) -> bool:
    return len(steps) == len(given) and all(map(_named_for, steps, given))


def _own_name(steps: tuple[str, ...]) -> str:
    return "" if not steps or steps[-1].isdigit() else steps[-1]


def _numbered_name(steps: tuple[str, ...], first: int) -> str:
    """W of the layers [0], [1], ... of a list, as people number it."""
    return f"{steps[-1]}{int(steps[0]) + first}" if len(steps) == 2 and steps[0].isdigit() else ""


def _named_for(name: str, given: str) -> bool:
    """Whether ``given`` is what people call the gradient of ``name``."""
    name, given = (re.sub(r"[_\W]", "", each).casefold() for each in (name, given))
    return given in {name, *(before + name for before in _BEFORE), *(name + after for after in _AFTER)}


def _by_lists(params: Pytree, whole: Any) -> Iterator[Found]:
    """Match two lists, one of all weights and one of all biases, in whichever order their shapes say."""
    if not (isinstance(whole, list | tuple) and len(whole) == 2 and all(isinstance(e, list | tuple) for e in whole)):
        return
    groups: dict[str, list[str]] = {}
    pairs, shapes = _pairs(params), {path: leaf.shape for path, leaf in by_path(params).items()}
    if not all(path for path, _ in pairs):
        return
    for path, _ in sorted(pairs, key=lambda pair: _numbers(pair[0])):
        words = [re.sub(r"\d", "", step) for step in _steps(path) if not step.isdigit()]
        kind = words[-1] if words else _steps(path)[0]
        groups.setdefault(kind, []).append(jax.tree_util.keystr(path))
    if len(groups) != 2:
        return
    for order in (list(groups), list(groups)[::-1]):
        names = [groups[kind] for kind in order]
        if all(len(a) == len(b) for a, b in zip(names, whole, strict=True)):
            flat = dict(zip(itertools.chain(*names), itertools.chain(*whole), strict=True))
            if all(np.shape(leaf) == shapes[path] for path, leaf in flat.items()):
                yield Found(flat, f"the first list was taken for the gradients of {', '.join(names[0])}")


def _numbers(path: Any) -> list[int]:
    return [int(number) for step in _steps(path) for number in re.findall(r"\d+", step)]


def _flat(params: Pytree, whole: Any) -> Iterator[Found]:
    """Take a vector apart, in the order in which the parameters stand in their dicts and lists."""
    order = list(_as_they_stand(params, ()))
    shapes = {path: leaf.shape for path, leaf in by_path(params).items()}
    total = sum(int(np.prod(shapes[path])) for path in order if path in shapes)
    if set(order) != set(shapes) or len(order) < 2 or getattr(whole, "shape", None) not in ((total,), (total, 1)):
        return
    ends = np.cumsum([int(np.prod(shapes[path])) for path in order])[:-1]
    parts = np.split(np.asarray(whole).ravel(), ends)
    leaves = {path: part.reshape(shapes[path]) for path, part in zip(order, parts, strict=True)}
    yield Found(leaves, f"one vector was unravelled in the order {', '.join(order)}")


def _as_they_stand(node: Any, keys: tuple[Any, ...]) -> Iterator[str]:
    """The paths of leaves in the order of insertion, which JAX does not keep for dicts."""
    if isinstance(node, dict):
        for key, inner in node.items():
            yield from _as_they_stand(inner, (*keys, jax.tree_util.DictKey(key)))
    elif isinstance(node, list | tuple) and not hasattr(node, "_fields"):
        for place, inner in enumerate(node):
            yield from _as_they_stand(inner, (*keys, jax.tree_util.SequenceKey(place)))
    else:
        yield jax.tree_util.keystr(keys)


def _inside(params: Pytree, whole: Any) -> Iterator[Found]:
    """Look for the gradient beside a cache or a loss, in one element of what was returned."""
    if not isinstance(whole, tuple):
        return
    for place, element in enumerate(whole):
        found = _exactly(params, element) or find_by_name(params, element)
        if found is not None:
            more = f"; {found.said}" if found.said else ""
            yield Found(found.leaves, f"element {place} of what was returned was taken for the gradient{more}")


def _exactly(params: Pytree, element: Any) -> Found | None:
    expected = {_steps(path): jax.tree_util.keystr(path) for path, _ in _pairs(params)}
    given = {_steps(path): leaf for path, leaf in _pairs(element)}
    shapes = {path: leaf.shape for path, leaf in by_path(params).items()}
    if given.keys() != expected.keys():
        return None
    leaves = {expected[steps]: leaf for steps, leaf in given.items()}
    return Found(leaves, "") if all(np.shape(leaf) == shapes[path] for path, leaf in leaves.items()) else None
