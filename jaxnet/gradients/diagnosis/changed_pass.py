"""A backward pass in NumPy that can be changed at any operation, many changed ones at a time.

What comes back is linear in what comes from above, so all passes share one sweep: a cotangent has an axis of passes in
front, of length 1 until the first change.
"""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnet.gradients.diagnosis.operation_rules import back_through, left_to_jax
from jaxnet.gradients.diagnosis.recorded_pass import Operation, RecordedPass
from jaxnet.gradients.diagnosis.tolerances import MOST_AT_ONCE


class Change(NamedTuple):
    """Something else comes back through one operand: ``of(ct, right)`` [M, ...], ``right`` being what should."""

    operation: int
    operand: int
    of: Callable[[np.ndarray, np.ndarray], np.ndarray]


class Detour(NamedTuple):
    """What comes back to value ``target``, made by ``operation``, goes straight to ``source``: ``of(ct)`` of it."""

    operation: int
    target: int
    source: int
    of: Callable[[np.ndarray], np.ndarray]


class Changes(NamedTuple):
    """What is changed in one backward pass, and how far: 0 is right, 1 is changed; any number goes."""

    changes: tuple[Change, ...]
    detours: tuple[Detour, ...] = ()
    extent: float = 1.0


def changed_gradients(recorded: RecordedPass, passes: Sequence[Sequence[Changes]], entries: Any = None) -> np.ndarray:
    """Compute flat gradients [M, P] of the recorded function, each with its own changes; ``entries``: only those."""
    largest = max((v.size for v in recorded.values), default=1)
    step = max(1, MOST_AT_ONCE // largest)
    chosen = slice(None) if entries is None else entries
    parts = [_sweep(recorded, passes[i : i + step])[:, chosen] for i in range(0, len(passes), step)]
    return np.concatenate(parts) if parts else np.zeros((0, 0))


def _sweep(recorded: RecordedPass, passes: Sequence[Sequence[Changes]]) -> np.ndarray:
    changes: dict[tuple[int, int], list[tuple[int, Change, float]]] = {}
    detours: dict[int, list[tuple[int, Detour, float]]] = {}
    for row, each in enumerate(passes):
        for one in each:
            for change in one.changes:
                changes.setdefault((change.operation, change.operand), []).append((row, change, one.extent))
            for detour in one.detours:
                detours.setdefault(detour.operation, []).append((row, detour, one.extent))
    back: dict[int, np.ndarray] = {recorded.output: np.ones((1, *recorded.values[recorded.output].shape))}

    def add(number: int, what: np.ndarray) -> None:
        back[number] = back[number] + what if number in back else what

    for index in reversed(range(len(recorded.operations))):
        op = recorded.operations[index]
        cts = [back.pop(i, None) for i in op.outputs]
        if all(ct is None for ct in cts) or not any(i in recorded.moving for i in op.inputs):
            continue
        alone: dict[int, np.ndarray] = {}  # all detours to one value are added to it at once: there are thousands
        for row, detour, extent in detours.get(index, ()):
            ct = cts[op.outputs.index(detour.target)]
            if ct is not None:
                if detour.source not in alone:
                    alone[detour.source] = np.zeros((len(passes), *recorded.values[detour.source].shape))
                alone[detour.source][row] += extent * detour.of(ct[row : row + 1] if len(ct) > 1 else ct)[0]
        for source, what in alone.items():
            add(source, what)
        for k, number in enumerate(op.inputs):
            if number in recorded.moving:
                right = _right(recorded, op, k, cts)
                if right is not None:
                    add(number, _changed(right, cts[0], changes.get((index, k), ()), len(passes)))
    flat = [
        np.broadcast_to(back[i], (len(back[i]), *recorded.values[i].shape)) if i in back else None
        for i in recorded.leaves
    ]
    leaves = [
        np.zeros((1, recorded.values[i].size)) if g is None else g.reshape(len(g), -1)
        for i, g in zip(recorded.leaves, flat, strict=True)
    ]
    return np.concatenate([np.broadcast_to(leaf, (len(passes), leaf.shape[1])) for leaf in leaves], axis=1)


def _right(recorded: RecordedPass, op: Operation, k: int, cts: list[np.ndarray | None]) -> np.ndarray | None:
    values = [recorded.values[i] for i in op.inputs]
    if values[k].dtype.kind != "f" or op.name == "stop_gradient":
        return None
    (first, *more) = cts
    if more or first is None:
        passes = max(len(ct) for ct in cts if ct is not None)
        wide = [ct if ct is None else np.broadcast_to(ct, (passes, *ct.shape[1:])) for ct in cts]
        return left_to_jax(op.eqn, k, values, wide)
    return back_through(op.eqn, k, values, out=recorded.values[op.outputs[0]], ct=first)


def _changed(
    right: np.ndarray, ct: np.ndarray | None, changes: Sequence[tuple[int, Change, float]], passes: int
) -> np.ndarray:
    if not changes or ct is None:
        return right
    result = np.array(np.broadcast_to(right, (passes, *right.shape[1:])))
    for row, change, extent in changes:
        one = lambda a, row=row: a[row : row + 1] if len(a) > 1 else a
        mine = one(right) if len(right) > 1 else right
        with contextlib.suppress(ValueError, IndexError):  # a line whose shapes do not fit was not written
            result[row] = (mine + extent * (change.of(one(ct), mine) - mine))[0]
    return result
