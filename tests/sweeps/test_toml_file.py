"""A TOML file from anybody is read at once or refused in a sentence with its path."""

from pathlib import Path

import pytest

from jaxnet.data import DataError
from jaxnet.sweeps.toml_file import read_toml, toml_bytes

HOSTILE = {
    "deep lists": ("a = " + "[" * 100_000, "its values are nested too deeply"),
    "deep tables": ("a = " + "{a=" * 5_000, "its values are nested too deeply"),
    "a key of many parts": (".".join("a" * 50_000) + " = 1", "its keys are nested too deeply"),
    "of quoted parts": (" . ".join(['"="'] * 50_000) + " = 1", "its keys are nested too deeply"),
    "in a header": ("[" + ".".join("a" * 50_000) + "]", "its keys are nested too deeply"),
    "in an inline table": ("a = {" + ".".join("a" * 50_000) + " = 1}", "its keys are nested too deeply"),
    "much": ("a = 1\n" * 200_000, "more than 1048576 bytes"),
    "a command to the terminal": ('"\x1b[2J" = 1', r"not a TOML file \(Illegal character '\\x1b'"),
}


@pytest.mark.parametrize(("text", "words"), HOSTILE.values(), ids=HOSTILE)
def test_what_would_be_read_for_hours_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(text)
    with pytest.raises(DataError, match=f"^{path}: .*{words}"):
        read_toml(path, toml_bytes(path))


def test_a_device_is_not_read() -> None:
    with pytest.raises(DataError, match="/dev/zero: expected a file, got a device"):
        toml_bytes(Path("/dev/zero"))


def test_values_are_read_however_lines_end(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_bytes(b"a.b = [0.1, 0.2]\r\n" + f"numbers = {[i / 7 for i in range(500)]}\r\n".encode())
    found = read_toml(path, toml_bytes(path))
    assert (found["a"], len(found["numbers"])) == ({"b": [0.1, 0.2]}, 500)
