"""Calls of a compiled program: what each tells, and how many epochs the next one takes."""

from typing import NamedTuple

import numpy as np

from jaxnet.training.run import next_chunk


class TileResults(NamedTuple):
    """What a call tells of its members: who they are, what was recorded, and who has ended."""

    slots: np.ndarray  # [n]
    curves: np.ndarray  # [n, epochs, names]
    ended: np.ndarray  # [n], the epoch, from 1, in which each ended; 0 while it runs
    status: np.ndarray  # [n], RUNNING, CONVERGED or DIVERGED


class ProgramCall(NamedTuple):
    """One call of a compiled program."""

    told: TileResults
    first: int  # epochs before it
    epochs: int  # of it
    fetched: bool  # whether the states have been brought back


class Pace:
    """How many epochs the next call takes: ``epochs``, and then as many as fit into so many ``seconds``; None where it
    stays with them."""

    def __init__(self, epochs: int, seconds: float | None = None) -> None:
        self.epochs, self._seconds = epochs, seconds

    def took(self, seconds: float, epochs: int, limit: int) -> None:
        """Be told how long a call of so many epochs took; the next may have so many at most."""
        if self._seconds is not None:
            self.epochs = next_chunk(epochs, seconds, wanted=self._seconds, limit=limit)
