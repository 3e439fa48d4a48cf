"""Data that vary: how much each training row weighs is a matter of the configuration, and is traced.

Weights stand beside the numbers of a lane, so that one program trains members on subsets, on numbers of rows and with
weights of their own: nothing compiles for another subset. A row of weight 0 counts for nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnet import checks
from jaxnet.identity import digest_arrays
from jaxnet.sweeps.folds import FoldPart
from jaxnet.sweeps.own_functions import Watched
from jaxnet.sweeps.parameters import Configuration, asked
from jaxnet.sweeps.space import configuration_text
from jaxnet.sweeps.tiles import LaneWeights

_DIGITS = 32


class RowValues(NamedTuple):
    """What a configuration makes of the training rows."""

    weight: np.ndarray  # [N], those of the data times its own
    digest: str
    read: frozenset[str]  # the parameters that were looked at for it


class VariedRows:
    """What configurations make of the rows of a plan; a function of one's own is asked once a configuration.

    ``weight`` is configuration -> [N], ``base`` the weights [N] of the data, ``trained`` the rows that each fold trains
    on, None where all do. Raises TypeError for what is no function.
    """

    def __init__(
        self,
        weight: Callable[[Configuration], Any],
        base: np.ndarray,
        trained: Sequence[FoldPart] | None,
        dtype: np.dtype,
    ) -> None:
        checks.require(callable(weight), "weight", "a callable configuration -> weights [N]", weight, TypeError)
        self._weight, self._base, self._trained, self._dtype = weight, base, trained, dtype
        self._known: dict[str, RowValues] = {}

    @property
    def name(self) -> str:
        """The name of the function."""
        return getattr(self._weight, "__qualname__", type(self._weight).__name__)

    @property
    def bytes(self) -> int:
        """What one configuration makes of the rows, in bytes."""
        return len(self._base) * self._dtype.itemsize

    def of(self, configuration: Configuration) -> RowValues:
        """Return what a configuration makes of the rows.

        Raises ValueError or TypeError for weights that are not [N], not finite, below 0, or 0 for all rows of a run.
        """
        text = configuration_text(configuration)
        if text not in self._known:
            self._known[text] = self._made(configuration, text)
        return self._known[text]

    def _made(self, configuration: Configuration, text: str) -> RowValues:
        read: set[str] = set()
        argument = f"weight of {text}"
        given = asked("weight", self._weight, Watched(configuration, read))
        given = np.asarray(given, self._dtype) if np.asarray(given).dtype.kind == "b" else given  # a mask of rows
        weight = np.asarray(checks.weights(argument, given, len(self._base), self._dtype))
        with np.errstate(over="ignore", invalid="ignore"):  # what is too large is refused as infinite
            weight = np.array(weight * self._base, self._dtype)
        checks.finite(argument, weight)
        for part in self._trained or ():
            some = "a row of positive weight in what each fold trains on"
            checks.require(weight[part.train].any(), argument, some, checks.Words("a fold without any"))
        checks.require(weight.any(), argument, "a row of positive weight", checks.Words("none"))
        return RowValues(weight, digest_arrays(weight)[:_DIGITS], frozenset(read))


class LaneRows:
    """The weights of the members of a group, by their slots, as a tile takes them.

    ``values`` [C] are those of configurations, ``places`` [P] which of them is a member's; ``rows`` are those that each
    fold trains on, none without folds, ``folds`` [P] which fold is a member's; ``size`` is M.
    """

    def __init__(
        self,
        values: Sequence[RowValues],
        places: np.ndarray,
        *,
        rows: Sequence[np.ndarray],
        folds: np.ndarray,
        size: int,
    ) -> None:
        self._values, self._places, self._rows, self._folds, self._size = values, places, rows, folds, size

    def of(self, slots: np.ndarray) -> LaneWeights:
        """Return the weights [tiles, T, M] of tiles of members [tiles, T], padded by rows of weight 0."""
        dtype = self._values[0].weight.dtype
        found = np.zeros((*slots.shape, self._size), dtype)
        for at, slot in np.ndenumerate(slots):
            weight = self._values[self._places[slot]].weight
            weight = weight[self._rows[self._folds[slot]]] if self._rows else weight
            found[at][: len(weight)] = weight
        return LaneWeights(found)


def lane_rows(values: Sequence[RowValues] | None, places: np.ndarray, **where: Any) -> LaneRows | None:
    """Return the weights of the members of a group, None where configurations make nothing of the rows."""
    return None if values is None else LaneRows(values, places, **where)
