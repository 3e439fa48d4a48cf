"""Halving and Hyperband on known tables, against the papers' numbers and plain Python."""

import math

import pytest

from jaxnet.sweeps import Halving, Hyperband
from jaxnet.sweeps.rungs import Decision, audited, rank, single


def test_hyperband_has_the_brackets_of_its_paper() -> None:
    """Li et al., JMLR 18 (2018), table 1: R = 81, eta = 3; (n_i, r_i) of each bracket."""
    published = [
        [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
        [(34, 3), (11, 9), (3, 27), (1, 81)],
        [(15, 9), (5, 27), (1, 81)],
        [(8, 27), (2, 81)],
        [(5, 81)],
    ]
    brackets = Hyperband(eta=3, min_epochs=1).brackets(143, 81)
    for bracket, rows in zip(brackets, published, strict=True):
        trained = [len(bracket.configurations), *(kept for _, kept in bracket.rungs[:-1])]
        assert list(zip(trained, [epochs for epochs, _ in bracket.rungs], strict=True)) == rows


def test_hyperband_shares_any_number_of_configurations() -> None:
    brackets = Hyperband(eta=3, min_epochs=3).brackets(40, 81)
    dealt = [c for bracket in brackets for c in bracket.configurations]
    assert dealt == list(range(40))
    assert [bracket.rungs[0][0] for bracket in brackets] == [3, 9, 27, 81]


@pytest.mark.parametrize(
    ("n", "epochs", "rungs"),
    [
        (27, 27, ((1, 9), (3, 3), (9, 1), (27, 1))),
        (10, 9, ((1, 3), (3, 1), (9, 1))),
        (2, 5, ((1, 1), (3, 1), (5, 1))),
    ],
)
def test_halving_keeps_one_in_eta_and_at_least_one(n: int, epochs: int, rungs: tuple) -> None:
    (bracket,) = Halving(eta=3, min_epochs=1).brackets(n, epochs)
    assert bracket.rungs == rungs


def test_without_halving_there_is_one_rung_the_end() -> None:
    assert single(3, 20) == [((0, 1, 2), ((20, 3),))]


@pytest.mark.parametrize(
    ("scores", "goal", "order"),
    [
        ([0.3, 0.1, 0.2], "min", [1, 2, 0]),
        ([0.3, 0.1, 0.2], "max", [0, 2, 1]),
        ([0.1, math.nan, 0.1, 0.0], "min", [3, 0, 2, 1]),
        ([math.nan, 0.5, math.nan, math.inf], "max", [3, 1, 0, 2]),
        ([math.nan, math.inf, 0.1], "min", [2, 1, 0]),
    ],
)
def test_ranks_are_by_score_then_number_with_nan_last(scores: list[float], goal: str, order: list[int]) -> None:
    assert rank(range(len(scores)), scores, goal) == order


def test_the_audit_is_a_share_of_the_pruned_by_lot() -> None:
    decisions = [Decision(0, 3, tuple(range(40)), (0.0,) * 40, 10), Decision(0, 9, tuple(range(10)), (0.0,) * 10, 10)]
    chosen = audited(decisions, 0.1, root=0)
    assert len(set(chosen)) == 3
    assert set(chosen) <= set(range(10, 40))
    assert audited(decisions, 0.1, root=0) == chosen
    assert audited(decisions, 0.1, root=1) != chosen
    assert audited(decisions, 0, root=0) == []
    assert audited(decisions, 1, root=0) == list(range(10, 40))


@pytest.mark.parametrize(
    ("search", "words"),
    [
        (Halving(eta=3, min_epochs=9), "fewer than the plan's 9 epochs, else nothing is pruned, got 9"),
        (Hyperband(eta=3, min_epochs=4), "at most 1/3 of the plan's 9 epochs, else nothing is pruned, got 4"),
    ],
)
def test_a_search_that_would_prune_nothing_is_refused(search: Halving | Hyperband, words: str) -> None:
    with pytest.raises(ValueError, match=f"halving.min_epochs: expected {words}"):
        search.brackets(10, 9)


@pytest.mark.parametrize("kind", [Halving, Hyperband])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"eta": 1}, "eta: expected an integer of at least 2"),
        ({"min_epochs": 0}, "min_epochs: expected an integer of at least 1"),
        ({"audit": 1.5}, "audit: expected a finite number at least 0 and at most 1"),
    ],
)
def test_bad_searches_are_refused(kind: type, options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        kind(**options)
