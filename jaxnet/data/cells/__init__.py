"""What the text of a cell says: a missing value, a boolean, a number, a date. A column is read alike or not at all.

Read words, then number_texts and date_texts: each works on the distinct texts of a column, of which there are few where
a column is long, and names those that it cannot read. Read spreadsheet_texts for cells that are written.
"""

from jaxnet.data.cells.date_texts import date_style, read_dates
from jaxnet.data.cells.number_texts import NumberStyle, number_style, read_numbers
from jaxnet.data.cells.spreadsheet_texts import quoted_formula
from jaxnet.data.cells.words import BOOLEANS, MISSING, MISSING_AMONG_NUMBERS, boolean_pair, shown

__all__ = [
    "BOOLEANS",
    "MISSING",
    "MISSING_AMONG_NUMBERS",
    "NumberStyle",
    "boolean_pair",
    "date_style",
    "number_style",
    "quoted_formula",
    "read_dates",
    "read_numbers",
    "shown",
]
