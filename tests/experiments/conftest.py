"""Experiments as modules, and as their readers run them: from the command line, with --quick.

`scripts/reproduce --quick` runs each of them, and fails where a claim does not hold; the tests look at what they are
made of.
"""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


@pytest.fixture(scope="module")
def experiment(request):
    """The experiment that a file of tests is about: test_toys.py is about toys.py."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(EXPERIMENTS)
        yield importlib.import_module(request.path.stem.removeprefix("test_"))


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
