"""``RawColumn``: the cells of one column as they stand in a file or a frame, nothing turned into a number.

An exported NumPy file has this source in it, too, so it needs nothing but NumPy and what is imported here.
"""

import dataclasses
import datetime
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxnet.data.errors import fail


@dataclasses.dataclass(frozen=True, eq=False)
class RawColumn:
    """The N cells of one column.

    Attributes:
        values: [N] texts (dtype object), or what a frame holds: booleans, whole numbers, floats, datetime64[us].
        absent: [N] whether a cell of a frame holds nothing; words such as NA are for ``prepare`` to judge.
        category: whether the frame says that these are categories, whatever they are made of.
    """

    values: np.ndarray
    absent: np.ndarray
    category: bool = False

    @property
    def is_text(self) -> bool:
        """Whether the cells are texts."""
        return self.values.dtype.kind == "O"

    @functools.cached_property
    def texts(self) -> tuple[list[str], np.ndarray]:
        """The L distinct texts, without spaces around them, in the order of their first row, and codes [N] of them.

        A number, a boolean or a date is written as Python writes it, a whole number as 1, whatever its type.
        """
        cells = [text.strip() for text in self.values] if self.is_text else _written(self.values, self.absent)
        known: dict[str, int] = {}
        codes = np.array([known.setdefault(cell, len(known)) for cell in cells], np.int64)
        return list(known), codes

    @functools.cached_property
    def memory(self) -> dict[Any, Any]:
        """What was read from the cells so far, by how it was read: each of them is looked at once for each style."""
        return {}

    def take(self, rows: np.ndarray) -> "RawColumn":
        """Return the cells of the given rows."""
        taken = dataclasses.replace(self, values=self.values[rows], absent=self.absent[rows])
        if "texts" in self.__dict__:
            # the distinct texts are known, and codes are compared faster than texts
            texts, codes = self.texts
            used, first, inverse = np.unique(codes[rows], return_index=True, return_inverse=True)
            order = np.argsort(first)
            taken.__dict__["texts"] = [texts[used[at]] for at in order], np.argsort(order)[inverse]
        return taken


def typed_column(values: Any, where: str) -> RawColumn:
    """Return the values [N] of a program as a column of their own type; ``where`` names them.

    What is neither a number nor a date becomes the text that Python writes. Raises DataError for several axes.
    """
    category = str(getattr(values, "dtype", "")).lower().startswith(("category", "categorical", "enum"))
    array = _as_array(values)
    if array.ndim != 1:
        fail(where, f"expected a column of values, got values of {array.ndim} axes")
    if array.dtype.kind in "US":
        array = array.astype(object)
    if array.dtype.kind in "iub":
        return RawColumn(array, np.zeros(len(array), bool), category)
    if array.dtype.kind == "f":
        return RawColumn(array.astype(np.float64), np.isnan(array), category)
    if array.dtype.kind == "M":
        return RawColumn(array.astype("M8[us]"), np.isnat(array), category)
    if array.dtype.kind == "m":  # how long something took, in seconds
        return RawColumn(array / np.timedelta64(1, "s"), np.isnat(array), category)
    return _from_objects(array.astype(object), where, category)


def _as_array(values: Any) -> np.ndarray:
    try:
        array = np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else values)
        texts = array.dtype.kind == "U"
        mixed = texts and isinstance(values, list) and not all(isinstance(each, str) for each in values)
    except ValueError:  # lists of different lengths
        mixed = True
    if mixed:  # NumPy would write 1.0 beside a text as "1.0", and no list beside another
        array = np.empty(len(values), object)
        for at, each in enumerate(values):
            array[at] = each
    return array


def _from_objects(array: np.ndarray, where: str, category: bool) -> RawColumn:
    """Give Python objects the type that they all have; a mixture becomes text, for nothing is forced to a number."""
    absent = np.array([_is_absent(value) for value in array], bool)
    present = array[~absent]
    kinds = {type(value) for value in present}
    filled = lambda empty: np.where(absent, empty, array)
    if kinds and all(issubclass(kind, bool | np.bool_) for kind in kinds):
        return RawColumn(filled(False).astype(bool), absent, category)
    if kinds and all(issubclass(kind, int | float | np.number) and kind is not bool for kind in kinds):
        whole = all(issubclass(kind, int | np.integer) for kind in kinds)
        try:
            return RawColumn(filled(0).astype(np.int64 if whole else np.float64), absent, category)
        except OverflowError:
            return RawColumn(np.array([str(value) for value in filled("")], object), absent, category)
    if kinds and all(issubclass(kind, datetime.date | np.datetime64) for kind in kinds):
        # a time zone is taken to UTC, which NumPy would do with a warning
        naive = [np.datetime64("NaT") if gone else _in_utc(value) for value, gone in zip(array, absent, strict=True)]
        return RawColumn(np.array(naive, "M8[us]"), absent, category)
    texts = ["" if gone else _written_alone(value) for value, gone in zip(array, absent, strict=True)]
    return RawColumn(np.array(texts, object), absent, category)


def _written_alone(value: Any) -> str:
    # beside texts 1.0 is written as it is among numbers
    if isinstance(value, float | np.floating):
        return _written(np.array([value]), np.zeros(1, bool))[0]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _in_utc(value: Any) -> Any:
    if getattr(value, "tzinfo", None) is not None:
        value = value.astimezone(datetime.UTC).replace(tzinfo=None)
    return value if isinstance(value, np.datetime64) else np.datetime64(value.isoformat())


def _is_absent(value: Any) -> bool:
    # None, NaN and pandas' NA, which is neither true nor false, and not equal to itself
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float | np.floating) and bool(value != value)


def _written(values: np.ndarray, absent: np.ndarray) -> Sequence[str]:
    """Write typed values as texts that do not depend on the type: 1, 1.0 and uint8(1) are all "1"."""
    if values.dtype.kind == "f":
        whole = np.isfinite(values) & (values == np.round(values)) & (np.abs(values) < 2**53)
        texts = [
            str(int(each)) if is_whole else repr(float(each)) for each, is_whole in zip(values, whole, strict=True)
        ]
    elif values.dtype.kind == "M":
        texts = [text.removesuffix("T00:00:00") for text in values.astype("M8[s]").astype(str)]
    else:
        texts = [str(each) for each in values.tolist()]
    return ["" if gone else text for text, gone in zip(texts, absent, strict=True)]
