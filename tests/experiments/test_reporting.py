"""What experiments share, and what every experiment says of itself."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import jaxnet

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
SHARED = ("new", "peers", "reporting", "scaling_work", "shared_runs", "sick_recipes")  # no experiments
FILES = sorted(path for path in EXPERIMENTS.glob("*.py") if path.stem not in SHARED)
HEADINGS = ["Question", "Method", "Published", "Measured", "Command"]
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)


@pytest.fixture(scope="module")
def reporting(experiment):
    return experiment


@each_file
def test_an_experiment_says_what_it_asks_how_and_what_came_out(path):
    paragraphs = ast.get_docstring(ast.parse(path.read_text())).split("\n\n")
    first_words = [re.split(r"[:,]", paragraph)[0] for paragraph in paragraphs]
    assert [word for word in first_words if word in HEADINGS] == HEADINGS
    assert paragraphs[-1].startswith(f"Command: python experiments/{path.name}")
    assert len(paragraphs[first_words.index("Measured")].split()) > 5, "Measured: says nothing"


@each_file
def test_an_experiment_uses_only_public_names_of_jaxnet(path):
    nodes = list(ast.walk(ast.parse(path.read_text())))
    whole = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    parts = [node for node in nodes if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("jaxnet")]
    assert {name for name in whole if name.startswith("jaxnet")} <= {"jaxnet"}
    for module, name in {(node.module, name.name) for node in parts for name in node.names}:
        assert module == "jaxnet" or module.split(".")[1] in jaxnet.__all__, module
        assert not name.startswith("_"), name
    private = {node.attr for node in nodes if isinstance(node, ast.Attribute) and node.attr.startswith("_")}
    assert private - {"_asdict", "_replace", "__name__"} == set()


def test_a_mean_has_its_t_interval(reporting):
    # 1, 2, 3: mean 2, deviation 1, t = 4.302653 for two degrees of freedom (Student's table), so ± 4.302653 / sqrt 3
    found = reporting.estimate([1, 2, 3])
    assert found.mean == 2
    assert found.half == pytest.approx(4.302653 / 3**0.5, rel=1e-6)
    assert (found.smallest, found.largest, found.runs) == (1, 3, 3)
    assert (str(found), found.spread) == ("2 ± 2.5", "2 ± 2.5 (1 to 3)")


def test_the_table_sets_published_beside_measured(reporting):
    claims = [
        reporting.Claim("loss", ".69", ".70", False),
        reporting.Claim("accuracy", ".87", ".87", True),
        reporting.Claim("speed", "", "3 s"),
    ]
    assert reporting.table(claims).splitlines() == [
        "claim     published  measured  holds",
        "------------------------------------",
        "loss      .69        .70       NO",
        "accuracy  .87        .87       yes",
        "speed                3 s",
    ]


def test_the_json_file_says_what_was_asked_claimed_and_measured(reporting, tmp_path, monkeypatch, capsys):
    path = tmp_path / "found.json"
    monkeypatch.setattr(sys, "argv", ["experiment", "--quick", "--json", str(path)])
    asked = []

    def experiment(quick):
        asked.append(quick)
        claims, times = [reporting.Claim("it works", "yes", "yes", True)], {"a step": {"jaxnet": 0.25, "other": 1.0}}
        return reporting.Findings(claims, 2, 6, {"loss": [1.5]}, times=times)

    reporting.main("Question: does it?\n\nMethod: try.", experiment)
    found = json.loads(path.read_text())
    assert asked == [True]
    assert (found["question"], found["quick"]) == ("does it?", True)
    assert (found["configurations"], found["runs"]) == (2, 6)
    assert found["claims"] == [{"what": "it works", "published": "yes", "measured": "yes", "holds": True}]
    assert found["results"] == {"loss": [1.5]}
    assert found["times"] == {"a step": {"jaxnet": 0.25, "other": 1.0}}
    assert {"jax", "device", "cores", "python", "load"} == found["environment"].keys()
    printed = capsys.readouterr().out
    assert "2 configurations, 6 runs" in printed
    assert "a step: jaxnet 0.25 s, other 1 s" in printed


def run(name: str, *options: str) -> subprocess.CompletedProcess:
    """Run a script with JAX as it starts on a machine with a CPU only."""
    command = [sys.executable, "-W", "error", EXPERIMENTS / f"{name}.py", *options]
    environment = {**os.environ, "JAX_PLATFORMS": "cpu"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


MISSING = {
    "a script": ("check_gradient", "--device", "gpu"),
    "one recipe": ("nielsen", "overfitting", "--device", "tpu"),
}


@pytest.mark.parametrize(("name", "options"), [(name, options) for name, *options in MISSING.values()], ids=MISSING)
def test_a_device_that_is_not_there_is_said_at_once(name, options):
    done = run(name, *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"--device: expected a device that JAX has (cpu), got {options[-1]}: pip install" in done.stderr


def test_an_unknown_device_is_a_usage_error(reporting, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["experiment", "--device", "npu"])
    with pytest.raises(SystemExit) as ended:
        reporting.main("Question: where?", lambda quick: pytest.fail("it has begun"))
    assert ended.value.code == 2
    assert "invalid choice: 'npu' (choose from" in capsys.readouterr().err


def test_importing_an_experiment_does_not_start_jax():
    code = (
        "import importlib, jax, sys\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
        "jax.config.update('jax_num_cpu_devices', 2)"  # refused once JAX has started
    )
    command = [sys.executable, "-c", code, *(path.stem for path in FILES)]
    done = subprocess.run(command, cwd=EXPERIMENTS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
