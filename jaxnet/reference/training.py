"""Mini-batch gradient descent: compute the gradient on some rows, take a step, take the next rows."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnet.reference.network import objective_and_gradient
from jaxnet.reference.operations import Array, Params
from jaxnet.reference.optimizers import Memory, Optimizer
from jaxnet.reference.refusals import ReferenceInput, check_params, check_problem


class ReferenceState(NamedTuple):
    """What a run carries from step to step: ``params``, the optimizer's ``memory``, the number of ``steps`` taken."""

    params: Params
    memory: list[dict[str, Memory]]
    steps: int


class Trained(NamedTuple):
    """The parameters at the end, and the loss of every epoch."""

    params: Params
    loss: Array  # [epochs]


def batches(order: Sequence[int] | np.ndarray, size: int) -> list[np.ndarray]:
    """Cut an order [N] of the examples into batches [B] of B = ``size`` rows; what is left over is a last, shorter
    batch."""
    return [np.asarray(order[start : start + size]) for start in range(0, len(order), size)]


def reference_epoch(
    problem: ReferenceInput, optimizer: Optimizer, state: ReferenceState, epoch: list[np.ndarray]
) -> tuple[ReferenceState, Array]:
    """Take one step a batch; return the state after it, and the mean over the rows of the loss before each update, a
    scalar. ``epoch`` holds the rows of each batch, [B].

    The gradient of a batch is that of the mean over its own rows, so a short batch takes as long a step as a full one
    but counts only its rows in the epoch's loss.
    """
    params, memory, steps = state
    total: Any = 0.0
    for rows in epoch:
        steps += 1
        loss, gradient = objective_and_gradient(problem.rows(rows), params)
        params, memory = optimizer.step(params, gradient, memory, steps)
        total = total + loss * float(len(rows))
    return ReferenceState(params, memory, steps), total / float(sum(map(len, epoch)))


def train(
    net: Any,
    params: Any,
    X: Any,
    y: Any,
    *,
    optimizer: Optimizer,
    epochs: int,
    batch_size: int | None = None,
    orders: Iterable[Sequence[int]] | None = None,
    loss: str | None = None,
    l2: float = 0.0,
    weight: Any = None,
) -> Trained:
    """Train a network by mini-batch gradient descent, in float64.

    Args:
        net, params, X, y, loss, l2, weight: as in ``loss_and_gradient``.
        optimizer: such as ``sgd(0.1)`` or ``adam(0.001)``.
        epochs: passes over the examples, at least 1.
        batch_size: rows a step, from 1 to N; None is all of them.
        orders: one permutation of 0..N-1 an epoch; None keeps the given order.

    Returns ``Trained``: the parameters and the loss [epochs]. Raises ValueError for bad input.
    """
    problem, params = check_problem(net, X, y, loss=loss, l2=l2, weight=weight), check_params(net, params)
    schedule = _schedule(len(problem.X), epochs, batch_size, orders)
    state, history = ReferenceState(params, optimizer.remember(params), 0), []
    for epoch in schedule:
        state, mean_loss = reference_epoch(problem, optimizer, state, epoch)
        history.append(mean_loss)
    return Trained(state.params, np.array(history))


def _schedule(count: int, epochs: int, batch_size: int | None, orders: Any) -> list[list[np.ndarray]]:
    if epochs < 1:
        raise ValueError(f"epochs: expected at least 1, got {epochs!r}")
    size = count if batch_size is None else batch_size
    if not 1 <= size <= count:
        raise ValueError(f"batch_size: expected from 1 to {count} (the number of examples), got {batch_size!r}")
    given = [range(count)] * epochs if orders is None else list(orders)
    if len(given) != epochs or any(sorted(order) != list(range(count)) for order in given):
        raise ValueError(f"orders: expected {epochs} permutations of 0..{count - 1}, got {len(given)} orders")
    return [batches(order, size) for order in given]
