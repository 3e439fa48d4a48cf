"""Data that vary: what each training row weighs, and its target, are a matter of the configuration, and are traced.

Both stand beside the numbers of a lane, so that one program trains members on subsets, on numbers of rows, with weights
and with noisy labels of their own: nothing compiles for another subset. A row of weight 0 counts for nothing.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnet import checks
from jaxnet.identity import digest_arrays
from jaxnet.sweeps.folds import FoldPart
from jaxnet.sweeps.own_functions import Watched
from jaxnet.sweeps.parameters import Configuration, asked
from jaxnet.sweeps.row_parameters import FirstRows, NoisyLabels
from jaxnet.sweeps.space import configuration_text
from jaxnet.sweeps.tiles import LaneWeights
from jaxnet.training.preparation import examples_of
from jaxnet.types import Batch, Pytree

_DIGITS = 32
_Function = Callable[[Configuration], Any]


class RowValues(NamedTuple):
    """What a configuration makes of the training rows; None for what stays as it is in the data."""

    weight: np.ndarray | None  # [N], those of the data times its own
    targets: np.ndarray | None  # [N] or [N, K]
    digest: str
    read: frozenset[str]  # the parameters that were looked at for it


class VariedRows:
    """What configurations make of the rows of a plan; functions of one's own are asked once a configuration.

    ``weight`` is configuration -> [N] and ``targets`` configuration -> [N] or [N, K], or None; ``batch`` are the
    examples, ``trained`` the rows that each fold trains on, None where all do; ``names`` are those of all parameters,
    of which ``rows`` and ``label_noise`` stand for functions that are not given. Raises TypeError for what is no
    function.
    """

    def __init__(
        self,
        own: tuple[_Function | None, _Function | None],
        batch: Batch,
        trained: Sequence[FoldPart] | None,
        *,
        names: Collection[str],
        root: int,
        dtype: np.dtype,
    ) -> None:
        for name, function, words in zip(("weight", "targets"), own, ("weights [N]", "targets [N]"), strict=True):
            fits = function is None or callable(function)
            checks.require(fits, name, f"a callable configuration -> {words}", function, TypeError)
        weight, targets = own
        self.own = {n: _name(f) for n, f in zip(("weight", "targets"), own, strict=True) if f is not None}
        self._y, self._trained, self._dtype = np.asarray(batch.y), trained, dtype
        self._base = np.ones(len(self._y), dtype) if batch.weight is None else np.asarray(batch.weight)
        if weight is None and "rows" in names:
            weight = FirstRows(len(self._y), root)
        if targets is None and "label_noise" in names:
            targets = NoisyLabels(self._y, root)
        self._weight, self._targets = weight, targets
        self._known: dict[str, RowValues] = {}

    @property
    def weighs(self) -> bool:
        """Whether rows weigh what the configuration says."""
        return self._weight is not None

    @property
    def some(self) -> bool:
        """Whether configurations make anything of the rows."""
        return self.weighs or self._targets is not None

    @property
    def bytes(self) -> int:
        """What one configuration makes of the rows, in bytes."""
        return len(self._y) * self._dtype.itemsize * self.weighs + self._y.nbytes * (self._targets is not None)

    def of(self, configuration: Configuration) -> RowValues:
        """Return what a configuration makes of the rows.

        Raises ValueError or TypeError for weights that are not [N], not finite, below 0, or 0 for all rows of a run,
        and for targets of another shape or kind than those of the data.
        """
        text = configuration_text(configuration)
        if text not in self._known:
            read: set[str] = set()
            weight = self._weights(Watched(configuration, read), text)
            targets = self._labels(Watched(configuration, read), text)
            said = digest_arrays((weight, targets))[:_DIGITS]
            self._known[text] = RowValues(weight, targets, said, frozenset(read))
        return self._known[text]

    def _weights(self, configuration: Configuration, text: str) -> np.ndarray | None:
        if self._weight is None:
            return None
        argument, given = f"weight of {text}", asked("weight", self._weight, configuration)
        given = np.asarray(given, self._dtype) if np.asarray(given).dtype.kind == "b" else given  # a mask of rows
        weight = np.asarray(checks.weights(argument, given, len(self._y), self._dtype))
        with np.errstate(over="ignore", invalid="ignore"):  # what is too large is refused as infinite
            weight = np.array(weight * self._base, self._dtype)
        checks.finite(argument, weight)
        for part in self._trained or ():
            some = "a row of positive weight in what each fold trains on"
            checks.require(weight[part.train].any(), argument, some, checks.Words("a fold without any"))
        checks.require(weight.any(), argument, "a row of positive weight", checks.Words("none"))
        return weight

    def _labels(self, configuration: Configuration, text: str) -> np.ndarray | None:
        if self._targets is None:
            return None
        argument, given = f"targets of {text}", asked("targets", self._targets, configuration)
        targets, y = np.array(checks.real_array(argument, given)), self._y
        checks.require(targets.shape == y.shape, argument, f"one for each example, of shape {y.shape}", targets)
        checks.finite(argument, targets)
        if y.dtype.kind in "iub":  # of other classes the network has no output
            known = targets.dtype.kind in "iub" and bool(np.isin(targets, y).all())
            checks.require(known, argument, "labels that the data have", targets)
        return targets.astype(y.dtype)


def _name(function: Any) -> str:
    name: str = getattr(function, "__qualname__", type(function).__name__)
    return name


def check_varied_targets(f: Any, params: Pytree, values: Sequence[RowValues] | None, example: tuple[int, ...]) -> None:
    """Refuse targets of configurations that an objective does not take, such as 2 for a probability; ``example`` is
    the shape of one. Raises ValueError or TypeError."""
    for each in values or ():
        if each.targets is not None:
            found = np.unique(each.targets, axis=0)
            try:
                examples_of(f, params, (np.zeros((len(found), *example)), found), "targets")
            except (ValueError, TypeError) as error:
                raise type(error)(f"targets: expected what the objective takes, got {error}") from error


class LaneRows:
    """What the members of a group make of their rows, by their slots, as a tile takes it.

    ``values`` [C] are those of configurations, ``places`` [P] which of them is a member's; ``rows`` are those that each
    fold trains on, none without folds, ``folds`` [P] which fold is a member's; ``like`` are the targets [M, ...] as
    the program has them, padded.
    """

    def __init__(
        self,
        values: Sequence[RowValues],
        places: np.ndarray,
        *,
        rows: Sequence[np.ndarray],
        folds: np.ndarray,
        like: Any,
    ) -> None:
        self._values, self._places, self._rows, self._folds = values, places, rows, folds
        self._size, self._dtype = len(like), like.dtype

    def of(self, slots: np.ndarray) -> LaneWeights:
        """Return the weights and targets [tiles, T, M, ...] of tiles of members [tiles, T]; padding has weight 0."""
        first = self._values[0]
        weight = None if first.weight is None else self._laid(slots, 0, first.weight.dtype)
        return LaneWeights(weight, targets=None if first.targets is None else self._laid(slots, 1, self._dtype))

    def _laid(self, slots: np.ndarray, part: int, dtype: Any) -> np.ndarray:
        first: Any = self._values[0][part]
        found = np.zeros((*slots.shape, self._size, *first.shape[1:]), dtype)
        for at, slot in np.ndenumerate(slots):
            values: Any = self._values[self._places[slot]][part]
            values = values[self._rows[self._folds[slot]]] if self._rows else values
            found[at][: len(values)] = values
        return found


def lane_rows(values: Sequence[RowValues] | None, places: np.ndarray, **where: Any) -> LaneRows | None:
    """Return what the members of a group make of their rows, None where configurations make nothing of them."""
    return None if values is None else LaneRows(values, places, **where)
