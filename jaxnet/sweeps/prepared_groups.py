"""A group made ready for the engine: its data checked and cut into batches, its numbers a leaf, its draws."""

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnet import checks
from jaxnet.data import StoredArray
from jaxnet.sweeps.fold_rows import fold_rows, fold_rows_on_disk, fold_weights, taken_rows
from jaxnet.sweeps.folds import FoldPart
from jaxnet.sweeps.groups import Group, Members, Task, initial_params, keys_of, shapes_of_params
from jaxnet.sweeps.orders import Draws, draw_orders
from jaxnet.sweeps.tiles import RowsOfLanes, Shared
from jaxnet.sweeps.traced_numbers import metrics_parted
from jaxnet.sweeps.varied_rows import check_varied_targets, lane_rows
from jaxnet.training import held_out_rows
from jaxnet.training.batches import Examples, on_device
from jaxnet.training.loop import Program
from jaxnet.training.metric_values import check_metrics
from jaxnet.training.preparation import (
    check_keyless,
    check_measured,
    check_scalar,
    cut,
    draws,
    examples_of,
    known_batches,
)
from jaxnet.training.streamed import Streamed, in_memory
from jaxnet.types import Batch, Pytree


class Prepared(NamedTuple):
    """What the engine needs of a group."""

    program: Program
    shared: Shared
    rows: np.ndarray  # examples a fold trains on, [F], or [1] without folds
    numbers: list[list[np.ndarray]]  # leaves [P] in the dtype of the parameters
    seeds: np.ndarray  # [P], from which orders and dropout are drawn
    folds: np.ndarray  # [P]; -1 without folds
    draws: Draws
    lanes: int  # T
    hurried: bool = False
    weights: RowsOfLanes | None = None
    most: np.ndarray | None = None  # [P], the epochs that each may take; None where all may take as many


class SeedDraws:
    """What a sweep draws for its seeds, from its root; kept, for making a key of JAX compiles."""

    def __init__(self, root: int, ordered: bool) -> None:
        self._root, self.ordered = root, ordered

    def key(self, seed: int) -> np.ndarray:
        """Return the data of the key of a seed's runs."""
        return _run_key(self._root, seed)

    def orders(self, seed: int, rows: int, epochs: range, *, size: int) -> np.ndarray:
        """Return the orders [len(epochs), size] that ``fit`` with the seed's key draws in these epochs."""
        return draw_orders(keys_of(self._root, seed)[1], rows, epochs, size=size)


@functools.lru_cache(maxsize=4096)
def _run_key(root: int, seed: int) -> np.ndarray:
    return np.asarray(jax.random.key_data(keys_of(root, seed)[1]))


def drawing_seeds(task: Task, seeds: np.ndarray) -> np.ndarray:
    """Return the seeds [P] that orders and dropout of members with these are drawn from."""
    return np.zeros_like(seeds) if task.shared_orders else seeds


def check_groups(groups: Sequence[Group], task: Task) -> None:
    """Check that the objective of every group takes the data, before anything is compiled.

    Groups of one loss and output take the same data, so one of them stands for all. Raises ValueError or TypeError.
    """
    kinds: dict[Any, tuple[Any, Any]] = {}
    for group in groups:
        f, network = group.training.objective, group.networks[0]
        kinds.setdefault((getattr(f, "loss", f), getattr(network, "output", None)), (f, network))
    for f, network in kinds.values():
        params = shapes_of_params(network, task.dtype)
        batch, _, metrics = task_examples(f, params, task)
        if task.folds is not None:
            fold_weights(f, metrics, task.folds, batch)
            if isinstance(batch.x, StoredArray):
                held_out_rows.check_left_on_disk(f, metrics, "fold")
        check_scalar(f, params, batch, len(batch.x))
    for group in groups:
        params = shapes_of_params(group.networks[0], task.dtype)
        check_varied_targets(group.training.objective, params, group.varied, task.data.x.shape[1:])


