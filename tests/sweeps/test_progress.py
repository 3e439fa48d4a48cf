"""One quiet bar, in a terminal only: what is done, what is best so far."""

import sys
from typing import Any

import pytest

import jaxnet as jn
from jaxnet.sweeps.ledger import empty
from jaxnet.sweeps.progress import Progress, said


@pytest.fixture
def plan(problem: Any) -> Any:
    return jn.plan(jn.Space(learning_rate=jn.Choice(0.1, 0.2, 0.3)), problem.train, method="grid", epochs=4)


def test_nothing_is_drawn_without_a_terminal(plan: Any, capsys: pytest.CaptureFixture) -> None:
    with Progress(plan, empty(plan), shown=True) as bar:
        bar.show()
    assert capsys.readouterr() == ("", "")


def test_in_a_terminal_the_bar_says_what_is_best_so_far(
    plan: Any, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    ledger = empty(plan)
    ledger.curves["loss"][1, :2] = 0.5, 0.25
    ledger.epochs[:] = 1, 2, 1
    ledger.diverged[2] = 1
    monkeypatch.setattr("jaxnet.sweeps.progress.advice", lambda: "one of two cores is idle")
    with Progress(plan, ledger, shown=True) as bar:
        bar.show()
    err = capsys.readouterr().err
    assert "4/12" in err
    assert "note: one of two cores is idle" in err
    assert said(plan, ledger) == "best 0.25  3/3 begun  1 diverged"


def test_rungs_are_counted_over_all_brackets(problem: Any) -> None:
    space = jn.Space(learning_rate=jn.Choice(0.1, 0.2, 0.3))
    plan = jn.plan(space, problem.train, method="grid", epochs=4, halving=jn.Halving(2, 1))
    assert said(plan, empty(plan)) == "rung 1/3  0/3 begun"
