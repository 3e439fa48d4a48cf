"""The target of a preparation that was fitted without one: what a network learned elsewhere, under a column's name."""

import dataclasses

import numpy as np

from jaxnet.data.cells import NumberStyle
from jaxnet.data.preparing.cell_reading import Levels
from jaxnet.data.preparing.prepared_column import PreparedColumn
from jaxnet.data.preparing.table_preparation import Preparation
from jaxnet.data.preparing.target_codes import ClassTarget, NumberTarget
from jaxnet.data.raw_columns import typed_column

_LABEL_TYPES = {"b": "boolean", "f": "float", "i": "whole", "u": "whole"}  # all others are texts


def class_target(classes: np.ndarray) -> ClassTarget:
    """Return the code of labels [K], in the order of a network's outputs."""
    levels = Levels.of(typed_column(classes, "classes"))  # which write a label as a table's column would have it
    texts = tuple(levels.texts[code] for code in levels.codes)
    return ClassTarget(texts, _LABEL_TYPES.get(classes.dtype.kind, "text"), ())


def number_target(centre: float, spread: float) -> NumberTarget:
    """Return the code of numbers that a network knows as (number - centre) / spread."""
    return NumberTarget(NumberStyle(), float(centre), float(spread), ())


def with_target(prep: Preparation, name: str, code: ClassTarget | NumberTarget) -> Preparation:
    """Return a preparation with a target of this code, in a column of this name, or one like it that is free."""
    while name in {column.name for column in prep.columns}:
        name += "_"
    kind, what = ("category", "classes") if isinstance(code, ClassTarget) else ("number", "scaled")
    column = PreparedColumn(name, "target", kind, "as it was fitted", what, 0, (), ())
    return dataclasses.replace(prep, columns=(*prep.columns, column), target_code=code)