def prepare_group(group: Group, members: Members, task: Task) -> Prepared:
    """Check a group's data against its objective, cut it into batches, and lay out the numbers of its members.

    Raises ValueError where folds would need weights that the objective or a metric does not take.
    """
    f = group.training.objective
    params = initial_params(group.networks[0], keys_of(task.root, 0)[0], task.dtype)
    batch, held, metrics = task_examples(f, params, task)
    # with folds a program is cut for the largest training part; smaller ones are padded by rows of weight 0
    lengths = [len(batch.x)] if task.folds is None else [len(fold.train) for fold in task.folds]
    longest = max(lengths)
    # of a resampled fold, which may be longer than the data, only the number of rows counts here
    part = batch if task.folds is None else taken_rows(batch, np.arange(longest) % len(batch.x))
    size, examples, tail = cut(f, part, group.training.batch_size, metrics)
    check_scalar(f, params, part, size)
    a, b, c = group.skeletons
    batches = known_batches(lengths, size, tail)
    measured, of_metrics = metrics_parted(metrics, f, params, part)
    program = Program(a, b, c, metrics, size, tail, size < longest, draws(f), batches, measured=measured)

    # each configuration's numbers, once for each of its members, in the dtype of the parameters: a float64 among
    # float32 would make the whole update float64, or be refused
    dtype = checks.parameters("params", params)
    at = np.searchsorted(group.configurations, members.configuration[group.members])
    cast = lambda column: column.astype(np.int32 if column.dtype.kind == "i" else dtype)  # patience is a count
    numbers = [[cast(column[at]) for column in columns] for columns in group.numbers]
    numbers += [[np.full(len(at), number, dtype) for number in of_metrics]] if measured else []
    seeds = drawing_seeds(task, members.seed[group.members])
    parts = members.fold[group.members]
    weights = lane_rows(group.varied, at, rows=[fold.train for fold in task.folds or ()], folds=parts, like=examples.y)
    if task.folds is None:
        shared = Shared(examples, held and held_out_rows.held_out(f, held, metrics), None)
    else:
        shared = _shared_by_folds(examples, batch, task.folds, fold_weights(f, metrics, task.folds, batch))
    rows = np.array([longest]) if shared.folds is None else np.asarray(shared.folds.rows)
    drawn = seeds, parts, SeedDraws(task.root, program.shuffled)
    return Prepared(program, shared, rows, numbers, *drawn, group.lanes, group.hurried, weights)


def _shared_by_folds(examples: Examples, batch: Batch, folds: tuple[FoldPart, ...], weight: Any) -> Shared:
    """Return what the tiles of all folds look at: all rows of ``batch`` and which are whose, or on disk those of each;
    ``examples`` are those of the largest fold, as they are cut."""
    if isinstance(examples.x, Streamed):
        rows = fold_rows_on_disk(folds, batch._replace(weight=weight), len(examples.x))
        return Shared(examples._replace(x=rows.train), None, rows)
    rows = fold_rows(folds, weight, len(examples.x))
    longest = on_device(max(len(fold.train) for fold in folds), np.int32)
    x, y = in_memory((batch.x, batch.y))
    return Shared(Examples(x, y, None, longest), None, rows)


def task_examples(f: Any, params: Pytree, task: Task) -> tuple[Batch, Batch | None, tuple[Any, ...]]:
    """Return the data, the validation data and the metrics as an objective takes them; raises ValueError or TypeError,
    naming the argument, where it does not."""
    given = lambda batch: tuple(part for part in batch if part is not None)
    batch = examples_of(f, params, given(task.data), "data")
    held_out = None if task.validation is None else examples_of(f, params, given(task.validation), "validation")
    metrics = check_metrics(task.metrics, f)
    validated = task.validation is not None or task.folds is not None
    check_measured(metrics, batch, 0, validated=validated)
    if validated:
        check_keyless(f, "objective")
    return batch, held_out, metrics
