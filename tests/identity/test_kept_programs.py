"""So many programs are kept, and no more: the one unused for longest goes."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from jaxnet.identity import KeptPrograms


def test_a_program_is_made_once_while_it_is_kept_and_the_one_unused_for_longest_goes():
    made: list = []
    kept: KeptPrograms = KeptPrograms(2)
    ask = lambda key: kept.get(key, lambda: made.append(key) or key)
    for key in ("a", "b", "a", "c", "a", "b"):
        assert ask(key) == key
    assert made == ["a", "b", "c", "b"]
    assert len(kept) == 2
    kept.clear()
    assert len(kept) == 0


def test_a_program_that_could_not_be_made_is_asked_for_again():
    kept: KeptPrograms = KeptPrograms(2)
    with pytest.raises(ZeroDivisionError, match="division by zero"):
        kept.get("a", lambda: 1 / 0)
    assert kept.get("a", lambda: None) is None
    assert len(kept) == 1


def test_threads_make_one_program_once_and_different_ones_side_by_side():
    made: list = []
    kept: KeptPrograms = KeptPrograms(4)
    both = threading.Barrier(2, timeout=20)  # broken where they are made one after the other

    def make(key):
        both.wait()
        made.append(key)
        return key

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(kept.get, key, lambda key=key: make(key)) for key in ("a", "b", "a", "b")]
        assert [each.result() for each in asked] == ["a", "b", "a", "b"]
    assert sorted(made) == ["a", "b"]
