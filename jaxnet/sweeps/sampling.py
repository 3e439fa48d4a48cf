"""Which configurations of a space are tried: a grid, random points, a Sobol sequence, or a list.

Every method returns distinct configurations in a fixed order, and more of them only ever adds to the end, so a sweep
can be extended.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.sweeps.parameters import Configuration, plain, unconditional
from jaxnet.sweeps.size_limits import MOST_MEMBERS
from jaxnet.sweeps.space import Space, configuration_text

_SAMPLED = ("grid", "random", "sobol", "list")
METHODS = (*_SAMPLED, "optuna", "pbt")  # of a plan; Optuna is asked, and a population begins with random ones
_TRIES = 64  # points drawn, for each configuration wanted, before a space is said to hold no more


def sample(
    space: Space, method: str, *, n: int | None, root: int, configurations: Sequence[Configuration] | None = None
) -> list[dict[str, Any]]:
    """Return distinct configurations.

    Args:
        space: what may vary.
        method: "grid" (``n`` values along each Float without a step), "random" or "sobol" (``n`` configurations), or
            "list".
        configurations: of a list, each completed by the constants of the space; with another method they come first.
        root: the seed of random and Sobol points.

    Raises ValueError for an unknown method, a missing ``n``, or a space with fewer than ``n`` configurations;
    ImportError where Sobol points need SciPy and it is missing.
    """
    checks.choice("method", method, _SAMPLED)
    missing = method == "list" and configurations is None
    checks.require(not missing, "configurations", "a list with method='list'", configurations)
    if method == "list":
        checks.require(n is None, "n", "none with method='list', which tries every configuration of it", n)
        return distinct(completed(space, configurations))
    first = completed(space, configurations)
    return distinct([*first, *_sampled(space, method, n, root)])


def _sampled(space: Space, method: str, n: int | None, root: int) -> Iterable[dict[str, Any]]:
    if method == "grid" or space.axes == 0:  # where nothing varies but seeds and folds there is one, whatever n says
        return space.grid(n if method == "grid" else None)
    n = checks.integer("n", n, minimum=1, maximum=MOST_MEMBERS, note="configurations to draw")
    return _draw(space, n, _random(space, root) if method == "random" else _sobol(space, root))


def completed(space: Space, configurations: Sequence[Configuration] | None) -> list[dict[str, Any]]:
    """Return a list of configurations with what follows from the space; raises ValueError or TypeError where one names
    too little, or breaks a constraint."""
    if configurations is None:
        return []
    fits = isinstance(configurations, Sequence) and not isinstance(configurations, str)
    checks.require(fits, "configurations", "a list", configurations, TypeError)
    return [_complete(space, configuration) for configuration in configurations]


def distinct(configurations: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each configuration once, in order; refuse none at all."""
    found = _distinct(configurations)
    checks.require(found, "configurations", "at least one that keeps the constraints", checks.Words("none"))
    return found


def _distinct(configurations: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({configuration_text(configuration): configuration for configuration in configurations}.values())


def _draw(space: Space, n: int, points: Callable[[int], np.ndarray]) -> list[dict[str, Any]]:
    # points are drawn in powers of two, as Sobol's are balanced, and drawn anew from the beginning when too many are
    # alike or break a constraint: the first n distinct ones are then the same for every n
    count = 1 << (n - 1).bit_length()
    while True:
        drawn = [space.at(units) for units in points(count).tolist()]
        found = _distinct(configuration for configuration in drawn if configuration is not None)
        if len(found) >= n:
            return found[:n]
        if count >= _TRIES * n:
            broken = checks.Words(f"{count} drawn configurations that all break one")
            checks.require(found, "constraints", "some that leave configurations to try", broken)
            checks.refuse("n", f"at most {len(found)}, for the space seems to hold no more configurations", n)
        count *= 2


def _random(space: Space, root: int) -> Callable[[int], np.ndarray]:
    return lambda count: np.random.default_rng(root).random((count, space.axes))


def _sobol(space: Space, root: int) -> Callable[[int], np.ndarray]:
    """Return scrambled Sobol points (Owen 1998), by SciPy; ``count`` must be a power of two, as it always is here."""
    try:
        from scipy.stats import qmc
    except ImportError as error:
        raise ImportError(
            "method='sobol' needs SciPy, which the extra 'sklearn' installs; or take method='random'"
        ) from error

    def points(count: int) -> np.ndarray:
        return qmc.Sobol(space.axes, rng=np.random.default_rng(root)).random_base2(count.bit_length() - 1)

    return points


def _complete(space: Space, given: Any) -> dict[str, Any]:
    """Add to a configuration of a list what follows from the space; it must name every other parameter."""
    checks.require(isinstance(given, Mapping), "configurations", "dicts by the names of parameters", given, TypeError)
    fixed = {name: value for name, value in space.parameters.items() if not getattr(value, "axes", 0)}
    drawn = {name: unconditional(value) for name, value in fixed.items()}
    drawn |= {name: plain(name, value) for name, value in given.items()}
    missing = [name for name in space.parameters if name not in drawn and space.stands(name, drawn)]
    checks.require(not missing, "configurations", f"a value for {', '.join(missing)} in each", dict(given))
    settled = space.settle(drawn)
    checks.require(settled is not None, "configurations", "configurations that keep the constraints", dict(given))
    return settled or {}
