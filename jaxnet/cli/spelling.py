"""What the library says of its arguments, in the spelling of the command line: --kind zip=category for
kinds={'zip': 'category'}.
"""

import functools
import re

_CELL = re.compile(r"(?:[^ ]| (?! ))+(?P<gap> {2,})?")
_TEXT = r"""(?:'(?P<one>[^']*)'|"(?P<two>[^"]*)")"""
# what a message says -> the option, where c is a column (or a word) and v a value
_SPELLINGS = (
    (rf"kinds=\{{{_TEXT}: '(?P<v>\w+)'\}}", "--kind {c}={v}"),
    (rf"roles=\{{{_TEXT}: 'input'\}}", "--keep {c}"),
    (r"roles=\{column: 'input'\}", "--keep COLUMN"),
    (rf"missing_words=\[{_TEXT}\]", "--missing-word {c}"),
    (rf"drop=\[{_TEXT}\]", "--drop {c}"),
    (r"header=(?P<v>True|False)", "--header {v}"),
    (r"index=False", "--index no"),
    (r"(?<!\w)(?P<v>delimiter|encoding|decimal)=(?!\w)", "--{v}"),
)
_COMPILED = tuple((re.compile(pattern), option) for pattern, option in _SPELLINGS)
_YES = {"True": "yes", "False": "no"}


def as_options(text: str) -> str:
    """Return a text of the library with the options of ``jaxnet train`` in place of arguments; cells that stand in
    columns, two spaces apart, stay there.

    >>> as_options("4 different numbers, so classes; kinds={'y': 'number'} makes it a regression")
    '4 different numbers, so classes; --kind y=number makes it a regression'
    """
    return "\n".join(_CELL.sub(_spelt, line) for line in text.split("\n"))


def _spelt(cell: re.Match[str]) -> str:
    text = whole = cell[0]
    for pattern, option in _COMPILED:
        text = pattern.sub(functools.partial(_option, option), text)
    return text.ljust(len(whole)) if cell["gap"] else text


def _option(option: str, found: re.Match[str]) -> str:
    parts = found.groupdict()
    column = parts.get("one") if parts.get("one") is not None else parts.get("two")
    # as a shell has to be told
    quoted = column if column is None or re.fullmatch(r"[\w.%+,/:-]+", column) else f'"{column}"'
    value = parts.get("v") or ""
    return option.format(c=quoted, v=_YES.get(value, value))
