"""jaxnet sweep: parse, call the library, print; how each failure ends."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from jaxnet import compilation_cache
from jaxnet.cli import main
from jaxnet.cli.sweep import EXAMPLE
from jaxnet.storage import hold
from jaxnet.storage.interruption import Interrupted
from jaxnet.sweeps import sweep, verification

PLAN = """
n = 4
epochs = 4
metric = "validation_accuracy"
halving = { eta = 2, min_epochs = 2 }
[data]
file = "table.csv"
validation = 0.5
[space]
learning_rate = { min = 0.01, max = 1.0, log = true }
l2 = { min = 0.0, max = 0.1 }
activation = { choices = ["relu", "tanh"] }
seed = { count = 2 }
"""


@pytest.fixture(autouse=True)
def _settings_of_jax_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilation_cache, "enable", lambda: None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan, its table, and its sweep, trained once."""
    path = tmp_path_factory.mktemp("cli")
    lines = [f"{i % 5},{(i * 7) % 11},{int(i % 5 > 2)}" for i in range(40)]
    (path / "table.csv").write_text("\n".join(["a,b,label", *lines]) + "\n")
    (path / "plan.toml").write_text(PLAN)
    from jaxnet.sweeps.plan_file import read_plan

    sweep(read_plan(path / "plan.toml"), out=path / "out")
    return path


def command(folder: Path, action: str, *options: str) -> int:
    out = [] if action == "plan" else ["--out", str(folder / "out")]
    return main(["sweep", action, str(folder / "plan.toml"), *out, *options])


def test_a_plan_out_of_a_pipe_is_read_once_and_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(folder)  # a pipe stands nowhere: its table is looked for where the command is given
    reading, writing = os.pipe()
    os.write(writing, PLAN.encode())
    os.close(writing)
    assert main(["sweep", "run", f"/dev/fd/{reading}", "--out", "out"]) == 0
    os.close(reading)
    assert "validation_accuracy" in capsys.readouterr().out
    assert (folder / "out" / "plan.toml").read_text() == PLAN
    assert main(["sweep", "show", "out"]) == 0


def test_a_plan_is_printed_and_nothing_is_trained(folder: Path, capsys: pytest.CaptureFixture) -> None:
    assert command(folder, "plan") == 0
    assert "4 configurations (random) x 2 seed(s) = 8 members" in capsys.readouterr().out
    assert command(folder, "plan", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["configurations"], found["seeds"], found["members"]) == (4, 2, 8)
    assert [group["members"] for group in found["groups"]] == [4, 4]


def test_a_key_of_the_plan_is_set_on_the_command_line(folder: Path, capsys: pytest.CaptureFixture) -> None:
    options = ["--set", "n=6", "--set", "space.seed.count = 3", "--set", "metric=loss", "--set", "space.hidden=[3]"]
    assert command(folder, "plan", *options) == 0
    found = capsys.readouterr().out
    assert "6 configurations (random) x 3 seed(s) = 18 members" in found
    assert "  2-3-2, relu" in found
    assert "by loss" in found


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("n", "set: expected a key and its value, such as n=64 or space.momentum=0.5, got 'n'"),
        ("m=3", "key: expected one of method, n,"),
        ("n=x", "n: expected an integer"),
        ("n.m=3", "set n.m: expected n to be a table, got 4"),
    ],
)
def test_a_change_that_makes_no_plan_ends_in_a_sentence(
    folder: Path, given: str, words: str, capsys: pytest.CaptureFixture
) -> None:
    assert command(folder, "plan", "--set", given) == 2
    assert words in capsys.readouterr().err


