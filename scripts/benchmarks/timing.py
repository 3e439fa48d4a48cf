"""Side by side: the contestants of a case run in turn, so that a machine that slows down slows all of them, and each
one's fastest turn counts, the one that was disturbed least."""

import time
from collections.abc import Callable
from typing import NamedTuple

PAUSE = 0.2  # seconds, in which threads of the last contestant that wait by spinning go to sleep


class Case(NamedTuple):
    """One piece of work and those who do it; the first is jaxnet, ``goals`` the ratios to reach by peer."""

    name: str
    contestants: dict[str, Callable[[], object]]
    goals: dict[str, float]


class Row(NamedTuple):
    """What was measured: seconds of the fastest turns, and their ratio peer / jaxnet."""

    name: str
    jaxnet: float
    peer: str
    peer_seconds: float
    ratio: float
    goal: float | None


def measure(case: Case, turns: int) -> list[Row]:
    """Run every contestant once untimed (to compile, to warm caches), then ``turns`` times in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in case.contestants}
    for turn in range(turns + 1):
        for name, work in case.contestants.items():
            time.sleep(PAUSE)
            started = time.perf_counter()
            work()
            if turn:
                seconds[name].append(time.perf_counter() - started)
    ours, *peers = case.contestants
    return [row(case, ours, peer, seconds) for peer in peers]


def row(case: Case, ours: str, peer: str, seconds: dict[str, list[float]]) -> Row:
    """Compare one peer with jaxnet."""
    mine, theirs = min(seconds[ours]), min(seconds[peer])
    return Row(case.name, mine, peer, theirs, theirs / mine, case.goals.get(peer))
