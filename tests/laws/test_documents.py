"""What the documents show can be run, and what they name is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_the_example_of_the_readme_runs_and_is_about_twenty_lines(capsys):
    (code,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 20
    namespace = {}
    exec(compile(code, "README.md", "exec"), namespace)
    out = capsys.readouterr().out
    assert "trained for the given number of epochs (epoch 2000: loss 0.0" in out
    assert "penalty" in out


@pytest.mark.parametrize(
    "name", re.findall(r"`((?:scripts|experiments|jaxnet|network|reference|training)/[\w./]*)`?", README)
)
def test_every_file_that_the_readme_names_is_there(name):
    assert (ROOT / name).exists() or (ROOT / "jaxnet" / name).exists()


@pytest.mark.parametrize("name", ["scripts/run", "scripts/test", "scripts/check", "scripts/bench", ".ci/run"])
def test_a_script_can_be_executed(name):
    assert (ROOT / name).stat().st_mode & 0o111
    assert (ROOT / name).read_text().startswith("#!/usr/bin/env bash")
