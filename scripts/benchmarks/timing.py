"""Side by side: the contestants of a case run in turn, so that a machine that slows down slows all of them."""

import statistics
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
    """What was measured: medians in seconds, and the median of the ratios peer / jaxnet of the same turn."""

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
    ratios = [theirs / mine for theirs, mine in zip(seconds[peer], seconds[ours], strict=True)]
    medians = [statistics.median(seconds[name]) for name in (ours, peer)]
    return Row(case.name, medians[0], peer, medians[1], statistics.median(ratios), case.goals.get(peer))
