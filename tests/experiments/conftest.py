"""Experiments as their readers run them: from the command line, with --quick."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


@pytest.fixture(scope="module")
def run_experiment(tmp_path_factory):
    """Run an experiment with --quick; return what its JSON file says and what it printed."""

    def run(name: str, *options: str) -> tuple[dict, str]:
        path = tmp_path_factory.mktemp(name) / "found.json"
        command = [sys.executable, "-W", "error", EXPERIMENTS / f"{name}.py", "--quick", "--json", path, *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(path.read_text()), done.stdout

    return run
