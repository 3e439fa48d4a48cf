"""What ``prepare`` made of one column, for people to read."""

import dataclasses
import itertools
from collections.abc import Sequence

from jaxnet import checks
from jaxnet.data.preparing.column_kinds import COLUMN_KINDS
from jaxnet.data.preparing.feature_taming import Taming

ROLES = ("input", "target", "ignore")


@dataclasses.dataclass(frozen=True)
class PreparedColumn:
    """One column of a table.

    Attributes:
        name: of the column.
        role: "input", "target" or "ignore", which is left out.
        kind: number, category, boolean, date, constant, identifier or text.
        why: the reason for kind and role.
        what: what is done to it.
        missing: how many training rows have no value.
        words: the words, with counts, that were taken for missing values.
        features: the names of the features that it makes.
    """

    name: str
    role: str
    kind: str
    why: str
    what: str
    missing: int
    words: tuple[str, ...]
    features: tuple[str, ...]

    def __post_init__(self) -> None:
        checks.choice("role", self.role, ROLES)
        checks.choice("kind", self.kind, COLUMN_KINDS)
        checks.integer("missing", self.missing)

    @property
    def gap(self) -> str:
        """How many are missing and which words said so, such as "11 missing ('NA' 11)"; nothing where none is."""
        words = f" ({', '.join(self.words)})" if self.words else ""
        return f"{self.missing} missing{words}" if self.missing else ""


def tamed_columns(columns: Sequence[PreparedColumn], taming: Taming) -> tuple[PreparedColumn, ...]:
    """Return the columns with the features that are made of theirs at last."""
    made = iter(taming.names(tuple(name for column in columns for name in column.features)))
    return tuple(
        dataclasses.replace(column, features=tuple(itertools.chain(*itertools.islice(made, len(column.features)))))
        for column in columns
    )
