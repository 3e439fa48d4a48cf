"""An experiment of one's own, begun from the template."""

import importlib
import sys

import pytest


def begin(experiment, monkeypatch, folder, name):
    monkeypatch.setattr(sys, "argv", ["new.py", name, "--folder", str(folder)])
    return experiment.main()


def test_what_is_written_is_a_short_experiment_that_runs(experiment, monkeypatch, tmp_path):
    assert begin(experiment, monkeypatch, tmp_path, "wider_is_faster") == 0
    text = (tmp_path / "wider_is_faster.py").read_text()
    assert len(text.splitlines()) <= 45
    assert all(f"{part}:" in text for part in ("Question", "Method", "Published", "Measured", "Command"))
    monkeypatch.syspath_prepend(tmp_path)
    begun = importlib.import_module("wider_is_faster")
    assert begun.__doc__.startswith("Question: Wider is faster?")
    assert len(begun.losses(2, 2)) == 2


@pytest.mark.parametrize(
    ("name", "words"), [("Wider", "small letters"), ("a-b", "small letters"), ("taken", "already")]
)
def test_a_name_that_is_none_or_taken_is_refused(experiment, monkeypatch, tmp_path, capsys, name, words):
    (tmp_path / "taken.py").write_text("mine")
    with pytest.raises(SystemExit, match=r"^2$"):
        begin(experiment, monkeypatch, tmp_path, name)
    assert words in capsys.readouterr().err
    assert (tmp_path / "taken.py").read_text() == "mine"
