"""``scripts/device_check``, dry on a CPU: every promise is a line, and one that is broken is said."""

import importlib
import json
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts" / "benchmarks"
pytest.importorskip("sklearn")


@pytest.fixture
def check(monkeypatch, capsys):
    """Run some parts and return the exit status and the lines."""
    monkeypatch.setattr(sys, "path", [str(SCRIPTS), *sys.path])
    # the benchmark's sweeps.py stands beside PyTorch, which tests do without
    module = importlib.import_module("device_check")

    def run(*parts):
        monkeypatch.setattr(sys, "argv", ["device_check", "--tiny", *parts])
        status = module.main()
        return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    run.module = module
    return run


def test_parts_that_keep_their_promises_end_well(check):
    status, lines = check("device", "gradients")
    assert status == 0
    assert [line["part"] for line in lines] == ["device", "gradients", "gradients", "end"]
    assert all(line["holds"] for line in lines[1:])


def test_a_part_that_breaks_says_so_and_the_next_goes_on(check, monkeypatch):
    def broken(tiny, left):
        yield {"what": "one and one are three", "holds": False}
        raise RuntimeError("the device is on fire")

    monkeypatch.setitem(check.module.PARTS, "identity", broken)
    status, lines = check("identity", "device")
    assert status == 1
    assert [line["part"] for line in lines] == ["identity", "identity", "device", "end"]
    assert "on fire" in lines[1]["error"]
    assert lines[-1]["holds"] is False


def test_fits_are_measured_on_both_devices(check):
    status, lines = check("fits")
    assert status == 0
    assert all(set(line["microseconds a step"]) == {"accelerator", "CPU"} for line in lines[:-1])


def test_an_unknown_part_is_refused(check, capsys):
    with pytest.raises(SystemExit, match=r"^2$"):
        check("identiti")
    assert "unknown part identiti; there are device, populations" in capsys.readouterr().err
