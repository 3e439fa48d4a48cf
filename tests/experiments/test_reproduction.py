"""The table of all results: made of what the experiments wrote, and of nothing else."""

import importlib
import json
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
FOUND = {
    "question": "do two and two make four?",
    "runs": 6,
    "seconds": 1.5,
    "environment": {"jax": "0.10.2", "device": "cpu", "cores": 2, "load": 0.5},
    "claims": [
        {"what": "2 + 2", "published": "4", "measured": "4", "holds": True},
        {"what": "a | b", "published": "", "measured": "5", "holds": None},
        {"what": "2 + 3", "published": "5", "measured": "6", "holds": False},
    ],
    "times": {"a sum": {"jaxnet": 0.5, "abacus": 1.0}, "a product": {"jaxnet": 0.25, "abacus": 2.0}},
    "results": {"many": [1, 2, 3]},
}
README = "Before.\n<!-- Written by scripts/reproduce: -->\noutdated\n<!-- Written by scripts/reproduce. -->\nAfter.\n"


@pytest.fixture
def reproduction(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(SCRIPTS)
    module = importlib.import_module("reproduction")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "EXPERIMENTS", tmp_path / "experiments")
    monkeypatch.setattr(module, "NAMES", ["addition", "other"])
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "README.md").write_text(README)
    return module


@pytest.fixture
def reproduce(reproduction, monkeypatch):
    """Run the command with an experiment that ends so, in place of a real one; return its status and the README."""
    commands = []

    def run(*arguments, writes=None, says="", status=0):
        def end(command, **_):
            commands.append(list(map(str, command)))
            if writes:
                Path(command[-1]).write_text(json.dumps(writes))
            return subprocess.CompletedProcess(command, status, stderr=says)

        monkeypatch.setattr(reproduction.subprocess, "run", end)
        monkeypatch.setattr("sys.argv", ["reproduce", *arguments])
        return reproduction.main(), (reproduction.EXPERIMENTS / "README.md").read_text()

    run.commands = commands
    return run


def test_published_stands_beside_measured_and_jaxnets_time_beside_others(reproduction):
    lines = reproduction.document({"addition": FOUND}).splitlines()
    machine = "cpu, 2 cores, load 0.5 before, jax 0.10.2"
    assert f"| [addition](#additionpy) | 1 of 2 | 6 | 1.5 | abacus 2 to 8 times | {machine} |" in lines
    assert "Do two and two make four?" in lines
    at = lines.index("| claim | published | measured | holds |")
    assert lines[at + 2 : at + 5] == ["| 2 + 2 | 4 | 4 | yes |", "| a \\| b |  | 5 |  |", "| 2 + 3 | 5 | 6 | **no** |"]
    at = lines.index("| seconds for | jaxnet | elsewhere |")
    assert lines[at + 2 : at + 4] == ["| a sum | 0.5 | abacus 1 |", "| a product | 0.25 | abacus 2 |"]
    assert lines[-1] == "Not run: `other.py`."


def test_measurements_without_a_verdict_are_not_said_to_hold(reproduction):
    lines = reproduction.document({"addition": {**FOUND, "claims": FOUND["claims"][1:2]}}).splitlines()
    assert lines[2].startswith("| [addition](#additionpy) | none judged | 6 |")


def test_only_what_stands_between_the_marks_is_written_anew(reproduce):
    _, readme = reproduce("addition", writes=FOUND)
    assert readme.startswith("Before.\n<!-- Written by scripts/reproduce: -->\n\n| experiment |")
    assert readme.endswith("Not run: `other.py`.\n\n<!-- Written by scripts/reproduce. -->\nAfter.\n")
    assert "outdated" not in readme
    assert reproduce("addition", writes=FOUND)[1] == readme


def test_an_experiment_that_runs_again_replaces_only_its_own_results(reproduce):
    reproduce("addition", writes=FOUND)
    _, readme = reproduce("other", writes={**FOUND, "question": "and what else?"})
    assert "Do two and two make four?" in readme
    assert "And what else?" in readme
    assert "Not run" not in readme


def test_claims_and_times_are_kept_without_the_bulk_of_the_numbers(reproduce, reproduction):
    reproduce("addition", writes=FOUND)
    kept = json.loads((reproduction.EXPERIMENTS / "results" / "addition.json").read_text())
    assert kept == {key: value for key, value in FOUND.items() if key != "results"}
    assert json.loads((reproduction.ROOT / "runs" / "experiments" / "addition.json").read_text()) == FOUND


def test_a_quick_run_is_printed_and_not_kept(reproduce, reproduction, capsys):
    _, readme = reproduce("--quick", "addition", writes=FOUND)
    assert readme == README
    assert not (reproduction.EXPERIMENTS / "results").exists()
    assert "| 2 + 2 | 4 | 4 | yes |" in capsys.readouterr().out


def test_options_are_handed_on_to_each_experiment(reproduce):
    reproduce("--quick", "--device", "cpu", writes=FOUND)
    assert [command[2:5] for command in reproduce.commands] == [["--quick", "--device", "cpu"]] * 2
    assert sorted(Path(command[1]).name for command in reproduce.commands) == ["addition.py", "other.py"]


def test_a_claim_that_fails_fails_the_command(reproduce, capsys):
    status, readme = reproduce("addition", writes=FOUND)
    assert status == 1
    assert "addition: 2 + 3" in capsys.readouterr().err
    assert "| 2 + 3 | 5 | 6 | **no** |" in readme


def test_claims_that_hold_end_well(reproduce, capsys):
    assert reproduce("addition", writes={**FOUND, "claims": FOUND["claims"][:2]})[0] == 0
    assert "every judged claim holds" in capsys.readouterr().err


def test_an_experiment_without_its_data_is_left_out_and_its_old_results_stay(reproduce, capsys):
    _, before = reproduce("addition", writes=FOUND)
    status, readme = reproduce("addition", status=1, says="FileNotFoundError: fetch it by: scripts/get_data mnist\n")
    assert (status, readme) == (0, before)
    assert "left out: FileNotFoundError: fetch it by: scripts/get_data mnist" in capsys.readouterr().err


def test_an_experiment_that_breaks_ends_the_command_with_its_words(reproduce):
    with pytest.raises(SystemExit, match="ZeroDivisionError"):
        reproduce("addition", status=1, says="ZeroDivisionError: division by zero\n")


def test_an_unknown_name_is_a_usage_error(reproduce, capsys):
    with pytest.raises(SystemExit, match="2"):
        reproduce("multiplication")
    assert "unknown experiment multiplication; there are addition, other" in capsys.readouterr().err


def test_every_experiment_with_kept_results_has_its_picture():
    experiments = Path(__file__).parents[2] / "experiments"
    kept = {path.stem for path in (experiments / "results").glob("*.json")}
    assert kept
    assert kept == {path.stem for path in (experiments / "pictures").glob("*.png")}
