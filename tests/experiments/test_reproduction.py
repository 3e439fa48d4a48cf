"""The table of all results: made of what the experiments wrote, and of nothing else."""

import importlib
import json
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
FOUND = {
    "question": "do two and two make four?",
    "configurations": 2,
    "runs": 6,
    "seconds": 1.5,
    "environment": {"jax": "0.10.2", "device": "cpu"},
    "claims": [
        {"what": "2 + 2", "published": "4", "measured": "4", "holds": True},
        {"what": "a | b", "published": "", "measured": "5", "holds": None},
        {"what": "2 + 3", "published": "5", "measured": "6", "holds": False},
    ],
}


@pytest.fixture
def reproduction(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(SCRIPTS)
    module = importlib.import_module("reproduction")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "EXPERIMENTS", tmp_path / "experiments")
    monkeypatch.setattr(module, "NAMES", ["addition", "other"])
    (tmp_path / "experiments").mkdir()
    return module


def test_published_stands_beside_measured(reproduction):
    lines = reproduction.document({"addition": FOUND}).splitlines()
    assert "| [addition](#additionpy) | 1 of 2 | 2 | 6 | 1.5 | cpu, jax 0.10.2 |" in lines
    assert "Do two and two make four?" in lines
    at = lines.index("| claim | published | measured | holds |")
    assert lines[at + 2 : at + 5] == ["| 2 + 2 | 4 | 4 | yes |", "| a \\| b |  | 5 |  |", "| 2 + 3 | 5 | 6 | **no** |"]
    assert lines[-1] == "Not run: `other.py`."


def answer(reproduction, monkeypatch, *, writes=None, says="", status=0):
    """Let an experiment end so, in place of running it."""

    def run(command, **_):
        if writes:
            Path(command[-1]).write_text(json.dumps(writes))
        return subprocess.CompletedProcess(command, status, stderr=says)

    monkeypatch.setattr(reproduction.subprocess, "run", run)
    monkeypatch.setattr("sys.argv", ["reproduce", "addition"])


def test_a_claim_that_fails_fails_the_command(reproduction, monkeypatch, capsys):
    answer(reproduction, monkeypatch, writes=FOUND)
    assert reproduction.main() == 1
    assert "addition: 2 + 3" in capsys.readouterr().err
    assert "| 2 + 3 | 5 | 6 | **no** |" in (reproduction.EXPERIMENTS / "RESULTS.md").read_text()


def test_claims_that_hold_end_well(reproduction, monkeypatch, capsys):
    answer(reproduction, monkeypatch, writes={**FOUND, "claims": FOUND["claims"][:2]})
    assert reproduction.main() == 0
    assert "every judged claim holds" in capsys.readouterr().err


def test_an_experiment_without_its_data_is_left_out_and_its_old_result_too(reproduction, monkeypatch, capsys):
    answer(reproduction, monkeypatch, writes=FOUND)
    reproduction.main()
    answer(reproduction, monkeypatch, status=1, says="FileNotFoundError: fetch it by: scripts/get_data mnist\n")
    assert reproduction.main() == 0
    assert "left out: FileNotFoundError: fetch it by: scripts/get_data mnist" in capsys.readouterr().err
    assert "Not run: `addition.py`, `other.py`." in (reproduction.EXPERIMENTS / "RESULTS.md").read_text()


def test_an_experiment_that_breaks_ends_the_command_with_its_words(reproduction, monkeypatch):
    answer(reproduction, monkeypatch, status=1, says="ZeroDivisionError: division by zero\n")
    with pytest.raises(SystemExit, match="ZeroDivisionError"):
        reproduction.main()


def test_an_unknown_name_is_a_usage_error(reproduction, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["reproduce", "multiplication"])
    with pytest.raises(SystemExit, match="2"):
        reproduction.main()
    assert "unknown experiment multiplication; there are addition, other" in capsys.readouterr().err
