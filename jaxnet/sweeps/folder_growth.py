"""How a plan may differ from that of its folder and yet go on there: what is new is said, what does not fit refused.

A member's record holds its curves and its state, so it can be trained further, ranked by another of its curves, and
stand beside further members; it cannot be of other data, of another program, or shorter than it is.
"""

import json
from collections.abc import Collection
from typing import Any, NamedTuple

from jaxnet.identity import XLA_FLAGS

_RANKED = "metric"
_ADDED = ("optax", XLA_FLAGS)  # what the first manifests did not say


class Growth(NamedTuple):
    """What a plan does differently from the one of its folder."""

    new: list[str]  # what goes on
    refused: list[str]  # what does not


def growth(
    theirs: dict[str, Any], mine: dict[str, Any], *, stored: Collection[str], members: Collection[str], asking: bool
) -> Growth:
    """Compare the manifest of a folder with that of a plan: ``stored`` are the ids of the members of the first,
    ``members`` those of the second, which with ``asking`` will be more.

    More epochs, another metric that was recorded, more members and a space that has some of the stored members go on.
    """
    before, now = theirs["must be the same"], mine["must be the same"]
    before = {**{name: now[name] for name in _ADDED if name in now}, **before}
    may_differ = {name for name in ("epochs", _RANKED) if before.get(name) != now.get(name)}
    if int(before.get("epochs", 0)) > int(now["epochs"]):
        may_differ -= {"epochs"}  # what was trained further cannot be trained less
    taken = {name: before.get(name) for name in may_differ}
    new = differences(taken, {name: now[name] for name in may_differ})
    refused = differences({**before, **{name: now[name] for name in may_differ}}, now)
    varied = differences(theirs["may be extended"], mine["may be extended"])
    lost = len(set(stored) - set(members))
    # what Optuna will ask for is not known yet: neither members that it asked for before are a surprise nor more
    if asking:
        return Growth(new + [line for line in varied if not line.startswith("configurations:")], refused)
    if not lost:
        return Growth(new + varied, refused)
    told = f"{lost} of the {len(stored)} members trained there are not in this plan"
    other_space = any(not line.startswith("configurations:") for line in varied)
    if other_space and lost < len(stored):
        return Growth([*new, *varied, f"{told}: they stay in the folder, and are left out here"], refused)
    return Growth(new, refused + varied + [told])


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """List what differs between two manifests, one line a name: what it was, and what it is now."""
    names = [name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)]
    lines = []
    for name in names:
        before, now = old.get(name), new.get(name)
        if isinstance(before, dict) and isinstance(now, dict):
            lines += [f"{name}.{line}" for line in differences(before, now)]
        else:
            lines.append(f"{name}: {json.dumps(before)} there, {json.dumps(now)} now")
    return lines
