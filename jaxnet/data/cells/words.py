"""Words that stand for a missing value or for yes and no, in any mixture of small and capital letters."""

from collections.abc import Sequence
from typing import Any

# what stands for a missing value in any column
MISSING = frozenset({"", "na", "n/a", "nan", "null", "?", "-", ".", "#n/a", "<na>", "nat"})
# these do so only between numbers or dates, for in a column of texts they may be a category of their own
MISSING_AMONG_NUMBERS = frozenset({"none", "missing", "unknown", "--", "#value!", "#div/0!"})
# false first, as the features and the classes have it
BOOLEANS = (("no", "yes"), ("n", "y"), ("false", "true"), ("f", "t"), ("off", "on"), ("0", "1"))
_SHOWN = 60  # characters of a cell in a message
_SPELLINGS = 16  # of two words, small and capital letters mixed; more than anyone uses


def boolean_pair(texts: Sequence[str]) -> tuple[str, str] | None:
    """Return the pair of words, (false, true), that the texts of a column are, or None; both must occur.

    >>> boolean_pair(["Yes", "no", "YES"])
    ('no', 'yes')
    """
    if len(texts) > _SPELLINGS:
        return None
    found = {text.casefold() for text in texts}
    return next((pair for pair in BOOLEANS if found == set(pair)), None)


def shown(value: Any) -> str:
    """Return a cell as a message shows it: as Python writes it, and no longer than a line."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
