"""Runs that are shared: kept as they end, not done twice, cut short by a limit, the same among several processes."""

import argparse
import operator

import pytest

GROUPS = [[(1, 2), (3, 4)], [(5, 6)]]
SUMS = {(1, 2): 3, (3, 4): 7, (5, 6): 11}


def test_what_came_of_a_task_is_kept_and_not_done_again(experiment, tmp_path):
    sharing = experiment.Sharing(runs=tmp_path / "runs.jsonl")
    assert experiment.shared(GROUPS[:1], operator.add, sharing, version="a") == {(1, 2): 3, (3, 4): 7}
    done = []
    again = experiment.shared(GROUPS, lambda *task: done.append(task) or sum(task), sharing, version="a")
    assert (again, done) == (SUMS, [(5, 6)])


def test_what_another_version_said_is_not_counted(experiment, tmp_path):
    sharing = experiment.Sharing(runs=tmp_path / "runs.jsonl")
    experiment.shared(GROUPS, operator.add, sharing, version="a")
    assert experiment.shared(GROUPS, operator.mul, sharing, version="b")[5, 6] == 30


def test_after_the_limit_nothing_begins(experiment, tmp_path):
    sharing = experiment.Sharing(limit_seconds=0.0, runs=tmp_path / "runs.jsonl")
    assert experiment.shared(GROUPS, operator.add, sharing, version="a") == {}


def test_a_line_that_was_cut_short_is_done_again(experiment, tmp_path):
    sharing = experiment.Sharing(runs=tmp_path / "runs.jsonl")
    experiment.shared(GROUPS, operator.add, sharing, version="a")
    text = sharing.runs.read_text()
    sharing.runs.write_text(text[:-5])
    assert len(experiment.kept(sharing.runs, "a")) == 2
    assert experiment.shared(GROUPS, operator.add, sharing, version="a") == SUMS


def test_two_processes_do_what_one_does(experiment, tmp_path):
    sharing = experiment.Sharing(processes=2, runs=tmp_path / "runs.jsonl")
    assert experiment.shared(GROUPS, operator.add, sharing, version="a") == SUMS


def test_a_version_is_that_of_the_texts(experiment, tmp_path):
    (tmp_path / "a.py").write_text("1")
    before = experiment.version_of([tmp_path / "a.py"])
    assert experiment.version_of([tmp_path / "a.py"]) == before
    (tmp_path / "a.py").write_text("2")
    assert experiment.version_of([tmp_path / "a.py"]) != before


@pytest.mark.parametrize("text", ["3", "3:3", "a:b", "-1:2", ":"])
def test_seeds_are_two_numbers(experiment, text):
    with pytest.raises(argparse.ArgumentTypeError, match=f"expected A:B, .* got {text}"):
        experiment.numbers(text)
    assert experiment.numbers("2:5") == range(2, 5)
