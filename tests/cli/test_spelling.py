"""What the library says of its arguments is said of options on the command line."""

import pytest

from jaxnet.cli.spelling import as_options

SAID = {
    "kinds={'zip code': 'category'} makes them classes": '--kind "zip code"=category makes them classes',
    "left out; roles={'name': 'input'} keeps it": "left out; --keep name keeps it",
    "give roles={column: 'input'}": "give --keep COLUMN",
    "missing_words=['odd'], kinds={'y': 'category'} or drop=['y']": "--missing-word odd, --kind y=category or --drop y",
    "cells are separated by ';'; delimiter= overrides this": "cells are separated by ';'; --delimiter overrides this",
    "is data; header=True overrides this": "is data; --header yes overrides this",
    "all text; header=False overrides this": "all text; --header no overrides this",
    "an index, left out; index=False keeps it": "an index, left out; --index no keeps it",
    "read as latin-1; encoding= overrides this": "read as latin-1; --encoding overrides this",
    """kinds={"it's": 'number'} makes it""": """--kind "it's"=number makes it""",
    "x = 5, y=3 and kinds are words": "x = 5, y=3 and kinds are words",
}


@pytest.mark.parametrize(("said", "spelt"), SAID.items())
def test_arguments_become_options(said, spelt):
    assert as_options(said) == spelt


def test_what_stands_in_columns_stays_there():
    lines = ["a  left out; roles={'a': 'input'} keeps it  why", "b  standardised                             why"]
    spelt = as_options("\n".join(lines)).splitlines()
    assert spelt[0].index("why") == spelt[1].index("why") == lines[1].index("why")
    assert "--keep a keeps it" in spelt[0]
