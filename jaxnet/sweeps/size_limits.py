"""How large a sweep may be: what is beyond that is refused in words, before anything of its size is made."""

import math
from collections.abc import Sequence
from typing import Any

from jaxnet import checks

MOST_MEMBERS = 2**20  # of a plan, and levels of a grid: each is a dictionary, and a million take gigabytes
MOST_POINTS = 64 * MOST_MEMBERS  # of a grid, of which conditions and constraints leave fewer


def require_levels(argument: str, count: float) -> None:
    """Refuse more levels along one parameter than a plan may have members."""
    got = checks.Words(f"{count:.0f}")
    checks.require(count <= MOST_MEMBERS, argument, f"at most {MOST_MEMBERS} levels in a grid", got)


def require_points(levels: Sequence[Sequence[Any]]) -> None:
    """Refuse a grid that nobody waits for."""
    count = math.prod(map(len, levels))
    got = checks.Words(f"{' x '.join(str(len(each)) for each in levels if len(each) > 1)} of them")
    checks.require(count <= MOST_POINTS, "space", f"a grid of at most {MOST_POINTS} points", got)


def require_members(configurations: int, seeds: int, folds: int) -> None:
    """Refuse a plan of more members than MOST_MEMBERS."""
    count = configurations * seeds * folds
    got = checks.Words(f"{configurations} configurations x {seeds} seeds x {folds} folds = {count}")
    checks.require(count <= MOST_MEMBERS, "plan", f"at most {MOST_MEMBERS} members; give each part a root", got)
