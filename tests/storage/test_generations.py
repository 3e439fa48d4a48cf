"""The file before the newest is kept, and read where the newest is damaged."""

from pathlib import Path

import numpy as np
import pytest

from jaxnet.storage import CheckpointError, has_generation, load_arrays, previous_of, read_generation, save_arrays

TREE = {"w": np.zeros(2, np.float32)}


def saved(path: Path, *values: float) -> None:
    for value in values:
        save_arrays(path, {"w": np.full(2, value, np.float32)})


def read(path: Path) -> float:
    tree: dict = load_arrays(path, TREE)[0]
    return float(tree["w"][0])


def test_two_generations_stand_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    assert not has_generation(path)
    saved(path, 1, 2, 3)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["run.previous.safetensors", "run.safetensors"]
    assert (read(path), read(previous_of(path))) == (3, 2)
    assert read_generation(path, read) == 3


@pytest.mark.parametrize("fault", ["flipped", "empty", "missing"])
def test_the_older_is_taken_with_a_word_where_the_newest_is_damaged(tmp_path: Path, fault: str) -> None:
    path = tmp_path / "run.safetensors"
    saved(path, 1, 2)
    content = path.read_bytes()
    path.write_bytes({"flipped": content[:-1] + bytes([content[-1] ^ 1])}.get(fault, b""))
    if fault == "missing":
        path.unlink()
    assert has_generation(path)
    with pytest.warns(
        RuntimeWarning, match=r"run.safetensors: .*; what was saved before it is taken instead, run.prev"
    ):
        assert read_generation(path, read) == 1


def test_where_none_is_whole_the_newest_says_why(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    saved(path, 1, 2)
    for each in tmp_path.iterdir():
        each.write_bytes(each.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match=r"run\.safetensors: its checksum does not match"):
        read_generation(path, read)


def test_a_kill_between_the_generations_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    saved(path, 1, 2)
    previous_of(path).unlink()
    previous_of(path).hardlink_to(path)  # the older took the newest's content, and then the process died
    saved(path, 3)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["run.previous.safetensors", "run.safetensors"]
    assert (read(path), read(previous_of(path))) == (3, 2)
