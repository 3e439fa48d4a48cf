"""So many programs are kept, and no more: the one unused for longest goes."""

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
    assert kept.get("a", lambda: None) is None
    assert len(kept) == 1
