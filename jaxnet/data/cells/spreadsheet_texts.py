"""Texts that a spreadsheet would calculate when it opens a CSV file."""

FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")  # with which it takes a text for a formula


def quoted_formula(text: str) -> str:
    """Return a text that begins like a formula behind a quote, so that it stays a text, and any other as it is.

    >>> quoted_formula("=1+1"), quoted_formula("one")
    ("'=1+1", 'one')
    """
    return f"'{text}" if text.startswith(FORMULA_MARKS) else text
