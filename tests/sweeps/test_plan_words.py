"""Large counts are written with three digits and a prefix; names of groups stand in the tests of plans."""

import pytest

from jaxnet.sweeps.plan_words import with_prefix


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 "), (999, "999 "), (1000, "1 k"), (1234567, "1.23 M"), (2e17, "200 P"), (3e18, "3e+03 P")],
)
def test_counts_are_written_with_prefixes(count: float, words: str) -> None:
    assert with_prefix(count) == words
