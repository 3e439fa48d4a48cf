"""The states of the members of a group: first parameters are drawn when they are asked for, and what is not needed any
more is let go, so that a process holds the members that it trains and those that are to be kept, never all of them.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from jaxnet import checks
from jaxnet.sweeps.tiles import Lane
from jaxnet.training.flat import Flat, Layout, flatten, layout_of, unflatten

KEEP = ("all", "best", "scores")
HELD_BYTES = 2**28  # of states that a process holds where a folder has them as well; beyond that they are read there

_FIRST = np.zeros(1, np.int64)


class States:
    """The states of the members of one group, by their slots.

    ``draw`` (slots [n]) returns the first ones, leaves [n, ...]. A state that was written is held until it is handed
    over to a folder, from which ``source`` (slots [n]) reads it again, or forgotten.
    """

    def __init__(self, count: int, draw: Callable[[np.ndarray], Lane]) -> None:
        self.count, self._draw = count, draw
        self._held: dict[int, Flat] = {}
        self._stored = np.zeros(count, bool)
        self._gone = np.zeros(count, bool)
        self._layout: Layout | None = None
        self.source = draw

    @property
    def layout(self) -> Layout:
        """Where the leaves of one state lie when it is flat."""
        if self._layout is None:
            self._layout = layout_of(self._draw(_FIRST), 1)
        return self._layout

    @property
    def like(self) -> Lane:
        """One state as shapes and dtypes."""
        leaves = [jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in self.layout.leaves]
        return jax.tree.unflatten(self.layout.structure, leaves)

    def read(self, slots: np.ndarray) -> Lane:
        """Return the states of some members, NumPy leaves with the axes of ``slots`` in front.

        Raises ValueError for one that was forgotten.
        """
        unique, back = np.unique(slots, return_inverse=True)
        if self._gone[unique].any():
            expected = "a member whose state was kept: keep='all' in the plan keeps all, in the process of its training"
            checks.refuse("member", expected, checks.Words("one of which the scores alone are there"))
        if not len(unique):
            return jax.tree.map(lambda leaf: leaf[:0].reshape(*slots.shape, *leaf.shape[1:]), self._draw(_FIRST))
        rows = {int(slot): self._held[slot] for slot in unique if slot in self._held}
        stored = self._stored[unique]
        for read, others in ((self.source, unique[stored]), (self._draw, unique[~stored])):
            missing = np.array([slot for slot in others if int(slot) not in rows], np.int64)
            if len(missing):
                flat = flatten(self.layout, read(missing))
                rows |= {int(slot): tuple(part[i] for part in flat) for i, slot in enumerate(missing)}
        each = [rows[int(slot)] for slot in unique]
        return self.unflatten([np.stack(parts)[back.reshape(slots.shape)] for parts in zip(*each, strict=True)])

    def unflatten(self, flat: Sequence[np.ndarray]) -> Lane:
        """Cut flat states [..., W], one array a dtype, into leaves."""
        parts: Any = tuple(flat)
        return unflatten(self.layout, parts)

    def read_all(self) -> Lane:
        """Return the states of all members, leaves [P of the group, ...]."""
        return self.read(np.arange(self.count))

    def write(self, slots: np.ndarray, lanes: Lane) -> None:
        """Hold the states of some members, leaves [n, ...]."""
        flat = [np.asarray(part) for part in flatten(self.layout, jax.tree.map(np.asarray, lanes))]
        for i, slot in enumerate(slots.tolist()):
            self._held[slot] = tuple(part[i].copy() for part in flat)  # a view would hold its whole block
        self._stored[slots] = self._gone[slots] = False

    def hand_over(self, slots: np.ndarray) -> None:
        """Hold these no longer: ``source`` has them."""
        for slot in slots.tolist():
            self._held.pop(slot, None)
        self._stored[slots] = True

    def forget(self, slots: np.ndarray) -> None:
        """Let the states of some members go."""
        self.hand_over(slots)
        self._stored[slots], self._gone[slots] = False, True

    def begin_again(self, slots: np.ndarray) -> None:
        """Take the first states of some members, whatever was written of them."""
        self.forget(slots)
        self._gone[slots] = False

    def gone(self, slots: np.ndarray) -> np.ndarray:
        """Say which [n] were forgotten."""
        return self._gone[slots]

    def carry(self, slot: int, other: "States", at: int) -> None:
        """Take over what another has of a member."""
        if at in other._held:
            self._held[slot] = other._held[at]
        self._stored[slot], self._gone[slot] = other._stored[at], other._gone[at]


class HandedStates:
    """The states of some members, leaves [n, ...], by their slots [n]; all of them are held."""

    def __init__(self, slots: np.ndarray, lanes: Lane) -> None:
        self._slots, self._order = slots, np.argsort(slots)
        self.lanes = jax.tree.map(np.array, lanes)
        self.layout: Layout = layout_of(self.lanes, 1)

    def places(self, slots: np.ndarray) -> np.ndarray:
        """Return where among them members stand."""
        return self._order[np.searchsorted(self._slots, slots, sorter=self._order)]

    def read(self, slots: np.ndarray) -> Lane:
        """Return the states of some members, with the axes of ``slots`` in front."""
        at = self.places(slots)
        return jax.tree.map(lambda leaf: leaf[at], self.lanes)

    def write(self, slots: np.ndarray, lanes: Lane) -> None:
        """Hold other states of some members, leaves [n, ...]."""
        at = self.places(slots)
        for kept, new in zip(jax.tree.leaves(self.lanes), jax.tree.leaves(lanes), strict=True):
            kept[at] = new