def test_a_folder_keeps_what_was_set(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    shutil.copytree(folder, tmp_path / "a")
    command(tmp_path / "a", "run", "--set", "n=5")
    capsys.readouterr()
    assert main(["sweep", "show", str(tmp_path / "a" / "out"), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["best"]) == 5


def test_the_plan_that_help_shows_is_a_plan(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["sweep", "--help"]) == 0
    assert EXAMPLE in capsys.readouterr().out
    (tmp_path / "plan.toml").write_text(EXAMPLE)
    assert main(["sweep", "plan", str(tmp_path / "plan.toml")]) == 0
    assert "64 configurations (sobol) x 3 seed(s) = 192 members" in capsys.readouterr().out


def test_a_run_prints_the_best_and_talks_on_standard_error(folder: Path, capsys: pytest.CaptureFixture) -> None:
    assert command(folder, "run", "--best", "2") == 0
    out, err = capsys.readouterr()
    assert out.startswith("4 configurations, 8 members")
    assert len(out.split("validation_accuracy:\n")[1].splitlines()) == 3
    assert "compiles:" in err


def test_what_is_shown_as_json_is_what_was_measured(folder: Path, capsys: pytest.CaptureFixture) -> None:
    assert command(folder, "show", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["metric"] == "validation_accuracy"
    assert len(found["best"]) == 4
    assert found["best"][0]["n"] == 2


def test_tables_are_written_where_they_are_wanted(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert command(folder, "export", "--to", str(tmp_path / "tables")) == 0
    paths = capsys.readouterr().out.splitlines()
    assert [Path(path).name for path in paths] == ["members.csv", "curves.csv", "rungs.csv"]
    assert Path(paths[0]).read_text().startswith("member,configuration,learning_rate,l2,activation,seed")


@pytest.mark.parametrize(("same", "status"), [(True, 0), (False, 1)])
def test_a_member_that_differs_is_the_answer_no(
    same: bool, status: int, folder: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "verify", lambda result, members: {0: True, 5: same})
    assert command(folder, "verify") == status
    words = {True: "every bit the same", False: "DIFFERENT"}[same]
    assert capsys.readouterr().out == f"member 0: every bit the same\nmember 5: {words}\n"
    assert command(folder, "verify", "--json") == status
    assert json.loads(capsys.readouterr().out) == {"same": {"0": True, "5": same}}


def test_the_folder_of_a_run_needs_nothing_but_itself(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert command(folder, "run") == 0
    shown = capsys.readouterr().out
    shutil.copytree(folder / "out", tmp_path / "elsewhere")
    assert main(["sweep", "show", str(tmp_path / "elsewhere")]) == 0
    assert capsys.readouterr().out == shown
    assert main(["sweep", "export", str(tmp_path / "elsewhere"), "--json"]) == 0
    assert str(tmp_path / "elsewhere" / "members.csv") in json.loads(capsys.readouterr().out)["files"]


def test_a_plan_alone_says_nothing_of_its_sweep(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["sweep", "show", str(folder / "plan.toml")]) == 2
    assert "beside a plan --out DIR is needed" in capsys.readouterr().err
    assert main(["sweep", "show", str(tmp_path)]) == 3
    assert "plan.toml" in capsys.readouterr().err


def test_a_report_is_one_file_that_loads_nothing(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert command(folder, "report", "--to", str(tmp_path / "report.html")) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'report.html'}\n"
    page = (tmp_path / "report.html").read_text()
    assert "Curves of the best" in page
    assert "Ranks over rungs" in page
    assert "Two parameters" in page
    assert "http:" not in page
    assert "https:" not in page
    assert "<script " not in page  # the one that sorts a table is in the page, and the policy names its digest
    assert page.count("<script>") == page.count("script-src 'sha256-") == 1


@pytest.mark.parametrize(("action", "option"), [("show", "--best"), ("verify", "--members")])
@pytest.mark.parametrize("count", ["0", "-1", "many"])
def test_a_count_is_a_whole_number_above_0(
    action: str, option: str, count: str, folder: Path, capsys: pytest.CaptureFixture
) -> None:
    assert command(folder, action, f"{option}={count}") == 2
    assert f"{option}: expected a whole number from 1 to 1000000, got '{count}'" in capsys.readouterr().err


def changed(folder: Path, tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "plan.toml").write_text(text)
    (tmp_path / "table.csv").write_text((folder / "table.csv").read_text())
    return ["sweep", "show", str(tmp_path / "plan.toml"), "--out", str(folder / "out")]


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ("n = ", 3, "not a TOML file"),
        (PLAN.replace("epochs", "epoks"), 2, "did you mean 'epochs'"),
        (PLAN.replace("table.csv", "tables.csv"), 3, "tables.csv: no such file"),
        (PLAN.replace("epochs = 4", "epochs = 3"), 3, "epochs: 4 there, 3 now"),
    ],
)
def test_bad_files_end_in_a_sentence(
    text: str, status: int, words: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main(changed(folder, tmp_path, text)) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert "Traceback" not in err


def test_a_locked_folder_ends_with_75(folder: Path, capsys: pytest.CaptureFixture) -> None:
    with hold(folder / "out"):
        assert command(folder, "run") == 75
    assert "the run is locked by process" in capsys.readouterr().err


def test_an_interrupted_run_ends_with_the_signal_s_status(
    folder: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: Any, **options: Any) -> None:
        raise Interrupted(15)

    monkeypatch.setattr("jaxnet.sweeps.sweep", interrupted)
    assert command(folder, "run") == 143
    assert "interrupted by SIGTERM; what was done is saved" in capsys.readouterr().err


def test_a_missing_package_is_named(
    folder: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*arguments: Any, **options: Any) -> None:
        raise ImportError("figures are drawn by matplotlib, which is not installed")

    monkeypatch.setattr("jaxnet.figures.sweep_report.write_report", missing)
    assert command(folder, "report") == 2
    assert "which is not installed" in capsys.readouterr().err
